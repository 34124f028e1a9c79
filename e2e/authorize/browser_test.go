package authorize_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401/web/browsertest"
)

// TestBrowser owns the one browser that all of its parts use.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browsertest.Browser)
	}{
		{"through the login to a program", testThroughLogin},
		{"consent", testConsent},
		{"a device", testDevice},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b) })
	}
}

func href(p *browsertest.Tab) string { return browsertest.JS[string](p, `location.href`) }

func text(p *browsertest.Tab) string { return browsertest.JS[string](p, `document.body.innerText`) }

// logsIn fills in the form that is open.
func logsIn(p *browsertest.Tab) {
	p.Fill("username", "alice")
	p.Fill("password", password)
	p.Submit(`button[type="submit"]`)
}

// From the program through the login back to the program, which is at another
// origin: what the pages allow their forms must not stop it on the way.
func testThroughLogin(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t), b.Tab(t)
	own := h.client("own", "openid", "profile", "orders:read")
	if status := p.Open(own.ask("one")); status != http.StatusUnauthorized {
		t.Errorf("the login page is sent with %d", status)
	}
	if !strings.Contains(text(p), "Our Own") {
		t.Error("the login does not say who wants to know")
	}
	logsIn(p)
	if to := href(p); !strings.HasPrefix(to, h.app+"/cb?code=") {
		t.Fatalf("after the login the browser is at %s; in the console: %q", to, p.Console())
	}
	answer := href(p)
	tok, id, err := own.tokens(t.Context(), answer, "one")
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != "alice" || tok.RefreshToken == "" {
		t.Errorf("subject %q, refresh token %v", id.Subject, tok.RefreshToken != "")
	}
	if status := h.orders(tok.AccessToken); status != http.StatusOK {
		t.Errorf("the API says %d", status)
	}
	info, err := own.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok))
	if err != nil || info.Subject != "alice" {
		t.Errorf("userinfo: %+v, %v", info, err)
	}
	// The session is remembered, and asked for again where the program wants that.
	p.Open(own.ask("two", oauth2.SetAuthURLParam("prompt", "none")))
	if to := href(p); !strings.Contains(to, "code=") {
		t.Errorf("without a page: %s", to)
	}
	if status := p.Open(own.ask("three", oauth2.SetAuthURLParam("prompt", "login"))); status != http.StatusUnauthorized {
		t.Errorf("prompt=login: %d", status)
	}
	logsIn(p)
	if _, _, err := own.tokens(t.Context(), href(p), "three"); err != nil {
		t.Error(err)
	}
	// The first code again, with all that belongs to it: the first login is over.
	if _, _, err := own.tokens(t.Context(), answer, "one"); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("the first code again: %v", err)
	}
	if status := h.orders(tok.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("after that the API says %d", status)
	}
}

// orders calls the API.
func (h *house) orders(token string) int {
	h.t.Helper()
	hr, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+"/orders", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	hr.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(hr)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func testConsent(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t), b.Tab(t)
	shop := h.client("shop", "openid", "orders:read", "orders:write")
	p.Open(shop.ask("one"))
	logsIn(p)
	if said := text(p); !strings.Contains(said, "The Shop") || !strings.Contains(said, "Alice Adler") || strings.Contains(said, "orders:write") {
		t.Fatalf("the page says:\n%s", said)
	}
	p.Submit(`button[value="cancel"]`)
	if u, err := url.Parse(href(p)); err != nil || u.Query().Get("error") != "access_denied" || u.Query().Get("iss") != h.url {
		t.Errorf("cancelled, the browser is at %s", href(p))
	}
	p.Open(shop.ask("two"))
	p.Submit(`button[value="allow"]`)
	tok, _, err := shop.tokens(t.Context(), href(p), "two")
	if err != nil {
		t.Fatal(err)
	}
	if scope, _ := tok.Extra("scope").(string); scope != "openid orders:read" {
		t.Errorf("scope %q", scope)
	}
	next, err := shop.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	if err != nil || h.orders(next.AccessToken) != http.StatusOK {
		t.Errorf("renewed: %v", err)
	}
	// Where the answer would go to somebody else's, the person reads why not.
	if status := p.Open(strings.Replace(shop.ask("three"), "%2Fcb", "%2Fevil", 1)); status != http.StatusBadRequest || !strings.Contains(text(p), "octet for octet") {
		t.Errorf("another address: %d\n%s", status, text(p))
	}
}

func testDevice(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t), b.Tab(t)
	tv := h.client("tv", "orders:read")
	d, err := tv.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Open(d.VerificationURIComplete)
	logsIn(p)
	p.Submit(`button[type="submit"]`)
	if said := text(p); !strings.Contains(said, "Television") || !strings.Contains(said, d.UserCode) {
		t.Fatalf("the page says:\n%s", said)
	}
	p.Submit(`button[value="allow"]`)
	if said := text(p); !strings.Contains(said, "The device may go on") {
		t.Fatalf("the page says:\n%s", said)
	}
	tok, err := tv.DeviceAccessToken(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if status := h.orders(tok.AccessToken); status != http.StatusOK {
		t.Errorf("the API says %d", status)
	}
}
