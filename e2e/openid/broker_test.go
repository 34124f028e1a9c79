package openid_test

import (
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// A program logs people in at the gate, which sends them on to a provider: the token
// speaks for the person of the provider, and never for an account of that name.
func TestOnToAProgram(t *testing.T) {
	t.Parallel()
	at := foreign.FreeAddress(t)
	work := idp(t, "http://"+at, "work", nil)
	g := serve(t, at, fmt.Sprintf(`
issuer: {}
providers:
  - {name: work, label: Work, issuer: %q, client_id: gate, client_secret: "SECRET"}
`, work.URL))
	const callback = "http://127.0.0.1:9/callback"
	add := exec.Command(binary, "client", "add", "app", "--public", "--redirect-uri", callback)
	add.Dir = g.dir
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx := t.Context()
	provider, err := oidc.NewProvider(ctx, g.url)
	if err != nil {
		t.Fatal(err)
	}
	app := &oauth2.Config{ClientID: "app", RedirectURL: callback, Endpoint: provider.Endpoint(), Scopes: []string{"openid", "profile"}}
	verifier := oauth2.GenerateVerifier()
	alice := somebody(t, "alice")
	back := alice.to(callback, func() {
		pg := alice.atProvider(alice.follow(alice.open(app.AuthCodeURL("a-state", oidc.Nonce("a-nonce"), oauth2.S256ChallengeOption(verifier)), nil), "/auth/login/work"))
		alice.allows(pg)
	})
	u, err := url.Parse(back)
	if err != nil || u.Query().Get("state") != "a-state" || u.Query().Get("code") == "" {
		t.Fatalf("%s, %v", back, err)
	}
	tokens, err := app.Exchange(ctx, u.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "app"}).Verify(ctx, raw)
	if err != nil || id.Nonce != "a-nonce" {
		t.Fatalf("%+v, %v", id, err)
	}
	if id.Subject == "u-alice" || id.Subject == "alice" || !strings.Contains(id.Subject, "u-alice") || !strings.Contains(id.Subject, work.URL) {
		t.Errorf("the subject is %q", id.Subject)
	}
	// The provider knows her, which does for a program, but not for one that wants
	// her to prove it.
	again := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	alice.open(g.url+"/auth/logout", url.Values{"x": {"y"}}).wants(t, 200)
	alice.to(callback, func() {
		alice.allows(alice.follow(alice.open(app.AuthCodeURL("b", again...), nil), "/auth/login/work"))
	})
	again = append(again, oauth2.SetAuthURLParam("prompt", "login"))
	for _, known := range []bool{true, false} {
		if !known {
			alice.open(g.url+"/auth/logout", url.Values{"x": {"y"}}).wants(t, 200)
		}
		asked := alice.follow(alice.open(app.AuthCodeURL("c", again...), nil), "/auth/login/work")
		if !strings.Contains(asked.text, `name="password"`) {
			t.Fatalf("nobody asks for a proof (known: %v)\n%s", known, asked)
		}
		alice.to(callback, func() { alice.allows(alice.atProvider(asked)) })
	}
}

// allows says yes to the program that asks.
func (p *person) allows(pg page) {
	p.t.Helper()
	if pg.status != 200 || !strings.HasPrefix(pg.at.Path, "/auth/authorize") {
		p.t.Fatalf("no program asks\n%s", pg)
	}
	f := form.FindStringSubmatch(pg.text)
	fields := url.Values{}
	for _, in := range input.FindAllString(f[2], -1) {
		fields.Set(attribute(in, "name"), attribute(in, "value"))
	}
	for _, b := range button.FindAllString(f[2], -1) {
		if attribute(b, "value") != "" && fields.Get(attribute(b, "name")) == "" {
			fields.Set(attribute(b, "name"), attribute(b, "value"))
		}
	}
	p.open(pg.at.ResolveReference(reference(f[1])).String(), fields)
}

// A login that was begun goes on after the gate was started anew.
func TestRestart(t *testing.T) {
	t.Parallel()
	g := two(t, "")
	alice := somebody(t, "alice")
	asked := alice.follow(alice.open(g.url+"/orders/1", nil), "/auth/login/work")
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	program.Start(t, binary, g.dir, "serve", "-c", "gate401.yaml")
	alice.atProvider(asked).wants(t, 200, "/orders/1 hello u-alice")
}
