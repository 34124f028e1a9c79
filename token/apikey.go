package token

import (
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"

	"github.com/gate401/gate401/reason"
)

// APIKeyPrefix starts every API key of the gate.
const APIKeyPrefix = "g401"

// APIKeyPattern is a regular expression (RE2, PCRE) for scanners that look for
// leaked keys. What it finds, [ParseAPIKey] tells from lookalikes.
const APIKeyPattern = `\bg401_[a-z0-9]{1,16}_[0-9A-Za-z]{49}\b`

// An APIKey is a key of the right form; whether it is one of ours, the store
// knows. It prints as its prefix: the text comes out by [APIKey.Reveal] alone.
type APIKey struct {
	// Environment is where the key belongs, such as "live" or "test". It is what
	// the key says; compare it with the record too.
	Environment string

	text string
}

// NewAPIKey makes a key with 256 random bits. environment is 1 to 16 small
// letters and digits. random nil means crypto/rand.
func NewAPIKey(random io.Reader, environment string) (APIKey, error) {
	text, err := newSecret(random, APIKeyPrefix, environment)
	if err != nil {
		return APIKey{}, err
	}
	return APIKey{Environment: environment, text: text}, nil
}

// ParseAPIKey reads a key. The error is an *[Error] with reason
// api-key-malformed and says exactly what is wrong, without repeating the key.
func ParseAPIKey(text string) (APIKey, error) {
	if len(text) > len(APIKeyPrefix)+maxEnvLen+secretLen+checksumLen+2 {
		return APIKey{}, &Error{Reason: reason.APIKeyMalformed, Err: errors.New("it is longer than any API key")}
	}
	environment, fault := parseSecret(text, APIKeyPrefix)
	if fault != "" {
		return APIKey{}, &Error{Reason: reason.APIKeyMalformed, Err: errors.New(fault)}
	}
	return APIKey{Environment: environment, text: text}, nil
}

// Hash is what is stored of the key: SHA-256 of its whole text, the environment
// included, so that a test key with another label is another key. The 256 random
// bits make salt and slow hashing needless.
func (k APIKey) Hash() [32]byte { return sha256.Sum256([]byte(k.text)) }

// Display is enough of the key to recognise it by: prefix, environment and four
// characters, "g401_live_AbCd…".
func (k APIKey) Display() string {
	if k.text == "" {
		return ""
	}
	return k.text[:len(k.text)-secretLen-checksumLen+4] + "…"
}

// Reveal is the key itself. It is shown once, to its owner.
func (k APIKey) Reveal() string { return k.text }

// String is Display.
func (k APIKey) String() string { return k.Display() }

// GoString is Display.
func (k APIKey) GoString() string { return k.Display() }

// LogValue is Display, for logs.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(k.Display()) }

// MarshalText is Display, so that no encoder writes a key by accident.
func (k APIKey) MarshalText() ([]byte, error) { return []byte(k.Display()), nil }
