package consent_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

// The login does not say in our words what a stranger wrote.
func TestNameOfStrangerAtLogin(t *testing.T) {
	h := open(t)
	if _, err := h.set.Clients.CreateClient(t.Context(), store.Client{
		ID: "bank", Name: "Bank”. Your password has expired, call 555", Registered: true, Method: issuer.AuthNone,
		Grants: []string{issuer.GrantAuthorizationCode}, RedirectURIs: []string{callback}, Scopes: []string{"orders:read"},
	}); err != nil {
		t.Fatal(err)
	}
	for client, want := range map[string]string{
		"app":  "The App",
		"bank": "a program that nobody has checked, which calls itself “Bank. Your password has expired, call 555”",
	} {
		h.asks = nil
		h.authorize(params("client_id", client))
		if len(h.asks) != 1 || h.asks[0].For != want {
			t.Errorf("%s: %+v, want %q", client, h.asks, want)
		}
	}
}

// Anybody may register and send people here with a request that fails: our address
// must not lead on to theirs by itself (RFC 9700 section 4.11.2).
func TestOpenRedirector(t *testing.T) {
	h := open(t)
	if _, err := h.set.Clients.CreateClient(t.Context(), store.Client{
		ID: "tool", Name: "Tool", Registered: true, Method: issuer.AuthNone, Grants: []string{issuer.GrantAuthorizationCode},
		RedirectURIs: []string{"http://127.0.0.1/cb"}, Scopes: []string{"orders:read"},
	}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, client, redirect string
		header                 []string
		want                   int
	}{
		{"nobody checked it", "stranger", callback, nil, http.StatusBadRequest},
		{"in a frame", "stranger", callback, []string{"Sec-Fetch-Dest", "iframe"}, http.StatusSeeOther},
		{"on the person's own machine", "tool", "http://127.0.0.1:4711/cb", nil, http.StatusSeeOther},
		{"the operator added it", "app", callback, nil, http.StatusSeeOther},
	} {
		t.Run(test.name, func(t *testing.T) {
			hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				h.server.URL+"/auth/authorize?"+params("client_id", test.client, "redirect_uri", test.redirect, "response_type", "token").Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(test.header); i += 2 {
				hr.Header.Set(test.header[i], test.header[i+1])
			}
			p := h.do(hr)
			if p.status != test.want {
				t.Fatalf("%d to %q\n%s", p.status, p.header.Get("Location"), p.body)
			}
			if link := `href="` + callback + `?error=unsupported_response_type&amp;`; p.status == http.StatusBadRequest &&
				(!strings.Contains(p.body, link) || !strings.Contains(p.body, "app.example</code>") || !strings.Contains(p.body, "nobody has checked it")) {
				t.Errorf("the page says:\n%s", p.body)
			}
		})
	}
	// Who has read where it leads, and pressed the button, goes there.
	h.login("alice")
	if got := h.outcome(h.answer(h.authorize(params("client_id", "stranger")), "cancel")); got != "access_denied" {
		t.Errorf("cancelled: %s", got)
	}
}
