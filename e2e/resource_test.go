package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

// Clients that know nothing but the URL of an API find from its 401 to the server
// that has tokens for it, and believe what they read on the way.
func TestResourceMetadata(t *testing.T) {
	issuer := foreign.Node(t, "oidc.mjs").URL
	api := httptest.NewServer(http.NotFoundHandler())
	defer api.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), fmt.Appendf(nil, `
gate: {listen: "127.0.0.1:0", upstream: %q}
admin: {listen: "127.0.0.1:0"}
storage: {records: memory}
methods:
  key: {type: api-key, query: api_key}
  own: {type: bearer, audience: orders}
  partner: {type: bearer, issuer: %q, audience: "http://orders.example"}
rules:
  - {path: /orders, verbs: [GET], scopes: ["orders:read"], methods: [own, partner]}
  - {path: /orders, scopes: ["orders:write"], methods: [own, partner]}
  - {path: "/users/{user}/**", scopes: ["orders:read"]}
  - {path: "/keys/**", methods: [key]}
log: {format: json}
`, api.URL, issuer), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "serve", "-c", "gate401.yaml")
	// Nobody can log in at the gate, so that clients are led to the other one first.
	for _, tt := range []struct {
		name, path, scope string
		scopes            []string
		servers           []string
	}{
		{"a literal path", "/orders", "orders:read", []string{"orders:write", "orders:read"}, []string{issuer, p.gate}},
		{"a pattern", "/users/alice/orders/7", "orders:read", []string{"orders:read"}, []string{issuer, p.gate}},
		{"the default", "/else%20where/", "", nil, []string{issuer, p.gate}},
		{"the root", "/", "", nil, []string{issuer, p.gate}},
		{"a query", "/orders?page=2&sort=a%20b", "orders:read", []string{"orders:write", "orders:read"}, []string{issuer, p.gate}},
		{"keys alone", "/keys/x", "", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := foreign.NodeCommand(t, "protected.mjs", p.gate+tt.path)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var found struct {
				Status                                      int
				Link, Scope, Resource, Unchallenged, Strict string
				Servers, Scopes                             []string
				TokenEndpoint                               string `json:"token_endpoint"`
				StrictLinked                                string `json:"strict_linked"`
			}
			if err := json.Unmarshal(out, &found); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			called := p.gate + tt.path
			if found.Status != 401 || found.Resource != called || found.StrictLinked != called || found.Scope != tt.scope {
				t.Errorf("called %s, %+v", called, found)
			}
			if !slices.Equal(found.Servers, tt.servers) || !slices.Equal(found.Scopes, tt.scopes) {
				t.Errorf("%+v", found)
			}
			if len(tt.servers) > 0 && found.TokenEndpoint != issuer+"/token" {
				t.Errorf("token endpoint %q", found.TokenEndpoint)
			}
		})
	}
}
