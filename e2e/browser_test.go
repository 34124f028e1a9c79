package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/web/browsertest"
)

// TestBrowser owns the one browser and the one demo that all of its parts use.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	p, c := startDemo(t)
	b.process, b.gate, b.demo = p, p.gate, c
	for _, part := range []struct {
		name string
		run  func(*testing.T, *chromium)
	}{
		{"demo", testDemoPage},
		{"demo try all", testDemoTryAll},
		{"demo by keyboard", testDemoKeyboard},
		{"demo without script", testDemoWithoutScript},
		{"refusal page", testRefusalPage},
		{"dialog", testBasicDialog},
		{"fetch", testFetch},
		{"other origins", testOtherOrigins},
		{"guide", testGuide},
		{"guide links", testGuideLinks},
		{"accessibility", testAccessibility},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b) })
	}
}

// chromium is Debian's Chromium and the demo that it looks at.
type chromium struct {
	*browsertest.Browser

	process *process
	gate    string
	demo    credentials
}

// The two origins of other pages. Both lead to a server of this test: an origin
// has to be the real one, or the browser would not apply what it is to prove.
const (
	listedOrigin   = "https://app.example.com"
	unlistedOrigin = "https://elsewhere.example"
)

func startBrowser(t *testing.T) *chromium {
	t.Helper()
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Another origin</title>`)
	}))
	t.Cleanup(other.Close)
	address := other.Listener.Addr().String()
	hosts := map[string]string{}
	for _, origin := range []string{listedOrigin, unlistedOrigin} {
		hosts[strings.TrimPrefix(origin, "https://")+":443"] = address
	}
	return &chromium{Browser: browsertest.Options{Hosts: hosts, IgnoreCertErrors: true}.Start(t)}
}
