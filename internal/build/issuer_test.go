package build_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// What the gate's own keys sign opens the gate only if it is an access token for
// it, of a login that stands.
func TestOwnTokens(t *testing.T) {
	cfg, err := config.Load("gate401.yaml", []byte("storage: {records: memory}\nmethods: {own: {type: bearer, audience: [orders, more]}}\nissuer: {resources: [stock]}\nrules: [{path: /mcp/**}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	stores, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	const origin = "https://gate.example"
	system, err := build.New(cfg, stores, build.Options{PublicURL: &url.URL{Scheme: "https", Host: "gate.example"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	own := system.Issuing.Issuer
	login := func(audience ...string) *issuer.Grant {
		t.Helper()
		g, err := own.Login(t.Context(), issuer.Login{Subject: "alice", Client: "app", Audience: audience})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	key, err := stores.Keyring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed := func(typ string) string {
		t.Helper()
		claims := token.Decode(login().Access.Token).Claims.Raw()
		text, err := key.Sign(claims, typ)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	revoked := login()
	if err := own.RevokeToken(t.Context(), revoked.Refresh.Reveal(), "app"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token, path string
		want              reason.Code
	}{
		{"for the gate", login().Access.Token, "/x", ""},
		{"by its other name", login("more").Access.Token, "/x", ""},
		{"for another API", login("stock").Access.Token, "/x", reason.TokenAudienceWrong},
		{"for a part of it, there", login(origin + "/mcp").Access.Token, "/mcp/x", ""},
		{"for a part of it, elsewhere", login(origin + "/mcp").Access.Token, "/x", reason.TokenAudienceWrong},
		{"of a login that was revoked", revoked.Access.Token, "/x", reason.TokenRevoked},
		{"the type of an access token", signed("at+jwt"), "/x", ""},
		{"the type of an ID token", signed("JWT"), "/x", reason.TokenTypeWrong},
		{"no type", signed(""), "/x", reason.TokenTypeWrong},
	} {
		hr := httptest.NewRequest(http.MethodGet, origin+test.path, nil)
		hr.Header.Set("Authorization", "Bearer "+test.token)
		if _, d := system.Gate.Judge(hr); d.Reason() != test.want {
			t.Errorf("%s: %q (%v), want %q", test.name, d.Reason(), d.Denial, test.want)
		}
	}
}
