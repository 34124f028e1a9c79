package secondfactor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/gate401/gate401/store"
)

// RecoveryCodes is how many are made at a time.
const RecoveryCodes = 10

// recoveryLetters is Crockford's base 32 in small letters: no i, l, o or u, which
// are misread on paper. 16 of them are 80 bits.
const (
	recoveryLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	recoveryLength  = 16
)

// random fills b.
func (f *Factors) random(b []byte) error {
	from := f.Rand
	if from == nil {
		from = rand.Reader
	}
	if _, err := io.ReadFull(from, b); err != nil {
		return fmt.Errorf("random bits: %w", err)
	}
	return nil
}

// newRecovery makes codes, as they are shown, and what is kept of them.
func (f *Factors) newRecovery(account string) (codes []string, hashes [][32]byte, err error) {
	for range RecoveryCodes {
		var raw [recoveryLength]byte
		if err := f.random(raw[:]); err != nil {
			return nil, nil, err
		}
		var text []byte
		for i, b := range raw {
			if i > 0 && i%4 == 0 {
				text = append(text, '-')
			}
			text = append(text, recoveryLetters[b&31])
		}
		hash, ok := recoveryHash(account, plain(string(text)))
		if !ok {
			return nil, nil, fmt.Errorf("a recovery code of %d characters is none", len(raw))
		}
		codes, hashes = append(codes, string(text)), append(hashes, hash)
	}
	return codes, hashes, nil
}

// recoveryHash reads a plain code. The account is in the hash, so that a guess
// can be compared with the codes of one account only. 80 random bits need no slow
// hash.
func recoveryHash(account, code string) ([32]byte, bool) {
	// What the alphabet leaves out is what is written for something else.
	code = strings.NewReplacer("o", "0", "i", "1", "l", "1").Replace(code)
	if len(code) != recoveryLength || strings.Trim(code, recoveryLetters) != "" {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte("gate401 recovery code\x00" + account + "\x00" + code)), true
}

// RenewRecovery makes new recovery codes, to be shown once; the old ones are good
// no more. version is that of the State which the person saw: a form that is sent
// twice is ErrChanged the second time, so that the codes that were shown stay
// good. ErrNone if there is no second factor.
func (f *Factors) RenewRecovery(ctx context.Context, account string, version int64) ([]string, error) {
	var codes []string
	_, err := f.change(ctx, account, func(r *store.SecondFactor, _ *sealed) (err error) {
		switch {
		case r.Confirmed.IsZero():
			return ErrNone
		case r.Version != version:
			return ErrChanged
		}
		codes, r.Recovery, err = f.newRecovery(account)
		return err
	})
	if err != nil {
		return nil, err
	}
	return codes, f.note(ctx, "recovery-renewed", account, nil)
}
