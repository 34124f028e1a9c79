package defend

import (
	"fmt"
	"time"
)

// Limit admits Attempts at once, and then one more every Window/Attempts.
type Limit struct {
	Attempts int
	Window   time.Duration
}

// Limits are what a Guard admits. A Limit whose fields are not both above zero
// stands for its default; there is no way to say "unlimited".
type Limits struct {
	// Account bounds attempts on one account from all networks where it did not
	// prove itself before, and again from each one where it did. The default is
	// 100 a day: NIST SP 800-63B section 5.2.2 allows at most 100 consecutive
	// failures. It is slow on purpose, because a botnet can drain it.
	Account Limit
	// Address bounds attempts of one client network on all accounts together.
	// The default, 100 in 15 minutes, leaves room for an office behind one
	// address on a Monday, and none for trying one password on many accounts.
	Address Limit
	// AddressAccount bounds attempts of one client network on one account. The
	// default is 10 in 15 minutes: more than a person who mistypes needs.
	AddressAccount Limit
}

// DefaultLimits are the limits of a zero Guard.
func DefaultLimits() Limits {
	return Limits{
		Account:        Limit{100, 24 * time.Hour},
		Address:        Limit{100, 15 * time.Minute},
		AddressAccount: Limit{10, 15 * time.Minute},
	}
}

// Bounds of a configured Limit; beyond them one is a mistake.
const (
	maxAttempts = 1_000_000
	maxWindow   = 366 * 24 * time.Hour
)

// Check tells what is wrong with limits that were configured by hand. Zero
// fields are not wrong: they take their default.
func (l Limits) Check() error {
	for _, x := range []struct {
		name  string
		limit Limit
	}{{"account", l.Account}, {"address", l.Address}, {"address_account", l.AddressAccount}} {
		switch {
		case x.limit == Limit{}:
		case x.limit.Attempts < 1 || x.limit.Attempts > maxAttempts:
			return fmt.Errorf("limit %s: %d attempts, want 1 to %d", x.name, x.limit.Attempts, maxAttempts)
		case x.limit.Window < time.Second || x.limit.Window > maxWindow:
			return fmt.Errorf("limit %s: window %s, want %s to %s", x.name, x.limit.Window, time.Second, maxWindow)
		}
	}
	return nil
}

// rate is a Limit as GCRA computes with it: the interval at which attempts
// become free again, and how far ahead of now a bucket may be filled.
type rate struct {
	every, burst int64 // nanoseconds
}

func (l Limit) rate(fallback Limit) rate {
	if l.Attempts < 1 || l.Window < 1 {
		l = fallback
	}
	attempts := int64(min(l.Attempts, maxAttempts))
	every := max(int64(min(l.Window, maxWindow))/attempts, 1)
	return rate{every, every * attempts}
}
