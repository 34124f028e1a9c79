package build_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// inMemory is empty records, and what ends the test where they cannot be changed.
func inMemory(t *testing.T) (*build.Stores, func(any, error)) {
	t.Helper()
	s, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What stands behind an identity, and what does not any more.
func TestStanding(t *testing.T) {
	ctx := t.Context()
	began := time.Now()
	later := began.Add(time.Minute)
	s, must := inMemory(t)
	for _, a := range []store.Account{
		{Name: "alice"}, {Name: "bob", Suspended: true}, {Name: "carol", PasswordChanged: later}, {Name: "dave"},
	} {
		must(s.Set.Accounts.CreateAccount(ctx, a))
	}
	for i, k := range []store.APIKey{
		{ID: "good"}, {ID: "revoked", Revoked: began}, {ID: "ended", Expires: began.Add(-time.Second)}, {ID: "bobs", Owner: "bob"}, {ID: "alices", Owner: "alice"},
	} {
		k.Hash[0] = byte(i + 1)
		must(s.Set.APIKeys.CreateAPIKey(ctx, k))
	}
	must(nil, s.RemoveAccount(ctx, "dave"))
	must(nil, s.Set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "jti", At: began, Until: later}))
	must(nil, s.Set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedSubject, ID: "alice", At: time.Unix(2000, 0), Until: later}))
	for i, x := range []store.Session{
		{ID: "live", Subject: "alice"}, {ID: "over", Subject: "alice"}, {ID: "bobs", Subject: "bob"}, {ID: "of a provider", Subject: "bob", Issuer: "https://idp.example"},
		{ID: "over there", Subject: "bob", Issuer: "https://idp.example"},
	} {
		x.Hash[0], x.Expires, x.Idle = byte(i+1), later, later
		must(s.Set.Sessions.CreateSession(ctx, x, ""))
	}
	must(nil, s.Set.Sessions.RevokeSession(ctx, "over", began, "test"))
	must(nil, s.Set.Sessions.RevokeSession(ctx, "over there", began, "test"))
	must(s.Set.Clients.CreateClient(ctx, store.Client{ID: "app", Method: "none"}))
	must(s.Set.Clients.CreateClient(ctx, store.Client{ID: "off", Method: "none", Suspended: true}))
	key, err := s.Keyring.Create(ctx, "ES256")
	must(nil, err)
	by := func(client string) map[string]any {
		return map[string]any{"iat": json.Number("3000"), "client_id": client}
	}
	issued := func(at string) map[string]any { return map[string]any{"iat": json.Number(at)} }
	for _, c := range []struct {
		name string
		id   gate401.Identity
		want reason.Code
	}{
		{"a key", gate401.Identity{Subject: "api-key:good", Method: "api-key", Credential: "good"}, ""},
		{"a key with an owner", gate401.Identity{Subject: "alice", Method: "api-key", Credential: "alices"}, ""},
		{"a revoked key", gate401.Identity{Subject: "x", Method: "api-key", Credential: "revoked"}, reason.APIKeyRevoked},
		{"a key that is gone", gate401.Identity{Subject: "x", Method: "api-key", Credential: "gone"}, reason.APIKeyRevoked},
		{"a key that ends earlier now", gate401.Identity{Subject: "x", Method: "api-key", Credential: "ended", Expires: later}, reason.APIKeyExpired},
		{"a key of a suspended owner", gate401.Identity{Subject: "bob", Method: "api-key", Credential: "bobs"}, reason.AccountSuspended},
		{"a person", gate401.Identity{Subject: "alice", Method: "basic"}, ""},
		{"a person of a file", gate401.Identity{Subject: "erin", Method: "basic"}, ""},
		{"a suspended person", gate401.Identity{Subject: "bob", Method: "basic"}, reason.AccountSuspended},
		{"a person with a new password", gate401.Identity{Subject: "carol", Method: "basic"}, reason.PasswordOutdated},
		{"a person who is gone", gate401.Identity{Subject: "dave", Method: "bearer", Key: key, Credential: "x"}, reason.TokenRevoked},
		{"a token", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "other", Claims: issued("3000")}, ""},
		{"a revoked token", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "jti", Claims: issued("3000")}, reason.TokenRevoked},
		{"a token from before", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "other", Claims: issued("1000")}, reason.TokenRevoked},
		{"a token of a client", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "other", Claims: by("app")}, ""},
		{"a token of no client that is known", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "other", Claims: by("cli")}, ""},
		{"a token of a suspended client", gate401.Identity{Subject: "alice", Method: "bearer", Key: key, Credential: "other", Claims: by("off")}, reason.TokenRevoked},
		{"a session", gate401.Identity{Subject: "alice", Method: "session", Credential: "live"}, ""},
		{"a session that was ended", gate401.Identity{Subject: "alice", Method: "session", Credential: "over"}, reason.SessionRevoked},
		{"a session that is gone", gate401.Identity{Subject: "alice", Method: "session", Credential: "gone"}, reason.SessionUnknown},
		{"a session of a suspended person", gate401.Identity{Subject: "bob", Method: "session", Credential: "bobs"}, reason.AccountSuspended},
		{"a session by a provider", gate401.Identity{Subject: "bob", Method: "session", Credential: "of a provider", Issuer: "https://idp.example"}, ""},
		{"a session by a provider that was ended", gate401.Identity{Subject: "bob", Method: "session", Credential: "over there", Issuer: "https://idp.example"}, reason.SessionRevoked},
		{"a token by a key that signs", gate401.Identity{Subject: "alice", Method: "bearer", Credential: "other", Key: key, Claims: issued("3000")}, ""},
		{"a token by a key that was withdrawn", gate401.Identity{Subject: "alice", Method: "bearer", Credential: "other", Key: "gone", Claims: issued("3000")}, reason.TokenKeyUnknown},
		{"a token by nobody knows which key", gate401.Identity{Subject: "alice", Method: "bearer", Credential: "other", Claims: issued("3000")}, reason.TokenKeyUnknown},
		{"by a key of another issuer", gate401.Identity{Subject: "bob", Method: "bearer", Credential: "jti", Key: "gone", Issuer: "https://idp.example"}, ""},
		{"of another issuer", gate401.Identity{Subject: "bob", Method: "bearer", Credential: "jti", Issuer: "https://idp.example"}, ""},
	} {
		err := s.Standing(ctx, &c.id, began)
		var d *gate401.Denial
		switch {
		case c.want == "" && err != nil, c.want != "" && (!errors.As(err, &d) || d.Reason != c.want):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	// A store that cannot be read withdraws nothing.
	gone, cancel := context.WithCancel(ctx)
	cancel()
	var d *gate401.Denial
	if err := s.Standing(gone, &gate401.Identity{Subject: "x", Method: "api-key", Credential: "good"}, began); err == nil || errors.As(err, &d) {
		t.Errorf("%v", err)
	}
}

// What "token trace" says of a token is what the gate decides: one that was issued to
// somebody else of that name is refused, revoked or not.
func TestTokenStands(t *testing.T) {
	ctx := t.Context()
	now := time.Now()
	s, err := build.InMemory(ctx, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Set.Accounts.CreateAccount(ctx, store.Account{Name: "robot"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Set.Clients.CreateClient(ctx, store.Client{ID: "off", Method: "none", Suspended: true}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		token store.AccessToken
		want  reason.Code
	}{
		{"of the account", store.AccessToken{Subject: "robot", Issued: now}, ""},
		{"from before there was the account", store.AccessToken{Subject: "robot", Client: "robot", Issued: now.Add(-time.Minute)}, reason.TokenRevoked},
		{"of a service", store.AccessToken{Subject: "nightly", Issued: now.Add(-time.Minute)}, ""},
		{"nobody knows since when", store.AccessToken{Subject: "robot"}, ""},
		{"of a client that is suspended", store.AccessToken{Subject: "robot", Client: "off", Issued: now}, reason.TokenRevoked},
	} {
		var got reason.Code
		var no *gate401.Denial
		if err := s.TokenStands(ctx, tt.token); errors.As(err, &no) {
			got = no.Reason
		} else if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
