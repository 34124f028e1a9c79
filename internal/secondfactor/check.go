package secondfactor

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/gate401/gate401/store"
)

// The parameters of RFC 6238 that every app takes; others are ignored by some.
const (
	period = 30
	digits = otp.DigitsSix
	// window is how many steps an app's clock may be away from ours, either way
	// (RFC 6238 section 5.2 recommends no more than one).
	window = 1
)

var alphabet32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// maxCode is longer than any code with its spaces and dashes.
const maxCode = 64

// plain is a code as it is compared: no spaces and dashes, small letters.
func plain(code string) string {
	if len(code) > maxCode {
		return ""
	}
	out := make([]byte, 0, len(code))
	for i := range len(code) {
		switch c := code[i]; {
		case c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n':
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == digits.Length()
}

// step is the time step of RFC 6238 section 4.2.
func step(at time.Time) int64 { return at.Unix() / period }

// matching returns the step around now whose password of that secret it is; all
// are computed and compared, so that the time tells nothing.
func matching(secret []byte, code string, now time.Time) (at int64, found bool, err error) {
	if len(secret) == 0 {
		return 0, false, nil
	}
	text := alphabet32.EncodeToString(secret)
	for i := int64(-window); i <= window; i++ {
		want, err := totp.GenerateCodeCustom(text, now.Add(time.Duration(i)*period*time.Second),
			totp.ValidateOpts{Period: period, Digits: digits, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, errors.New("computing a one-time password: the secret is damaged")
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			at, found = step(now)+i, true
		}
	}
	return at, found, nil
}

// Check uses up a code, a password of the app or a recovery code, and returns how
// it proves the account. Of any number of calls with the same code one succeeds;
// the others, and those with a wrong one, are ErrWrong. ErrNone if there is no
// second factor. Attempts are the caller's to count.
func (f *Factors) Check(ctx context.Context, account, code string) (amr string, err error) {
	code = plain(code)
	app := isDigits(code)
	r, err := f.change(ctx, account, func(r *store.SecondFactor, s *sealed) error {
		switch {
		case r.Confirmed.IsZero():
			return ErrNone
		case app:
			return usePassword(r, s, code, f.now())
		}
		return useRecovery(r, code)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", ErrNone
	case err != nil:
		return "", err
	case app:
		return AMR, nil
	}
	if err := f.note(ctx, "recovery-used", account, map[string]int{"left": len(r.Recovery)}); err != nil {
		return "", err
	}
	return AMRRecovery, nil
}

// usePassword moves the record past the step of that password.
func usePassword(r *store.SecondFactor, s *sealed, code string, now time.Time) error {
	at, found, err := matching(s.InForce, code, now)
	switch {
	case err != nil:
		return err
	// RFC 6238 section 5.2: none is accepted twice, nor one from before it.
	case !found || at <= r.Step:
		return ErrWrong
	}
	r.Step = at
	return nil
}

// useRecovery takes that code off the record.
func useRecovery(r *store.SecondFactor, code string) error {
	hash, ok := recoveryHash(r.Account, code)
	if !ok {
		return ErrWrong
	}
	left := slices.DeleteFunc(slices.Clone(r.Recovery), func(have [32]byte) bool {
		return subtle.ConstantTimeCompare(have[:], hash[:]) == 1
	})
	if len(left) == len(r.Recovery) {
		return ErrWrong
	}
	r.Recovery = left
	return nil
}

// Disable removes the second factor, or returns ErrNone. Whoever calls it has
// made sure that it is the person, by the second factor itself.
func (f *Factors) Disable(ctx context.Context, account string) error {
	err := f.Records.DeleteSecondFactor(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrNone
	case err != nil:
		return fmt.Errorf("removing a second factor: %w", err)
	}
	return f.note(ctx, "off", account, nil)
}
