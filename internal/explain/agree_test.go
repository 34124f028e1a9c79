package explain_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// Of a token whose signature is right, [explain.Token] says what a verifier says.
func TestTokenAgreesWithVerifier(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key, err := token.NewKey("k1", token.EdDSA, private.Public())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.New(token.Profile{
		Keys: token.NewKeySet(key), DangerouslyAnyIssuer: true, DangerouslyAnyAudience: true, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	exp := func(d time.Duration, more string) string { return fmt.Sprintf(`{"exp":%d%s}`, at(d), more) }
	for _, tt := range []struct {
		name, typ, payload string
		want               reason.Code
		id                 string // a finding that must be there
	}{
		{"good", "at+jwt", exp(time.Hour, ""), "", ""},
		{"expired", "at+jwt", exp(-time.Hour, ""), reason.TokenExpired, "jwt-expired"},
		{"within the leeway", "at+jwt", exp(-29*time.Second, ""), "", "jwt-expired"},
		{"at its end", "at+jwt", exp(-30*time.Second, ""), reason.TokenExpired, "jwt-expired"},
		{"endless", "at+jwt", `{}`, reason.TokenMalformed, "jwt-no-expiry"},
		{"not yet", "at+jwt", exp(time.Hour, fmt.Sprintf(`,"nbf":%d`, at(31*time.Second))), reason.TokenNotYetValid, "jwt-not-yet-valid"},
		{"not quite yet", "at+jwt", exp(time.Hour, fmt.Sprintf(`,"nbf":%d`, at(30*time.Second))), "", ""},
		{"issued tomorrow", "at+jwt", exp(time.Hour, fmt.Sprintf(`,"iat":%d`, at(31*time.Second))), reason.TokenNotYetValid, "jwt-issued-in-future"},
		{"issued soon", "at+jwt", exp(time.Hour, fmt.Sprintf(`,"iat":%d`, at(30*time.Second))), "", ""},
		{"JWT", "JWT", exp(time.Hour, ""), "", ""},
		{"no type", "", exp(time.Hour, ""), "", ""},
		{"in another spelling", "application/AT+JWT", exp(time.Hour, ""), "", ""},
		{"another type", "dpop+jwt", exp(time.Hour, ""), reason.TokenTypeWrong, "jwt-type-wrong"},
		{"an ID token", "JWT", exp(time.Hour, `,"at_hash":"x"`), reason.TokenTypeWrong, "jwt-type-wrong"},
		{"at+jwt with a nonce", "at+jwt", exp(time.Hour, `,"nonce":"x"`), "", ""},
		{"a refresh token", "", exp(time.Hour, `,"typ":"Refresh"`), reason.TokenTypeWrong, "jwt-type-wrong"},
		{"another type, and expired", "x", exp(-time.Hour, ""), reason.TokenTypeWrong, "jwt-expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := `{"alg":"EdDSA","kid":"k1"}`
			if tt.typ != "" {
				head = fmt.Sprintf(`{"alg":"EdDSA","kid":"k1","typ":%q}`, tt.typ)
			}
			b64 := base64.RawURLEncoding.EncodeToString
			text := b64([]byte(head)) + "." + b64([]byte(tt.payload))
			text += "." + b64(ed25519.Sign(private, []byte(text)))

			var said reason.Code
			_, err := verifier.Verify(t.Context(), text)
			if refused := (*token.Error)(nil); errors.As(err, &refused) {
				said = refused.Reason
			} else if err != nil {
				t.Fatal(err)
			}
			if said != tt.want {
				t.Fatalf("the verifier says %q, want %q", said, tt.want)
			}
			r := explain.Token(text, now, false)
			var got reason.Code
			if r.Cause != nil {
				got = reason.Code(r.Cause.Code)
			}
			if got != tt.want || r.Valid() != (tt.want == "") {
				t.Errorf("cause %q, valid %t; want %q", got, r.Valid(), tt.want)
			}
			found := tt.id == ""
			for _, f := range r.Findings {
				found = found || string(f.ID) == tt.id
			}
			if !found {
				t.Errorf("findings %v, want %s", r.Findings, tt.id)
			}
		})
	}
}
