package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrHash is wrapped when a stored hash cannot be used: not a PHC string of a
// known kind, or one whose cost is over the limits.
var ErrHash = errors.New("unusable password hash")

// Params are the costs of argon2id (RFC 9106, Section 3.1).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// Default returns the costs of new hashes: 19 MiB, two passes, one thread,
// about 25 ms of one core. More memory would let a burst of logins exhaust the
// machine before it bothers an attacker.
func Default() Params { return Params{Memory: 19 * 1024, Time: 2, Threads: 1} }

// MaxWork and MaxBcryptCost are the dearest hashes that are computed: argon2id in
// KiB times passes, and the cost of bcrypt. Either takes about a second.
const (
	MaxWork       = 1024 * 1024
	MaxBcryptCost = 14
)

// Limits of what a stored hash may ask for. A record is data, perhaps imported
// from elsewhere: it must not be able to ask for gigabytes or minutes.
const (
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 16         // passes
	maxThreads = 16
	minSalt    = 8 // RFC 9106, Section 3.1
	maxSalt    = 64
	minTag     = 16
	maxTag     = 64
	maxPHC     = 512 // characters
	newSalt    = 16
	newTag     = 32
)

// phc is a parsed argon2id PHC string:
//
//	$argon2id$v=19$m=M,t=T,p=P$salt$tag
//
// (https://github.com/P-H-C/phc-string-format; salt and tag in base64 without
// padding).
type phc struct {
	params Params
	salt   []byte
	tag    []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.params.Memory, p.params.Time, p.params.Threads,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.tag))
}

func parsePHC(s string) (phc, error) {
	if len(s) > maxPHC {
		return phc{}, fmt.Errorf("%w: longer than %d characters", ErrHash, maxPHC)
	}
	field := strings.Split(s, "$")
	if len(field) != 6 || field[0] != "" || field[1] != "argon2id" {
		return phc{}, fmt.Errorf("%w: not of the form $argon2id$v=19$m=..,t=..,p=..$salt$hash", ErrHash)
	}
	if field[2] != "v=19" {
		return phc{}, fmt.Errorf("%w: argon2 version is not 19", ErrHash)
	}
	param := strings.Split(field[3], ",")
	if len(param) != 3 {
		return phc{}, fmt.Errorf("%w: argon2 parameters are not m, t, p", ErrHash)
	}
	memory, err := parseParam(param[0], "m=", maxMemory)
	if err != nil {
		return phc{}, err
	}
	time, err := parseParam(param[1], "t=", maxTime)
	if err != nil {
		return phc{}, err
	}
	threads, err := parseParam(param[2], "p=", maxThreads)
	if err != nil {
		return phc{}, err
	}
	p := phc{params: Params{Memory: memory, Time: time, Threads: uint8(threads)}}
	if err := p.params.check(); err != nil {
		return phc{}, err
	}
	if p.salt, err = parseBase64(field[4], "salt", minSalt, maxSalt); err != nil {
		return phc{}, err
	}
	if p.tag, err = parseBase64(field[5], "hash", minTag, maxTag); err != nil {
		return phc{}, err
	}
	return p, nil
}

func (p Params) check() error {
	switch {
	case p.Time < 1 || p.Time > maxTime, p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("%w: argon2 t or p out of range", ErrHash)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory: // RFC 9106, Section 3.1
		return fmt.Errorf("%w: argon2 m out of range", ErrHash)
	case uint64(p.Memory)*uint64(p.Time) > MaxWork:
		return fmt.Errorf("%w: argon2 m times t over %d KiB", ErrHash, MaxWork)
	}
	return nil
}

// parseParam reads a decimal number without sign, leading zero or surroundings,
// so that one hash has one spelling.
func parseParam(s, prefix string, limit uint64) (uint32, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n > limit || strconv.FormatUint(n, 10) != digits {
		return 0, fmt.Errorf("%w: argon2 parameter %sN malformed or over %d", ErrHash, prefix, limit)
	}
	return uint32(n), nil
}

func parseBase64(s, what string, least, most int) ([]byte, error) {
	// DecodeString would skip line ends.
	if strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: %s is not base64", ErrHash, what)
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not base64", ErrHash, what)
	}
	if len(b) < least || len(b) > most {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d to %d", ErrHash, what, len(b), least, most)
	}
	return b, nil
}

// CheckHash tells whether Verify can use a hash: its form is right and its cost
// within the limits. Sources of hashes ask when they are read, so that a line
// that asks for gigabytes is a fault of the file and not of a login. The error
// wraps ErrHash and repeats nothing of the hash.
func CheckHash(hash string) error {
	if isBcrypt(hash) {
		return checkBcrypt(hash)
	}
	_, err := parsePHC(hash)
	return err
}
