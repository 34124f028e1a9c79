package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/stream"
	"github.com/gate401/gate401/reason"
)

// open enters a stream and returns why it ended, if it did.
func open(h *stream.Hub, id *gate401.Identity) (ended func() reason.Code, stop func()) {
	var code atomic.Pointer[reason.Code]
	stop = h.Watch(id, time.Now(), func(c reason.Code) {
		if !code.CompareAndSwap(nil, &c) {
			panic("ended twice")
		}
	})
	return func() reason.Code {
		if c := code.Load(); c != nil {
			return *c
		}
		return "open"
	}, stop
}

func TestPublish(t *testing.T) {
	token := &gate401.Identity{Subject: "alice", Method: "bearer", Credential: "jti1",
		Claims: map[string]any{"sid": "f1", "iat": json.Number("1000")}}
	foreign := &gate401.Identity{Subject: "alice", Method: "bearer", Credential: "jti1", Issuer: "https://idp.example"}
	key := &gate401.Identity{Subject: "alice", Method: "api-key", Credential: "k1"}
	session := &gate401.Identity{Subject: "alice", Method: "session", Credential: "s1"}
	for _, c := range []struct {
		name string
		r    stream.Revocation
		id   *gate401.Identity
		want reason.Code
	}{
		{"a token", stream.Revocation{Kind: stream.Token, ID: "jti1"}, token, reason.TokenRevoked},
		{"another token", stream.Revocation{Kind: stream.Token, ID: "jti2"}, token, "open"},
		{"a token of another issuer", stream.Revocation{Kind: stream.Token, ID: "jti1"}, foreign, "open"},
		{"a token of that issuer", stream.Revocation{Kind: stream.Token, ID: "jti1", Issuer: "https://idp.example"}, foreign, reason.TokenRevoked},
		{"a family", stream.Revocation{Kind: stream.Family, ID: "f1"}, token, reason.TokenRevoked},
		{"a family without one", stream.Revocation{Kind: stream.Family}, key, "open"},
		{"a key", stream.Revocation{Kind: stream.Key, ID: "k1"}, key, reason.APIKeyRevoked},
		{"a key that is named as a token", stream.Revocation{Kind: stream.Token, ID: "k1"}, key, "open"},
		{"a session", stream.Revocation{Kind: stream.Session, ID: "s1"}, session, reason.SessionRevoked},
		{"a subject", stream.Revocation{Kind: stream.Subject, ID: "alice", Reason: reason.AccountSuspended}, key, reason.AccountSuspended},
		{"a subject, tokens until then", stream.Revocation{Kind: stream.Subject, ID: "alice", At: time.Unix(1000, 0)}, token, reason.TokenRevoked},
		{"a subject, tokens until before", stream.Revocation{Kind: stream.Subject, ID: "alice", At: time.Unix(999, 0)}, token, "open"},
		{"nobody", stream.Revocation{Kind: stream.Subject, ID: "alice"}, nil, "open"},
		{"nothing", stream.Revocation{}, token, "open"},
	} {
		var h stream.Hub
		ended, stop := open(&h, c.id)
		n := h.Publish(c.r)
		if got := ended(); got != c.want || (n == 1) != (c.want != "open") {
			t.Errorf("%s: %d ended, with %q; want %q", c.name, n, got, c.want)
		}
		stop()
		if h.Len() != 0 {
			t.Errorf("%s: it is still open", c.name)
		}
	}
}

// A request that was judged before a revocation, and whose stream begins after it,
// does not slip through.
func TestPublishedJustBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h stream.Hub
		id := &gate401.Identity{Subject: "robot", Method: "api-key", Credential: "k1"}
		judged := time.Now()
		time.Sleep(time.Millisecond)
		h.Publish(stream.Revocation{Kind: stream.Key, ID: "k1"})
		var got reason.Code
		h.Watch(id, judged, func(c reason.Code) { got = c })
		if got != reason.APIKeyRevoked {
			t.Errorf("%q", got)
		}
		// One that was judged later was judged with the revocation in mind.
		time.Sleep(time.Millisecond)
		if ended, _ := open(&h, id); ended() != "open" {
			t.Error("a later stream ended")
		}
	})
}

func TestClose(t *testing.T) {
	var h stream.Hub
	ended, _ := open(&h, nil)
	h.Close()
	if ended() != "" {
		t.Errorf("%q", ended())
	}
	if late, _ := open(&h, nil); late() != "" {
		t.Error("a stream began after the end")
	}
}

// What another process wrote into the records is found within a second, and looked
// for only when something was written.
func TestRecheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			h        stream.Hub
			revision atomic.Uint64
			checks   atomic.Int64
			verdict  atomic.Pointer[error]
			logged   strings.Builder
		)
		say := func(err error) { verdict.Store(&err) }
		say(nil)
		r := &stream.Recheck{Hub: &h, Revision: revision.Load, Log: slog.New(slog.NewTextHandler(&logged, nil)),
			Check: func(context.Context, *gate401.Identity, time.Time) error {
				checks.Add(1)
				return *verdict.Load()
			}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Run(ctx)
		}()
		step := func(wantChecks int64, what string) {
			t.Helper()
			checks.Store(0)
			time.Sleep(time.Second)
			synctest.Wait()
			if n := checks.Load(); n != wantChecks {
				t.Errorf("%s: %d checks, want %d", what, n, wantChecks)
			}
		}
		key := &gate401.Identity{Subject: "robot", Method: "api-key", Credential: "k1"}
		a, _ := open(&h, key)
		b, _ := open(&h, key)
		_, _ = open(&h, nil)
		step(1, "new streams of one identity")
		step(0, "nothing changed")
		revision.Add(1)
		step(1, "something changed")
		say(errors.New("the database is locked"))
		revision.Add(1)
		step(1, "it cannot be told")
		step(1, "so it is asked again")
		if a() != "open" || strings.Count(logged.String(), "could not be checked") != 1 {
			t.Errorf("%q, logged %q", a(), logged.String())
		}
		say(&gate401.Denial{Reason: reason.APIKeyRevoked})
		step(1, "it was revoked")
		if a() != reason.APIKeyRevoked || b() != reason.APIKeyRevoked || h.Len() != 1 {
			t.Errorf("%q, %q, %d open", a(), b(), h.Len())
		}
		step(0, "nobody is left")
		cancel()
		<-done
	})
}

// A stream whose client does not read takes its time to end, and no other one
// waits for it.
func TestRecheckOfASlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h stream.Hub
		var revision atomic.Uint64
		var second atomic.Bool
		r := &stream.Recheck{Hub: &h, Revision: revision.Load, Check: func(_ context.Context, id *gate401.Identity, _ time.Time) error {
			if id.Credential == "slow" || second.Load() {
				return &gate401.Denial{Reason: reason.APIKeyRevoked}
			}
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.Run(ctx)
		}()
		read := make(chan struct{})
		h.Watch(&gate401.Identity{Method: "api-key", Credential: "slow"}, time.Now(), func(reason.Code) { <-read })
		other, _ := open(&h, &gate401.Identity{Method: "api-key", Credential: "other"})
		time.Sleep(1500 * time.Millisecond)
		second.Store(true)
		revision.Add(1)
		time.Sleep(time.Second)
		synctest.Wait()
		if other() != reason.APIKeyRevoked {
			t.Errorf("the other stream: %q", other())
		}
		cancel()
		synctest.Wait()
		select {
		case <-done:
			t.Error("nobody waits for an end that is under way")
		default:
		}
		close(read)
		<-done
	})
}
