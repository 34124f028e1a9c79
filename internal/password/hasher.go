package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// MaxLength is the longest password in bytes: long enough for any passphrase,
// short enough that hashing it costs no more than the parameters say.
const MaxLength = 1024

// maxBcrypt is how many bytes of a password bcrypt looks at.
const maxBcrypt = 72

// ErrTooLong says that a password is over MaxLength.
var ErrTooLong = fmt.Errorf("password is longer than %d bytes", MaxLength)

// Hasher hashes and verifies passwords, a limited number at a time: each costs
// tens of milliseconds of a core and 19 MiB, so without a limit a hundred
// logins at once are an outage. The zero value is ready to use; a Hasher must
// not be copied, and its fields not changed, after first use.
type Hasher struct {
	Params Params    // of new hashes; zero = Default()
	Limit  int       // how many run at once; 0 = one per CPU
	Rand   io.Reader // for salts; nil = crypto/rand

	once sync.Once
	slot chan struct{}
}

// Hash returns the PHC string of a new password. It does not judge the password;
// see Check. An error that wraps ctx's means that the machine was too busy.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxLength {
		return "", ErrTooLong
	}
	if password == "" {
		return "", errors.New("password is empty")
	}
	p := phc{params: h.params(), salt: make([]byte, newSalt)}
	if err := p.params.check(); err != nil {
		return "", err
	}
	random := h.Rand
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, p.salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	err := h.run(ctx, func() { p.tag = p.compute(prepare(password), newTag) })
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify tells whether password is the one behind hash, and whether hash should
// be replaced by a new one because it is of another kind or cost than Hash
// makes (only ever true together with ok). An error means that it could not be
// checked: the hash is unusable (ErrHash), or ctx ended while waiting for a
// free slot. An empty hash is that of an account without a password: nothing
// matches it, at the usual cost.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	if hash == "" {
		return false, false, h.Dummy(ctx, "", password)
	}
	long := len(password) > MaxLength
	if long {
		password = "" // the same cost, and never a match
	}
	if isBcrypt(hash) {
		if err := checkBcrypt(hash); err != nil {
			return false, false, err
		}
		var failed error
		err := h.run(ctx, func() { ok, failed = verifyBcrypt(hash, password) })
		if err := errors.Join(err, failed); err != nil {
			return false, false, err
		}
		ok = ok && !long
		return ok, ok, nil
	}
	p, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	err = h.run(ctx, func() {
		tag := p.compute(prepare(password), len(p.tag))
		ok = subtle.ConstantTimeCompare(tag, p.tag) == 1
	})
	if err != nil {
		return false, false, err
	}
	ok = ok && !long
	return ok, ok && (p.params != h.params() || len(p.salt) < newSalt || len(p.tag) < newTag), nil
}

// Dummy does the work of a Verify whose result is false: for an account that
// does not exist, or has no previous password, so that the time of the answer
// does not tell. like is a hash whose cost to imitate, for a store in which not
// all hashes cost the same; "" imitates a new hash.
func (h *Hasher) Dummy(ctx context.Context, like, password string) error {
	if len(password) > MaxLength {
		password = ""
	}
	if isBcrypt(like) {
		if err := checkBcrypt(like); err != nil {
			return err
		}
		var failed error
		err := h.run(ctx, func() { _, failed = verifyBcrypt(like, password) })
		return errors.Join(err, failed)
	}
	p := phc{params: h.params(), salt: make([]byte, newSalt), tag: make([]byte, newTag)}
	if like != "" {
		var err error
		if p, err = parsePHC(like); err != nil {
			return err
		}
	}
	return h.run(ctx, func() {
		subtle.ConstantTimeCompare(p.compute(prepare(password), len(p.tag)), p.tag)
	})
}

func (h *Hasher) params() Params {
	if h.Params == (Params{}) {
		return Default()
	}
	return h.Params
}

// run calls do when a slot is free. The work itself cannot be interrupted, so
// ctx only ends the waiting.
func (h *Hasher) run(ctx context.Context, do func()) error {
	h.once.Do(func() {
		limit := h.Limit
		if limit <= 0 {
			limit = runtime.NumCPU()
		}
		h.slot = make(chan struct{}, limit)
	})
	// With both ready select would choose at random; work for a caller that
	// has gone away keeps others waiting.
	err := ctx.Err()
	if err == nil {
		select {
		case h.slot <- struct{}{}:
			defer func() { <-h.slot }()
			do()
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return fmt.Errorf("password could not be checked: waiting for a free slot: %w", err)
}

func (p phc) compute(password []byte, size int) []byte {
	return argon2.IDKey(password, p.salt, p.params.Time, p.params.Memory, p.params.Threads, uint32(size))
}

// prepare makes one password of the ways in which systems send the same
// characters (RFC 8265, Section 4.2.2: NFC, and any space is a space). Unlike
// the profile it refuses nothing: what was set can be sent.
func prepare(password string) []byte {
	for i := range len(password) {
		if password[i] >= utf8.RuneSelf {
			if !utf8.ValidString(password) {
				break
			}
			return norm.NFC.Bytes([]byte(strings.Map(asciiSpace, password)))
		}
	}
	return []byte(password)
}

func asciiSpace(r rune) rune {
	switch {
	case r == 0xA0, r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000: // category Zs
		return ' '
	}
	return r
}

func isBcrypt(hash string) bool { return strings.HasPrefix(hash, "$2") }

// checkBcrypt refuses what x/crypto would compute differently or for minutes.
// "2x" marks hashes of an implementation that mixed up signs.
func checkBcrypt(hash string) error {
	if len(hash) != 60 || hash[3] != '$' || !strings.Contains("aby", hash[2:3]) {
		return fmt.Errorf("%w: bcrypt hash malformed", ErrHash)
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return fmt.Errorf("%w: bcrypt hash malformed", ErrHash)
	}
	if cost > MaxBcryptCost {
		return fmt.Errorf("%w: bcrypt cost %d is over %d", ErrHash, cost, MaxBcryptCost)
	}
	return nil
}

// verifyBcrypt compares the bytes as they were sent: the hash was made
// elsewhere, without our preparation. bcrypt ignores what follows the 72nd
// byte, so a longer password would be as good as any other that begins alike.
func verifyBcrypt(hash, password string) (bool, error) {
	long := len(password) > maxBcrypt
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password[:min(len(password), maxBcrypt)]))
	switch {
	case err == nil:
		return !long, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	}
	return false, fmt.Errorf("%w: bcrypt hash malformed", ErrHash)
}
