package build_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/token"
)

// A gate that follows another keeps the keys of an issuer that is out of reach
// by then, if the method means the same; and nothing where it does not.
func TestInherited(t *testing.T) {
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	var fetched atomic.Int64
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		if away.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(set)
	}))
	defer issuer.Close()
	file := `
storage: {records: memory}
methods:
  partner: {type: bearer, issuer: "https://idp.example", audience: AUDIENCE, jwks: "` + issuer.URL + `/jwks"}
  key: {type: api-key}
rules: [{path: /PATH}]
`
	with := func(audience, path string) *config.File {
		return load(t, strings.NewReplacer("AUDIENCE", audience, "PATH", path).Replace(file))
	}
	stores, err := storage.Open(t.Context(), with("orders", "a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close()
	public, _ := url.Parse("http://gate.example")
	grant := token.Grant{Issuer: "https://idp.example", Subject: "alice", Audience: []string{"orders"}, TTL: time.Minute}
	issued, err := key.Issue(grant)
	if err != nil {
		t.Fatal(err)
	}
	made := func(cfg *config.File, before *build.System) *build.System {
		t.Helper()
		s, err := build.New(cfg, stores, build.Options{PublicURL: public, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ask := func(s *build.System, path string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+issued.Token)
		w := httptest.NewRecorder()
		s.Gate.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		return w.Code
	}
	first := made(with("orders", "a"), nil)
	if got := ask(first, "/a"); got != http.StatusOK {
		t.Fatalf("%d", got)
	}
	away.Store(true)
	before := fetched.Load()
	second := made(with("orders", "b"), first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(second, "/b"); got != http.StatusOK || fetched.Load() != before {
		t.Errorf("the same method: %d, keys fetched %d times more", got, fetched.Load()-before)
	}
	// One that cannot be made leaves the one before as it is.
	bad := with("orders", "c")
	bad.Rules = append(bad.Rules, bad.Rules[0])
	if _, err := build.New(bad, stores, build.Options{PublicURL: public, Before: second}); err == nil {
		t.Fatal("two rules for one path")
	}
	if got := ask(second, "/b"); got != http.StatusOK {
		t.Errorf("after one that could not be made: %d", got)
	}
	// Another audience is another method: what was right is not right any more.
	third := made(with("invoices", "b"), second)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(third, "/b"); got == http.StatusOK {
		t.Error("a token for another audience is taken, because it was before")
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}

// The password that a gate remembers is remembered by the one after it, and not
// when people come from elsewhere.
func TestInheritedRealm(t *testing.T) {
	cfg := load(t, "storage: {records: memory}")
	stores, err := storage.Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close()
	public, _ := url.Parse("http://gate.example")
	first, err := build.New(cfg, stores, build.Options{PublicURL: public})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for realm, same := range map[string]bool{"gate401": true, "another": false} {
		next, err := build.New(load(t, "storage: {records: memory}\ngate: {realm: "+realm+"}\nmethods: {password: {type: basic}, browser: {type: session}, key: {type: api-key}, own: {type: bearer, audience: gate401}}"),
			stores, build.Options{PublicURL: public, Before: first})
		if err != nil {
			t.Fatal(err)
		}
		a, b := accepted(first), accepted(next)
		if len(a) == 0 || len(a) != len(b) || (a[0] == b[0]) != same {
			t.Errorf("%s: %v and %v", realm, a, b)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
}

// accepted are the methods of a request that no rule is for.
func accepted(s *build.System) []gate401.Authenticator {
	r := &gate401.Request{Method: http.MethodGet, Path: "/", Host: "gate.example", URL: &url.URL{Scheme: "http", Host: "gate.example", Path: "/"}, Header: http.Header{}}
	return s.Gate.Policy(r).Accept
}
