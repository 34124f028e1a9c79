package identity_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/token"
)

// What it costs a request to tell the upstream in a token who is asking.
func BenchmarkAssertion(b *testing.B) {
	for _, alg := range []string{token.ES256, token.RS256, token.EdDSA} {
		key, err := token.GenerateKey(alg)
		if err != nil {
			b.Fatal(err)
		}
		epoch := uint64(0)
		a := &identity.Assertion{
			Issuer: "https://gate.example", Audience: "orders-api",
			Subject: func(_, subject string) string { return subject },
			Signer:  func(context.Context) (identity.Signer, error) { return key, nil },
			Epoch:   func() uint64 { return epoch },
		}
		d := &gate401.Decision{Allow: true, Identity: &gate401.Identity{
			Subject: "alice", Method: "bearer", Groups: []string{"customers", "staff"}, Scopes: []string{"orders:read", "orders:write"},
			Claims: map[string]any{"client_id": "shop", "amr": []any{"pwd", "otp"}},
		}}
		for name, signs := range map[string]bool{"signed each time": true, "used again": false} {
			b.Run(fmt.Sprint(alg, ", ", name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if signs {
						epoch++
					}
					if v, err := a.Value(b.Context(), d); v == "" || err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
