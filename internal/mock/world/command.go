package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Commands: the values of [Command.Do].
const (
	DoExpireAccessTokens = "expire-access-tokens" // those that exist now
	DoRevokeAccessTokens = "revoke-access-tokens" // those that exist now; refresh tokens stay good
	DoRevokeFamily       = "revoke-family"        // all logins, or those of Name
	DoRotateKeys         = "rotate-keys"          // a new key signs; the old ones still verify
	DoForgetKeys         = "forget-keys"          // a new key signs, and the old ones verify no more
	DoAdvanceClock       = "advance-clock"        // by By
	DoFailNextRefresh    = "fail-next-refresh"    // with Fault, Times times
	DoRefuseNext         = "refuse-next"          // the next Times requests, for Reason
	DoSuspend            = "suspend"              // the person Name
	DoReset              = "reset"                // everything as in the beginning
)

// Commands lists what a world can be told.
func Commands() []string {
	return []string{
		DoExpireAccessTokens, DoRevokeAccessTokens, DoRevokeFamily, DoRotateKeys, DoForgetKeys,
		DoAdvanceClock, DoFailNextRefresh, DoRefuseNext, DoSuspend, DoReset,
	}
}

// Command is what a test tells a world in the middle of it.
type Command struct {
	// Do is one of the commands.
	Do string `json:"do"`
	// By is how far advance-clock goes.
	By Duration `json:"by,omitempty"`
	// Fault is one of those of refresh.fault; empty means "error".
	Fault string `json:"fault,omitempty"`
	// Times is for how many requests; 0 means one.
	Times int `json:"times,omitempty"`
	// Reason is why refuse-next refuses; empty means token-expired.
	Reason reason.Code `json:"reason,omitempty"`
	// Name is a person.
	Name string `json:"name,omitempty"`
}

// ErrCommand is wrapped by errors about a command that makes no sense.
var ErrCommand = errors.New("command")

// maxAdvance bounds how far one command moves a clock, and maxClock where it
// may stand in all.
const (
	maxAdvance = Duration(10 * 365 * 24 * time.Hour)
	maxClock   = 100 * 365 * 24 * time.Hour
)

// maxWorldKeys is how many keys a world publishes; the oldest go first.
const maxWorldKeys = 8

func (w *World) do(ctx context.Context, c Command) error {
	if c.Times < 0 || c.Times > maxNumber {
		return fmt.Errorf("%w: times %d is not between 0 and %d", ErrCommand, c.Times, maxNumber)
	}
	l, times := w.life.Load(), max(c.Times, 1)
	switch c.Do {
	case DoReset:
		return w.reset()
	case DoExpireAccessTokens:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.expired = l.issued
	case DoRevokeAccessTokens:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.revoked = l.issued
	case DoRevokeFamily:
		return l.revokeLogins(ctx, c.Name)
	case DoRotateKeys, DoForgetKeys:
		return l.rotate(c.Do == DoForgetKeys)
	case DoAdvanceClock:
		if c.By == 0 || c.By > maxAdvance || c.By < -maxAdvance {
			return fmt.Errorf("%w: %s needs by, such as \"10m\", at most %s", ErrCommand, c.Do, maxAdvance)
		}
		if at := l.clock.advance.Add(int64(c.By)); time.Duration(at).Abs() > maxClock {
			l.clock.advance.Add(-int64(c.By))
			return fmt.Errorf("%w: the clock would be a hundred years from now", ErrCommand)
		}
	case DoFailNextRefresh:
		var check checker
		if c.Fault == "" {
			c.Fault = RefreshError
		}
		if check.oneOf("fault", c.Fault, RefreshFaults()); len(check.faults) > 0 {
			return fmt.Errorf("%w: %s", ErrCommand, check.faults[0])
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fail = failure{times, c.Fault}
	case DoRefuseNext:
		var check checker
		if c.Reason == "" {
			c.Reason = reason.TokenExpired
		}
		if check.refusing("reason", c.Reason); len(check.faults) > 0 {
			return fmt.Errorf("%w: %s", ErrCommand, check.faults[0])
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.refuse = refusal{times, c.Reason}
	case DoSuspend:
		return l.suspend(ctx, c.Name)
	default:
		var check checker
		check.oneOf("do", c.Do, Commands())
		return fmt.Errorf("%w: %s", ErrCommand, check.faults[0])
	}
	return nil
}

// revokeLogins ends the logins of a person, or of everybody.
func (l *life) revokeLogins(ctx context.Context, name string) error {
	people := l.settings.people()
	known := name == ""
	for _, p := range people {
		if name != "" && p.Name != name {
			continue
		}
		known = true
		if err := l.issuer.RevokeSubject(ctx, p.Name, "revoked on command"); err != nil {
			return err
		}
	}
	if !known {
		return fmt.Errorf("%w: there is no person %q", ErrCommand, clip(name))
	}
	return nil
}

func (l *life) rotate(forget bool) error {
	k, err := token.GenerateKey(token.ES256)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A new list: requests that are under way read the old one.
	keys := append(l.keys[:len(l.keys):len(l.keys)], k)
	if forget {
		keys = keys[len(keys)-1:]
	}
	l.keys = keys[max(0, len(keys)-maxWorldKeys):]
	return nil
}

func (l *life) suspend(ctx context.Context, name string) error {
	a, err := l.set.Accounts.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: there is no person %q", ErrCommand, clip(name))
	}
	if err != nil {
		return err
	}
	a.Suspended = true
	_, err = l.set.Accounts.UpdateAccount(ctx, a)
	return err
}
