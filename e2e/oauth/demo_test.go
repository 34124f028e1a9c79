package oauth_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/gate401/gate401/e2e/program"
)

// What the demo prints is enough for a client that nobody here wrote: each client
// logs each person in, but for who is suspended.
func TestDemo(t *testing.T) {
	t.Parallel()
	process := program.Start(t, binary, t.TempDir(), "demo", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	var demo struct {
		Gate, Issuer string
		Paths        struct{ Protected string }
		People       []struct {
			Name, Password string
			Suspended      bool
		}
		Clients []struct {
			ID        string   `json:"client_id"`
			Secret    string   `json:"client_secret"`
			Redirects []string `json:"redirect_uris"`
		}
	}
	if err := json.NewDecoder(strings.NewReader(process.Stdout.String())).Decode(&demo); err != nil {
		t.Fatalf("%v\n%s", err, process.Stdout)
	}
	if len(demo.Clients) < 2 || len(demo.People) < 3 {
		t.Fatalf("%+v", demo)
	}
	g := &gate{Process: process, t: t, url: demo.Gate}
	provider, err := oidc.NewProvider(t.Context(), demo.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range demo.Clients {
		for _, who := range demo.People {
			t.Run(client.ID+" "+who.Name, func(t *testing.T) {
				// The last one is on this machine, where no port is named.
				back := strings.Replace(client.Redirects[len(client.Redirects)-1], "127.0.0.1/", "127.0.0.1:1/", 1)
				c := oauth2.Config{
					ClientID: client.ID, ClientSecret: client.Secret, Endpoint: provider.Endpoint(), RedirectURL: back,
					Scopes: []string{"openid", "offline_access", "orders:read"},
				}
				verifier := oauth2.GenerateVerifier()
				p := g.person()
				p.name, p.password = who.Name, who.Password
				away, page, err := p.tries(c.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)))
				if who.Suspended {
					if away != nil {
						t.Errorf("sent to %s", away)
					}
					return
				}
				if err != nil || away == nil || away.Query().Get("code") == "" {
					t.Fatalf("%v: sent to %v\n%s", err, away, page)
				}
				tokens, err := c.Exchange(t.Context(), away.Query().Get("code"), oauth2.VerifierOption(verifier))
				if err != nil {
					t.Fatal(err)
				}
				text, _ := tokens.Extra("id_token").(string)
				id, err := provider.Verifier(&oidc.Config{ClientID: client.ID}).Verify(t.Context(), text)
				if err != nil || id.Subject != who.Name {
					t.Errorf("%v %v", id, err)
				}
				if a := g.call(demo.Paths.Protected, tokens.AccessToken); a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		if client.Secret == "" {
			continue
		}
		t.Run(client.ID+" itself", func(t *testing.T) {
			c := clientcredentials.Config{ClientID: client.ID, ClientSecret: client.Secret, TokenURL: provider.Endpoint().TokenURL, EndpointParams: url.Values{}}
			tokens, err := c.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if a := g.call(demo.Paths.Protected, tokens.AccessToken); a.status != 200 && a.status != 403 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}
