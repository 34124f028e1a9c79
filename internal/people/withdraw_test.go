package people_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func TestWithdraw(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(*town) error
		action string
		event  string
		open   string
		token  bool // the access token is withdrawn
	}{
		{
			name: "everything of a person", action: "command line:root account.logout alice", event: "account alice",
			do: func(w *town) error { return w.EndEverything(t.Context(), root, asAlice) }, token: true,
		},
		{
			name: "a login", action: "command line:root token.revoke f1", event: "refresh f1", open: "s1 f2",
			do: func(w *town) error {
				return w.EndLogin(t.Context(), root, store.TokenFamily{ID: "f1", Client: "app", Subject: "alice"})
			}, token: true,
		},
		{
			name: "a token", action: "command line:root token.revoke jti-1", event: "bearer jti-1", open: "s1 f1 f2",
			do: func(w *town) error {
				return w.EndToken(t.Context(), root, store.Event{Object: "jti-1", Subject: "alice"})
			}, token: true,
		},
		{
			name: "a client", action: "command line:root token.revoke app", event: "client app", open: "s1 f2",
			do: func(w *town) error { return w.EndClient(t.Context(), root, "app") }, token: true,
		},
		{
			name: "another client", action: "command line:root token.revoke other", event: "client other", open: "s1 f1",
			do: func(w *town) error { return w.EndClient(t.Context(), root, "other") },
		},
		{
			name: "all", action: "command line:root token.revoke *", event: "all *",
			do: func(w *town) error { return w.EndAll(t.Context(), root) }, token: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.session(t, "s1", "alice", "")
			w.family(t, "f1", asAlice, "app")
			w.family(t, "f2", asAlice, "other")
			issued := store.AccessToken{ID: "jti-1", Family: "f1", Client: "app", Subject: "alice", Issued: w.clock()}
			w.pass(time.Second)
			if err := tt.do(w); err != nil {
				t.Fatal(err)
			}
			if got := w.open(t, "alice"); got != tt.open {
				t.Errorf("open: %q, want %q", got, tt.open)
			}
			if _, err := w.set.Tokens.Revoked(t.Context(), issued); (err == nil) != tt.token || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the token is withdrawn: %v, want %v", err, tt.token)
			}
			if got := w.actions(t); got != tt.action {
				t.Errorf("recorded %q, want %q", got, tt.action)
			}
			if len(w.events) != 1 || w.events[0].Kind != store.EventRevoked || w.events[0].Method+" "+w.events[0].Object != tt.event || w.events[0].Detail == "" {
				t.Errorf("the history hears %+v, want %s", w.events, tt.event)
			}
		})
	}
}
