package issuer_test

import (
	"testing"

	"github.com/gate401/gate401/internal/issuer"
)

// BenchmarkCode is a login: a request judged, a code issued and redeemed for an
// access token, a refresh token and an ID token, over a store in memory.
func BenchmarkCode(b *testing.B) {
	for _, scope := range []string{"orders:read", "openid orders:read"} {
		b.Run(scope, func(b *testing.B) {
			s, in, registered := coder(b, newClock(), issuer.Policy{}), wish("scope", scope), coders()
			b.ReportAllocs()
			for b.Loop() {
				a, err := s.Authorize(b.Context(), registered, issuer.ReadAsk(in))
				if err != nil {
					b.Fatal(err)
				}
				text, err := s.IssueCode(b.Context(), a, approved)
				if err != nil {
					b.Fatal(err)
				}
				r := issuer.CodeRedemption{Code: text, Verifier: verifier, RedirectURI: callback, Client: a.Client}
				if _, err := s.RedeemCode(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAuthorize is a request judged, alone.
func BenchmarkAuthorize(b *testing.B) {
	s, in, registered := coder(b, newClock(), issuer.Policy{}), wish(), coders()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Authorize(b.Context(), registered, issuer.ReadAsk(in)); err != nil {
			b.Fatal(err)
		}
	}
}
