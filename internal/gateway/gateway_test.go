package gateway_test

import (
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/gateway"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func usual(t *testing.T) gateway.Setup {
	return gateway.Setup{
		Public: parse(t, "https://api.example.com"), Upstream: parse(t, "http://127.0.0.1:3000"), Gate: "127.0.0.1:8401", Prefix: "/auth", Issuer: true, Cookies: true,
		Identity: []string{"Gate401-Subject", "Gate401-Groups", "Gate401-Request-Id"}, Credentials: []string{"Authorization", "X-Api-Key"},
	}
}

func other(t *testing.T) gateway.Setup {
	return gateway.Setup{
		Public: parse(t, "http://localhost:8080"), Upstream: parse(t, "https://orders.internal"), Gate: "[::1]:9000", Prefix: "/-/g", CORS: true,
		Identity: []string{"Remote-User", "Remote-Groups"},
	}
}

func TestWrite(t *testing.T) {
	for _, name := range gateway.Names() {
		for kind, setup := range map[string]gateway.Setup{"usual": usual(t), "other": other(t)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				got, err := gateway.Write(name, setup)
				if err != nil {
					t.Fatal(err)
				}
				if left := regexp.MustCompile(`@[A-Z_]+@`).FindString(got); left != "" {
					t.Errorf("%s was not filled in", left)
				}
				golden := filepath.Join("testdata", name+"-"+kind+".txt")
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// What is YAML can be read, and no key is there twice.
func TestYAML(t *testing.T) {
	for _, name := range []string{"traefik", "envoy"} {
		for _, setup := range []gateway.Setup{usual(t), other(t)} {
			text, err := gateway.Write(name, setup)
			if err != nil {
				t.Fatal(err)
			}
			var v map[string]any
			if err := yaml.Unmarshal([]byte(text), &v); err != nil || len(v) == 0 {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

// Every field that says who is asking is taken from the gate or taken out, in all
// of its spellings.
func TestEveryFieldIsOurs(t *testing.T) {
	s := usual(t)
	s.Identity = append(s.Identity, "Remote-Email")
	for name, want := range map[string][]string{
		"nginx":   {"proxy_set_header Remote-Email ", "underscores_in_headers off", "ignore_invalid_headers on"},
		"caddy":   {"request_header -Remote-Email\n", "request_header -*_*\n", "request_header -*.*\n", "request_header Remote-Email {http"},
		"traefik": {`"Remote-Email": ""`, `"Remote_Email": ""`, `"Remote.Email": ""`, `"X-Real_IP": ""`, `"X_Real-IP": ""`, "- Remote-Email\n"},
		"envoy":   {`- {exact: "remote-email"}`, `- "remote.email"`, "headers_with_underscores_action: REJECT_REQUEST"},
	} {
		text, err := gateway.Write(name, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s has no %q", name, w)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(s *gateway.Setup)
		want   string
	}{
		{"no public URL", func(s *gateway.Setup) { s.Public = nil }, "the public URL is no URL with scheme and host"},
		{"a path", func(s *gateway.Setup) { s.Upstream = parse(t, "http://a/b") }, "the upstream has more than scheme and host"},
		{"another language", func(s *gateway.Setup) { s.Gate = "127.0.0.1:80; return 200" }, "holds a character"},
		{"a brace", func(s *gateway.Setup) { s.Public = &url.URL{Scheme: "https", Host: "a{b}"} }, "holds a character"},
		{"a file", func(s *gateway.Setup) { s.Cert, s.Key = "a b", "c" }, "holds a character"},
		{"no key", func(s *gateway.Setup) { s.Cert = "a.pem" }, "a certificate needs its key"},
		{"a field with an underscore", func(s *gateway.Setup) { s.Identity = []string{"X_User"} }, `the field "X_User"`},
		{"no port", func(s *gateway.Setup) { s.Gate = "gate" }, "has no host and port"},
		{"listen", func(s *gateway.Setup) { s.Listen = "8080" }, "has no port"},
		{"listen at no number", func(s *gateway.Setup) { s.Listen = ":9x" }, "no port between 1 and 65535"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := usual(t)
			x.change(&s)
			if _, err := gateway.Write("nginx", s); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %s", err, x.want)
			}
		})
	}
	if _, err := gateway.Write("apache", usual(t)); err == nil || !strings.Contains(err.Error(), `"apache" is none of nginx`) {
		t.Error(err)
	}
}
