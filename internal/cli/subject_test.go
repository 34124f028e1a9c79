package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cli"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
)

// Somebody of a provider has no account here, and a subject whose letters count
// (OpenID Connect Core section 2): what they hold is found and ended all the same.
func TestSubjectOfProvider(t *testing.T) {
	const subject, issuer = "Auth0|ABC", "https://idp.example.com"
	file := filepath.Join(t.TempDir(), "gate.db")
	set, err := sqlite.Open(t.Context(), sqlite.Options{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour)
	for i, who := range []struct{ subject, issuer string }{{subject, issuer}, {"alice", ""}} {
		id := string(rune('a' + i))
		if _, err := set.Sessions.CreateSession(t.Context(), store.Session{
			ID: "s_" + id, Hash: [32]byte{byte(i + 1)}, Subject: who.subject, Issuer: who.issuer, AuthTime: time.Now(), Expires: until, Idle: until,
		}, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := set.Tokens.CreateTokenFamily(t.Context(), store.TokenFamily{
			ID: "f_" + id, Subject: who.subject, Issuer: who.issuer, Client: "app", AuthTime: time.Now(), Expires: until,
		}, store.RefreshToken{Hash: [32]byte{byte(i + 1)}, Family: "f_" + id}); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	holds := func(args ...string) string {
		t.Helper()
		status, out, log := run(t, append(args, "--json", "--store", "sqlite:"+file)...)
		if status != cli.ExitOK {
			t.Fatalf("%v: %d %s", args, status, log)
		}
		var list []struct{ ID, Subject, Issuer string }
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, one := range list {
			ids = append(ids, one.ID)
		}
		return strings.Join(ids, " ")
	}
	for _, noun := range []string{"session", "token"} {
		if got, want := holds(noun, "list", "--account", subject), map[string]string{"session": "s_a", "token": "f_a"}[noun]; got != want {
			t.Errorf("%s list: %q, want %q", noun, got, want)
		}
		if status, _, log := run(t, noun, "list", "--account", strings.ToLower(subject), "--store", "sqlite:"+file); status != cli.ExitProblems || !strings.Contains(log, "there is no account") {
			t.Errorf("%s list of another subject: %d %s", noun, status, log)
		}
	}
	status, out, log := run(t, "token", "revoke", "--account", subject, "--store", "sqlite:"+file)
	if status != cli.ExitOK || !strings.Contains(log, "revoked all logins, sessions and tokens of "+subject) || strings.Contains(log, "API keys") {
		t.Fatalf("revoked: %d %s %s", status, out, log)
	}
	if got := holds("session", "list") + " " + holds("token", "list"); got != "s_b f_b" {
		t.Errorf("what goes on: %q", got)
	}
}

// Whoever looks for a login that is not theirs looks for a late one.
func TestSessionsNewestFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gate.db")
	now := time.Now().Add(-time.Hour)
	set, err := sqlite.Open(t.Context(), sqlite.Options{Path: file, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"s_m", "s_a", "s_z", "s_k"} {
		now = now.Add(time.Minute)
		if _, err := set.Sessions.CreateSession(t.Context(), store.Session{
			ID: id, Hash: [32]byte{byte(i + 1)}, Subject: "alice", Issuer: "https://idp.example", AuthTime: now, Expires: now.Add(24 * time.Hour),
		}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	status, out, log := run(t, "session", "list", "--json", "--store", "sqlite:"+file)
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &list); status != cli.ExitOK || err != nil {
		t.Fatal(status, log, err)
	}
	var ids []string
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	if got := strings.Join(ids, " "); got != "s_k s_z s_a s_m" {
		t.Errorf("the order is %q", got)
	}
}
