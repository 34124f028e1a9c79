package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/config"
)

func TestChanges(t *testing.T) {
	base := `
gate: {upstream: "http://127.0.0.1:3000"}
methods:
  a: {type: basic}
  k: {type: api-key, environment: live}
  p: {type: bearer, issuer: "https://i.example", audience: x, algorithms: [HS256], secret: "0123456789abcdef0123456789abcdef"}
rules:
  - {path: /one}
  - {path: /two, name: second, groups: [x]}
`
	for _, tt := range []struct {
		name     string
		from, to string // replaced in the base
		want     []string
	}{
		{"nothing", "", "", nil},
		{"a comment", "rules:", "# more\nrules:", nil},
		{"the upstream", ":3000", ":3001", []string{"gate.upstream"}},
		{"a default written out", "rules:", "log: {level: info}\nrules:", nil},
		{"a default left", "rules:", "log: {level: warn}\ndefend: {account: {attempts: 7}}\nrules:", []string{"defend.account.attempts", "log.level"}},
		{"a secret", "0123456789abcdef0", "0123456789abcdefX", []string{"methods.p.secret"}},
		{"a method's key", "environment: live", "environment: test", []string{"methods.k.environment"}},
		{"a method's type", "a: {type: basic}", "a: {type: bearer, audience: y}", []string{"methods.a.type", "issuer"}},
		{"a method less", "  a: {type: basic}\n", "", []string{"methods.a removed"}},
		{"a method more", "  a: {type: basic}\n", "  a: {type: basic}\n  b: {type: basic, htpasswd: /x}\n", []string{"methods.b added"}},
		{"the order of methods", "  a: {type: basic}\n  k: {type: api-key, environment: live}\n", "  k: {type: api-key, environment: live}\n  a: {type: basic}\n",
			[]string{"methods in another order"}},
		{"a rule before the others", "  - {path: /one}\n", "  - {path: /zero, verbs: [GET]}\n  - {path: /one}\n", []string{"rules: GET /zero added"}},
		{"a rule less", "  - {path: /one}\n", "", []string{"rules: /one removed"}},
		{"another rule", "groups: [x]", "groups: [y]", []string{"rules: second changed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := base
			if tt.from != "" {
				text = strings.Replace(base, tt.from, tt.to, 1)
				if text == base {
					t.Fatal("nothing was replaced")
				}
			}
			before, err := loader().Load("f", []byte(base))
			if err != nil {
				t.Fatal(err)
			}
			after, err := loader().Load("f", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, config.Changes(before, after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	f, err := loader().Load("f", []byte(`
gate: {upstream: "http://${UPSTREAM}"}
methods: {p: {type: bearer, issuer: "https://i.example", audience: "${AUDIENCE}", algorithms: [HS256], secret: "${file:/run/secrets/shared}"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/run/secrets/shared"}, f.References()); diff != "" {
		t.Error(diff)
	}
	if got := config.Default().References(); got != nil {
		t.Error(got)
	}
}

// What is shown as JSON is what is shown as YAML, and no secret is in either.
func TestShowJSON(t *testing.T) {
	f, err := loader().Load("f.yaml", []byte(`
gate: {upstream: "http://127.0.0.1:3000", realm: 'a "b"', dangerously_plain_http: true}
methods: {p: {type: bearer, issuer: "https://i.example", audience: [x, y], algorithms: [HS256], secret: "0123456789abcdef0123456789abcdef"}}
rules: [{path: /a, max_age: 5m}]
`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Gate    map[string]any
		Methods map[string]map[string]any
		Rules   []map[string]any
		Defend  map[string]map[string]any
	}
	text := config.ShowJSON(f)
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got.Gate["realm"] != `a "b"` || got.Gate["dangerously_plain_http"] != true || got.Methods["p"]["secret"] != "[redacted]" ||
		got.Rules[0]["max_age"] != "5m" || got.Defend["account"]["attempts"] != 100.0 {
		t.Errorf("%s", text)
	}
	origins := string(config.ShowOrigins(f, map[string]string{"gate.upstream": "upstream"}))
	for _, want := range []string{"upstream: http://127.0.0.1:3000 # --upstream\n", "realm: a \"b\" # f.yaml:2\n", "prefix: /auth # default\n", "audience: [x, y] # f.yaml:3\n"} {
		if !strings.Contains(origins, want) {
			t.Errorf("%q is missing in\n%s", want, origins)
		}
	}
	for _, shown := range []string{string(text), origins} {
		if strings.Contains(shown, "0123456789abcdef") {
			t.Errorf("a secret is shown:\n%s", shown)
		}
	}
}
