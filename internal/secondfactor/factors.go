package secondfactor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gate401/gate401/store"
)

// How a second factor was proved, for the amr of a login (RFC 8176). The second
// one is our own word: the registry has none for codes on paper.
const (
	AMR         = "otp"
	AMRRecovery = "recovery"
)

// What callers are expected to handle. Any other error means that it could not be
// checked.
var (
	// ErrWrong says that the code is not right, or not any more: both look alike.
	ErrWrong = errors.New("the code is wrong, too old or used already")
	// ErrNone says that the account has no second factor, or none is being set up.
	ErrNone = errors.New("no second factor is set up")
	// ErrChanged says that it was changed since it was looked at.
	ErrChanged = errors.New("the second factor was changed in the meantime")
	// ErrNotRecorded says that the change was made, and that its audit record
	// could not be written.
	ErrNotRecorded = errors.New("the second factor was changed, but not recorded")
)

// attempts is how often a change is tried again because somebody else changed
// the same record in between.
const attempts = 16

// pendingFor is how long a secret waits for its first right password.
const pendingFor = 30 * time.Minute

// Sealer encrypts small secrets for the store; internal/seal has one.
type Sealer interface {
	Seal(kind, id string, plain []byte) ([]byte, error)
	Open(kind, id string, sealed []byte) ([]byte, error)
}

// kind binds a sealed secret to what it is.
const kind = "second-factor"

// Factors are the second factors of the accounts of one store. Its methods may be
// called at the same time.
type Factors struct {
	// Records has them. Required.
	Records store.SecondFactors
	// Sealer protects the secrets at rest. Required.
	Sealer Sealer
	// Issuer is what apps show beside the name of the account; empty means
	// "gate401".
	Issuer string
	// Audit takes what is changed, and each use of a recovery code; nil for
	// nobody.
	Audit store.Audit
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where secrets come from; nil means crypto/rand.
	Rand io.Reader
}

func (f *Factors) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

// sealed is what the sealed secret of a record holds.
type sealed struct {
	// InForce is, once the record is confirmed. Next waits for its first
	// right password, since At in milliseconds, set up by By; until then the other
	// one stays.
	InForce []byte `json:"in_force,omitempty"`
	Next    []byte `json:"next,omitempty"`
	At      int64  `json:"at,omitempty"`
	By      string `json:"by,omitempty"`
}

// pending tells whether a secret of by waits for its first right password.
func (s sealed) pending(now time.Time, by string) bool {
	return len(s.Next) > 0 && s.By == by && now.Sub(store.FromMillis(s.At)) < pendingFor
}

// State is what a person may see of their second factor at any time.
type State struct {
	On       bool
	Since    time.Time // when it was confirmed
	Recovery int       // how many recovery codes are left
	Pending  bool      // a new secret of the one who asks waits for its first right password
	// Version is that of the record, 0 for none: what a form was made for.
	Version int64
}

// State tells how things stand with an account; by is who asks, as in Begin.
func (f *Factors) State(ctx context.Context, account, by string) (State, error) {
	r, s, err := f.read(ctx, account)
	if err != nil {
		return State{}, err
	}
	return State{
		On: !r.Confirmed.IsZero(), Since: r.Confirmed, Recovery: len(r.Recovery), Pending: s.pending(f.now(), by), Version: r.Version,
	}, nil
}

// Needed tells whether the account proves itself with a second factor.
func (f *Factors) Needed(ctx context.Context, account string) (bool, error) {
	r, err := f.Records.SecondFactor(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading a second factor: %w", err)
	}
	return !r.Confirmed.IsZero(), nil
}

// read returns the record of an account with its opened secret, or a new one of
// version 0.
func (f *Factors) read(ctx context.Context, account string) (store.SecondFactor, sealed, error) {
	r, err := f.Records.SecondFactor(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.SecondFactor{Account: account}, sealed{}, nil
	case err != nil:
		return r, sealed{}, fmt.Errorf("reading a second factor: %w", err)
	}
	plain, err := f.Sealer.Open(kind, account, r.Secret)
	if err != nil {
		return r, sealed{}, fmt.Errorf("opening a second factor: %w", err)
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil {
		// The text of the error could repeat what it read.
		return r, sealed{}, errors.New("reading a second factor: its sealed secret is damaged")
	}
	return r, s, nil
}

// change reads a record, lets edit change it and writes it back, again if
// somebody else did so in between: edit judges the record as it is then.
func (f *Factors) change(ctx context.Context, account string, edit func(*store.SecondFactor, *sealed) error) (store.SecondFactor, error) {
	for try := 1; ; try++ {
		r, s, err := f.read(ctx, account)
		if err != nil {
			return r, err
		}
		if err := edit(&r, &s); err != nil {
			return r, err
		}
		plain, err := json.Marshal(s)
		if err != nil {
			return r, err
		}
		if r.Secret, err = f.Sealer.Seal(kind, account, plain); err != nil {
			return r, fmt.Errorf("sealing a second factor: %w", err)
		}
		stored, err := f.Records.PutSecondFactor(ctx, r)
		switch {
		case err == nil:
			return stored, nil
		case !errors.Is(err, store.ErrConflict) || try == attempts:
			return r, fmt.Errorf("storing a second factor: %w", err)
		}
	}
}

// note writes an audit record of a change that was made by the account itself.
func (f *Factors) note(ctx context.Context, action, account string, detail any) error {
	if f.Audit == nil {
		return nil
	}
	record := store.AuditRecord{Actor: account, Action: "second-factor." + action, Object: account, Time: f.now()}
	if detail != nil {
		encoded, err := json.Marshal(detail)
		if err != nil {
			return err
		}
		record.Detail = encoded
	}
	// The change stands, so that its record is not given up with the request.
	if _, err := f.Audit.AppendAudit(context.WithoutCancel(ctx), record); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	return nil
}
