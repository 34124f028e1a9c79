package consent_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/gate401/gate401/store"
)

// Every page of ours can be shown in no frame, is kept nowhere, and tells no other
// site where it was.
func TestHeaders(t *testing.T) {
	h := open(t)
	h.login("alice")
	for _, p := range []page{h.authorize(params()), h.authorize(params("client_id", "x")), h.get("/auth/device"), h.authorize(params("client_id", "shop"))} {
		got := p.header
		if got.Get("Cache-Control") != "no-store" || got.Get("Referrer-Policy") != "same-origin" || got.Get("X-Request-Id") == "" {
			t.Errorf("%d: %v", p.status, got)
		}
		policy := got.Get("Content-Security-Policy")
		if p.status != http.StatusSeeOther && (!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe")) {
			t.Errorf("%d: policy %s", p.status, policy)
		}
	}
	if policy := h.authorize(params()).header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://app.example;") {
		t.Errorf("the form may not lead back to the client: %s", policy)
	}
}

// What a client calls itself, or sends, is text and nothing else.
func TestEscaped(t *testing.T) {
	h := open(t)
	const bad = `"><script>alert(1)</script>`
	c := store.Client{ID: "bad", Name: bad, Method: "none", RedirectURIs: []string{callback}, Grants: []string{"authorization_code"}, Scopes: []string{"orders:read"}}
	if _, err := h.set.Clients.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	h.login("alice")
	for _, p := range []page{h.authorize(params("client_id", "bad", "state", bad)), h.get("/auth/device?user_code=" + url.QueryEscape(bad))} {
		if p.status != http.StatusOK || strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, `"">`) {
			t.Errorf("%d\n%s", p.status, p.body)
		}
	}
	if got := h.outcome(h.answer(h.authorize(params("client_id", "bad", "state", "xyz")), "allow")); got != "code" {
		t.Error(got)
	}
}

// A program that chose its own name cannot write over the page with it.
func TestName(t *testing.T) {
	h := open(t)
	h.login("alice")
	for i, test := range []struct{ in, want string }{
		{"The \u202eppA\u2066", "The ppA"},
		{"\u200b ", "id1"},
		{strings.Repeat("é", 70), strings.Repeat("é", 60) + "…"},
		{"two\nlines", "twolines"},
	} {
		c := store.Client{ID: "id" + strconv.Itoa(i), Name: test.in, Method: "none", RedirectURIs: []string{callback}, Grants: []string{"authorization_code"}, Scopes: []string{"orders:read"}}
		if _, err := h.set.Clients.CreateClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if p := h.authorize(params("client_id", c.ID)); !strings.Contains(p.body, `<strong class="who">`+test.want+`</strong>`) {
			t.Errorf("%q is not shown as %q", test.in, test.want)
		}
	}
}

// The page says what no scope bounds.
func TestGroupsAreTold(t *testing.T) {
	h := open(t)
	for who, want := range map[string]bool{"alice": true, "bob": false} {
		h.login(who)
		if got := strings.Contains(h.authorize(params()).body, "as a member of staff"); got != want {
			t.Errorf("%s: %v", who, got)
		}
	}
}
