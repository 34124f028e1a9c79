package issuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// payload is what a JWT says, unverified.
func payload(t tester, text string) map[string]any {
	t.Helper()
	d := token.Decode(text)
	if len(d.Problems) > 0 {
		t.Fatal(d.Problems)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(d.Payload), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// several are one or several.
func several(t tester, v any) []string {
	t.Helper()
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, s := range v {
			out = append(out, s.(string))
		}
		return out
	}
	t.Fatal("neither a string nor several")
	return nil
}

// What an ID token says, and that a renewal says the same but for the nonce and
// the time (OpenID Connect Core 1.0 sections 2 and 12.2).
func TestIDToken(t *testing.T) {
	c := newClock()
	s := coder(t, c, issuer.Policy{})
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(code(t, s), "app")))
	half := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	want := map[string]any{
		"iss": "https://issuer.example", "sub": "alice", "aud": "app", "azp": "app", "nonce": "n-1", "sid": g.Family,
		"iat": float64(c.now().Unix()), "exp": float64(c.now().Add(token.DefaultTTL).Unix()), "auth_time": float64(approved.AuthTime.Unix()),
		"acr": "2", "amr": []any{"pwd", "otp"}, "at_hash": half(g.Access.Token),
	}
	if diff := cmp.Diff(want, payload(t, g.IDToken)); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}
	if d := token.Decode(g.IDToken); d.Type != "JWT" || d.KeyID == "" {
		t.Errorf("header %s", d.Header)
	}
	// It opens no door.
	if got := status(t, s, g.IDToken); got != reason.TokenTypeWrong {
		t.Errorf("as an access token it is %q", got)
	}
	c.advance(time.Hour)
	next := must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}))
	delete(want, "nonce")
	want["iat"], want["exp"] = float64(c.now().Unix()), float64(c.now().Add(token.DefaultTTL).Unix())
	want["at_hash"] = half(next.Access.Token)
	if diff := cmp.Diff(want, payload(t, next.IDToken)); diff != "" {
		t.Errorf("ID token of a renewal (-want +got):\n%s", diff)
	}
}

// A person of another provider is never one of ours.
func TestIDTokenOfAnother(t *testing.T) {
	s := coder(t, newClock(), issuer.Policy{})
	a := must[*issuer.Authorization](t)(s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish())))
	who := approved
	who.Issuer = "https://idp.example"
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(must[string](t)(s.IssueCode(t.Context(), a, who)), "app")))
	for _, text := range []string{g.Access.Token, g.IDToken} {
		if sub := payload(t, text)["sub"]; sub == "alice" || sub != issuer.SubjectOf("https://idp.example", "alice") {
			t.Errorf("sub is %v", sub)
		}
	}
}
