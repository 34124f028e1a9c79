package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// dusty is a store in which n of each kind are to be swept, 1000 at a time.
type dusty struct {
	store.Tokens
	store.Sessions
	store.Tickets
	store.Clients
	n     int
	fault error
	calls map[string][]call
}

// call is one call: when, and of what.
type call struct{ at, before time.Time }

func (d *dusty) sweep(kind string, before time.Time) (int, error) {
	d.calls[kind] = append(d.calls[kind], call{time.Now(), before})
	if d.fault != nil {
		return 0, d.fault
	}
	left := d.n - 1000*(len(d.calls[kind])-1)
	return min(max(left, 0), 1000), nil
}

func (d *dusty) SweepTokens(_ context.Context, before time.Time) (int, error) {
	return d.sweep("tokens", before)
}

func (d *dusty) SweepSessions(_ context.Context, before time.Time) (int, error) {
	return d.sweep("sessions", before)
}

func (d *dusty) SweepTickets(_ context.Context, before time.Time) (int, error) {
	return d.sweep("tickets", before)
}

func (d *dusty) SweepClients(_ context.Context, before time.Time) (int, error) {
	return d.sweep("clients", before)
}

// during lets the sweeper of d run for a while, and returns its log.
func during(d *dusty, while time.Duration) string {
	var out bytes.Buffer
	d.calls = map[string][]call{}
	s := &sweeper{
		set: &store.Set{Tokens: d, Sessions: d, Tickets: d, Clients: d},
		log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(ctx)
	}()
	time.Sleep(while)
	cancel()
	<-done
	return out.String()
}

func TestSweeper(t *testing.T) {
	kinds := map[string]time.Duration{"tokens": keepTokens, "sessions": keepSessions, "tickets": keepTickets, "clients": keepClients}
	t.Run("nothing to do", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &dusty{}
			began := time.Now()
			out := during(d, time.Hour)
			for kind, keep := range kinds {
				calls := d.calls[kind]
				if len(calls) < 4 || len(calls) > 12 {
					t.Errorf("%s: %d rounds in an hour", kind, len(calls))
				}
				if first := calls[0].at.Sub(began); first < sweepEvery/2 || first > 2*sweepEvery {
					t.Errorf("%s: the first after %v", kind, first)
				}
				if got := calls[0].at.Sub(calls[0].before); got != keep {
					t.Errorf("%s: kept for %v, want %v", kind, got, keep)
				}
			}
			if out != "" {
				t.Errorf("log:\n%s", out)
			}
		})
	})
	t.Run("a round is bounded, and the next one is soon", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &dusty{n: 1000*sweepCalls + 1}
			out := during(d, 2*sweepEvery+2*sweepSoon)
			for kind := range kinds {
				calls := d.calls[kind]
				if len(calls) < sweepCalls+2 {
					t.Fatalf("%s: %d calls, want %d at least", kind, len(calls), sweepCalls+2)
				}
				if last := calls[sweepCalls-1].at.Sub(calls[0].at); last != (sweepCalls-1)*sweepPause {
					t.Errorf("%s: the first round took %v", kind, last)
				}
				if pause := calls[sweepCalls].at.Sub(calls[sweepCalls-1].at); pause < sweepSoon/2 || pause > 2*sweepSoon {
					t.Errorf("%s: the second round %v later", kind, pause)
				}
				if want := fmt.Sprintf("records=%s count=%d", kind, 1000*sweepCalls); !strings.Contains(out, want) {
					t.Errorf("no %q in the log:\n%s", want, out)
				}
			}
		})
	})
	t.Run("a store that cannot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &dusty{fault: errors.New("disk full")}
			out := during(d, time.Hour)
			rounds := len(d.calls["tokens"])
			if rounds < 4 || len(d.calls["tickets"]) != rounds || strings.Count(out, "disk full") != len(kinds)*rounds {
				t.Errorf("%d rounds, %d of tickets; log:\n%s", rounds, len(d.calls["tickets"]), out)
			}
		})
	})
	t.Run("ends in a pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &dusty{n: 1 << 40} // for ever
			out := during(d, 10*time.Hour)
			if strings.Contains(out, "WARN") {
				t.Errorf("log:\n%s", out)
			}
		})
	})
}

// What is over is forgotten, and what is not stays.
func TestSweeperForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		set := memory.Open(memory.Options{})
		defer set.Close()
		for id, life := range map[string]time.Duration{"short": time.Minute, "long": 365 * 24 * time.Hour} {
			end, hash := time.Now().Add(life), [32]byte{byte(len(id))}
			_, err := set.Sessions.CreateSession(ctx, store.Session{ID: id, Hash: hash, Subject: "anna", Expires: end}, "")
			if err == nil {
				_, err = set.Tickets.CreateTicket(ctx, store.Ticket{Kind: store.TicketCode, Hash: hash, Expires: end})
			}
			if err == nil {
				_, err = set.Tokens.CreateTokenFamily(ctx, store.TokenFamily{ID: id, Subject: "anna", Expires: end},
					store.RefreshToken{Hash: hash, Family: id, Expires: end})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		s := &sweeper{set: set, log: slog.New(slog.DiscardHandler)}
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{time.Hour, "long short sessions, long short tickets, long short tokens, long short logins"},
			{keepTokens, "long short sessions, long tickets, long tokens, long logins"},
			{keepSessions, "long sessions, long tickets, long tokens, long logins"},
		} {
			time.Sleep(step.after)
			s.round(ctx)
			has := map[string]func(id string, hash [32]byte) error{
				"sessions": func(id string, _ [32]byte) error { _, err := set.Sessions.Session(ctx, id); return err },
				"tickets": func(_ string, hash [32]byte) error {
					_, err := set.Tickets.Ticket(ctx, store.TicketCode, hash)
					return err
				},
				"tokens": func(_ string, hash [32]byte) error { _, err := set.Tokens.RefreshToken(ctx, hash); return err },
				"logins": func(id string, _ [32]byte) error { _, err := set.Tokens.TokenFamily(ctx, id); return err },
			}
			var all []string
			for _, kind := range []string{"sessions", "tickets", "tokens", "logins"} {
				left := ""
				for _, id := range []string{"long", "short"} {
					if err := has[kind](id, [32]byte{byte(len(id))}); err == nil {
						left += id + " "
					} else if !errors.Is(err, store.ErrNotFound) {
						t.Fatal(err)
					}
				}
				all = append(all, left+kind)
			}
			if got := strings.Join(all, ", "); got != step.want {
				t.Errorf("after %v: %s; want %s", step.after, got, step.want)
			}
		}
	})
}
