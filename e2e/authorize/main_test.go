package authorize_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const password = "correct horse battery"

// house is a running gate with alice and her programs.
type house struct {
	t        *testing.T
	dir, url string
	// app is where the programs get their answers, at an origin of its own.
	app string
}

func serve(t *testing.T) *house {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("orders")) }))
	t.Cleanup(site.Close)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>The app</title><link rel="icon" href="data:,"><main><h1 id="app">The app</h1></main></html>`))
	}))
	t.Cleanup(app.Close)
	h := &house{t: t, dir: t.TempDir(), app: app.URL}
	config := fmt.Sprintf(`
gate: {listen: "127.0.0.1:0", realm: orders, upstream: %q}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:gate401.db"}
methods:
  browser: {type: session}
  own: {type: bearer, audience: orders}
rules:
  - {path: "/**", methods: [own, browser], scopes: ["orders:read"]}
`, site.URL)
	if err := os.WriteFile(filepath.Join(h.dir, "gate401.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run("user", "add", "alice", "--display", "Alice Adler", "--scope", "orders:read", "--password-stdin")
	h.run("client", "add", "own", "--name", "Our Own", "--public", "--trusted", "--redirect-uri", app.URL+"/cb", "--scope", "openid profile orders:read")
	h.run("client", "add", "shop", "--name", "The Shop", "--public", "--redirect-uri", app.URL+"/cb", "--scope", "openid orders:read orders:write")
	h.run("client", "add", "tv", "--name", "Television", "--public", "--device", "--scope", "orders:read")
	h.url = program.Start(t, binary, h.dir, "serve", "--log-format", "json").Ready["gate"].(string)
	return h
}

// run runs a command beside the gate.
func (h *house) run(args ...string) {
	h.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdin = h.dir, strings.NewReader(password+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// client is a program of other people's making: discovery by go-oidc, the rest by
// x/oauth2.
type client struct {
	*oauth2.Config
	h        *house
	provider *oidc.Provider
	verifier string
}

func (h *house) client(id string, scopes ...string) *client {
	h.t.Helper()
	provider, err := oidc.NewProvider(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	return &client{
		Config: &oauth2.Config{ClientID: id, RedirectURL: h.app + "/cb", Endpoint: provider.Endpoint(), Scopes: scopes},
		h:      h, provider: provider, verifier: oauth2.GenerateVerifier(),
	}
}

// ask is the address that it sends the browser to.
func (c *client) ask(state string, more ...oauth2.AuthCodeOption) string {
	return c.AuthCodeURL(state, append(more, oauth2.S256ChallengeOption(c.verifier), oidc.Nonce("nonce of "+state))...)
}

// tokens exchanges the answer that the browser brought.
func (c *client) tokens(ctx context.Context, answer, state string) (*oauth2.Token, *oidc.IDToken, error) {
	u, err := url.Parse(answer)
	if err != nil {
		return nil, nil, err
	}
	q := u.Query()
	if q.Get("state") != state || q.Get("iss") != c.h.url {
		return nil, nil, fmt.Errorf("the answer has state %q and iss %q", q.Get("state"), q.Get("iss"))
	}
	tok, err := c.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(c.verifier))
	if err != nil {
		return nil, nil, err
	}
	raw, _ := tok.Extra("id_token").(string)
	id, err := c.provider.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, nil, err
	}
	if id.Nonce != "nonce of "+state {
		return nil, nil, fmt.Errorf("the ID token has nonce %q", id.Nonce)
	}
	return tok, id, id.VerifyAccessToken(tok.AccessToken)
}
