package oauth_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// says is the body of an answer to a client that puts its token in by itself.
func says(t *testing.T, c *http.Client, address string) string {
	t.Helper()
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Do(hr)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = r.Body.Close() }()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return strings.TrimSpace(strings.Join(strings.Split(body, "\r\n"), " "))
}

// golang.org/x/oauth2 and coreos/go-oidc: discovery, a login with PKCE, state and
// nonce, the ID token verified by the published keys, userinfo, and the API called
// beyond the end of the first access token.
func TestGoLogin(t *testing.T) {
	t.Parallel()
	g := serve(t, "issuer: {access_ttl: 9s}\n")
	const scopes = "openid profile offline_access orders:read"
	for _, x := range []struct{ name, id, secret string }{
		// Who somebody is, any client may ask.
		{"public", "app", g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")},
		{"confidential", "shop", g.client("shop", "--redirect-uri", callback, "--scope", scopes)},
	} {
		t.Run(x.name, func(t *testing.T) {
			provider, err := oidc.NewProvider(t.Context(), g.url)
			if err != nil {
				t.Fatal(err)
			}
			c := oauth2.Config{ClientID: x.id, ClientSecret: x.secret, Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: strings.Fields(scopes)}
			verifier, state, nonce := oauth2.GenerateVerifier(), rand.Text(), rand.Text()
			back, page := g.person().goes(c.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)))
			if back == nil {
				t.Fatalf("nobody was sent back:\n%s", page)
			}
			q := back.Query()
			if q.Get("state") != state || q.Get("iss") != g.url || !strings.HasPrefix(back.String(), callback+"?") {
				t.Fatalf("sent back to %s", back)
			}
			tokens, err := c.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := tokens.Extra("id_token").(string)
			id, err := provider.Verifier(&oidc.Config{ClientID: x.id}).Verify(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			if id.Subject != "alice" || id.Nonce != nonce || id.VerifyAccessToken(tokens.AccessToken) != nil {
				t.Errorf("%+v", id)
			}
			info, err := provider.UserInfo(t.Context(), c.TokenSource(t.Context(), tokens))
			if err != nil || info.Subject != "alice" {
				t.Errorf("userinfo: %+v, %v", info, err)
			}
			api := c.Client(t.Context(), tokens)
			if got := says(t, api, g.url+"/orders"); !strings.Contains(got, "hello alice") {
				t.Errorf("the API says %s", got)
			}
			// x/oauth2 renews ten seconds ahead, so that each call was another
			// renewal; the last of them is of the token that came last.
			source := c.TokenSource(t.Context(), tokens)
			var seen []string
			for range 3 {
				next, err := source.Token()
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, next.RefreshToken)
				if a := g.call("/orders", next.AccessToken); a.body != "hello alice" {
					t.Errorf("a renewed token: %d %s", a.status, a.body)
				}
			}
			if seen[0] == seen[1] || seen[1] == seen[2] {
				t.Error("refresh tokens do not rotate")
			}
		})
	}
}

// Keys follow each other while a client runs: it goes on with what it has, and
// finds the new ones by itself.
func TestGoKeysRotate(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	secret := g.client("shop", "--redirect-uri", callback, "--scope", "orders:read", "--trusted")
	p := g.person()
	login := func(provider *oidc.Provider) (*oauth2.Token, *oidc.IDToken, error) {
		c := oauth2.Config{ClientID: "shop", ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: callback}
		code, verifier, err := p.code(g, "shop", "openid orders:read")
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := c.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := tokens.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: "shop"}).Verify(t.Context(), text)
		return tokens, id, err
	}
	discovered := func() *oidc.Provider {
		provider, err := oidc.NewProvider(t.Context(), g.url)
		if err != nil {
			t.Fatal(err)
		}
		return provider
	}
	provider := discovered()
	first, id, err := login(provider)
	if err != nil {
		t.Fatal(err)
	}
	key := func(token string) string { return strings.Split(token, ".")[0] } // the header names it
	for _, change := range [][]string{{"rotate", "--now"}, {"add", "--alg", "RS256", "--now"}} {
		g.run(append([]string{"signing-key"}, change...)...)
		var last *oauth2.Token
		soon(t, "the new key signs", func() bool {
			if change[0] == "add" {
				provider = discovered() // another algorithm is told in the metadata
			}
			next, nextID, err := login(provider)
			if err != nil && change[0] == "rotate" {
				t.Fatal(err)
			}
			if last = next; err != nil || key(next.AccessToken) == key(first.AccessToken) {
				return false
			}
			return nextID.Subject == id.Subject
		})
		for _, token := range []string{first.AccessToken, last.AccessToken} {
			if a := g.call("/orders", token); a.body != "hello alice" {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		first = last
	}
}

func TestGoClientCredentials(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	secret := g.client("robot", "--scope", "orders:read orders:write")
	post := g.client("poster", "--method", "client_secret_post", "--scope", "orders:read")
	for _, x := range []struct {
		name, id, secret string
		style            oauth2.AuthStyle
		want             string
	}{
		{"Basic", "robot", secret, oauth2.AuthStyleInHeader, "hello robot"},
		{"found out by trying", "robot", secret, oauth2.AuthStyleAutoDetect, "hello robot"},
		{"post", "poster", post, oauth2.AuthStyleInParams, "hello poster"},
		{"post, found out by trying", "poster", post, oauth2.AuthStyleAutoDetect, "hello poster"},
		{"wrong", "robot", "wrong", oauth2.AuthStyleInHeader, "invalid_client"},
		{"post, but registered for Basic", "robot", secret, oauth2.AuthStyleInParams, "invalid_client"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := clientcredentials.Config{
				ClientID: x.id, ClientSecret: x.secret, AuthStyle: x.style, TokenURL: g.url + "/auth/token", Scopes: []string{"orders:read"},
				EndpointParams: url.Values{"resource": {g.url + "/orders"}},
			}
			if got := says(t, c.Client(t.Context()), g.url+"/orders"); !strings.Contains(got, x.want) {
				t.Errorf("got %s, want %s", got, x.want)
			}
			if x.want == "invalid_client" {
				return
			}
			// The token is for that resource alone.
			if got := says(t, c.Client(t.Context()), g.url+"/other"); !strings.Contains(got, "token-audience-wrong") {
				t.Errorf("elsewhere it is answered %s", got)
			}
		})
	}
}

func TestGoDevice(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	g.client("tv", "--public", "--device", "--scope", "openid offline_access orders:read")
	provider, err := oidc.NewProvider(t.Context(), g.url)
	if err != nil {
		t.Fatal(err)
	}
	c := oauth2.Config{ClientID: "tv", Endpoint: provider.Endpoint(), Scopes: []string{"openid", "offline_access", "orders:read"}}
	if c.Endpoint.DeviceAuthURL == "" {
		t.Fatal("go-oidc finds no device_authorization_endpoint")
	}
	asked, err := c.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := make(chan error, 1)
	var tokens *oauth2.Token
	go func() {
		var err error
		tokens, err = c.DeviceAccessToken(ctx, asked)
		got <- err
	}()
	if away, page := g.person().goes(asked.VerificationURIComplete); away != nil || page == "" {
		t.Errorf("the person is sent to %v", away)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	id, _ := tokens.Extra("id_token").(string)
	if _, err := provider.Verifier(&oidc.Config{ClientID: "tv"}).Verify(t.Context(), id); err != nil {
		t.Error(err)
	}
	if a := g.call("/orders", tokens.AccessToken); a.body != "hello alice" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if next, err := c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token(); err != nil || next.RefreshToken == tokens.RefreshToken {
		t.Errorf("renewed: %v", err)
	}
}
