package oauth_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// app is a web application at another site than the gate, which logs people in by
// it, and keeps sessions of its own.
type app struct {
	t   *testing.T
	url string // http://localhost:PORT
	// extra are more parameters of its next request for a login.
	extra []oauth2.AuthCodeOption

	config   oauth2.Config
	verifier *oidc.IDTokenVerifier

	mu      sync.Mutex
	pending map[string]wanted // by state
	people  map[string]string // by cookie
	denied  string
}

// wanted is a login that was begun.
type wanted struct{ page, verifier, nonce string }

// application starts one that is registered as "shop".
func application(t *testing.T, g *gate) *app {
	t.Helper()
	a := &app{t: t, pending: map[string]wanted{}, people: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	a.url = "http://localhost:" + port
	secret := g.client("shop", "--name", "The Shop", "--redirect-uri", a.url+"/callback", "--scope", "orders:read")
	provider, err := oidc.NewProvider(t.Context(), g.url)
	if err != nil {
		t.Fatal(err)
	}
	a.config = oauth2.Config{
		ClientID: "shop", ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: a.url + "/callback", Scopes: []string{"openid", "profile", "orders:read"},
	}
	a.verifier = provider.Verifier(&oidc.Config{ClientID: "shop"})
	return a
}

func (a *app) serve(w http.ResponseWriter, hr *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := ""
	if c, err := hr.Cookie("shop"); err == nil {
		name = a.people[c.Value]
	}
	page := func(text string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><main><h1>%s</h1></main></html>`, html.EscapeString(text))
	}
	switch {
	case hr.URL.Path == "/callback":
		a.callback(w, hr, name, page)
	case hr.URL.Path == "/logout":
		http.SetCookie(w, &http.Cookie{Name: "shop", MaxAge: -1, Path: "/"})
		page("Goodbye")
	case name == "":
		state, begun := rand.Text(), wanted{hr.URL.RequestURI(), oauth2.GenerateVerifier(), rand.Text()}
		a.pending[state] = begun
		options := append([]oauth2.AuthCodeOption{oauth2.S256ChallengeOption(begun.verifier), oidc.Nonce(begun.nonce)}, a.extra...)
		a.extra = nil
		http.Redirect(w, hr, a.config.AuthCodeURL(state, options...), http.StatusFound)
	default:
		page(name + " at " + hr.URL.RequestURI())
	}
}

func (a *app) callback(w http.ResponseWriter, hr *http.Request, name string, page func(string)) {
	q := hr.URL.Query()
	begun, ok := a.pending[q.Get("state")]
	delete(a.pending, q.Get("state"))
	switch {
	case !ok && name != "":
		// Somebody went back, and through the login once more.
		http.Redirect(w, hr, "/", http.StatusSeeOther)
		return
	case !ok:
		page("a login that nobody began")
		return
	case q.Get("error") != "":
		a.denied = q.Get("error")
		page("not logged in: " + q.Get("error"))
		return
	}
	who, err := a.exchange(hr.Context(), q.Get("code"), begun)
	if err != nil {
		a.t.Error(err)
		page("the login failed")
		return
	}
	cookie := rand.Text()
	a.people[cookie] = who
	http.SetCookie(w, &http.Cookie{Name: "shop", Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, hr, begun.page, http.StatusSeeOther)
}

func (a *app) exchange(ctx context.Context, code string, begun wanted) (string, error) {
	tokens, err := a.config.Exchange(ctx, code, oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return "", err
	}
	text, _ := tokens.Extra("id_token").(string)
	id, err := a.verifier.Verify(ctx, text)
	if err != nil {
		return "", err
	}
	if id.Nonce != begun.nonce {
		return "", fmt.Errorf("nonce %q, want %q", id.Nonce, begun.nonce)
	}
	return strings.ToUpper(id.Subject[:1]) + id.Subject[1:], nil
}
