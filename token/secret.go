package token

import (
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"
)

// The shape that every opaque secret of the gate has:
//
//	prefix "_" environment "_" secret checksum
//
// The prefix says what it is, so that a scanner for leaked secrets can find it;
// the secret is 256 random bits in base62, always of one length; the checksum is
// CRC-32 of all before it in base62, so that a typing error, a cut-off copy or an
// altered environment is told apart from a secret that was revoked, without
// asking the store. It protects against accidents, not against people.
const (
	secretLen   = 43 // 62^43 > 2^256
	checksumLen = 6  // 62^6 > 2^32
	maxEnvLen   = 16

	// alphabet is base62 in the order of ASCII.
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newSecret makes the text of a secret.
func newSecret(random io.Reader, prefix, environment string) (string, error) {
	if fault := environmentFault(environment); fault != "" {
		return "", fmt.Errorf("environment %s: %s", quote(environment), fault)
	}
	if random == nil {
		random = rand.Reader
	}
	var bits [32]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("random bits: %w", err)
	}
	body := prefix + "_" + environment + "_" + base62(new(big.Int).SetBytes(bits[:]), secretLen)
	return body + checksum(body), nil
}

// parseSecret takes the text of a secret apart; fault says what is wrong with it
// and repeats nothing of it.
func parseSecret(text, prefix string) (environment, fault string) {
	head, rest, ok := strings.Cut(text, "_")
	if ok && head != prefix && strings.EqualFold(head, prefix) {
		return "", fmt.Sprintf("the prefix is in the wrong case, expected %q", prefix+"_")
	}
	if !ok || head != prefix {
		return "", fmt.Sprintf("the prefix %q is missing", prefix+"_")
	}
	environment, secret, ok := strings.Cut(rest, "_")
	if !ok {
		return "", "the environment is missing"
	}
	if fault = environmentFault(environment); fault != "" {
		return "", "the environment: " + fault
	}
	for i := range len(secret) {
		if strings.IndexByte(alphabet, secret[i]) < 0 {
			return "", fmt.Sprintf("the octet at offset %d is not a letter or digit", len(text)-len(secret)+i)
		}
	}
	if n := len(secret); n != secretLen+checksumLen {
		how := "cut off"
		if n > secretLen+checksumLen {
			how = "too long"
		}
		return "", fmt.Sprintf("%s: %d characters after the environment, expected %d", how, n, secretLen+checksumLen)
	}
	if checksum(text[:len(text)-checksumLen]) != secret[secretLen:] {
		return "", "the checksum does not fit: mistyped, altered, or in another case"
	}
	if secret[:secretLen] > largestSecret {
		return "", "the secret is out of range"
	}
	return environment, ""
}

// largestSecret is 2^256 - 1. Base62 in the order of ASCII compares as a number.
const largestSecret = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"

// environmentFault is what is wrong with the name of an environment.
func environmentFault(name string) string {
	if len(name) == 0 || len(name) > maxEnvLen {
		return fmt.Sprintf("it has %d characters, expected 1 to %d", len(name), maxEnvLen)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case 'A' <= c && c <= 'Z':
			return "it is in the wrong case, expected small letters and digits"
		default:
			return "it has other characters than small letters and digits"
		}
	}
	return ""
}

func checksum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checksumLen)
}

// base62 writes a number with leading zeros. math/big prints digits, small, then
// capital letters; here capitals come first.
func base62(n *big.Int, width int) string {
	out := []byte(n.Text(62))
	for i, c := range out {
		switch {
		case 'a' <= c && c <= 'z':
			out[i] = c - 'a' + 'A'
		case 'A' <= c && c <= 'Z':
			out[i] = c - 'A' + 'a'
		}
	}
	return strings.Repeat("0", width-len(out)) + string(out)
}
