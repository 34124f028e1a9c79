package authn_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// A refusal says which credential it is about, where that was proved to be ours,
// and never otherwise: anybody could write into somebody's history.
func TestRefusalsKnowTheirCredential(t *testing.T) {
	idp := newIssuer(t, partner, "ES256")
	text := func(extra claims) string {
		c := claims{"sid": "family-1", "client_id": "app"}
		for name, value := range extra {
			c[name] = value
		}
		return idp.token(t, c)
	}
	good := text(nil)
	for _, test := range []struct {
		name, text string
		foreign    bool
		check      error
		want       string // the object
		reason     reason.Code
	}{
		{"expired", text(claims{"exp": noon.Add(-time.Hour).Unix()}), false, nil, "token-1", reason.TokenExpired},
		{"revoked", good, false, &gate401.Denial{Reason: reason.TokenRevoked, Err: errors.New("lost")}, "token-1", reason.TokenRevoked},
		{"expired, of another issuer", text(claims{"exp": noon.Add(-time.Hour).Unix()}), true, nil, "", reason.TokenExpired},
		{"a wrong signature", good[:len(good)-8] + "AAAAAAAA", false, nil, "", reason.TokenSignatureInvalid},
		{"could not be told", good, false, errors.New("the store is away"), "", reason.CheckFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := idp.verifier(t, nil)
			v.Own, v.Epoch = !test.foreign, func() uint64 { return 1 }
			v.Check = func(context.Context, *token.Claims) error { return test.check }
			bearer := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{v}}
			d := decide(t, request("/", "Authorization", "Bearer "+test.text), bearer)
			wantReason(t, d, test.reason)
			var known interface {
				error
				Refused() (object, family, client string)
			}
			if !errors.As(d.Denial.Err, &known) {
				if test.want != "" {
					t.Fatalf("it does not know its credential: %v", d.Denial.Err)
				}
				return
			}
			if object, family, client := known.Refused(); object != test.want || family != "family-1" || client != "app" {
				t.Errorf("about %q of %q at %q", object, family, client)
			}
		})
	}
}
