package authn_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/token"
)

// A token for a part of the gate is good there alone, also when it is remembered.
func TestAudiencePaths(t *testing.T) {
	const origin = "https://gate.example"
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.New(token.Profile{Keys: token.NewKeySet(key.Public()), Issuer: origin, DangerouslyAnyAudience: true})
	if err != nil {
		t.Fatal(err)
	}
	bearer := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{{
		Name: "own", Verifier: verifier, Issuer: origin, Own: true,
		Audience: &authn.Audience{Names: []string{"orders"}, Origin: origin},
	}}}
	gate := &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{bearer}}
		},
		Guard: gate401.DangerouslyUnguarded{},
	}
	h := gate.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, test := range []struct {
		name string
		aud  []string
		path string
		want int
	}{
		{"the whole gate", []string{"orders"}, "/orders/7", 200},
		{"the whole gate and a part", []string{origin + "/mcp", "orders"}, "/orders/7", 200},
		{"its part", []string{origin + "/mcp"}, "/mcp", 200},
		{"below its part", []string{origin + "/mcp"}, "/mcp/x/y", 200},
		{"its part with a slash", []string{origin + "/mcp/"}, "/mcp", 200},
		{"one of two parts", []string{origin + "/a", origin + "/mcp"}, "/mcp", 200},
		{"the root", []string{origin}, "/mcp", 200},
		{"the root with a slash", []string{origin + "/"}, "/mcp", 200},
		{"in another spelling", []string{origin + "/%6dcp"}, "/mcp", 200},
		{"another part", []string{origin + "/mcp"}, "/orders", 401},
		{"a path that begins alike", []string{origin + "/mcp"}, "/mcpx", 401},
		{"above its part", []string{origin + "/mcp/a"}, "/mcp", 401},
		{"a way out of its part", []string{origin + "/mcp/../orders"}, "/orders", 401},
		{"a query", []string{origin + "/mcp?a=b"}, "/mcp", 200},
		{"a query behind the host", []string{origin + "?a=b"}, "/mcp", 200},
		{"a fragment", []string{origin + "/mcp#a"}, "/mcp", 401},
		{"a port", []string{origin + ":8443/mcp"}, "/mcp", 401},
		{"a user", []string{origin + "@evil.example/mcp"}, "/mcp", 401},
		{"a host that begins alike", []string{origin + ".evil/mcp"}, "/mcp", 401},
		{"another host", []string{"https://other.example/mcp"}, "/mcp", 401},
		{"nobody", []string{"x"}, "/mcp", 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			issued, err := key.Issue(token.Grant{Issuer: origin, Subject: "alice", Audience: test.aud})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				hr := httptest.NewRequest(http.MethodGet, test.path, nil)
				hr.Header.Set("Authorization", "Bearer "+issued.Token)
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, hr); w.Code != test.want {
					t.Errorf("%d, want %d: %s", w.Code, test.want, w.Body)
				}
				if got := w.Header().Get("WWW-Authenticate"); w.Code == 401 && got != `Bearer realm="orders", error="invalid_token", error_description="The access token is for another audience"` {
					t.Errorf("challenge %s", got)
				}
			}
		})
	}
}
