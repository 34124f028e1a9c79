package secondfactor

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/gate401/gate401/store"
)

// secretSize is that of the hash, as RFC 4226 section 4 R6 recommends.
const secretSize = 20

// Setup is what an app is told, once, to make the same passwords. It prints as
// the name of the account.
type Setup struct {
	Account string
	key     *otp.Key
}

// Secret is for typing into an app, in groups of four letters.
func (s Setup) Secret() string {
	var b strings.Builder
	for i, c := range []byte(s.key.Secret()) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// URL is for an app on the same device.
func (s Setup) URL() string { return s.key.URL() }

// String names the account only.
func (s Setup) String() string { return s.Account }

// GoString is String.
func (s Setup) GoString() string { return s.Account }

// LogValue is String, for logs.
func (s Setup) LogValue() slog.Value { return slog.StringValue(s.Account) }

// Begin makes a new secret that waits for its first right password. by is who
// sets it up, such as a session: nobody else of the same account is shown the
// secret or confirms it, for a browser that was left open, or a cookie that was
// stolen, must not learn what will protect the account from it. Of the same by it
// keeps one that waits already, so that a page that is loaded again shows the
// same; one of another is given up. What is in force stays in force until Confirm.
// store.ErrNotFound if there is no account.
func (f *Factors) Begin(ctx context.Context, account, by string) error {
	_, err := f.change(ctx, account, func(_ *store.SecondFactor, s *sealed) error {
		if s.pending(f.now(), by) {
			return nil
		}
		s.Next, s.At, s.By = make([]byte, secretSize), store.Millis(f.now()), by
		return f.random(s.Next)
	})
	return err
}

// Cancel forgets a secret of by that waits for its first right password.
func (f *Factors) Cancel(ctx context.Context, account, by string) error {
	_, err := f.change(ctx, account, func(r *store.SecondFactor, s *sealed) error {
		if len(s.Next) == 0 || s.By != by {
			return ErrNone
		}
		s.Next, s.At, s.By = nil, 0, ""
		return nil
	})
	return err
}

// Setup is what the app is told of the secret of by that waits, or ErrNone.
func (f *Factors) Setup(ctx context.Context, account, by string) (Setup, error) {
	_, s, err := f.read(ctx, account)
	switch {
	case err != nil:
		return Setup{}, err
	case !s.pending(f.now(), by):
		return Setup{}, ErrNone
	}
	// A colon would end the issuer's name in the label of the address.
	issuer := strings.ReplaceAll(f.Issuer, ":", " ")
	if issuer == "" {
		issuer = "gate401"
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: issuer, AccountName: account, Period: period, Secret: s.Next, Digits: digits, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return Setup{}, fmt.Errorf("writing the address for an app: %w", err)
	}
	return Setup{Account: account, key: key}, nil
}

// Confirm puts the secret of by that waits in force if that is a right password of it,
// and returns new recovery codes, to be shown once; older ones are good no more.
// ErrWrong if it is not right, ErrNone if none waits.
func (f *Factors) Confirm(ctx context.Context, account, by, code string) ([]string, error) {
	code = plain(code)
	var codes []string
	_, err := f.change(ctx, account, func(r *store.SecondFactor, s *sealed) error {
		now := f.now()
		if !s.pending(now, by) {
			return ErrNone
		}
		at, found, err := matching(s.Next, code, now)
		switch {
		case err != nil:
			return err
		case !found:
			return ErrWrong
		}
		if codes, r.Recovery, err = f.newRecovery(account); err != nil {
			return err
		}
		r.Confirmed, r.Step = now, at
		*s = sealed{InForce: s.Next}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, f.note(ctx, "on", account, nil)
}

// QR is the address as a picture: size is its width and height in modules, path
// draws the dark ones (the path data of SVG 2 section 9.3). The quiet zone of four
// modules is part of it.
func (s Setup) QR() (size int, path string, err error) {
	const side = 1024 // more than any code has modules
	img, err := s.key.Image(side, side)
	if err != nil {
		return 0, "", fmt.Errorf("drawing the code for an app: %w", err)
	}
	left, module := grain(img)
	if module == 0 {
		return 0, "", fmt.Errorf("drawing the code for an app: a picture of %d by %d has no corner", side, side)
	}
	n := (side - 2*left) / module
	var b strings.Builder
	for y := range n {
		for x := 0; x < n; {
			from := x
			for x < n && dark(img, left+x*module, left+y*module) {
				x++
			}
			if x > from {
				b.WriteString("M" + strconv.Itoa(from+quiet) + " " + strconv.Itoa(y+quiet) + "h" + strconv.Itoa(x-from) + "v1H" + strconv.Itoa(from+quiet) + "z")
			} else {
				x++
			}
		}
	}
	return n + 2*quiet, b.String(), nil
}

// quiet is the margin that ISO/IEC 18004 asks for, in modules.
const quiet = 4

// grain finds where the picture begins and how wide a module is: the first dark
// pixels are the upper edge of a corner, which is seven modules wide.
func grain(img image.Image) (left, module int) {
	b := img.Bounds()
	for i := b.Min.X; i < b.Max.X; i++ {
		if !dark(img, i, i) {
			continue
		}
		run := 0
		for x := i; x < b.Max.X && dark(img, x, i); x++ {
			run++
		}
		return i, run / 7
	}
	return 0, 0
}

func dark(img image.Image, x, y int) bool {
	r, _, _, _ := img.At(x, y).RGBA()
	return r < 0x8000
}
