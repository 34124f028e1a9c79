//go:build linux

package client_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
)

// Tokens of four seconds are renewed before they are refused, and nobody is asked.
func TestRenewal(t *testing.T) {
	t.Parallel()
	issuer := foreign.Node(t, "oidc.mjs", "4")
	gate := started(t, issuer.URL, "http://orders.example")
	p := somebody(t)
	p.alice(t, issuer.URL, gate)
	for range 2 {
		time.Sleep(4100 * time.Millisecond)
		c := p.call(t, gate+"/orders")
		if c.steps() != "renewal, Bearer 200" && c.steps() != "renewal, Bearer 401, renewal, Bearer 200" {
			t.Error(c.steps(), c.ran)
		}
	}
	// The client does not know how long the token lives, and the gate refuses it.
	store, e := p.stored(t)
	e.Expiry = time.Time{}
	if err := store.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4100 * time.Millisecond)
	p.run(t, "login", "--list").says(t, 0, issuer.URL)
	r := p.run(t, "call", "-v", gate+"/orders")
	if r.out != "hello alice\n" {
		t.Error(r)
	}
	r.says(t, 0, `401 Unauthorized`, `error="invalid_token"`, "renew the token was refused", "200 OK")
	// What explain makes of an old one, with the keys of the issuer.
	_, e = p.stored(t)
	time.Sleep(4100 * time.Millisecond)
	x := p.explain(t, "-H", "Authorization: Bearer "+e.Access, gate+"/orders")
	if x.Cause.Code != "token-expired" || x.ran.code != 1 || !strings.Contains(x.ran.err, "asked the issuer "+issuer.URL+" for its keys") || strings.Contains(x.ran.String(), e.Access) {
		t.Error(x.ran)
	}
}

// Of several processes one renews, and the others take what it got.
func TestRenewalOfManyProcesses(t *testing.T) {
	t.Parallel()
	issuer := foreign.Node(t, "oidc.mjs", "300")
	gate := started(t, issuer.URL, "http://orders.example")
	p := somebody(t)
	p.alice(t, issuer.URL, gate)
	store, e := p.stored(t)
	for round := range 2 {
		// The first time it has run out, the second time it is refused.
		e.Expiry = time.Now().Add(-time.Minute)
		if round == 1 {
			e.Expiry = time.Now().Add(time.Hour)
			e.Access = e.Access[:len(e.Access)-8] + "AAAAAAAA"
		}
		if err := store.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if r := p.run(t, "call", gate+"/orders"); r.out != "hello alice\n" || r.code != 0 {
					t.Error(r)
				}
			})
		}
		all.Wait()
		if got := granted(issuer, "refresh_token"); got != round+1 {
			t.Errorf("%d renewals, want %d\n%s", got, round+1, issuer.Log)
		}
		_, e = p.stored(t)
	}
	if strings.Contains(issuer.Log.String(), "refused") {
		t.Error(issuer.Log)
	}
	// The login is withdrawn.
	if status, body := post(t, issuer.URL+"/token/revocation", url.Values{"token": {e.Refresh}, "token_type_hint": {"refresh_token"}}); status != 200 {
		t.Fatal(status, body)
	}
	e.Expiry = time.Now().Add(-time.Minute)
	if err := store.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	c := p.call(t, gate+"/orders")
	if !strings.HasPrefix(c.steps(), "no renewal") || c.Denied == nil || c.Denied.Retry != "reauthenticate" {
		t.Error(c.steps(), c.ran)
	}
	c.ran.says(t, 1, "invalid_grant", "Log in again")
	// Another login mends it.
	p.alice(t, issuer.URL, gate)
	if r := p.run(t, "call", gate+"/orders"); r.out != "hello alice\n" {
		t.Error(r)
	}
}

// explain looks at the token, the keys of its issuer and what the server says.
func TestExplainToken(t *testing.T) {
	t.Parallel()
	issuer := foreign.Node(t, "oidc.mjs", "300")
	gate, other := started(t, issuer.URL, "http://orders.example"), started(t, issuer.URL, "http://billing.example")
	p := somebody(t)
	p.alice(t, issuer.URL, gate)
	_, e := p.stored(t)
	mute := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="mute"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(mute.Close)
	stripping := foreign.Nginx(t, gate)
	damaged := e.Access[:len(e.Access)-8] + "AAAAAAAA"
	bearer := func(token string, args ...string) []string {
		return append([]string{"-H", "Authorization: Bearer " + token}, args...)
	}
	for _, row := range []explained{
		{"fine", bearer(e.Access, gate+"/orders"), "fine", "", ""},
		{"for another API", bearer(e.Access, other+"/orders"), "token-audience-wrong token-audience-wrong client certain", "", ""},
		{"for another API, said by nobody", bearer(e.Access, "--audience", "http://billing.example", mute.URL), "token-audience-wrong token-audience-wrong client certain", "", ""},
		{"of another issuer", bearer(e.Access, "--issuer", issuer.URL+"/other", mute.URL), "token-issuer-unknown token-issuer-unknown client certain", "", ""},
		{"signature", bearer(damaged, mute.URL), "token-signature-invalid token-signature-invalid client certain", "", ""},
		{"refresh token", bearer(e.Refresh, gate), "named-by-server token-malformed client certain", "", ""},
		{"lost on the way", bearer(e.Access, stripping.URL+"/proxied/orders"), "authorization-lost-on-the-way credentials-missing between certain", "", ""},
		{"a cut token", bearer(e.Access[:strings.LastIndexByte(e.Access, '.')], mute.URL), "jwt-part-missing token-malformed client certain", "", ""},
	} {
		row.test(t, p)
	}
	r := p.explain(t, bearer(damaged, mute.URL)...)
	if !strings.Contains(r.ran.err, "asked the issuer "+issuer.URL+" for its keys") || strings.Contains(r.ran.String(), damaged) {
		t.Error(r.ran)
	}
}
