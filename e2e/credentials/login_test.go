package credentials_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/gate401/gate401/e2e/program"
)

const password = "correct horse battery staple"

// person is somebody at a browser without scripts, who fills in forms.
type person struct {
	t      *testing.T
	client *http.Client
	name   string
}

func newPerson(t *testing.T, name string) *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, &http.Client{Jar: jar, Timeout: program.Patience}, name}
}

var (
	form   = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.*?</form>`)
	action = regexp.MustCompile(`action="([^"]*)"`)
	input  = regexp.MustCompile(`<(?:input|button)[^>]*>`)
	attr   = func(tag, name string) string {
		if m := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
			return html.UnescapeString(m[1])
		}
		return ""
	}
)

// goes opens an address and fills in every form, until there is none: logs in,
// allows, confirms. It returns the text of the last page.
func (p *person) goes(address string) string {
	p.t.Helper()
	hr, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	at, page := p.sends(hr)
	for range 6 {
		found := form.FindString(page)
		if found == "" {
			return page
		}
		values := url.Values{}
		for _, tag := range input.FindAllString(found, -1) {
			name := attr(tag, "name")
			switch {
			case name == "":
			case name == "username":
				values.Set(name, p.name)
			case name == "password":
				values.Set(name, password)
			case strings.HasPrefix(tag, "<button") && values.Has(name):
				// The first button is the one that says yes.
			default:
				values.Add(name, attr(tag, "value"))
			}
		}
		to := at
		if m := action.FindStringSubmatch(found); m != nil {
			if to, err = at.Parse(html.UnescapeString(m[1])); err != nil {
				p.t.Fatal(err)
			}
		}
		hr, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, to.String(), strings.NewReader(values.Encode()))
		if err != nil {
			p.t.Fatal(err)
		}
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		hr.Header.Set("Origin", at.Scheme+"://"+at.Host)
		hr.Header.Set("Sec-Fetch-Site", "same-origin")
		at, page = p.sends(hr)
	}
	p.t.Fatalf("there are forms without end:\n%s", page)
	return ""
}

func (p *person) sends(hr *http.Request) (*url.URL, string) {
	p.t.Helper()
	hr.Header.Set("Accept", "text/html")
	hr.Header.Set("Sec-Fetch-Mode", "navigate")
	hr.Header.Set("Sec-Fetch-Dest", "document")
	answer, err := p.client.Do(hr)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Request.URL, string(page)
}

// serveLogin starts a gate where people log in, and an API that says what it got.
func serveLogin(t *testing.T) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the orders") }))
	t.Cleanup(api.Close)
	g := &gate{t: t, dir: t.TempDir()}
	text := strings.ReplaceAll(config, "%UPSTREAM%", api.URL)
	text = strings.Replace(text, "methods:\n", "methods:\n  browser: {type: session}\n", 1)
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.url = program.Start(t, binary, g.dir, "serve").Ready["gate"].(string)
	if _, errs, status := g.command(password, "user", "add", "alice", "--scope", "orders:write", "--password-stdin"); status != 0 {
		t.Fatal(errs)
	}
	return g
}

// logsIn runs "gate401 login" while somebody opens the address that it prints.
func (g *gate) logsIn(address *regexp.Regexp, args ...string) {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), binary, append([]string{"login", g.url + "/write/1", "--client-id", "cli", "--no-browser"}, args...)...)
	cmd.Dir, cmd.Env = g.dir, append(os.Environ(), "HOME="+g.dir, "XDG_CONFIG_HOME="+g.dir)
	out := &program.Output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var opened string
	for deadline := time.Now().Add(program.Patience); opened == ""; time.Sleep(10 * time.Millisecond) {
		if opened = address.FindString(out.String()); time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			<-ended
			g.t.Fatalf("it prints no address:\n%s", out)
		}
	}
	newPerson(g.t, "alice").goes(opened)
	select {
	case err := <-ended:
		if err != nil {
			g.t.Fatalf("login: %v\n%s", err, out)
		}
	case <-time.After(program.Patience):
		_ = cmd.Process.Kill()
		<-ended
		g.t.Fatalf("the login does not end:\n%s", out)
	}
}

// call asks the API with the tokens of the login.
func (g *gate) call(path string) (out string, status int) {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), binary, "call", g.url+path)
	cmd.Dir, cmd.Env = g.dir, append(os.Environ(), "HOME="+g.dir, "XDG_CONFIG_HOME="+g.dir)
	text, _ := cmd.Output()
	return string(text), cmd.ProcessState.ExitCode()
}

// From the 401 of the API alone: where to log in, by which client, in a browser
// or by a code; the tokens are used, told of, and end when the login is revoked.
func TestLoginAtOurOwnGate(t *testing.T) {
	for name, way := range map[string]struct {
		address *regexp.Regexp
		args    []string
	}{
		"browser": {regexp.MustCompile(`http://\S+/auth/authorize\?\S+`), nil},
		"device":  {regexp.MustCompile(`http://\S+/auth/device\?\S+`), []string{"--device"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveLogin(t)
			g.run("client", "add", "cli", "--public", "--redirect-uri", "http://127.0.0.1/callback", "--device", "--scope", "openid offline_access orders:write")
			g.logsIn(way.address, append(way.args, "--scope", "openid offline_access orders:write")...)
			if out, status := g.call("/write/1"); status != 0 || !strings.Contains(out, "the orders") {
				t.Fatalf("call: %d\n%s", status, out)
			}
			var logins []struct{ ID, Subject, State string }
			g.into(&logins, "token", "list", "--account", "alice")
			if len(logins) != 1 || logins[0].Subject != "alice" {
				t.Fatalf("logins: %+v", logins)
			}
			for deadline := time.Now().Add(program.Patience); ; time.Sleep(100 * time.Millisecond) {
				out := g.run("token", "trace", logins[0].ID)
				if strings.Contains(out, "issued") && strings.Contains(out, "used") && strings.Contains(out, "GET /write/1") {
					break
				} else if time.Now().After(deadline) {
					t.Fatalf("the life of the login:\n%s", out)
				}
			}
			g.run("token", "revoke", "--login", logins[0].ID)
			for deadline := time.Now().Add(program.Patience); ; time.Sleep(20 * time.Millisecond) {
				if _, status := g.call("/write/1"); status != 0 {
					break
				} else if time.Now().After(deadline) {
					t.Fatal("a login that was revoked is good")
				}
			}
		})
	}
}

// The usual scopes are a guess: a client that has others gets those.
func TestLoginWithoutScopes(t *testing.T) {
	g := serveLogin(t)
	g.run("client", "add", "cli", "--public", "--redirect-uri", "http://127.0.0.1/callback", "--device", "--scope", "orders:write")
	g.logsIn(regexp.MustCompile(`http://\S+/auth/device\?\S+`), "--device")
	if out, status := g.call("/write/1"); status != 0 || !strings.Contains(out, "the orders") {
		t.Fatalf("call: %d\n%s", status, out)
	}
}

// A person who was imported with a bcrypt hash logs in by the same password; that
// the hash is then replaced ends nothing.
func TestImportedPeopleLogIn(t *testing.T) {
	g := serveLogin(t)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, "users.htpasswd"), []byte("Bob:"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.run("user", "import", "users.htpasswd")
	bob := newPerson(t, "bob")
	if page := bob.goes(g.url + "/orders"); page != "the orders" {
		t.Fatalf("bob sees\n%s", page)
	}
	if page := bob.goes(g.url + "/orders"); page != "the orders" {
		t.Fatalf("then bob sees\n%s", page)
	}
	out, _, _ := g.command("", "session", "list", "--json")
	var sessions []struct{ ID, Subject, State string }
	if err := json.Unmarshal([]byte(out), &sessions); err != nil || len(sessions) != 1 || sessions[0].Subject != "bob" {
		t.Fatalf("%v: %s", err, out)
	}
	// It was a login by somebody, and it ends by command.
	g.tells([]string{"issued", "used"}, "session", "trace", sessions[0].ID)
	g.run("session", "revoke", sessions[0].ID)
	for deadline := time.Now().Add(program.Patience); ; time.Sleep(20 * time.Millisecond) {
		hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/orders", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, page := bob.sends(hr); strings.Contains(page, "<form") {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("a session that was revoked sees\n%s", page)
		}
	}
	g.tells([]string{"issued", "used", "revoked", "refused session-revoked"}, "session", "trace", sessions[0].ID)
}
