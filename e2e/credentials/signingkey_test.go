package credentials_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	_ "modernc.org/sqlite" // to let time pass
)

type signingKey struct{ Kid, State string }

// published are the keys that others verify by.
func (g *gate) published() (kids []string) {
	g.t.Helper()
	answer, err := http.Get(g.url + "/auth/jwks.json")
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		g.t.Fatal(err)
	}
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	return kids
}

// publishes waits until a key is published, or is not any more.
func (g *gate) publishes(kid string, want bool) {
	g.t.Helper()
	for deadline := time.Now().Add(program.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if slices.Contains(g.published(), kid) == want {
			return
		}
	}
	g.t.Fatalf("published are %v; %s among them should be %t", g.published(), kid, want)
}

// Keys rotate, retire and are withdrawn beside a gate that runs: what was signed
// before goes on being good until its key is withdrawn, and nothing is restarted.
func TestKeysRotateWhileAGateRuns(t *testing.T) {
	g := serve(t)
	g.run("user", "add", "alice")
	issue := func() (token string) {
		var out struct{ Token string }
		g.into(&out, "token", "issue", "--sub", "alice", "--ttl", "1h")
		return out.Token
	}
	var keys []signingKey
	g.into(&keys, "signing-key", "list")
	if len(keys) != 1 || keys[0].State != "signing" {
		t.Fatalf("a new gate has the keys %v", keys)
	}
	first := keys[0].Kid
	old := issue()
	g.soon("/", old, http.StatusOK, "")

	var next signingKey
	g.into(&next, "signing-key", "rotate")
	g.publishes(next.Kid, true) // long before it signs
	g.soon("/", issue(), http.StatusOK, "")

	g.run("signing-key", "retire", first)
	fresh := issue()
	g.soon("/", fresh, http.StatusOK, "")
	g.soon("/", old, http.StatusOK, "")
	g.publishes(first, true)

	g.run("signing-key", "revoke", first, "--now")
	g.soon("/", old, http.StatusUnauthorized, "token-invalid")
	g.publishes(first, false)
	g.soon("/", fresh, http.StatusOK, "")
}

// Two gates with one store, and commands beside them: each key has one successor.
func TestGatesShareTheirKeys(t *testing.T) {
	g := serve(t)
	other := &gate{t, g.dir, program.Start(t, binary, g.dir, "serve").Ready["gate"].(string)}
	var keys []signingKey
	g.into(&keys, "signing-key", "list")
	if len(keys) != 1 {
		t.Fatalf("two gates made the keys %v", keys)
	}
	var next signingKey
	g.into(&next, "signing-key", "rotate", "--now")
	g.publishes(next.Kid, true)
	other.publishes(next.Kid, true)
	var robot made
	g.into(&robot, "client", "add", "robot")
	for _, each := range []*gate{g, other} {
		token, status := each.tokenFor("robot", robot.Secret)
		if status != http.StatusOK {
			t.Fatalf("the token endpoint answers %d", status)
		}
		each.soon("/", token, http.StatusOK, "")
	}
}

// A gate whose key has signed for long enough publishes the next one by itself,
// and goes on signing with the old one for now.
func TestKeysFollowEachOtherBySchedule(t *testing.T) {
	g := serve(t)
	var keys []signingKey
	g.into(&keys, "signing-key", "list")
	db, err := sql.Open("sqlite", filepath.Join(g.dir, "gate401.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	old := time.Now().Add(-100 * 24 * time.Hour).UnixMilli()
	if _, err := db.ExecContext(t.Context(), "UPDATE signing_keys SET created = ?, not_before = ?, version = version + 1", old, old); err != nil {
		t.Fatal(err)
	}
	// The other gate looks at the keys when it starts.
	program.Start(t, binary, g.dir, "serve")
	g.publishesMore(keys[0].Kid)
	g.into(&keys, "signing-key", "list")
	if len(keys) != 2 || keys[0].State != "signing" || keys[1].State != "published" {
		t.Fatalf("%+v", keys)
	}
}

// publishesMore waits until another key is published beside one.
func (g *gate) publishesMore(kid string) {
	g.t.Helper()
	for deadline := time.Now().Add(program.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if kids := g.published(); len(kids) == 2 && slices.Contains(kids, kid) {
			return
		}
	}
	g.t.Fatalf("published are %v", g.published())
}
