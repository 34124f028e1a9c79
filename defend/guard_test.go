package defend_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
)

func TestLimitPerAddressAndAccount(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	if n := admitted(g, 20, "192.0.2.1", "alice"); n != 10 {
		t.Fatalf("admitted %d wrong passwords, want 10", n)
	}
	err := try(g, "192.0.2.1", "alice", nil)
	if codeOf(err) != reason.RateLimited || retryAfter(err) != "90" {
		t.Fatalf("got %v, Retry-After %q; want rate-limited, 90", err, retryAfter(err))
	}
	// Attempts over the limit do not make the wait longer.
	c.advance(89*time.Second + 500*time.Millisecond)
	if err := try(g, "192.0.2.1", "alice", nil); retryAfter(err) != "1" {
		t.Fatalf("Retry-After %q, want 1", retryAfter(err))
	}
	c.advance(500 * time.Millisecond)
	if err := try(g, "192.0.2.1", "alice", errWrong); err != nil {
		t.Fatalf("after Retry-After: %v", err)
	}
	if err := try(g, "192.0.2.1", "alice", errWrong); codeOf(err) != reason.RateLimited {
		t.Fatalf("second attempt after one interval: %v, want rate-limited", err)
	}
	for _, other := range [][2]string{{"192.0.2.1", "bob"}, {"192.0.2.2", "alice"}, {"2001:db8::1", "alice"}} {
		if err := try(g, other[0], other[1], errWrong); err != nil {
			t.Errorf("%v shares a bucket with alice at 192.0.2.1: %v", other, err)
		}
	}
}

func TestNetworks(t *testing.T) {
	for _, tt := range []struct {
		name, one, other string
		same             bool
	}{
		{"one /64", "2001:db8::1", "2001:db8::ffff:1", true},
		{"two /64", "2001:db8::1", "2001:db8:0:1::1", false},
		{"mapped IPv4", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"neighbours of IPv4", "192.0.2.1", "192.0.2.2", false},
		{"zone", "fe80::1%eth0", "fe80::1%eth1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &defend.Guard{Now: newClock().Now}
			admitted(g, 10, tt.one, "alice")
			if err := try(g, tt.other, "alice", errWrong); (err != nil) != tt.same {
				t.Errorf("got %v, want the same client: %v", err, tt.same)
			}
		})
	}
}

// A guesser with many addresses gets the limit of the account, and no more.
func TestDistributedGuessing(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	passed := 0
	for i := range 1000 {
		passed += admitted(g, 1, fmt.Sprintf("198.51.%d.%d", i/250, i%250), "alice")
	}
	if passed != 100 {
		t.Fatalf("admitted %d, want 100", passed)
	}
	err := try(g, "203.0.113.9", "alice", nil)
	if codeOf(err) != reason.LockedOut || retryAfter(err) != "864" {
		t.Fatalf("got %v, Retry-After %q; want locked-out, 864", err, retryAfter(err))
	}
}

// A sprayer tries one password on many accounts.
func TestSpraying(t *testing.T) {
	g := &defend.Guard{Now: newClock().Now}
	passed := 0
	for i := range 1000 {
		passed += admitted(g, 1, "192.0.2.1", fmt.Sprint("account", i))
	}
	if passed != 100 {
		t.Fatalf("admitted %d, want 100", passed)
	}
	if err := try(g, "192.0.2.1", "another", errWrong); codeOf(err) != reason.RateLimited {
		t.Fatalf("got %v, want rate-limited", err)
	}
}

// Credentials without an account are counted by network alone.
func TestNoAccount(t *testing.T) {
	g := &defend.Guard{Now: newClock().Now}
	if n := admitted(g, 200, "192.0.2.1", ""); n != 100 {
		t.Fatalf("admitted %d, want 100", n)
	}
	if err := try(g, "192.0.2.2", "", errWrong); err != nil {
		t.Fatalf("another network: %v", err)
	}
}

func TestOwnerIsNotLockedOut(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	if err := try(g, "192.0.2.1", "alice", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		admitted(g, 1, fmt.Sprintf("198.51.%d.%d", i/250, i%250), "alice")
	}
	if err := try(g, "203.0.113.9", "alice", nil); codeOf(err) != reason.LockedOut {
		t.Fatalf("a stranger got %v, want locked-out", err)
	}
	// Somebody else behind the owner's address tries the accounts of others.
	for i := range 500 {
		admitted(g, 1, "192.0.2.1", fmt.Sprint("account", i))
	}
	if err := try(g, "192.0.2.1", "alice", nil); err != nil {
		t.Fatalf("the owner got %v", err)
	}
	// Being known does not help to guess.
	if n := admitted(g, 100, "192.0.2.1", "alice"); n != 10 {
		t.Fatalf("%d guesses from a known network, want 10", n)
	}
	total := 10
	for range 400 {
		c.advance(90 * time.Second)
		total += admitted(g, 10, "192.0.2.1", "alice")
	}
	// 100 at once, and what 10 hours give back of 100 a day.
	if total < 100 || total > 142 {
		t.Fatalf("%d guesses from a known network in 10 hours, want 100 to 142", total)
	}
	c.advance(defend.KnownFor)
	for i := range 500 {
		admitted(g, 1, fmt.Sprintf("198.51.%d.%d", i/250, i%250), "alice")
	}
	if err := try(g, "192.0.2.1", "alice", nil); codeOf(err) != reason.LockedOut {
		t.Fatalf("after KnownFor the owner got %v, want locked-out", err)
	}
}

func TestKnownNetworksAreBounded(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	for i := range 9 {
		if err := try(g, fmt.Sprintf("192.0.2.%d", i), "alice", nil); err != nil {
			t.Fatal(err)
		}
		c.advance(time.Second)
	}
	for i := range 500 {
		admitted(g, 1, fmt.Sprintf("198.51.%d.%d", i/250, i%250), "alice")
	}
	if err := try(g, "192.0.2.0", "alice", nil); err == nil {
		t.Error("the network not seen for longest is still known")
	}
	if err := try(g, "192.0.2.1", "alice", nil); err != nil {
		t.Errorf("the second: %v", err)
	}
	g.ForgetKnown("alice")
	if err := try(g, "192.0.2.1", "alice", nil); err == nil {
		t.Error("known after ForgetKnown")
	}
}

func TestGivenBack(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome error
		want    bool
	}{
		{"success", nil, true},
		{"could not be checked", errAway, true},
		{"could not be checked, as denial", &gate401.Denial{Reason: reason.CheckFailed}, true},
		{"digest stale", fmt.Errorf("digest: %w", &gate401.Denial{Reason: reason.DigestStale}), true},
		{"suspended", &gate401.Denial{Reason: reason.AccountSuspended}, true},
		{"a second factor is wanted too", &gate401.Denial{Reason: reason.AuthenticationTooWeak}, true},
		{"key expired", &gate401.Denial{Reason: reason.APIKeyExpired}, true},
		{"password wrong", errWrong, false},
		{"account unknown", &gate401.Denial{Reason: reason.AccountUnknown}, false},
		{"password outdated", &gate401.Denial{Reason: reason.PasswordOutdated}, false},
		{"digest replayed", &gate401.Denial{Reason: reason.DigestReplayed}, false},
		{"key unknown", &gate401.Denial{Reason: reason.APIKeyUnknown}, false},
		{"no reason", &gate401.Denial{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &defend.Guard{Now: newClock().Now}
			for i := range 200 {
				if err := try(g, "192.0.2.1", "alice", tt.outcome); err != nil {
					if tt.want || i < 10 {
						t.Fatalf("attempt %d: %v", i, err)
					}
					return
				}
			}
			if !tt.want {
				t.Fatal("200 attempts were admitted")
			}
			if st := g.Status(); st.Buckets != 0 {
				t.Errorf("%d buckets are kept for nothing", st.Buckets)
			}
		})
	}
}

func TestSettleTwiceAndNever(t *testing.T) {
	g := &defend.Guard{Now: newClock().Now, Wait: -1}
	ctx, r, c := context.Background(), from("192.0.2.1"), credential("alice")
	for range 5 {
		settle, err := g.Reserve(ctx, r, c)
		if err != nil {
			t.Fatal(err)
		}
		settle(errWrong)
		settle(nil)
		settle(nil)
	}
	for range 5 {
		if _, err := g.Reserve(ctx, r, c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := g.Reserve(ctx, r, c); codeOf(err) != reason.RateLimited {
		t.Fatalf("got %v, want rate-limited: five wrong, five never settled", err)
	}
}

func TestParallelGuesses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits defend.Limits
		addr   func(int) string
		who    func(int) string
		want   int64
	}{
		{"one client, one account", defend.Limits{},
			func(int) string { return "192.0.2.1" }, func(int) string { return "alice" }, 10},
		{"many clients, one account", defend.Limits{Account: defend.Limit{Attempts: 7, Window: time.Hour}},
			func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }, func(int) string { return "alice" }, 7},
		{"one client, many accounts", defend.Limits{Address: defend.Limit{Attempts: 13, Window: time.Hour}},
			func(int) string { return "192.0.2.1" }, func(i int) string { return fmt.Sprint(i) }, 13},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &defend.Guard{Now: newClock().Now, Limits: tt.limits}
			var granted atomic.Int64
			var ready, done sync.WaitGroup
			ready.Add(100)
			for i := range 100 {
				done.Go(func() {
					ready.Done()
					ready.Wait()
					settle, err := g.Reserve(context.Background(), from(tt.addr(i)), credential(tt.who(i)))
					if err == nil {
						granted.Add(1)
						settle(errWrong)
					}
				})
			}
			done.Wait()
			if n := granted.Load(); n != tt.want {
				t.Errorf("granted %d of 100, want %d", n, tt.want)
			}
		})
	}
}

// A hundred different right credentials of one account at once, such as Digest
// answers, all pass although the limit is ten.
func TestParallelRightCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &defend.Guard{}
		var passed, most, now atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				settle, err := g.Reserve(t.Context(), from("192.0.2.1"), credential("alice"))
				if err != nil {
					t.Error(err)
					return
				}
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(20 * time.Millisecond)
				now.Add(-1)
				passed.Add(1)
				settle(nil)
			})
		}
		wg.Wait()
		if passed.Load() != 100 || most.Load() > 10 {
			t.Errorf("%d passed, at most %d at once; want 100, 10", passed.Load(), most.Load())
		}
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &defend.Guard{Wait: 3 * time.Second, Limits: defend.Limits{AddressAccount: defend.Limit{Attempts: 1, Window: time.Hour}}}
		r, c := from("192.0.2.1"), credential("alice")
		late, err := g.Reserve(t.Context(), r, c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Reserve(ctx, r, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller that gave up got %v", err)
		}
		begun := time.Now()
		if _, err := g.Reserve(t.Context(), r, c); codeOf(err) != reason.RateLimited || time.Since(begun) != 3*time.Second {
			t.Errorf("got %v after %s, want rate-limited after 3 s", err, time.Since(begun))
		}
		// An attempt that is never settled makes one caller wait, not all.
		begun = time.Now()
		if _, err := g.Reserve(t.Context(), r, c); codeOf(err) != reason.RateLimited || time.Since(begun) != 0 {
			t.Errorf("got %v after %s, want rate-limited at once", err, time.Since(begun))
		}
		late(nil)
		if err := try(g, "192.0.2.1", "alice", nil); err != nil {
			t.Errorf("after a late success: %v", err)
		}
		if st := g.Status(); st.Waiting != 0 || st.Pending != 0 {
			t.Errorf("left behind: %+v", st)
		}
	})
}

func TestLateSettleGivesNothingTwice(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now, Wait: -1, Limits: defend.Limits{AddressAccount: defend.Limit{Attempts: 2, Window: time.Hour}}}
	ctx, r, who := context.Background(), from("192.0.2.1"), credential("alice")
	settle, err := g.Reserve(ctx, r, who)
	if err != nil {
		t.Fatal(err)
	}
	// Its time has drained it; giving it back once more would make room for a
	// third attempt.
	c.advance(time.Hour)
	admitted(g, 2, "192.0.2.1", "alice")
	settle(nil)
	if err := try(g, "192.0.2.1", "alice", errWrong); err == nil {
		t.Error("a drained attempt was given back")
	}
}

func TestFullTableKeepsTheDrainedAccount(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now, MaxEntries: 64}
	for i := range 100 {
		admitted(g, 1, fmt.Sprintf("198.51.100.%d", i), "alice")
	}
	for i := range 20_000 {
		admitted(g, 1, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), fmt.Sprint("name", i))
	}
	if err := try(g, "203.0.113.1", "alice", nil); codeOf(err) != reason.LockedOut {
		t.Errorf("a flood of names flushed the account's bucket: %v", err)
	}
	if st := g.Status(); st.Buckets > st.Capacity || st.Capacity != 3*64 {
		t.Errorf("%d buckets kept, capacity %d, want at most 192", st.Buckets, st.Capacity)
	}
}

func TestIdleBucketsGo(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	for i := range 1000 {
		admitted(g, 1, fmt.Sprintf("10.0.%d.%d", i>>8, i&255), fmt.Sprint("name", i))
	}
	c.advance(48 * time.Hour)
	for i := range 1000 {
		admitted(g, 1, fmt.Sprintf("10.1.%d.%d", i>>8, i&255), fmt.Sprint("other", i))
	}
	if st := g.Status(); st.Buckets > 3*1000+3*16 {
		t.Errorf("%d buckets kept, want about 3000", st.Buckets)
	}
}

func TestListAndForgive(t *testing.T) {
	c := newClock()
	g := &defend.Guard{Now: c.Now}
	long := strings.Repeat("x", 70_000)
	admitted(g, 10, "192.0.2.1", "alice")
	admitted(g, 10, "192.0.2.2", long)
	for i := range 100 {
		admitted(g, 1, fmt.Sprintf("198.51.100.%d", i), "bob")
	}
	all := g.List(0)
	if len(all) != 3 || g.Status().Limited != 3 {
		t.Fatalf("listed %+v, status %+v, want three", all, g.Status())
	}
	if x := all[0]; x.Kind != defend.KindAccount || x.Account != "bob" || !x.Until.Equal(c.Now().Add(864*time.Second)) || !x.Clear.Equal(c.Now().Add(24*time.Hour)) {
		t.Errorf("first is %+v", x)
	}
	for _, x := range all[1:] {
		if len(x.Account) > 128 || x.Kind != defend.KindAddressAccount {
			t.Errorf("%+v", x)
		}
	}
	if len(g.List(1)) != 1 {
		t.Error("List(1) is longer")
	}
	if g.Forgive("") != 0 {
		t.Error("nobody was forgiven something")
	}
	g.Forgive("bob")
	g.Forgive(long)
	g.ForgiveAddress(netip.MustParseAddr("192.0.2.1"))
	if all := g.List(0); len(all) != 0 {
		t.Errorf("after forgiving: %+v", all)
	}
	if n := admitted(g, 20, "192.0.2.1", "alice"); n != 10 {
		t.Errorf("%d after forgiving, want 10", n)
	}
}

func TestLimitsCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   defend.Limit
		want string
	}{
		{"zero", defend.Limit{}, ""},
		{"good", defend.Limit{Attempts: 5, Window: time.Minute}, ""},
		{"no window", defend.Limit{Attempts: 5}, "limit address: window 0s, want 1s to 8784h0m0s"},
		{"no attempts", defend.Limit{Window: time.Minute}, "limit address: 0 attempts, want 1 to 1000000"},
		{"negative", defend.Limit{Attempts: -1, Window: time.Minute}, "limit address: -1 attempts, want 1 to 1000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := (defend.Limits{Address: tt.in}).Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBadLimitsFallBack(t *testing.T) {
	g := &defend.Guard{Now: newClock().Now, Limits: defend.Limits{AddressAccount: defend.Limit{Attempts: -5, Window: -time.Hour}}}
	if n := admitted(g, 20, "192.0.2.1", "alice"); n != 10 {
		t.Errorf("admitted %d, want the default of 10", n)
	}
}
