package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
)

// What is in force where a file says nothing is shown, in every way of showing.
func TestWhatIsImpliedIsShown(t *testing.T) {
	f, err := loader().Load("f.yaml", []byte(`
gate: {upstream: shop}
tls: {acme: {hosts: [api.example.com]}}
upstreams:
  shop: {urls: ["http://127.0.0.1:3000"], health: {path: /healthz}}
  other: {urls: ["http://127.0.0.1:3001"]}
methods:
  theirs: {type: bearer, issuer: "https://i.example", audience: x}
  shared: {type: bearer, issuer: "https://j.example", audience: x, secret: "0123456789abcdef0123456789abcdef"}
  own: {type: bearer}
rules: [{path: /a, cors: {origins: ["https://shop.example"]}}, {path: /b, cors: upstream}]
`))
	if err != nil {
		t.Fatal(err)
	}
	origins := string(config.ShowOrigins(f, nil))
	for want, times := range map[string]int{
		"balance: round-robin # default\n": 2, "timeout: 1m # default\n": 2, "interval: 10s # default\n": 1, "timeout: 2s # default\n": 1,
		" healthy: 2 # default\n": 1, "unhealthy: 3 # default\n": 1, "status: [200-399] # default\n": 1,
		"leeway: 30s # default\n": 3, "groups_from: [groups, roles] # default\n": 3, "algorithms: [HS256] # default\n": 1,
		"algorithms: [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA] # default\n": 1,
		"min_version: \"1.2\" # default\n": 1, "max_age: 8760h # default\n": 1,
		"directory: " + config.LetsEncrypt + " # default\n":  1,
		"upstream_401: mark # default\n":                     1,
		"headers: [Authorization, Content-Type] # default\n": 1,
	} {
		if got := strings.Count(origins, want); got != times {
			t.Errorf("%q is there %d times, not %d, in\n%s", want, got, times, origins)
		}
	}
	if f.GivesHSTS() {
		t.Error("a year that nobody wrote outranks the API")
	}
	var got struct {
		Upstreams map[string]struct{ Health struct{ Status []string } }
		Methods   map[string]struct{ Leeway string }
	}
	if err := json.Unmarshal(config.ShowJSON(f), &got); err != nil {
		t.Fatal(err)
	}
	if got.Upstreams["shop"].Health.Status[0] != "200-399" || got.Methods["own"].Leeway != "30s" {
		t.Errorf("%+v", got)
	}
	if shown := string(config.Show(config.Default())); !strings.Contains(shown, "leeway: 30s") || strings.Contains(shown, "tls:") {
		t.Error(shown)
	}
}

// The API's own word gives way to what was written, be it the same year.
func TestGivenHSTS(t *testing.T) {
	load := func(text string) *config.File {
		f, err := loader().Load("f", []byte("gate: {trusted_proxies: [10.0.0.1]}\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	silent, given := load(""), load("tls: {hsts: {max_age: 8760h}}")
	if silent.TLS.HSTS != given.TLS.HSTS || silent.GivesHSTS() || !given.GivesHSTS() || !load("tls: {hsts: none}").GivesHSTS() {
		t.Errorf("%+v %+v", silent.TLS.HSTS, given.TLS.HSTS)
	}
	if got := config.Changes(silent, given); len(got) != 1 || got[0] != "tls.hsts" {
		t.Error(got)
	}
	if part := load("tls: {hsts: {include_subdomains: true}}"); part.TLS.HSTS.MaxAge != config.Year || !part.GivesHSTS() {
		t.Errorf("%+v", part.TLS.HSTS)
	}
}

func TestStatuses(t *testing.T) {
	const shape = "gate: {upstream: a}\nupstreams: {a: {urls: [\"http://127.0.0.1:1\"], health: {path: /, status: STATUS}}}"
	for _, x := range []struct{ in, want string }{
		{"[200, 204]", "status: [200, 204]\n"},
		{"[200-299, 401]", "status: [200-299, 401]\n"},
		{"[200, 201, 202, 300-301]", "status: [200-202, 300, 301]\n"},
		{"[99]", "99 is not between 200 and 599"},
		{"[300-200]", `"300-200" is neither a status nor a range of them`},
		{"[200-600]", `"200-600" is neither a status nor a range of them`},
		{"[ok]", `"ok" is neither a status nor a range of them`},
		{"[]", "the list is empty"},
		{"200", "a list is wanted"},
	} {
		f, err := loader().Load("f", []byte(strings.Replace(shape, "STATUS", x.in, 1)))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = string(config.Show(f))
		}
		if !strings.Contains(got, x.want) {
			t.Errorf("%s: %s", x.in, got)
		}
	}
}
