package gate401_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
)

// budget is a guard with a number of attempts and no clock.
type budget struct {
	mu       sync.Mutex
	left     int
	reserved int
}

func (b *budget) Reserve(context.Context, *gate401.Request, gate401.Credential) (func(error), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved++
	if b.left == 0 {
		return nil, &gate401.Denial{Reason: reason.RateLimited, Header: http.Header{"Retry-After": {"60"}}}
	}
	b.left--
	return func(err error) {
		if err == nil {
			b.mu.Lock()
			b.left++
			b.mu.Unlock()
		}
	}, nil
}

// A hundred parallel guesses are worth no more than the limit; a hundred
// parallel requests with the right password all pass and cost one attempt.
func TestGuardCountsBeforeVerify(t *testing.T) {
	var verified atomic.Int32
	gateOpen := make(chan struct{})
	pin := gate401.NewFunc("pin", "Pin", "orders", func(_ context.Context, _ *gate401.Request, c string) (*gate401.Identity, error) {
		verified.Add(1)
		<-gateOpen
		if c == "right" {
			return &gate401.Identity{Subject: "alice"}, nil
		}
		return nil, &gate401.Denial{Reason: reason.PasswordWrong}
	})
	run := func(credential func(i int) string, b *budget) map[reason.Code]int {
		gateOpen = make(chan struct{})
		g := &gate401.Gate{Policy: accept(remembering{pin}), Guard: b}
		var mu sync.Mutex
		got := map[reason.Code]int{}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				d := g.Decide(context.Background(), request(t, auth("Pin "+credential(i))))
				if d.Reason() == reason.RateLimited && d.Header.Get("Retry-After") != "60" {
					t.Error("no Retry-After")
				}
				mu.Lock()
				got[d.Reason()]++
				mu.Unlock()
			})
		}
		close(gateOpen)
		wg.Wait()
		return got
	}
	b := &budget{left: 5}
	got := run(func(i int) string { return fmt.Sprint("guess", i) }, b)
	if diff := cmp.Diff(map[reason.Code]int{reason.PasswordWrong: 5, reason.RateLimited: 95}, got); diff != "" || verified.Load() != 5 {
		t.Errorf("verified %d guesses; outcomes (-want +got):\n%s", verified.Load(), diff)
	}
	b = &budget{left: 1}
	got = run(func(int) string { return "right" }, b)
	if diff := cmp.Diff(map[reason.Code]int{"": 100}, got); diff != "" || b.left != 1 {
		t.Errorf("left %d; outcomes (-want +got):\n%s", b.left, diff)
	}
}

// A client that goes away does not spoil the attempt that others wait for.
func TestFlightOutlivesItsRequest(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	var once sync.Once
	pin := gate401.NewFunc("pin", "Pin", "orders", func(ctx context.Context, _ *gate401.Request, _ string) (*gate401.Identity, error) {
		once.Do(func() { close(started) })
		<-finish
		return &gate401.Identity{Subject: "alice"}, ctx.Err()
	})
	g := &gate401.Gate{Policy: accept(remembering{pin}), Guard: gate401.DangerouslyUnguarded{}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var first, second gate401.Decision
	wg.Go(func() { first = g.Decide(ctx, request(t, auth("Pin x"))) })
	<-started
	wg.Go(func() { second = g.Decide(context.Background(), request(t, auth("Pin x"))) })
	cancel()
	gone, stop := context.WithCancel(context.Background())
	stop()
	if d := g.Decide(gone, request(t, auth("Pin x"))); d.Reason() != reason.CheckFailed {
		t.Errorf("a waiting client that is gone got %s", d.Reason())
	}
	close(finish)
	wg.Wait()
	if !first.Allow || !second.Allow {
		t.Errorf("first %s, second %s", first.Reason(), second.Reason())
	}
}

// The limit of one address is not that of another that sends the same credential.
func TestGuardAnswersEachRequest(t *testing.T) {
	reserved := make(chan struct{})
	g := &gate401.Gate{Policy: accept(remembering{tokens("pin", "Pin")}), Guard: byAddress{reserved}}
	g.Policy = accept(remembering{gate401.NewFunc("pin", "Pin", "orders", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
		return &gate401.Identity{Subject: "alice"}, nil
	})})
	limited, free := request(t, auth("Pin x")), request(t, auth("Pin x"))
	limited.Client, free.Client = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	var wg sync.WaitGroup
	var first, second gate401.Decision
	wg.Go(func() { first = g.Decide(context.Background(), limited) })
	<-reserved
	wg.Go(func() { second = g.Decide(context.Background(), free) })
	reserved <- struct{}{}
	wg.Wait()
	if first.Reason() != reason.RateLimited || !second.Allow {
		t.Errorf("limited %s, free %s", first.Reason(), second.Reason())
	}
}

// byAddress refuses 192.0.2.1, when it is told to.
type byAddress struct{ step chan struct{} }

func (b byAddress) Reserve(_ context.Context, r *gate401.Request, _ gate401.Credential) (func(error), error) {
	if r.Client != netip.MustParseAddr("192.0.2.1") {
		return func(error) {}, nil
	}
	b.step <- struct{}{}
	<-b.step
	return nil, &gate401.Denial{Reason: reason.RateLimited}
}
