package authn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// The operator is told of a token that the gate itself signed under another name,
// and of no other: a bearer method for it would be the wrong cure.
func TestTokenOfEarlierName(t *testing.T) {
	own := newIssuer(t, "https://gate.example", "ES256")
	verifier := own.verifier(t, nil)
	verifier.Own = true
	public, err := token.PublicKeySet(own.SigningKey)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseKeySet(public)
	if err != nil {
		t.Fatal(err)
	}
	verifier.Signed = func(ctx context.Context, text string) bool {
		_, err := token.VerifySignature(ctx, text, keys, nil)
		return err == nil
	}
	bearer := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{verifier}}
	for _, tt := range []struct{ name, text, want string }{
		{"its own", own.token(t, claims{"iss": "http://127.0.0.1:43567"}),
			`the gate's own key signed it, under another name of the gate: issuer is "http://127.0.0.1:43567", expected "https://gate.example"`},
		{"a stranger's", newIssuer(t, "http://127.0.0.1:43567", "ES256").token(t, nil), `no verifier for the issuer "http://127.0.0.1:43567"`},
	} {
		r := request("/")
		r.Header.Set("Authorization", "Bearer "+tt.text)
		d := decide(t, r, bearer)
		wantReason(t, d, reason.TokenIssuerUnknown)
		if got := d.Denial.Err.Error(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
