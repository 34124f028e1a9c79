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
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
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

// What a start would refuse is a fault with its place.
func TestCheckFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	weak := write("weak", "alice:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=\n")
	noJSON := write("keys", "-----BEGIN PUBLIC KEY-----\n")
	cfg := load(t, `
methods:
  absent: {type: basic, htpasswd: `+filepath.Join(dir, "absent")+`}
  weak: {type: basic, htpasswd: `+weak+`}
  keys: {type: bearer, issuer: "https://a.example", audience: x, jwks: `+noJSON+`}
  gone: {type: bearer, issuer: "https://b.example", audience: x, jwks: `+filepath.Join(dir, "gone")+`}
  away: {type: bearer, issuer: "https://c.example", audience: x, jwks: "https://c.example/jwks"}
rules: [{path: /a}, {path: /a, groups: [x]}]
`)
	_, err := build.Check(cfg)
	var faults config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want faults", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Path)
		if f.Line == 0 || f.Message == "" || strings.Contains(f.Path, "methods.") && f.Hint == "" {
			t.Errorf("%+v has no place, message or hint", f)
		}
	}
	want := []string{"methods.absent.htpasswd", "methods.weak.htpasswd", "methods.keys.jwks", "methods.gone.jwks", "rules[1].path"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s\n%v", diff, err)
	}
}

// Faults of both kinds come at once, and none that only follows from another.
func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"both kinds", "rules: [{path: /a, scopes: 7}, {path: /b}, {path: /b, groups: [x]}]", []string{"rules[0].scopes", "rules[2].path"}},
		{"beside a faulty rule", "rules: [{path: /a, verbs: 7}, {path: /a, verbs: [GET]}, {path: /a}]", []string{"rules[0].verbs"}},
		{"without a path", "rules: [{paht: /a}, {paht: /a}]", []string{"rules[0]", "rules[0].paht", "rules[1]", "rules[1].paht"}},
		{"a faulty method", "methods: {key: {type: api-kee}}\nrules: [{path: /a, max_age: 5m}]", []string{"methods.key.type"}},
		{"a file", "log: {level: loud}\nmethods: {p: {type: basic, htpasswd: /nonexistent/x}}", []string{"log.level", "methods.p.htpasswd"}},
		{"no YAML", "rules: [", []string{""}},
		{"no list", "rules: 7", []string{"rules"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := config.Examine("gate401.yaml", []byte(c.file))
			var faults config.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			var got []string
			for _, f := range build.Beyond(cfg, faults) {
				got = append(got, f.Path)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

const oneToken = "storage: {records: memory}\nmethods: {password: {type: basic}}\ngate: {upstream: a}\nidentity: {jwt: {audience: apis}}\n" +
	"upstreams: {a: {urls: ['http://a:1']}, b: {urls: ['http://a:2']}, c: {urls: ['http://a:3'], audience: c}, d: {urls: ['http://a:4'], audience: c}}\n"

func TestCheckDoubts(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a slip", "rules: [{path: /a, verbs: [GTE, PUT]}]", "verbs: GTE is no registered request method; did you mean GET?"},
		{"WebDAV", "rules: [{path: /a, verbs: [PROPFIND, PATCH]}]", ""},
		{"of one's own", "rules: [{path: /a, verbs: [FROBNICATE]}]", "verbs: FROBNICATE is no registered request method; if clients send it, nothing is wrong"},
		{"below the prefix", "gate: {prefix: /auth}\nrules: [{path: /auth/x}]", "path: never reached: the gate answers all below /auth itself; if the upstream has such paths, choose another gate.prefix"},
		{"the metadata", "rules: [{path: /.well-known/oauth-protected-resource/mcp, allow: anyone}]", "path: never reached: the gate answers /.well-known/oauth-protected-resource itself, with the metadata of what the rules protect (RFC 9728); to name the resource, give the rule that protects it the key resource"},
		{"beside the metadata", "rules: [{path: /.well-known/openid-configuration, allow: anyone}]", ""},
		{"the password alone, everywhere", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic, password_alone: true}}\nlogin: {second_factor: required}\nrules: [{path: /a}, {path: /b, allow: nobody}]",
			"methods: method password takes the password alone, where login.second_factor asks people for a second factor (2 rules do so); leave password out, or give it rules of its own"},
		{"the password alone, by default", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic, password_alone: true}}\nlogin: {second_factor_groups: [admin]}\nrules: [{path: /a, methods: [browser]}]",
			"methods: method password takes the password alone, where login.second_factor_groups ask people for a second factor; leave password out, or give it rules of its own"},
		{"the password of nobody", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic}}\nlogin: {second_factor: required}\nrules: [{path: /a, methods: [password]}]\ndefault: {methods: [browser]}",
			"methods: method password lets nobody in: login.second_factor asks everybody for more than a password; leave password out and give programs keys; or say password_alone: true there"},
		{"the password of some", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic}}\nlogin: {second_factor_groups: [admin]}\nrules: [{path: /a}]", ""},
		{"the password with rules of its own", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic, password_alone: true}}\nlogin: {second_factor: required}\nrules: [{path: /a, methods: [password]}]\ndefault: {methods: [browser]}", ""},
		{"the password, nobody asked for more", "storage: {records: memory}\nmethods: {browser: {type: session}, password: {type: basic}}\nrules: [{path: /a}]", ""},
		{"one token for two upstreams", oneToken + "rules: [{path: /b, upstream: b}, {path: /bb, upstream: b}]",
			"upstream: upstream b gets the same token as upstream a (aud apis), and each could show it to the other; give them audiences of their own under upstreams; name the same one at both if they may"},
		{"a token for each upstream", oneToken + "rules: [{path: /b, upstream: c}, {path: /a, upstream: a}, {path: /e, upstream: b, allow: anyone}]", ""},
		{"one token on purpose", oneToken + "rules: [{path: /c, upstream: c}, {path: /d, upstream: d}]", ""},
		{"upstreams without a token", "storage: {records: memory}\nmethods: {password: {type: basic}}\ngate: {upstream: a}\nupstreams: {a: {urls: ['http://a:1']}, b: {urls: ['http://a:2']}}\nrules: [{path: /b, upstream: b}]", ""},
		{"beside the prefix", "gate: {prefix: /auth}\nrules: [{path: /author}]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			warnings, err := build.Check(load(t, c.file))
			got := ""
			for _, w := range warnings {
				if w.Field == "verbs" && !strings.Contains(w.Message, "registered") {
					continue // of the rules' own lint
				}
				got += w.Field + ": " + w.Message + "; " + w.Hint
			}
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
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
	stores, err := storage.Open(t.Context(), cfg, nil)
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
	stores, err := storage.Open(t.Context(), cfg, nil)
	if err != nil || !stores.NewMasterKey {
		t.Fatal(err)
	}
	if err := stores.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(stores.MasterKey); err != nil {
		t.Fatal(err)
	}
	if again, err := storage.Open(t.Context(), cfg, nil); err == nil {
		again.Close()
		t.Error("opened without the master key")
	}
}
