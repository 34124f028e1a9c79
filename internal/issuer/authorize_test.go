package issuer_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

const (
	callback  = "https://app.example/cb"
	verifier  = "a-verifier-of-43-characters-or-more-is-needed"
	challenge = "3OzB-CDDro3usBs2kNTD8eYA8Xbt7gQxfNiDKhx3Rag" // its SHA-256
)

// programs are clients of the code grant by their ID.
type programs map[string]store.Client

func (p programs) Client(_ context.Context, id string) (store.Client, error) {
	c, ok := p[id]
	switch {
	case id == "away":
		return store.Client{}, errAway
	case !ok:
		return store.Client{}, store.ErrNotFound
	}
	return c, nil
}

func coders() programs {
	p := programs{}
	for _, c := range []store.Client{
		{ID: "app", Name: "App"},
		{ID: "two", RedirectURIs: []string{callback, callback + "2"}},
		{ID: "cli", RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]:1/cb", "http://localhost:9/cb"}},
		{ID: "phone", RedirectURIs: []string{"com.example.app:/cb"}},
		{ID: "query", RedirectURIs: []string{callback + "?a=b"}},
		{ID: "old", RedirectURIs: []string{"http://app.example/cb", "javascript:alert(1)"}},
		{ID: "machine", Grants: []string{issuer.GrantClientCredentials}},
		{ID: "once", Grants: []string{issuer.GrantAuthorizationCode}},
		{ID: "gone", Suspended: true},
		{ID: "bare", Scopes: []string{"orders:read"}},
		{ID: "bound", Resources: []string{"https://api.example/a"}},
	} {
		c.Method = issuer.AuthNone
		if c.RedirectURIs == nil {
			c.RedirectURIs = []string{callback}
		}
		if c.Grants == nil {
			c.Grants = []string{issuer.GrantAuthorizationCode, issuer.GrantRefreshToken}
		}
		if c.Scopes == nil {
			c.Scopes = []string{"openid", "profile", "offline_access", "orders:read", "orders:write"}
		}
		p[c.ID] = c
	}
	return p
}

// coder is an issuer with the code grant over a memory store.
func coder(t tester, c *clock, p issuer.Policy) *issuer.Issuer {
	t.Helper()
	set := memory.Open(memory.Options{Now: c.now})
	s := newIssuer(t, set, c.now, p)
	s.Tickets, s.Resources = set.Tickets, []string{"https://api.example/a", "https://api.example/b"}
	return s
}

// wish is a good request, changed by pairs of name and value; "" removes.
func wish(change ...string) url.Values {
	v := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "state": {"xyz"}, "scope": {"openid orders:read"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "nonce": {"n-1"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		if v.Del(change[i]); change[i+1] != "" {
			v.Set(change[i], change[i+1])
		}
	}
	return v
}

// Every error of RFC 6749 section 4.1.2.1 that a request can cause, and those of
// RFC 7636, 8707 and OpenID Connect Core 1.0: told to the client only when it is
// known whose address that is.
func TestAuthorizeRefuses(t *testing.T) {
	twice := func(name string, v url.Values) url.Values { v.Add(name, "again"); return v }
	tests := []struct {
		name string
		in   url.Values
		want string // code, and "page" where the client is not told
		says string
	}{
		{"no client", wish("client_id", ""), "invalid_request page", "client_id is missing"},
		{"two clients", twice("client_id", wish()), "invalid_request page", "client_id was sent twice"},
		{"unknown client", wish("client_id", "nobody"), "unauthorized_client page", "No program"},
		{"suspended client", wish("client_id", "gone"), "unauthorized_client page", "suspended"},
		{"another address", wish("redirect_uri", "https://evil.example/cb"), "invalid_request page", "octet for octet"},
		{"address with more path", wish("redirect_uri", callback+"/"), "invalid_request page", "octet for octet"},
		{"address with a query", wish("redirect_uri", callback+"?a=b"), "invalid_request page", "octet for octet"},
		{"address in another case", wish("redirect_uri", "https://APP.example/cb"), "invalid_request page", "octet for octet"},
		{"address with a fragment", wish("redirect_uri", callback+"#x"), "invalid_request page", "octet for octet"},
		{"address with a name in front", wish("redirect_uri", "https://x@app.example/cb"), "invalid_request page", "octet for octet"},
		{"two addresses", twice("redirect_uri", wish()), "invalid_request page", "redirect_uri was sent twice"},
		{"no address, and several registered", wish("client_id", "two", "redirect_uri", ""), "invalid_request page", "redirect_uri is missing"},
		{"registered cleartext", wish("client_id", "old", "redirect_uri", "http://app.example/cb"), "invalid_request page", "expected https"},
		{"registered script", wish("client_id", "old", "redirect_uri", "javascript:alert(1)"), "invalid_request page", "cannot be used"},
		{"another loopback path", wish("client_id", "cli", "redirect_uri", "http://127.0.0.1:99/other"), "invalid_request page", "octet for octet"},
		{"another port of a name", wish("client_id", "cli", "redirect_uri", "http://localhost:10/cb"), "invalid_request page", "octet for octet"},
		{"too long", wish("state", strings.Repeat("x", issuer.MaxAsk)), "invalid_request page", "longer than"},

		{"no response_type", wish("response_type", ""), "invalid_request", "response_type is missing"},
		{"two response_types", twice("response_type", wish()), "invalid_request", "response_type was sent twice"},
		{"implicit", wish("response_type", "token"), "unsupported_response_type", "response_type=code"},
		{"hybrid", wish("response_type", "code id_token"), "unsupported_response_type", "response_type=code"},
		{"fragment", wish("response_mode", "fragment"), "invalid_request", "response_mode=query"},
		{"form_post", wish("response_mode", "form_post"), "invalid_request", "response_mode=query"},
		{"grant not registered", wish("client_id", "machine"), "unauthorized_client", "authorization_code"},
		{"no PKCE", wish("code_challenge", "", "code_challenge_method", ""), "invalid_request", "code_challenge is missing"},
		{"plain", wish("code_challenge_method", "plain"), "invalid_request", "S256"},
		{"plain by default", wish("code_challenge_method", ""), "invalid_request", "S256"},
		{"challenge too short", wish("code_challenge", challenge[1:]), "invalid_request", "43 characters"},
		{"challenge in hexadecimal", wish("code_challenge", strings.Repeat("0a", 32)), "invalid_request", "43 characters"},
		{"padded challenge", wish("code_challenge", challenge+"="), "invalid_request", "43 characters"},
		{"scope of nobody", wish("scope", "world:rule"), "invalid_scope", "None of these"},
		{"scope that is none", wish("scope", `orders:read "x"`), "invalid_scope", "characters"},
		{"very many scopes", wish("scope", "s"+numbers(65)), "invalid_scope", "64"},
		{"two scope parameters", twice("scope", wish()), "invalid_request", "scope was sent twice"},
		{"unknown resource", wish("resource", "https://evil.example/"), "invalid_target", ""},
		{"resource of others", wish("client_id", "bound", "resource", "https://api.example/b"), "invalid_target", ""},
		{"resource with a fragment", wish("resource", "https://api.example/a#x"), "invalid_target", ""},
		{"request object", wish("request", "eyJ"), "request_not_supported", "one by one"},
		{"request_uri", wish("request_uri", "https://app.example/r"), "request_uri_not_supported", "one by one"},
		{"registration", wish("registration", "{}"), "registration_not_supported", "one by one"},
		{"none and login", wish("prompt", "none login"), "invalid_request", "stands alone"},
		{"another prompt", wish("prompt", "dance"), "invalid_request", "prompt is"},
		{"max_age in words", wish("max_age", "soon"), "invalid_request", "max_age"},
		{"negative max_age", wish("max_age", "-1"), "invalid_request", "max_age"},
		{"altered way through the login", wish("g401_after", "x"), "invalid_request", "altered"},
	}
	s := coder(t, newClock(), issuer.Policy{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(test.in))
			var refused *issuer.AskError
			if !errors.As(err, &refused) || a != nil {
				t.Fatalf("got %v, %v", a, err)
			}
			got := refused.Code
			to := s.Tell(refused)
			if to == "" {
				got += " page"
			}
			if got != test.want || !strings.Contains(refused.Description, test.says) {
				t.Errorf("got %s: %s, want %s: %s", got, refused.Description, test.want, test.says)
			}
			if to == "" {
				return
			}
			u, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			if !strings.HasPrefix(to, test.in.Get("redirect_uri")+"?") || q.Get("error") != refused.Code || q.Get("state") != "xyz" || q.Get("iss") != s.Name || u.Fragment != "" {
				t.Errorf("the client is told at %s", to)
			}
			if strings.ContainsFunc(refused.Description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
				t.Errorf("error_description has characters that it may not have (RFC 6749 section 4.1.2.1): %s", refused.Description)
			}
		})
	}
	if _, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish("client_id", "away"))); !errors.Is(err, errAway) {
		t.Errorf("a store that is away: %v", err)
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" s" + strings.Repeat("x", i))
	}
	return b.String()
}

func TestAuthorize(t *testing.T) {
	tests := []struct {
		name     string
		in       url.Values
		redirect string
		scopes   []string
		audience []string
	}{
		{"least", wish(), callback, []string{"openid", "orders:read"}, nil},
		{"the one address", wish("redirect_uri", ""), callback, []string{"openid", "orders:read"}, nil},
		{"any port of a loopback address", wish("client_id", "cli", "redirect_uri", "http://127.0.0.1:51004/cb"), "http://127.0.0.1:51004/cb", []string{"openid", "orders:read"}, nil},
		{"no port of it", wish("client_id", "cli", "redirect_uri", "http://[::1]/cb"), "http://[::1]/cb", []string{"openid", "orders:read"}, nil},
		{"its own port of a name", wish("client_id", "cli", "redirect_uri", "http://localhost:9/cb"), "http://localhost:9/cb", []string{"openid", "orders:read"}, nil},
		{"a scheme of its own", wish("client_id", "phone", "redirect_uri", "com.example.app:/cb"), "com.example.app:/cb", []string{"openid", "orders:read"}, nil},
		{"scopes that it may not have are left out", wish("scope", "orders:read world:rule orders:read"), callback, []string{"orders:read"}, nil},
		{"who somebody is, by a client that is registered for other scopes", wish("client_id", "bare", "scope", "openid profile email offline_access orders:read orders:write"), callback, []string{"openid", "profile", "offline_access", "orders:read"}, nil},
		{"no scope asked, few registered", wish("client_id", "bare", "scope", ""), callback, []string{"orders:read"}, nil},
		{"no scope asked", wish("scope", ""), callback, []string{"orders:read", "orders:write"}, nil},
		{"a resource", wish("resource", "https://api.example/a"), callback, []string{"openid", "orders:read"}, []string{"https://api.example/a"}},
		{"the resources of the client", wish("client_id", "bound"), callback, []string{"openid", "orders:read"}, []string{"https://api.example/a"}},
		{"several resources", url.Values{"resource": {"https://api.example/b", "https://api.example/a"}}, callback, []string{"openid", "orders:read"}, []string{"https://api.example/a", "https://api.example/b"}},
		{"what means nothing here", wish("claims", "{}", "id_token_hint", "x", "ui_locales", "de", "display", "page"), callback, []string{"openid", "orders:read"}, nil},
		{"prompts", wish("prompt", "login consent select_account"), callback, []string{"openid", "orders:read"}, nil},
	}
	s := coder(t, newClock(), issuer.Policy{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := test.in
			if in.Get("client_id") == "" {
				in = wish()
				in["resource"] = test.in["resource"]
			}
			a, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(in))
			if err != nil {
				t.Fatal(err)
			}
			got := []any{a.Redirect, a.Scopes, a.Audience}
			if diff := cmp.Diff([]any{test.redirect, test.scopes, test.audience}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A client with a query in its address keeps it (RFC 6749 section 3.1.2).
func TestAnswer(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	for _, test := range []struct{ client, redirect, state, want string }{
		{"app", callback, "a b&c", callback + "?code=CODE&iss=https%3A%2F%2Fissuer.example&state=a+b%26c"},
		{"query", callback + "?a=b", "", callback + "?a=b&code=CODE&iss=https%3A%2F%2Fissuer.example"},
		{"phone", "com.example.app:/cb", "s", "com.example.app:/cb?code=CODE&iss=https%3A%2F%2Fissuer.example&state=s"},
	} {
		a := must[*issuer.Authorization](t)(s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish("client_id", test.client, "redirect_uri", test.redirect, "state", test.state))))
		if got := s.Answer(a, "CODE"); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestFresh(t *testing.T) {
	now := newClock().now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	tests := []struct {
		name     string
		in       url.Values
		authTime time.Time
		want     bool
	}{
		{"nothing asked", wish(), ago(9999 * time.Hour), true},
		{"login", wish("prompt", "login"), now, false},
		{"another account", wish("prompt", "select_account"), now, false},
		{"consent", wish("prompt", "consent"), ago(time.Hour), true},
		{"max_age 0", wish("max_age", "0"), now, false},
		{"young enough", wish("max_age", "60"), ago(time.Minute), true},
		{"too old", wish("max_age", "60"), ago(time.Minute + 1), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ask := issuer.ReadAsk(test.in)
			if got := ask.Fresh(test.authTime, now); got != test.want {
				t.Fatalf("fresh %v, want %v", got, test.want)
			}
			// On the way through the login: an old proof does not do, a new one does,
			// however long the page stood open.
			after := issuer.ReadAsk(ptr(ask.LoggedIn(now.Add(500 * time.Millisecond))).Values())
			if after.Fresh(ago(time.Second), now.Add(time.Hour)) {
				t.Error("a proof from before the login is fresh")
			}
			if !after.Fresh(now.Add(time.Second), now.Add(time.Hour)) {
				t.Error("the login was for nothing")
			}
			if ask.Prompts("consent") != after.Prompts("consent") {
				t.Error("prompt=consent got lost")
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestCheckRedirect(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"https://app.example/cb", ""},
		{"https://app.example", ""},
		{"https://app.example:8443/cb?x=y", ""},
		{"http://127.0.0.1/cb", ""},
		{"http://[::1]:99/cb", ""},
		{"http://localhost:3000/cb", ""},
		{"com.example.app:/oauth", ""},
		{"http://app.example/cb", "expected https"},
		{"http://127.0.0.1.example.com/cb", "expected https"},
		{"https:///cb", "no host"},
		{"https://app.example;sandbox/cb", "no host has"},
		{"https://app.example,x/cb", "no host has"},
		{"https://a@app.example/cb", "user name"},
		{"https://app.example/cb#f", "fragment"},
		{"https://app.example/cb#", "fragment"},
		{"https://app.example/\\evil", "percent-encoded"},
		{"https://app.example/a b", "percent-encoded"},
		{"/cb", "scheme is missing"},
		{"//app.example/cb", "scheme is missing"},
		{"javascript:alert(1)", "no dot"},
		{"data:text/html,x", "no dot"},
		{"myapp://cb", "no dot"},
		{"https://app.example/%zz", "not a URI"},
	} {
		err := issuer.CheckRedirect(test.in)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.in, err, test.want)
		}
	}
}

func TestSource(t *testing.T) {
	for in, want := range map[string]string{
		"https://app.example:8443/cb?x": "https://app.example:8443", "http://127.0.0.1:51004/cb": "http://127.0.0.1:51004",
		"http://[::1]:9/cb": "http:", "com.example.app:/cb": "com.example.app:",
	} {
		if got := issuer.Source(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
