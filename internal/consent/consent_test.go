package consent_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/consent"
	"github.com/gate401/gate401/store"
)

// What comes of a request, for who is at the browser.
func TestAuthorize(t *testing.T) {
	tests := []struct {
		name string
		as   string // who is logged in, a minute ago
		in   url.Values
		want string // "ask", "login", "page STATUS", "code", or the error that the client is told
	}{
		{"nobody", "", params(), "login"},
		{"nobody, and no page wanted", "", params("prompt", "none"), "login_required"},
		{"somebody", "alice", params(), "ask"},
		{"somebody, and no page wanted", "alice", params("prompt", "none"), "consent_required"},
		{"somebody who must prove it again", "alice", params("prompt", "login"), "login"},
		{"somebody who may be another", "alice", params("prompt", "select_account"), "login"},
		{"a proof that is too old", "alice", params("max_age", "59"), "login"},
		{"a proof that is too old, and no page wanted", "alice", params("max_age", "59", "prompt", "none"), "login_required"},
		{"a proof that is young enough", "alice", params("max_age", "60"), "ask"},
		{"a client that is trusted", "alice", params("client_id", "shop"), "code"},
		{"a client that is trusted, and no page wanted", "alice", params("client_id", "shop", "prompt", "none"), "code"},
		{"nobody, and a client that is trusted", "", params("client_id", "shop"), "login"},
		{"scopes that the person has not", "alice", params("scope", "admin"), "invalid_scope"},
		{"one scope of two", "bob", params("scope", "orders:read orders:write"), "ask"},
		{"no PKCE", "alice", params("code_challenge", ""), "invalid_request"},
		{"no PKCE, and nobody", "", params("code_challenge", ""), "invalid_request"},
		{"another address", "alice", params("redirect_uri", "https://evil.example/"), "page 400"},
		{"a mistake of a client that nobody checked", "", params("client_id", "stranger", "response_type", "token"), "page 400"},
		{"no page wanted by a client that nobody checked", "", params("client_id", "stranger", "prompt", "none"), "page 400"},
		{"a client that is suspended", "alice", params("client_id", "gone"), "page 400"},
		{"a client that does not exist", "alice", params("client_id", "nobody"), "page 400"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := open(t)
			if test.as != "" {
				h.login(test.as)
				h.wait(time.Minute)
			}
			if got := h.outcome(h.authorize(test.in)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// outcome is what came of a request, in a word.
func (h *house) outcome(p page) string {
	h.t.Helper()
	switch {
	case p.status == http.StatusUnauthorized:
		return "login"
	case p.status == http.StatusOK && strings.Contains(p.body, "to act for you?"):
		return "ask"
	case p.status != http.StatusSeeOther:
		return "page " + strconv.Itoa(p.status)
	}
	u := h.location(p)
	q := u.Query()
	if u.Host == "app.example" && (q.Get("iss") != h.server.URL || q.Get("state") != "xyz") {
		h.t.Errorf("the answer has iss %q and state %q", q.Get("iss"), q.Get("state"))
	}
	switch {
	case u.Path == "/auth/authorize":
		return "anew"
	case q.Get("error") != "":
		return q.Get("error")
	case q.Get("code") != "":
		return "code"
	}
	return u.String()
}

// What was allowed is remembered, as far as it went.
func TestRemember(t *testing.T) {
	h := open(t)
	h.login("alice")
	if got := h.outcome(h.answer(h.authorize(params()), "allow")); got != "code" {
		t.Fatal(got)
	}
	c, err := h.set.Consents.Consent(t.Context(), "alice", "", "app")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.Consent{Subject: "alice", Client: "app", Scopes: []string{"orders:read"}, Resources: []string{"orders"}, Created: h.now()}, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		name string
		in   url.Values
		want string
	}{
		{"the same", params(), "code"},
		{"the same, and no page wanted", params("prompt", "none"), "code"},
		{"asked for", params("prompt", "consent"), "ask"},
		{"more", params("scope", "orders:read orders:write"), "ask"},
		{"another resource", params("resource", h.server.URL+"/mcp"), "ask"},
		{"another client", params("client_id", "stranger"), "ask"},
	} {
		if got := h.outcome(h.authorize(test.in)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	h.end.Always = true
	if got := h.outcome(h.authorize(params())); got != "ask" {
		t.Errorf("where people are always asked: %s", got)
	}
	h.end.Always = false
	// More is added to what was allowed, and does not take its place.
	h.answer(h.authorize(params("scope", "orders:write")), "allow")
	if got := h.outcome(h.authorize(params("scope", "orders:read orders:write"))); got != "code" {
		t.Errorf("both, one by one: %s", got)
	}
	h.login("bob")
	if got := h.outcome(h.authorize(params())); got != "ask" {
		t.Errorf("another person: %s", got)
	}
}

// A client that any program on the machine could be is never let through without
// a person (RFC 8252 section 8.6).
func TestUnassured(t *testing.T) {
	h := open(t)
	h.login("alice")
	in := params("client_id", "cli", "redirect_uri", "http://127.0.0.1:51004/cb")
	p := h.authorize(in)
	if !strings.Contains(p.body, "Any program on this computer can ask like this") {
		t.Errorf("the page does not warn:\n%s", p.body)
	}
	to := h.location(h.answer(p, "allow"))
	if to.Host != "127.0.0.1:51004" || to.Query().Get("code") == "" {
		t.Errorf("the answer goes to %s", to)
	}
	if got := h.outcome(h.authorize(in)); got != "ask" {
		t.Errorf("the second time: %s", got)
	}
	in.Set("prompt", "none")
	if got := h.outcome(h.authorize(in)); got == "code" {
		t.Error("a code without anybody being asked")
	}
}

func TestCancel(t *testing.T) {
	h := open(t)
	h.login("alice")
	if got := h.outcome(h.answer(h.authorize(params()), "cancel")); got != "access_denied" {
		t.Error(got)
	}
	if _, err := h.set.Consents.Consent(t.Context(), "alice", "", "app"); err == nil {
		t.Error("it was remembered as allowed")
	}
}

// Nobody can make a person consent by a form elsewhere, nor by one that was made
// for somebody or something else.
func TestForgedAnswer(t *testing.T) {
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	tests := []struct {
		name   string
		change func(h *house, v url.Values)
		header []string
		want   string
	}{
		{"as it was shown", func(*house, url.Values) {}, nil, "code"},
		{"from another site", func(*house, url.Values) {}, evil, "page 403"},
		{"from another site, as older browsers tell", func(*house, url.Values) {}, evil[:2], "page 403"},
		{"without what binds it", func(_ *house, v url.Values) { v.Del("bind") }, nil, "anew"},
		{"with another's", func(_ *house, v url.Values) { v.Set("bind", strings.Repeat("A", 43)) }, nil, "anew"},
		{"for more scopes", func(_ *house, v url.Values) {
			v.Set("request", strings.Replace(v.Get("request"), "scope=orders%3Aread", "scope=orders%3Aread+orders%3Awrite", 1))
		}, nil, "anew"},
		{"for another client", func(_ *house, v url.Values) {
			v.Set("request", strings.Replace(v.Get("request"), "client_id=app", "client_id=stranger", 1))
		}, nil, "anew"},
		{"for another address", func(_ *house, v url.Values) {
			v.Set("request", strings.Replace(v.Get("request"), "app.example", "evil.example", 1))
		}, nil, "page 400"},
		{"without PKCE", func(_ *house, v url.Values) {
			v.Set("request", strings.Replace(v.Get("request"), "S256", "plain", 1))
		}, nil, "invalid_request"},
		{"by somebody else", func(h *house, _ url.Values) { h.login("bob") }, nil, "anew"},
		{"by the same person in a new session", func(h *house, _ url.Values) { h.login("alice") }, nil, "anew"},
		{"by nobody", func(h *house, _ url.Values) { h.browser.Jar = nil }, nil, "anew"},
		{"for more than was shown, because the person has more now", func(h *house, _ url.Values) {
			a, _ := h.set.Accounts.Account(t.Context(), "alice")
			a.Scopes = append(a.Scopes, "admin")
			_, _ = h.set.Accounts.UpdateAccount(t.Context(), a)
		}, nil, "anew"},
		{"for more than was shown, because the person is in more groups now", func(h *house, _ url.Values) {
			a, _ := h.set.Accounts.Account(t.Context(), "alice")
			a.Groups = append(a.Groups, "admin")
			_, _ = h.set.Accounts.UpdateAccount(t.Context(), a)
		}, nil, "anew"},
		{"without an answer", func(_ *house, v url.Values) { v.Del("answer") }, nil, "anew"},
		{"without a request", func(_ *house, v url.Values) { v.Del("request") }, nil, "page 400"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := open(t)
			h.login("alice")
			in := params()
			if strings.Contains(test.name, "has more now") {
				in.Set("scope", "orders:read admin")
			}
			v := fields(h.authorize(in))
			v.Set("answer", "allow")
			test.change(h, v)
			if got := h.outcome(h.post("/auth/authorize/consent", v, test.header...)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if _, err := h.set.Consents.Consent(t.Context(), "alice", "", "app"); (err == nil) != (test.want == "code") {
				t.Errorf("remembered: %v", err)
			}
		})
	}
	h := open(t)
	if p := h.get("/auth/authorize/consent?answer=allow"); p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") != "POST" {
		t.Errorf("a link that consents: %d", p.status)
	}
}

// Who presses twice, or goes back and presses again, gets what they wanted.
func TestTwice(t *testing.T) {
	h := open(t)
	h.login("alice")
	shown := h.authorize(params())
	first, second := h.location(h.answer(shown, "allow")).Query().Get("code"), h.location(h.answer(shown, "allow")).Query().Get("code")
	if first == "" || second == "" || first == second {
		t.Errorf("codes %q, %q", first, second)
	}
	// The page behind the back button is asked for anew, and leads on.
	if got := h.outcome(h.authorize(params())); got != "code" {
		t.Error(got)
	}
}

// The login comes once, and leads back to the same request.
func TestLogin(t *testing.T) {
	for _, in := range []url.Values{
		params(), params("prompt", "login"), params("prompt", "select_account"), params("max_age", "0"), params("max_age", "1"),
		params("prompt", "login consent", "login_hint", "alice", "max_age", "5", "resource", "orders"),
	} {
		h := open(t)
		h.login("bob")
		h.wait(10 * time.Second)
		if in.Get("prompt")+in.Get("max_age") == "" {
			h.browser.Jar = open(t).browser.Jar // nobody
		}
		if got := h.outcome(h.authorize(in)); got != "login" {
			t.Fatalf("%v: %s", in, got)
		}
		ask := h.asks[0]
		if ask.Hint != in.Get("login_hint") || ask.For != "The App" || !strings.HasPrefix(ask.Return, "/auth/authorize?") {
			t.Errorf("the login is asked for as %+v", ask)
		}
		// Coming back without a login asks again.
		if got := h.outcome(h.get(ask.Return)); got != "login" {
			t.Errorf("%v: back without a login: %s", in, got)
		}
		h.wait(5 * time.Second)
		h.login("alice")
		h.wait(time.Hour) // reading
		back := h.get(ask.Return)
		if got := h.outcome(back); got != "ask" {
			t.Fatalf("%v: back after the login: %s", in, got)
		}
		if !strings.Contains(back.body, "<strong>Alice</strong>") {
			t.Error("the page does not say as whom")
		}
		if got := h.outcome(h.answer(back, "allow")); got != "code" {
			t.Errorf("%v: after the answer: %s", in, got)
		}
	}
}

// A request by POST (OpenID Connect Core 1.0 section 3.1.2.1) comes from another
// site, and becomes a GET, with which the browser sends its cookie.
func TestPost(t *testing.T) {
	h := open(t)
	h.login("alice")
	p := h.post("/auth/authorize", params(), "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site")
	to := h.location(p)
	if to.Path != "/auth/authorize" || to.Host != "" {
		t.Fatalf("leads to %s", to)
	}
	if got := h.outcome(h.get(to.String())); got != "ask" {
		t.Error(got)
	}
	for _, test := range []struct {
		name string
		p    page
		want int
	}{
		{"too large", h.post("/auth/authorize", params("state", strings.Repeat("x", 9000))), http.StatusRequestEntityTooLarge},
		{"no form", h.post("/auth/authorize", params(), "Content-Type", "application/json"), http.StatusBadRequest},
		{"badly encoded", h.get("/auth/authorize?client_id=%zz"), http.StatusBadRequest},
		{"no such page", h.get("/auth/authorize/x"), http.StatusNotFound},
	} {
		if test.p.status != test.want {
			t.Errorf("%s: %d, want %d", test.name, test.p.status, test.want)
		}
	}
}

func TestSuspendedPerson(t *testing.T) {
	h := open(t)
	h.login("alice")
	shown := h.authorize(params())
	a, err := h.set.Accounts.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	a.Suspended = true
	if _, err := h.set.Accounts.UpdateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if p := h.authorize(params()); p.status != http.StatusForbidden || !strings.Contains(p.body, "suspended") {
		t.Errorf("the page: %d", p.status)
	}
	if p := h.answer(shown, "allow"); p.status != http.StatusForbidden {
		t.Errorf("the answer: %d", p.status)
	}
}

// Whoever asks for help names the request, and the operator finds it.
func TestObserved(t *testing.T) {
	h := open(t)
	h.login("alice")
	h.authorize(params("client_id", "nobody"))
	h.authorize(params("scope", "admin")) // the client's own affair
	h.answer(h.authorize(params()), "allow", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	h.enter("BCDF-GHJK")
	var got []string
	for _, line := range h.seen {
		path, _, _ := strings.Cut(line, "?")
		got = append(got, path)
	}
	want := []string{
		"authorize request-malformed /auth/authorize", "authorize csrf-failed /auth/authorize/consent", "authorize code-unknown /auth/device/code",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A store that is away is nobody's fault: no page says no, and no client is told.
func TestAway(t *testing.T) {
	h := open(t)
	h.login("alice")
	shown := h.authorize(params())
	away := awayConsents{h.set.Consents}
	for _, test := range []struct {
		name string
		set  func()
		do   func() page
	}{
		{"consents, asked", func() { h.end.Consents = away }, func() page { return h.authorize(params()) }},
		{"consents, answered", func() {}, func() page { return h.answer(shown, "allow") }},
		{"sessions, asked", func() { h.end.Consents, h.end.Sessions = h.set.Consents, awaySessions{} }, func() page { return h.authorize(params()) }},
		{"sessions, answered", func() {}, func() page { return h.answer(shown, "allow") }},
		{"clients", func() { h.end.Sessions, h.end.Clients = h.set.Sessions, awayClients{} }, func() page { return h.authorize(params()) }},
	} {
		test.set()
		if p := test.do(); p.status != http.StatusServiceUnavailable || p.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", test.name, p.status)
		}
	}
	h.end.Clients = h.set.Clients
	if got := h.outcome(h.answer(shown, "allow")); got != "code" {
		t.Errorf("when all is back: %s", got)
	}
}

// Where no page is to be shown, the client is told that it must wait; and so it is
// where codes are asked for without end.
func TestUnavailable(t *testing.T) {
	h := open(t)
	h.login("alice")
	h.end.Consents = awayConsents{h.set.Consents}
	if got := h.outcome(h.authorize(params("prompt", "none"))); got != "temporarily_unavailable" {
		t.Errorf("a store that is away: %s", got)
	}
	h.end.Consents = h.set.Consents
	few := defend.Limit{Attempts: 2, Window: time.Hour}
	h.end.Limit = &defend.Guard{Now: h.now, Limits: defend.Limits{Account: few, AddressAccount: few, Address: defend.Limit{Attempts: 100, Window: time.Hour}}}
	for i, want := range []string{"code", "code", "temporarily_unavailable"} {
		if got := h.outcome(h.authorize(params("client_id", "shop"))); got != want {
			t.Errorf("request %d: %s, want %s", i, got, want)
		}
	}
	h.login("bob")
	if got := h.outcome(h.authorize(params("client_id", "shop"))); got != "code" {
		t.Errorf("somebody else: %s", got)
	}
	if last := h.seen[len(h.seen)-1]; !strings.HasPrefix(last, "authorize rate-limited") {
		t.Errorf("the operator hears of %s", last)
	}
}

var errAway = errors.New("the store is away")

type awayConsents struct{ store.Consents }

func (awayConsents) Consent(context.Context, string, string, string) (store.Consent, error) {
	return store.Consent{}, errAway
}

type awaySessions struct{}

func (awaySessions) Session(context.Context, string) (store.Session, error) {
	return store.Session{}, errAway
}

type awayClients struct{}

func (awayClients) Client(context.Context, string) (store.Client, error) {
	return store.Client{}, errAway
}

func TestOwns(t *testing.T) {
	for path, want := range map[string]bool{"authorize": true, "authorize/consent": true, "device": true, "device/code": true, "authorize/": false, "token": false, "": false} {
		if got := consent.Owns(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
