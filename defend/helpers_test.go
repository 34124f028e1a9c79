package defend_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
)

type credential string

func (credential) Method() string            { return "basic" }
func (c credential) Account() (string, bool) { return string(c), true }
func (credential) Key() [32]byte             { return [32]byte{} }

func from(addr string) *gate401.Request { return &gate401.Request{Client: netip.MustParseAddr(addr)} }

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var (
	errWrong = error(&gate401.Denial{Reason: reason.PasswordWrong})
	errAway  = errors.New("the store is away")
)

// try reserves without waiting and, where admitted, settles with outcome.
func try(g *defend.Guard, addr, account string, outcome error) error {
	settle, err := g.Reserve(context.Background(), from(addr), credential(account))
	if err == nil {
		settle(outcome)
	}
	return err
}

func codeOf(err error) reason.Code {
	var d *gate401.Denial
	if errors.As(err, &d) {
		return d.Reason
	}
	return ""
}

func retryAfter(err error) string {
	var d *gate401.Denial
	if errors.As(err, &d) {
		return d.Header.Get("Retry-After")
	}
	return ""
}

// admitted counts how many of n wrong attempts pass.
func admitted(g *defend.Guard, n int, addr, account string) int {
	passed := 0
	for range n {
		if try(g, addr, account, errWrong) == nil {
			passed++
		}
	}
	return passed
}
