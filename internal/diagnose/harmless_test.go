package diagnose_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
)

// TestCommandsAreHarmless: what a server or a capture says must not become a command
// of whoever copies the fix.
func TestCommandsAreHarmless(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJl"
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	for name, in := range map[string]string{
		"name in a challenge":       "GET / HTTP/1.1\nHost: a.example\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: AzureApiManagementKey realm=\"x\", name=\"$(id)-api-key\", type=\"header\"\n\n",
		"quote in a challenge":      "GET / HTTP/1.1\nHost: a.example\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: AzureApiManagementKey realm=\"x\", name=\"\\\";id;\\\"api-key\", type=\"header\"\n\n",
		"name of a field":           "GET / HTTP/1.1\nHost: a.example\nX-$(id)-api-key: abcdefgh12345678\n\nHTTP/1.1 401 Unauthorized\n\n",
		"ticks in a field":          "GET / HTTP/1.1\nHost: a.example\nX-`id`-api_key: abcdefgh12345678\n\nHTTP/1.1 401 Unauthorized\n\n",
		"password beside a token":   "GET / HTTP/1.1\nHost: a.example\nAuthorization: " + basic(jwt+":$(id)") + "\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"x\"\n\n",
		"short password of a token": "GET / HTTP/1.1\nHost: a.example\nAuthorization: " + basic(jwt+":`i`") + "\n\nHTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"x\"\n\n",
	} {
		c, err := capture.Raw(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := diagnose.Run(c, diagnose.Options{})
		if r.Fix == nil {
			t.Errorf("%s: no fix", name)
			continue
		}
		for _, evil := range []string{"$(", "`", ";"} {
			if strings.Contains(r.Fix.Command, evil) {
				t.Errorf("%s: %s", name, r.Fix.Command)
			}
		}
	}
}

// TestEveryKeyFieldIsSecret: a key that the server repeats is hidden whatever the
// field is called in which it was sent.
func TestEveryKeyFieldIsSecret(t *testing.T) {
	for _, name := range []string{"Fastly-Key", "Circle-Token", "X-Auth", "X-RapidAPI-Key", "X-My-Api_Key", "X-JWT", "X-Figma-Token"} {
		c, err := capture.Raw("GET / HTTP/1.1\nHost: a.example\n" + name + ": Zq7xK2pLm9Rt4Vw8Yb3N\n\nHTTP/1.1 401 Unauthorized\nContent-Type: application/json\n\n{\"message\":\"unknown key Zq7xK2pLm9Rt4Vw8Yb3N\"}")
		if err != nil {
			t.Fatal(err)
		}
		if out := shown(t, diagnose.Run(c, diagnose.Options{})); strings.Contains(out, "Zq7xK2pLm9Rt4Vw8Yb3N") {
			t.Errorf("%s: %s", name, lineWith(out, "Zq7xK2pLm9Rt4Vw8Yb3N"))
		}
	}
}
