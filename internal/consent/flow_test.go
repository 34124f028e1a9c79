package consent_test

import (
	"testing"

	"golang.org/x/oauth2"
)

func (h *house) config() *oauth2.Config {
	return &oauth2.Config{
		ClientID: "app", RedirectURL: callback, Scopes: []string{"openid", "orders:read"},
		Endpoint: oauth2.Endpoint{AuthURL: h.server.URL + "/auth/authorize", TokenURL: h.server.URL + "/auth/token", AuthStyle: oauth2.AuthStyleInParams},
	}
}

// A client of other people's making gets its tokens, and renews them.
func TestFlow(t *testing.T) {
	h := open(t)
	h.login("alice")
	config, v := h.config(), oauth2.GenerateVerifier()
	target := config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(v), oauth2.SetAuthURLParam("nonce", "n-1"))
	asked := h.get(target[len(h.server.URL):])
	to := h.location(h.answer(asked, "allow")).Query()
	if to.Get("state") != "state-1" || to.Get("iss") != h.server.URL || to.Get("error") != "" {
		t.Fatalf("the answer is %v", to)
	}
	tok, err := config.Exchange(t.Context(), to.Get("code"), oauth2.VerifierOption(v))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := h.end.Issuer.Verifier.Verify(t.Context(), tok.AccessToken)
	if err != nil || claims.Subject != "alice" || claims.ClientID != "app" {
		t.Fatalf("access token of %+v, %v", claims, err)
	}
	if id, _ := tok.Extra("id_token").(string); id == "" {
		t.Error("no ID token")
	}
	if tok.RefreshToken == "" {
		t.Fatal("no refresh token")
	}
	next, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tok.RefreshToken}).Token()
	if err != nil || next.AccessToken == "" || next.RefreshToken == tok.RefreshToken {
		t.Errorf("renewing: %v", err)
	}
	if id, _ := next.Extra("id_token").(string); id == "" {
		t.Error("no ID token at the renewal")
	}
	// Asked once.
	if again := h.location(h.get(target[len(h.server.URL):])).Query(); again.Get("code") == "" {
		t.Errorf("the second time: %v", again)
	}
}
