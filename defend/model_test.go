package defend_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
	"pgregory.net/rapid"
)

// leak is the plain picture of a bucket: a level that drains steadily.
type leak struct {
	limit defend.Limit
	level time.Duration
	last  time.Time
}

func (l *leak) every() time.Duration { return l.limit.Window / time.Duration(l.limit.Attempts) }

func (l *leak) drain(now time.Time) {
	l.level = max(l.level-now.Sub(l.last), 0)
	l.last = now
}

func (l *leak) wait(now time.Time) time.Duration {
	l.drain(now)
	return max(l.level+l.every()-l.limit.Window, 0)
}

type model struct {
	limits  defend.Limits
	buckets map[string]*leak
	known   map[string]time.Time
}

func (m *model) at(name string, l defend.Limit) *leak {
	if m.buckets[name] == nil {
		m.buckets[name] = &leak{limit: l}
	}
	return m.buckets[name]
}

// names of the buckets of an attempt.
func (m *model) of(addr, account string, now time.Time) map[string]defend.Limit {
	if account == "" {
		return map[string]defend.Limit{"address " + addr: m.limits.Address}
	}
	pair := addr + " " + account
	if m.known[pair].After(now) {
		return map[string]defend.Limit{"pair " + pair: m.limits.AddressAccount,
			"known address " + addr: m.limits.Address, "known account " + pair: m.limits.Account}
	}
	return map[string]defend.Limit{"pair " + pair: m.limits.AddressAccount,
		"address " + addr: m.limits.Address, "account " + account: m.limits.Account}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Custom(func(t *rapid.T) defend.Limit {
			n := rapid.IntRange(1, 6).Draw(t, "attempts")
			return defend.Limit{Attempts: n, Window: time.Duration(n) * time.Second * time.Duration(rapid.IntRange(1, 40).Draw(t, "interval"))}
		})
		c := newClock()
		limits := defend.Limits{Account: limit.Draw(t, "account"), Address: limit.Draw(t, "address"), AddressAccount: limit.Draw(t, "pair")}
		g := &defend.Guard{Limits: limits, Now: c.Now, Wait: -1}
		m := &model{limits: limits, buckets: map[string]*leak{}, known: map[string]time.Time{}}
		type flight struct {
			settle        func(error)
			addr, account string
			charged       map[string]time.Time // when each bucket has drained it
		}
		var flights []flight
		addrs := rapid.SampledFrom([]string{"192.0.2.1", "192.0.2.2", "2001:db8::1"})
		accounts := rapid.SampledFrom([]string{"", "alice", "bob"})
		t.Repeat(map[string]func(*rapid.T){
			"advance": func(t *rapid.T) {
				c.advance(time.Duration(rapid.IntRange(1, 60_000).Draw(t, "ms")) * time.Millisecond)
			},
			"reserve": func(t *rapid.T) {
				addr, account := addrs.Draw(t, "addr"), accounts.Draw(t, "account")
				now := c.Now()
				var wait time.Duration
				of := m.of(addr, account, now)
				for name, l := range of {
					wait = max(wait, m.at(name, l).wait(now))
				}
				settle, err := g.Reserve(context.Background(), from(addr), credential(account))
				if wait > 0 {
					want := fmt.Sprint(int64((wait + time.Second - 1) / time.Second))
					if code := codeOf(err); (code != reason.RateLimited && code != reason.LockedOut) || retryAfter(err) != want {
						t.Fatalf("got %v, Retry-After %q, want a refusal, %s", err, retryAfter(err), want)
					}
					return
				}
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				f := flight{settle, addr, account, map[string]time.Time{}}
				for name, l := range of {
					b := m.at(name, l)
					b.level += b.every()
					f.charged[name] = now.Add(b.level)
				}
				flights = append(flights, f)
			},
			"settle": func(t *rapid.T) {
				if len(flights) == 0 {
					t.Skip("nothing in flight")
				}
				i := rapid.IntRange(0, len(flights)-1).Draw(t, "flight")
				f := flights[i]
				outcome := rapid.SampledFrom([]error{nil, errWrong, errAway}).Draw(t, "outcome")
				if rapid.Bool().Draw(t, "once") {
					flights = append(flights[:i], flights[i+1:]...)
				} else {
					f.settle(outcome)
					f.settle(nil)
					flights = append(flights[:i], flights[i+1:]...)
				}
				f.settle(outcome)
				now := c.Now()
				if outcome == nil && f.account != "" {
					m.known[f.addr+" "+f.account] = now.Add(defend.KnownFor)
				}
				if errors.Is(outcome, errWrong) {
					return
				}
				for name, drained := range f.charged {
					b := m.buckets[name]
					b.drain(now)
					b.level = max(b.level-min(max(drained.Sub(now), 0), b.every()), 0)
				}
			},
			"forgive": func(t *rapid.T) {
				if len(flights) > 0 {
					// What is in flight is given back to a bucket that is gone.
					t.Skip("in flight")
				}
				if rapid.IntRange(0, 5).Draw(t, "seldom") != 0 {
					t.Skip("seldom")
				}
				account := accounts.Draw(t, "account")
				g.Forgive(account)
				for name := range m.buckets {
					var kind, addr, who string
					if n, _ := fmt.Sscanf(name, "account %s", &who); n == 1 && who == account && account != "" {
						delete(m.buckets, name)
					} else if n, _ := fmt.Sscanf(name, "pair %s %s", &addr, &who); n == 2 && who == account {
						delete(m.buckets, name)
					} else if n, _ := fmt.Sscanf(name, "known %s %s %s", &kind, &addr, &who); n == 3 && kind == "account" && who == account {
						delete(m.buckets, name)
					}
				}
			},
			"": func(t *rapid.T) {
				limited := 0
				for _, b := range m.buckets {
					if b.wait(c.Now()) > 0 {
						limited++
					}
				}
				if n := len(g.List(0)); n != limited {
					t.Fatalf("%d listed, %d in the model", n, limited)
				}
			},
		})
	})
}
