//go:build linux

package tls_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
	"github.com/gate401/gate401/web/browsertest"
)

// demo is what "demo --tls --json" prints, as far as it is used here.
type demo struct {
	*program.Process
	Gate, Issuer string
	CAFile       string `json:"ca_file"`
	Paths        struct{ Protected string }
	People       []struct{ Name, Password string }
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{Process: program.Start(t, binary, t.TempDir(), "demo", "--tls", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")}
	line, _, _ := strings.Cut(d.Stdout.String(), "\n")
	if err := json.Unmarshal([]byte(line), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The commands that the demo gives work in a shell as they are, with curl and the
// file that it names, and without that file they do not.
func TestDemoCurl(t *testing.T) {
	t.Parallel()
	curl := component.Need(t, "curl", "curl")
	d := startDemo(t)
	if !strings.HasPrefix(d.Gate, "https://127.0.0.1:") || d.Issuer != d.Gate || d.Ready["gate"] != d.Gate {
		t.Errorf("gate %s, issuer %s, ready %v", d.Gate, d.Issuer, d.Ready)
	}
	ask := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
		defer cancel()
		out, err := exec.CommandContext(ctx, curl, append([]string{"-sS", "-i"}, args...)...).CombinedOutput()
		return string(out), err
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(d.Gate, "https://"), ":")
	login := d.People[0].Name + ":" + d.People[0].Password
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"refused", []string{"--http2", "--cacert", d.CAFile, d.Gate + d.Paths.Protected}, "HTTP/2 401"},
		{"a password", []string{"--http2", "--cacert", d.CAFile, "-u", login, d.Gate + d.Paths.Protected}, "HTTP/2 200"},
		{"by name", []string{"--http1.1", "--cacert", d.CAFile, "-u", login, "https://localhost:" + port + d.Paths.Protected}, "HTTP/1.1 200"},
	} {
		if out, err := ask(c.args...); err != nil || !strings.Contains(out, c.want) || strings.Contains(strings.ToLower(out), "strict-transport") {
			t.Errorf("%s: %v, want %s and no HSTS, which would hold for every program here:\n%s", c.name, err, c.want, out)
		}
	}
	if out, err := ask(d.Gate + d.Paths.Protected); err == nil || !strings.Contains(out, "certificate") {
		t.Errorf("trusted by whoever was not told: %v %s", err, out)
	}
	// The authority is all that is written, and nothing of it is left.
	text, err := os.ReadFile(d.CAFile)
	if err != nil || strings.Contains(string(text), "PRIVATE") || strings.Count(string(text), "BEGIN") != 1 {
		t.Errorf("%v: %s", err, text)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(d.CAFile)); !os.IsNotExist(err) {
		t.Errorf("left behind: %v", err)
	}
}

// The page of the demo works in a browser that trusts the certificate by its key,
// over HTTP/2, and every row does what it says.
func TestDemoBrowser(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	text, err := os.ReadFile(d.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	u, err := url.Parse(d.Gate)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	conn.Close()
	p := browsertest.Options{TrustedKeys: []string{base64.StdEncoding.EncodeToString(sum[:])}}.Start(t).Tab(t)
	if status := p.Open(d.Gate + "/"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if got := browsertest.JS[string](p, `performance.getEntriesByType("navigation")[0].nextHopProtocol`); got != "h2" {
		t.Errorf("the page came by %s", got)
	}
	if !browsertest.JS[bool](p, "isSecureContext") {
		t.Error("no secure context")
	}
	p.Click("#token-expired form[data-try] button")
	p.Wait(`document.querySelector("#token-expired").innerText.includes("HTTP/1.1 401")`)
	if got := browsertest.JS[string](p, `document.querySelector("#token-expired").textContent`); !strings.Contains(got, "--cacert "+d.CAFile) {
		t.Error("the command does not name the file to trust")
	}
	p.Clean(d.Gate)
}
