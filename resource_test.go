package gate401_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// bearerGate asks every request for a Bearer credential with two scopes.
func bearerGate(x *gate401.Resource, prepare bool) *gate401.Gate {
	q := gate401.Requirement{Rule: "orders", Scopes: []string{"orders:read", "orders:write"}, Resource: x, Accept: []gate401.Authenticator{
		gate401.NewFunc("bearer", "Bearer", "orders", func(_ context.Context, _ *gate401.Request, token string) (*gate401.Identity, error) {
			if token == "good" {
				return &gate401.Identity{Subject: "alice", Scopes: []string{"orders:read"}}, nil
			}
			return nil, &gate401.Denial{Reason: reason.TokenExpired}
		}).DangerouslyUncounted(),
		gate401.NewFunc("basic", "Basic", "orders", nil),
	}}
	if prepare {
		q.Prepare()
	}
	return &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
}

func mayBeSecret(name, value string) bool { return name == "key" || strings.Contains(value, "s3cr3t") }

// Every Bearer challenge says where the metadata is, and which scopes are asked
// for; no other challenge does.
func TestChallengesLeadToMetadata(t *testing.T) {
	const begin = `Bearer realm="orders", `
	for _, tt := range []struct {
		name, target, auth string
		resource           *gate401.Resource
		want               string
	}{
		{"nothing is published", "http://api.example/orders", "", nil, begin + `scope="orders:read orders:write"`},
		{"each URL", "http://api.example/orders", "", &gate401.Resource{}, begin + `scope="orders:read orders:write", resource_metadata="http://api.example/.well-known/oauth-protected-resource/orders"`},
		{"one for all", "http://api.example/orders/7", "", &gate401.Resource{URL: "https://api.example/orders"}, begin + `scope="orders:read orders:write", resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders"`},
		{"a bad token", "http://api.example/orders", "Bearer bad", &gate401.Resource{}, begin + `error="invalid_token", error_description="The access token expired", scope="orders:read orders:write", resource_metadata="http://api.example/.well-known/oauth-protected-resource/orders"`},
		{"a scope too few", "http://api.example/orders", "Bearer good", &gate401.Resource{}, begin + `error="insufficient_scope", error_description="The credential lacks a scope for this", scope="orders:read orders:write", resource_metadata="http://api.example/.well-known/oauth-protected-resource/orders"`},
	} {
		for _, prepared := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				hr := httptest.NewRequest(http.MethodGet, tt.target, http.NoBody)
				if tt.auth != "" {
					hr.Header.Set("Authorization", tt.auth)
				}
				for range 2 { // what is shared must not have been written to
					w := httptest.NewRecorder()
					bearerGate(tt.resource, prepared).Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
					got := w.Header()["Www-Authenticate"]
					if len(got) == 0 || got[0] != tt.want {
						t.Errorf("got  %q\nwant %q", got, tt.want)
					}
					for _, other := range got[1:] {
						if other != `Basic realm="orders"` {
							t.Errorf("another challenge: %s", other)
						}
					}
				}
			})
		}
	}
}

// A handler that refuses by itself says it too.
func TestDenyLeadsToMetadata(t *testing.T) {
	for _, own := range [][]httpauth.Challenge{nil, {httpauth.Bearer("shop")}} {
		w := httptest.NewRecorder()
		hr := httptest.NewRequest(http.MethodGet, "/orders", http.NoBody)
		hr.Header.Set("Authorization", "Bearer good")
		q := gate401.Requirement{Rule: "r", Resource: &gate401.Resource{}, Accept: []gate401.Authenticator{gate401.NewFunc("b", "Bearer", "shop",
			func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
				return &gate401.Identity{Subject: "alice"}, nil
			}).DangerouslyUncounted()}}
		g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
		g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { gate401.Deny(w, r, reason.TokenRevoked, own...) })).ServeHTTP(w, hr)
		if got := w.Header().Get("Www-Authenticate"); !strings.Contains(got, `error="invalid_token"`) || !strings.HasSuffix(got, `, resource_metadata="http://example.com/.well-known/oauth-protected-resource/orders"`) {
			t.Errorf("%s", got)
		}
	}
}

func TestMetadataURL(t *testing.T) {
	const at = "http://a.example/.well-known/oauth-protected-resource"
	for _, tt := range []struct{ name, target, want string }{
		{"a path", "/orders", at + "/orders"},
		{"the root", "/", at + "/"},
		{"a slash at the end", "/orders/", at + "/orders/"},
		{"a query", "/orders?page=2&sort=%22a%22", at + "/orders?page=2&sort=%22a%22"},
		{"the spelling of the client", "/v1/x%3aexport%7E", at + "/v1/x%3aexport%7E"},
		{"absolute form", "http://a.example/orders?x=1", at + "/orders?x=1"},
		{"what no URL holds", "/a\"b?x=\"<\\", at + "/a%22b?x=%22%3C%5C"},
		{"a credential by its name", "/orders?page=2&key=1", at + "/orders"},
		{"a credential by its name, encoded", "/orders?%6bey=1", at + "/orders"},
		{"a credential by its value", "/orders?x=s3cr3t", at + "/orders"},
		{"a query that nobody can read", "/orders?x=%zz", at + "/orders"},
		{"a credential in the path", "/s3cr3t/orders", ""},
		{"a long query", "/orders?x=" + strings.Repeat("x", 3000), at + "/orders"},
		{"a query that is just too long", "/orders?x=" + strings.Repeat("x", 2000), at + "/orders"},
		{"many parameters", "/orders?" + strings.Repeat("x=1&", 40), at + "/orders"},
		{"a long path", "/" + strings.Repeat("x", 3000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.ParseRequestURI(tt.target)
			if err != nil {
				t.Fatal(err)
			}
			r, err := (&gate401.Intake{}).Request(&http.Request{Method: "GET", RequestURI: tt.target, URL: u, Host: "a.example", Header: http.Header{}})
			if err != nil {
				t.Fatal(err)
			}
			if got := (&gate401.Resource{Secret: mayBeSecret}).Metadata(r); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			// Who cannot tell secrets from other parameters shows none.
			if got := (&gate401.Resource{}).Metadata(r); strings.Contains(got, "?") {
				t.Errorf("without Secret: %s", got)
			}
		})
	}
	for resource, want := range map[string]string{
		"https://a.example":             "https://a.example/.well-known/oauth-protected-resource",
		"https://a.example/":            "https://a.example/.well-known/oauth-protected-resource",
		"https://a.example:8443/x/y":    "https://a.example:8443/.well-known/oauth-protected-resource/x/y",
		"https://a.example/x/":          "https://a.example/.well-known/oauth-protected-resource/x/",
		"https://a.example/x?tenant=1":  "https://a.example/.well-known/oauth-protected-resource/x?tenant=1",
		"https://a.example?tenant=1":    "https://a.example/.well-known/oauth-protected-resource?tenant=1",
		"https://a.example/?tenant=1/2": "https://a.example/.well-known/oauth-protected-resource?tenant=1/2",
	} {
		if got := (&gate401.Resource{URL: resource}).Metadata(&gate401.Request{}); got != want {
			t.Errorf("%s: %s, want %s", resource, got, want)
		}
	}
}

// The forwarding fields of a stranger do not choose where clients look, those of
// a trusted proxy do.
func TestMetadataIsWhereTheClientCalled(t *testing.T) {
	for _, tt := range []struct {
		name   string
		intake gate401.Intake
		want   string
	}{
		{"a stranger", gate401.Intake{}, "http://gate.internal/"},
		{"a trusted proxy", gate401.Intake{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, "https://evil.example/"},
		{"a public URL", gate401.Intake{PublicURL: &url.URL{Scheme: "https", Host: "api.example"}}, "https://api.example/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := bearerGate(&gate401.Resource{}, true)
			g.Intake = tt.intake
			hr := httptest.NewRequest(http.MethodGet, "http://gate.internal/orders", http.NoBody)
			hr.Header.Set("X-Forwarded-Host", "evil.example")
			hr.Header.Set("X-Forwarded-Proto", "https")
			w := httptest.NewRecorder()
			g.Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
			if got := w.Header().Get("Www-Authenticate"); !strings.Contains(got, `resource_metadata="`+tt.want) {
				t.Errorf("%s", got)
			}
		})
	}
}

// BenchmarkRefuseResource is what it costs to name the metadata of each URL.
func BenchmarkRefuseResource(b *testing.B) {
	for name, x := range map[string]*gate401.Resource{"none": nil, "url": {}, "query": {Secret: mayBeSecret}} {
		b.Run(name, func(b *testing.B) {
			h := bearerGate(x, true).Protect(http.NotFoundHandler())
			hr := httptest.NewRequest(http.MethodGet, "/orders/42?page=2", http.NoBody)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&bare{http.Header{}}, hr)
			}
		})
	}
}

type bare struct{ h http.Header }

func (w *bare) Header() http.Header         { return w.h }
func (w *bare) WriteHeader(int)             {}
func (w *bare) Write(p []byte) (int, error) { return len(p), nil }
