package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// credentials is the contract of demo --json, as a user reads it.
type credentials struct {
	Gate, Admin, Issuer string
	Paths               map[string]string
	People              []struct {
		Name, Password string
		Groups         []string
		Suspended      bool
	}
	APIKeys []struct {
		Value, Header, Environment string
		Scopes                     []string
	} `json:"api_keys"`
	Tokens  map[string]string
	Clients []struct {
		ID           string   `json:"client_id"`
		Secret       string   `json:"client_secret"`
		RedirectURIs []string `json:"redirect_uris"`
	}
}

func startDemo(t *testing.T) (*process, credentials) {
	t.Helper()
	p := start(t, t.TempDir(), "demo", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	var c credentials
	if err := json.NewDecoder(strings.NewReader(p.Stdout.String())).Decode(&c); err != nil {
		t.Fatalf("%v\n%s", err, p.Stdout)
	}
	return p, c
}

func TestDemo(t *testing.T) {
	p, c := startDemo(t)
	if c.Gate != p.gate || c.Admin != p.admin || c.Issuer != p.gate {
		t.Errorf("the object says %s %s %s, the log %s %s", c.Gate, c.Admin, c.Issuer, p.gate, p.admin)
	}
	alice := c.People[0]
	var root, mallory = alice, alice
	for _, person := range c.People {
		if person.Suspended {
			mallory = person
		}
		for _, g := range person.Groups {
			if g == "admins" {
				root = person
			}
		}
	}
	bearer := func(kind string) map[string]string {
		return map[string]string{"Authorization": "Bearer " + c.Tokens[kind]}
	}
	basic := func(name, password string) map[string]string {
		req, _ := http.NewRequest(http.MethodGet, "/", nil)
		req.SetBasicAuth(name, password)
		return map[string]string{"Authorization": req.Header.Get("Authorization")}
	}
	for _, x := range []struct {
		name, path string
		header     map[string]string
		status     int
		code       string // shown; empty means none
		reason     string // true; empty means the same
	}{
		{"public", "public", nil, 200, "", ""},
		{"nothing", "protected", nil, 401, "credentials-missing", ""},
		{"token", "protected", bearer("valid"), 200, "", ""},
		{"token, any case", "protected", map[string]string{"Authorization": "bEARER " + c.Tokens["valid"]}, 200, "", ""},
		{"expired", "protected", bearer("expired"), 401, "token-expired", ""},
		{"not yet valid", "protected", bearer("not_yet_valid"), 401, "token-not-yet-valid", ""},
		{"wrong audience", "protected", bearer("wrong_audience"), 401, "token-audience-wrong", ""},
		{"wrong issuer", "protected", bearer("wrong_issuer"), 401, "token-issuer-unknown", ""},
		{"bad signature", "protected", bearer("bad_signature"), 401, "token-invalid", "token-signature-invalid"},
		{"person", "protected", basic(alice.Name, alice.Password), 200, "", ""},
		{"person, another spelling", "protected", basic(" ALICE", alice.Password), 200, "", ""},
		{"wrong password", "protected", basic(alice.Name, "wrong"), 401, "credentials-invalid", "password-wrong"},
		{"nobody", "protected", basic("nobody", "wrong"), 401, "credentials-invalid", "account-unknown"},
		{"suspended, right password", "protected", basic(mallory.Name, mallory.Password), 403, "account-suspended", ""},
		{"suspended, wrong password", "protected", basic(mallory.Name, "wrong"), 401, "credentials-invalid", "password-wrong"},
		{"key", "protected", map[string]string{c.APIKeys[0].Header: c.APIKeys[0].Value}, 200, "", ""},
		{"key as bearer", "protected", map[string]string{"Authorization": "Bearer " + c.APIKeys[0].Value}, 200, "", ""},
		{"key of another environment", "protected", map[string]string{"X-API-Key": c.APIKeys[2].Value}, 401, "api-key-wrong-environment", ""},
		{"no admin", "admin_only", bearer("valid"), 403, "access-denied", "group-missing"},
		{"admin", "admin_only", basic(root.Name, root.Password), 200, "", ""},
		{"own", "own", bearer("valid"), 200, "", ""},
		{"others", "others", bearer("valid"), 403, "access-denied", "not-owner"},
	} {
		t.Run(x.name, func(t *testing.T) {
			res, body := get(t, c.Gate+c.Paths[x.path], x.header)
			if res.StatusCode != x.status {
				t.Fatalf("%d, want %d\n%s", res.StatusCode, x.status, body)
			}
			if x.code == "" {
				return
			}
			var problem struct{ Code, Type, Retry, Detail string }
			if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Code != x.code {
				t.Fatalf("shown %q, want %q (%v)\n%s", problem.Code, x.code, err, body)
			}
			if n := len(res.Header["Www-Authenticate"]); (x.status == 401) != (n > 0) {
				t.Errorf("%d challenges with status %d", n, x.status)
			}
			if x.reason == "" {
				x.reason = x.code
			}
			id := res.Header.Get("X-Request-Id")
			if line := p.decision(id); line["reason"] != x.reason || line["shown"] != x.code {
				t.Errorf("the log says %v shown as %v, want %s", line["reason"], line["shown"], x.reason)
			}
			// The page behind the problem's type is there.
			if page, text := get(t, problem.Type, nil); page.StatusCode != 200 || !strings.Contains(text, x.code) {
				t.Errorf("%s: %d", problem.Type, page.StatusCode)
			}
			// The operator finds every step that led to it.
			trace, text := get(t, c.Admin+"/api/traces/"+id, nil)
			if trace.StatusCode != 200 || !strings.Contains(text, `"reason": "`+x.reason+`"`) {
				t.Errorf("trace: %d\n%s", trace.StatusCode, text)
			}
			out, errs, exit := command(t, t.TempDir(), "", "explain", "--admin", c.Admin, id)
			if exit != 0 || !strings.Contains(out, x.reason) {
				t.Errorf("explain %s: exit %d\n%s%s", id, exit, out, errs)
			}
		})
	}
	// Writing needs another scope than reading.
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Gate+c.Paths["write"], strings.NewReader(`{"item":"tea"}`))
	req.Header.Set("Authorization", "Bearer "+c.Tokens["low_scope"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != 403 || !strings.Contains(got, `error="insufficient_scope"`) || !strings.Contains(got, `scope="orders:write"`) {
		t.Errorf("%d %s", res.StatusCode, got)
	}
	demoLogins(t, p, c)
	// No secret of the demo is in its log.
	log := p.Stderr.String()
	for _, person := range c.People {
		if strings.Contains(log, person.Password) {
			t.Errorf("the log holds the password of %s", person.Name)
		}
	}
	for _, k := range c.APIKeys {
		if strings.Contains(log, k.Value) {
			t.Error("the log holds an API key")
		}
	}
	for kind, token := range c.Tokens {
		if i := strings.LastIndexByte(token, '.'); strings.Contains(log, token[i+1:]) {
			t.Errorf("the log holds the token %s", kind)
		}
	}
	if err := p.Stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// Every row of the demo's page does what it says, through the real gate.
func TestDemoRows(t *testing.T) {
	_, c := startDemo(t)
	_, page := get(t, c.Gate+"/", map[string]string{"Accept": "text/html"})
	ids := regexp.MustCompile(`action="(/demo/try/[a-z0-9-]+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) < 30 {
		t.Fatalf("the page has only %d rows", len(ids))
	}
	seen := map[string]bool{}
	for _, m := range ids {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Gate+m[1], nil)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Want, Status   int
			As_Expected    bool
			Reason, Logged string
			Right          struct{ Status int }
		}
		err = json.NewDecoder(res.Body).Decode(&got)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			t.Errorf("%s: %d %v", m[1], res.StatusCode, err)
			continue
		}
		if !got.As_Expected || got.Status != got.Want || got.Right.Status >= 300 || (got.Reason != "" && got.Logged != got.Reason) {
			t.Errorf("%s: %+v", m[1], got)
		}
	}
}

// A page of another origin cannot press the buttons.
func TestDemoRowsAreSameOrigin(t *testing.T) {
	_, c := startDemo(t)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Gate+"/demo/try/missing", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Origin", "https://evil.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("%d", res.StatusCode)
	}
}

// demoLogins tries what logs people in: the page, and the authorization server.
func demoLogins(t *testing.T, p *process, c credentials) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	alice := c.People[0]
	res, err := browser.PostForm(c.Gate+"/auth/login", url.Values{"username": {alice.Name}, "password": {alice.Password}, "return_to": {"/echo"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	// The login leads to the echo, which shows what the application is told.
	var echo struct{ Header http.Header }
	if err := json.NewDecoder(res.Body).Decode(&echo); err != nil || res.Request.URL.Path != "/echo" {
		t.Fatalf("%s: %v", res.Request.URL, err)
	}
	token := echo.Header.Get("Gate401-Token")
	out, errs, exit := command(t, t.TempDir(), token, "token", "verify", "--jwks", c.Gate+"/auth/jwks.json", "--signature-only", "-")
	if exit != 0 || echo.Header.Get("Gate401-Method") != "session" || echo.Header.Get("Gate401-Subject") != alice.Name {
		t.Errorf("exit %d\n%s%s\n%v", exit, out, errs, echo.Header)
	}

	if len(c.Clients) != 2 || c.Clients[0].Secret != "" || c.Clients[1].Secret == "" || len(c.Clients[0].RedirectURIs) == 0 {
		t.Fatalf("the clients are %v", c.Clients)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read"}}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Gate+"/auth/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(c.Clients[1].ID, c.Clients[1].Secret)
	res, err = http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&granted); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %v", res.Status, err)
	}
	if res, body := get(t, c.Gate+c.Paths["protected"], map[string]string{"Authorization": "Bearer " + granted.Token}); res.StatusCode != 200 {
		t.Errorf("the token of the client: %d %s", res.StatusCode, body)
	}
	if strings.Contains(p.Stderr.String(), c.Clients[1].Secret) {
		t.Error("the log holds the secret of a client")
	}
}
