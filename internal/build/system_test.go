package build_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/token"
)

func load(t *testing.T, text string) *config.File {
	t.Helper()
	cfg, err := config.Load("gate401.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       string // part of the faults; empty means none
	}{
		{"nothing", "", ""},
		{"a tie", "rules: [{path: /a}, {path: /a, groups: [x]}]", "gate401.yaml:1:28: rules[1].path: "},
		{"open and asking", "rules: [{path: /a, allow: anyone, groups: [x]}]", "rules[0].groups"},
		{"an age that nobody tells", "methods: {key: {type: api-key}}\nrules: [{path: /a, max_age: 5m}]", "rules[0].max_age"},
		{"an age of tokens", "rules: [{path: /a, max_age: 5m}]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := build.Check(load(t, c.file))
			var faults config.Faults
			switch {
			case c.want == "" && err != nil, c.want != "" && (!errors.As(err, &faults) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// alice of another issuer is not our alice, unless the rule takes that issuer's
// tokens alone.
func TestOwnersOfAnotherIssuer(t *testing.T) {
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := load(t, `
storage: {records: memory}
methods:
  own: {type: bearer, audience: orders}
  partner: {type: bearer, issuer: "https://idp.example", audience: orders, jwks: `+file+`}
rules:
  - {path: "/users/{user}", owner: "{user}"}
  - {path: "/partner/{user}", owner: "{user}", methods: [partner]}
`)
	stores, err := build.OpenStores(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stores.Close()
	public, _ := url.Parse("http://gate.example")
	system, err := build.New(cfg, stores, build.Options{PublicURL: public})
	if err != nil {
		t.Fatal(err)
	}
	defer system.Close()
	handler := system.Gate.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	grant := token.Grant{Subject: "alice", Audience: []string{"orders"}, TTL: time.Minute}
	grant.Issuer = "https://idp.example"
	partner, err := key.Issue(grant)
	if err != nil {
		t.Fatal(err)
	}
	grant.Issuer = system.Issuer
	own, err := stores.Keyring.Issue(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, token string
		want        int
	}{
		{"/users/alice", own.Token, 200},
		{"/users/alice", partner.Token, 403},
		{"/users/bob", own.Token, 403},
		{"/partner/alice", partner.Token, 200},
		{"/partner/bob", partner.Token, 403},
		{"/elsewhere", partner.Token, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d\n%s", c.path, w.Code, c.want, w.Body)
		}
	}
}

// A lost master key is an error, not a new key: what it sealed would be gone.
func TestLostMasterKey(t *testing.T) {
	dir := t.TempDir()
	cfg := load(t, "storage: {records: \"sqlite:"+dir+"/a.db\"}")
	stores, err := build.OpenStores(t.Context(), cfg, nil)
	if err != nil || !stores.NewMasterKey {
		t.Fatal(err)
	}
	if err := stores.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(stores.MasterKey); err != nil {
		t.Fatal(err)
	}
	if again, err := build.OpenStores(t.Context(), cfg, nil); err == nil {
		again.Close()
		t.Error("opened without the master key")
	}
}
