package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// api is somebody's running API, behind which nobody checks anything.
func api(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/own-401":
			w.Header().Set("WWW-Authenticate", `Bearer realm="upstream"`)
			w.Header().Set("Gate401-Reason", "forged")
			w.WriteHeader(http.StatusUnauthorized)
			return
		case "/upload":
			n, _ := io.Copy(io.Discard, r.Body)
			w.Header().Set("X-Octets", http.StatusText(int(n)))
		}
		_ = r.Header.Write(w)
	}))
	t.Cleanup(s.Close)
	return s
}

var password = regexp.MustCompile(`(?m)^    (\S+)$`)

// With no file at all: the first start makes the store and an administrator,
// whose password it prints once.
func TestServeWithoutAFile(t *testing.T) {
	dir := t.TempDir()
	upstream := api(t)
	args := []string{"serve", "--upstream", upstream.URL, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
	p := start(t, dir, args...)
	m := password.FindStringSubmatch(p.Stdout.String())
	if m == nil {
		t.Fatalf("no password was printed:\n%s", p.Stdout)
	}
	if strings.Contains(p.Stderr.String(), m[1]) {
		t.Error("the password is in the log")
	}
	login := func(p *process, name, password string) int {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.gate+"/anything", nil)
		req.SetBasicAuth(name, password)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := login(p, "admin", m[1]); got != 200 {
		t.Errorf("the administrator gets %d", got)
	}
	res, _ := get(t, p.gate+"/", nil)
	if res.StatusCode != 401 || len(res.Header["Www-Authenticate"]) != 3 {
		t.Errorf("without credentials: %d %v", res.StatusCode, res.Header)
	}
	for _, name := range []string{"gate401.db", "gate401.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o", name, info.Mode().Perm())
		}
	}

	// Another process changes the password; the running gate, which remembers
	// the old one, forgets it within the second.
	if out, errs, code := command(t, dir, "a new long password\n", "user", "passwd", "admin", "--password-stdin"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	soon := time.Now().Add(program.Patience)
	for login(p, "admin", m[1]) == 200 {
		if time.Now().After(soon) {
			t.Fatal("the old password still works")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := login(p, "admin", "a new long password"); got != 200 {
		t.Errorf("the new password gets %d", got)
	}
	// Suspended from outside: 403 with the right password, 401 with a wrong one.
	if out, errs, code := command(t, dir, "", "user", "suspend", "admin"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	for login(p, "admin", "a new long password") == 200 {
		if time.Now().After(soon) {
			t.Fatal("a suspended account still gets in")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if right, wrong := login(p, "admin", "a new long password"), login(p, "admin", "wrong"); right != 403 || wrong != 401 {
		t.Errorf("suspended: %d with the right password, %d with a wrong one", right, wrong)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	// The second start makes nobody and prints nothing.
	again := start(t, dir, args...)
	if strings.Contains(again.Stdout.String(), "password") {
		t.Errorf("printed again:\n%s", again.Stdout)
	}
}

func TestServeWithAFile(t *testing.T) {
	dir := t.TempDir()
	upstream := api(t)
	file := `
gate: {listen: "127.0.0.1:0", upstream: "` + upstream.URL + `", realm: "my \"shop\""}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:records/shop.db"}
methods:
  key: {type: api-key, header: X-Key, query: key}
rules:
  - {path: /health, allow: anyone}
errors: {format: simple}
log: {format: json}
`
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "records"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "serve", "-c", "gate401.yaml")
	// From wherever it is run, the command means the records of the gate.
	out, errs, code := command(t, t.TempDir(), "", "key", "create", "-c", filepath.Join(dir, "gate401.yaml"), "--name", "ci", "--json")
	key := regexp.MustCompile(`g401_live_[0-9A-Za-z]{40,}`).FindString(out)
	if code != 0 || key == "" {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	if res, _ := get(t, p.gate+"/health", nil); res.StatusCode != 200 {
		t.Errorf("health: %d", res.StatusCode)
	}
	res, body := get(t, p.gate+"/x", nil)
	if res.StatusCode != 401 || !strings.HasPrefix(body, `{"error":"unauthorized",`) || res.Header.Get("WWW-Authenticate") != `Bearer realm="my \"shop\"", resource_metadata="`+p.gate+`/.well-known/oauth-protected-resource/x"` {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	res, body = get(t, p.gate+"/x?a=1&key="+key+"&b=2", map[string]string{"Gate401-Subject": "root", "gate401_subject": "root"})
	if res.StatusCode != 200 || strings.Contains(body, key) || strings.Contains(body, "root") || !strings.Contains(body, "Gate401-Subject: api-key:") {
		t.Errorf("%d\n%s", res.StatusCode, body)
	}
	if res, _ := get(t, p.gate+"/own-401", map[string]string{"X-Key": key}); res.StatusCode != 401 ||
		res.Header.Get("Gate401-Refused-By") != "upstream" || res.Header.Get("Gate401-Reason") != "" || res.Header.Get("WWW-Authenticate") != `Bearer realm="upstream"` {
		t.Errorf("the upstream's own 401: %v", res.Header)
	}
	// The upstream goes away: 502, and not a word about where it was.
	upstream.Close()
	res, body = get(t, p.gate+"/x", map[string]string{"X-Key": key})
	if res.StatusCode != 502 || strings.Contains(body, "127.0.0.1") || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// SIGTERM lets what is under way finish.
func TestDrain(t *testing.T) {
	reached, finish := make(chan struct{}), make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(reached)
		<-finish
	}))
	defer upstream.Close()
	p := start(t, t.TempDir(), "serve", "--upstream", upstream.URL, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	m := password.FindStringSubmatch(p.Stdout.String())
	done := make(chan int, 1)
	go func() {
		req, _ := http.NewRequest(http.MethodGet, p.gate+"/slow", nil)
		req.SetBasicAuth("admin", m[1])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- 0
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-reached
	if err := p.Terminate(); err != nil {
		t.Fatal(err)
	}
	// It takes no new connections and keeps the one that is under way.
	for range 6000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.gate, "http://"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(10 * time.Millisecond)
	}
	close(finish)
	if got := <-done; got != 200 {
		t.Errorf("the request under way got %d", got)
	}
	// One signal was enough; a second one would end it at once.
	if err := p.Wait(program.Patience); err != nil {
		t.Errorf("ended with %v", err)
	}
}
