package oauth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

// An unchanged client of the Model Context Protocol finds its way from the 401 of
// a server behind the gate. examples/mcp shows the plain way; here it is what goes
// wrong on it, and who goes it without a person.
func TestMCP(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	g := prepare(t, "issuer: {registration: open, access_ttl: 12s}\n")
	file := filepath.Join(g.dir, "gate401.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		s := strings.Replace(string(text), "rules:\n", "rules:\n  - {path: \"/mcp/**\", methods: [own], scopes: [\"mcp:use\"]}\n", 1)
		_, rest, _ := strings.Cut(s, "upstream: \"")
		site, _, _ := strings.Cut(rest, `"`)
		err = os.WriteFile(file, []byte(strings.Replace(s, site, "http://"+address, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	g.start()
	private, keys := newKey(t)
	if err := os.WriteFile(filepath.Join(g.dir, "keys.json"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	g.client("jwt", "--method", "private_key_jwt", "--jwks", "keys.json", "--scope", "mcp:use")
	clients, err := json.Marshal(map[string]any{"password": password, "seconds": 12, "key": private, "robot": g.client("robot", "--scope", "mcp:use")})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	node(t, &got, "mcp.mjs", address, g.url, string(clients))
	compare(t, got, map[string]any{
		"first":            "UnauthorizedError",
		"whoami":           "alice without a token",
		"first took":       "/auth/register 201, /auth/token authorization_code 200",
		"scope":            "mcp:use",
		"audience":         true,
		"parallel":         "alice without a token",
		"parallel took":    "/auth/token refresh_token 200",
		"parallel renewed": true,
		// Its provider cannot forget what is dead, so that it tries twice.
		"ended":       "InvalidGrantError invalid_grant",
		"ended took":  "/auth/token refresh_token 400, /auth/token refresh_token 400",
		"again":       "UnauthorizedError",
		"again says":  "alice without a token",
		"again took":  "/auth/token authorization_code 200",
		"secret":      "robot without a token",
		"secret took": "/auth/token client_credentials 200",
		"key":         "jwt without a token",
		"key took":    "/auth/token client_credentials 200",
	})
}
