package credentials_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/freeport"
)

// serveAt is serve at an address that the file names.
func serveAt(t *testing.T, address string) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	text := strings.NewReplacer("%UPSTREAM%", api.URL, "listen: 127.0.0.1:0, realm", "listen: \""+address+"\", realm").Replace(config)
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := program.Start(t, binary, dir, "serve", "--log-format", "json")
	return &gate{t, dir, p.Ready["gate"].(string)}
}

// A gate that was started once at another address takes nothing away from the one
// that the file is of; what it issued itself is told apart from a stranger's.
func TestTokensAfterAnotherStart(t *testing.T) {
	g := serveAt(t, freeport.Hold(t))
	second := program.Start(t, binary, g.dir, "serve", "--listen", "127.0.0.1:0", "--log-format", "json")
	if e := second.Event("issuer changed"); e["level"] != "WARN" || e["before"] != g.url || !strings.Contains(fmt.Sprint(e["hint"]), "gate.public_url") {
		t.Errorf("the second gate does not say that its issuer is another one: %v", e)
	}
	var issued struct{ Token, Issuer string }
	g.into(&issued, "token", "issue", "--sub", "service")
	if issued.Issuer != g.url {
		t.Errorf("issued by %s, want %s", issued.Issuer, g.url)
	}
	g.soon("/", issued.Token, http.StatusOK, "")
	_, told, _ := g.command("", "token", "issue", "--sub", "service")
	if !strings.Contains(told, "for service at orders, by "+g.url) || !strings.Contains(told, "the gate that started last on these records was "+second.Ready["gate"].(string)) {
		t.Errorf("%s", told)
	}

	// At the second, the operator is told the right cure.
	other := &gate{t, g.dir, second.Ready["gate"].(string)}
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Authorization", "Bearer "+issued.Token)
	answer, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if got := answer.Header.Get("Gate401-Reason"); got != "token-issuer-unknown" {
		t.Fatalf("%s %s", answer.Status, got)
	}
	why, errs, _ := g.command("", "explain", answer.Header.Get("X-Request-Id"), "--admin", second.Ready["admin"].(string))
	if !strings.Contains(why, "gate.public_url") || strings.Contains(why, "bearer method") {
		t.Errorf("%s%s", why, errs)
	}
}

// A program logs in at a gate that issues its own tokens, and calls it.
func TestProgramLogsInAtTheGate(t *testing.T) {
	g := serve(t)
	t.Setenv("GATE401_STORE_FILE", filepath.Join(g.dir, "tokens.json"))
	var robot made
	g.into(&robot, "client", "add", "robot")
	if err := os.WriteFile(filepath.Join(g.dir, "secret.txt"), []byte(robot.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var login struct{ Origins []string }
	out, errs, status := g.command("", "login", g.url, "--client-id", "robot", "--client-secret-file", "secret.txt", "--client-credentials", "--json")
	if err := json.Unmarshal([]byte(out), &login); err != nil || status != 0 || len(login.Origins) != 1 || login.Origins[0] != g.url {
		t.Fatalf("%d %s%s", status, out, errs)
	}
	if out := g.run("call", g.url+"/orders"); out != "ok" {
		t.Errorf("%q", out)
	}
	// Nobody is called as it is: it would lose its tokens.
	if out, errs, status := g.command("", "user", "add", "robot"); status != 1 || !strings.Contains(errs, "a client has that name") {
		t.Errorf("%d %s%s", status, out, errs)
	}
	g.run("call", g.url+"/orders")
}
