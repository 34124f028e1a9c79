package issuer_test

import (
	"testing"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
)

// Who came by a provider that is none of the gate's any more gets no further
// tokens, neither by a code nor by a refresh token; our own accounts do, and so
// does everybody when it is named again.
func TestProviderRemoved(t *testing.T) {
	const idp = "https://idp.example"
	vouched := map[string]bool{idp: true}
	for from, want := range map[string]reason.Code{idp: reason.RefreshTokenRevoked, "": ""} {
		s := coder(t, newClock(), issuer.Policy{})
		s.Vouches = func(provider string) bool { return vouched[provider] }
		p := approved
		p.Issuer, p.Session = from, ""
		issue := func() string {
			a, err := s.Authorize(t.Context(), coders(), issuer.ReadAsk(wish()))
			if err != nil {
				t.Fatal(err)
			}
			return must[string](t)(s.IssueCode(t.Context(), a, p))
		}
		g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(issue(), "app")))
		waiting := redemption(issue(), "app")
		clear(vouched)
		if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}); codeOf(err) != want {
			t.Errorf("refresh of %q: %v, want %q", from, err, want)
		}
		if want != "" {
			want = reason.CodeExpired
		}
		if _, err := s.RedeemCode(t.Context(), waiting); codeOf(err) != want {
			t.Errorf("code of %q: %v, want %q", from, err, want)
		}
		vouched[idp] = true
		if from != "" {
			if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}); err != nil {
				t.Errorf("named again: %v", err)
			}
		}
	}
}
