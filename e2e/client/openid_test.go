//go:build linux

package client_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/e2e/foreign"
)

// scopes of a login that can be renewed.
const scopes = "openid offline_access orders:read"

// started is a gate401 in front of an API that trusts the issuer's tokens for
// audience, to the second.
func started(t *testing.T, issuer, audience string) string {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s\n", r.Header.Get("Gate401-Subject"))
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	file := fmt.Sprintf(`
gate: {listen: "127.0.0.1:0", upstream: %q}
admin: {listen: "127.0.0.1:0"}
methods:
  partner: {type: bearer, issuer: %q, audience: %q, leeway: 1ms}
log: {format: json}
`, api.URL, issuer, audience)
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := person{home: dir}.command(context.WithoutCancel(t.Context()), "serve", "-c", "gate401.yaml")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	lines, log := bufio.NewScanner(stderr), ""
	for lines.Scan() {
		var event struct{ Msg, Gate string }
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.Msg == "ready" {
			go func() { _, _ = io.Copy(io.Discard, stderr) }() // ends with the process
			return event.Gate
		}
		log += lines.Text() + "\n"
	}
	t.Fatalf("the gate is not ready:\n%s", log)
	return ""
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+/(auth\?|device\?user_code=)\S+`)

// login runs "gate401 login", and person does what it asks for in a browser.
func (p person) login(t *testing.T, does func(context.Context, string) (string, error), args ...string) (ran, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := p.command(ctx, append([]string{"login", "--no-browser", "--client-id", "cli"}, args...)...)
	var out strings.Builder
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var said, page string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said += lines.Text() + "\n"
		if a := address.FindString(lines.Text()); a != "" {
			if page, err = does(ctx, a); err != nil {
				t.Errorf("%v\n%s", err, page)
			}
		}
	}
	_ = cmd.Wait()
	return ran{out.String(), said, cmd.ProcessState.ExitCode()}, page
}

// alice logs in with her browser.
func (p person) alice(t *testing.T, issuer, api string) {
	t.Helper()
	r, _ := p.login(t, new(browser).login, issuer, "--scope", scopes, "--api", api)
	r.says(t, 0, "logged in; the access token ends", "is renewed silently")
}

// stored is the one login that is stored.
func (p person) stored(t *testing.T) (*storage.File, storage.Entry) {
	t.Helper()
	store, err := storage.NewFile(p.store())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := store.List(t.Context())
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	return store, entries[0]
}

// granted counts what the token endpoint gave for a grant.
func granted(issuer *foreign.Server, grant string) int {
	return strings.Count(issuer.Log.String(), "granted "+grant+"\n")
}

// post sends a form to the issuer as the public client.
func post(t *testing.T, target string, form url.Values) (int, string) {
	t.Helper()
	form.Set("client_id", "cli")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	issuer := foreign.Node(t, "oidc.mjs", "300")
	gate := started(t, issuer.URL, "http://orders.example")
	t.Run("browser", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		r, page := p.login(t, new(browser).login, issuer.URL, "--scope", scopes, "--api", gate, "--json")
		var login struct {
			Issuer, State string
			Renewable     bool
			Origins       []string
			Scopes        []string
		}
		if err := json.Unmarshal([]byte(r.out), &login); err != nil || login.Issuer != issuer.URL || login.State != "active" || !login.Renewable ||
			len(login.Origins) != 1 || login.Origins[0] != gate || !strings.Contains(page, "You are logged in") {
			t.Errorf("%+v, %v\n%v\n%s", login, err, r, page)
		}
		_, e := p.stored(t)
		for _, secret := range []string{e.Access, e.Refresh} {
			if strings.Contains(r.String(), secret) || secret == "" {
				t.Error("a token is missing or printed")
			}
		}
		if got := p.run(t, "call", gate+"/orders"); got.out != "hello alice\n" || got.code != 0 || got.err != "" {
			t.Error(got)
		}
		called{"not without the login", nil, []string{"--no-login", gate}, "401", "credentials-missing credentials-missing", "there is no login for"}.test(t, p)
		called{"nor to another origin", nil, []string{strings.Replace(gate, "127.0.0.1", "localhost", 1)}, "401", "credentials-missing credentials-missing", ""}.test(t, p)
		p.run(t, "login", "--list").says(t, 0, issuer.URL, "cli", "active", gate, "orders:read")
		p.run(t, "logout", issuer.URL).says(t, 0, "logged out cli at "+issuer.URL)
		if status, body := post(t, issuer.URL+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {e.Refresh}}); status != 400 || !strings.Contains(body, "invalid_grant") {
			t.Errorf("the refresh token is still good: %d %s", status, body)
		}
		p.run(t, "login", "--list").says(t, 0, "nobody is logged in")
		p.run(t, "logout", issuer.URL).says(t, 1, "nobody is logged in at "+issuer.URL)
		called{"after it", nil, []string{gate}, "401", "credentials-missing credentials-missing", "there is no login for"}.test(t, p)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		r, page := p.login(t, new(browser).refuse, issuer.URL, "--scope", scopes)
		r.says(t, 1, "access_denied", "the person or the server said no")
		if !strings.Contains(page, "did not work") {
			t.Error(page)
		}
		p.run(t, "login", "--list").says(t, 0, "nobody is logged in")
	})
	t.Run("device", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		r, _ := p.login(t, new(browser).login, issuer.URL, "--device", "--scope", scopes, "--api", gate)
		r.says(t, 0, "and type this code there", "logged in")
		if got := p.run(t, "call", gate+"/orders"); got.out != "hello alice\n" {
			t.Error(got)
		}
	})
	t.Run("device, refused", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		r, _ := p.login(t, (&browser{abort: true}).login, issuer.URL, "--device", "--scope", scopes)
		r.says(t, 1, "access_denied", "the person or the server said no")
	})
	t.Run("program", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		secret := filepath.Join(p.home, "secret.txt")
		for text, want := range map[string]int{"service secret: 100% +&=\n": 0, "wrong\n": 1} {
			if err := os.WriteFile(secret, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			words := map[int]string{0: "logged in", 1: "invalid_client"}[want]
			p.run(t, "login", issuer.URL, "--client-id", "service", "--client-secret-file", secret, "--client-credentials", "--scope", "orders:read", "--api", gate).says(t, want, words)
		}
		if got := p.run(t, "call", gate+"/orders"); got.code != 0 || got.out != "hello service\n" {
			t.Error(got)
		}
	})
	t.Run("from the API alone", func(t *testing.T) {
		t.Parallel()
		p := somebody(t)
		r, _ := p.login(t, new(browser).login, gate+"/orders", "--scope", scopes)
		r.says(t, 0, "logging in at "+issuer.URL, "logged in")
	})
	t.Run("wrong use", func(t *testing.T) {
		t.Parallel()
		mute := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
		}))
		defer mute.Close()
		p := somebody(t)
		p.run(t, "login", issuer.URL).says(t, 2, "no --client-id, and none could be registered")
		p.run(t, "login", mute.URL, "--client-id", "cli").says(t, 3, "it names no issuer")
		p.run(t, "login", issuer.URL, "--client-id", "nobody", "--client-secret-file", "/dev/null", "--client-credentials").says(t, 2, "there is nothing in it")
	})
}
