package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
)

// benchClaims is an access token of an ordinary size.
func benchClaims() object {
	return good(object{
		"groups": []string{"shop", "staff", "orders-admins"}, "client_id": "shop-frontend",
		"auth_time": now.Add(-time.Hour).Unix(), "jti": "0f2b7c1e-8d55-4e0b-9f2a-5a1f1f3a9d10",
		"email": "alice@example.com", "name": "Alice Example", "realm_access": object{"roles": []string{"a", "b"}},
	})
}

type benchCase struct {
	name   string
	verify func() error // everything that a request costs
	bare   func() error // the signature alone, by the standard library
}

func benchCases(t testing.TB) []benchCase {
	var cases []benchCase
	for _, k := range []*token.SigningKey{rsaKey(), ecKey(), edKey()} {
		text := sign(t, k, benchClaims(), "at+jwt")
		v := newVerifier(t, profile(k.Public()))
		dot := strings.LastIndexByte(text, '.')
		signed := []byte(text[:dot])
		sig, err := base64.RawURLEncoding.DecodeString(text[dot+1:])
		if err != nil {
			t.Fatal(err)
		}
		public := token.PublicKeyOf(k)
		if k.Alg() == token.ES256 {
			// The bare side gets the form that the library reads, for nothing.
			sig, err = asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
			if err != nil {
				t.Fatal(err)
			}
		}
		cases = append(cases, benchCase{
			name:   k.Alg(),
			verify: func() error { _, err := v.Verify(t.Context(), text); return err },
			bare:   func() error { return bareVerify(public, signed, sig) },
		})
	}
	return cases
}

type badSignature struct{}

func (badSignature) Error() string { return "bad signature" }

func bareVerify(public any, signed, sig []byte) error {
	ok := false
	switch pub := public.(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256(signed)
		ok = rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) == nil
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(signed)
		ok = ecdsa.VerifyASN1(pub, sum[:], sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(pub, signed, sig)
	}
	if !ok {
		return badSignature{}
	}
	return nil
}

func benchmark(b *testing.B, f func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range benchCases(b) {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.verify) })
	}
}

func BenchmarkBare(b *testing.B) {
	for _, c := range benchCases(b) {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.bare) })
	}
}

// BenchmarkRatio does both in turns, so that whatever else the machine does hits
// both alike, and reports how many times the bare verification a whole one costs.
func BenchmarkRatio(b *testing.B) {
	for _, c := range benchCases(b) {
		b.Run(c.name, func(b *testing.B) {
			const batch = 20
			var whole, bare time.Duration
			run := func(f func() error) time.Duration {
				start := time.Now()
				for range batch {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(start)
			}
			for b.Loop() {
				whole += run(c.verify)
				bare += run(c.bare)
			}
			b.ReportMetric(float64(whole)/float64(bare), "x-bare")
			b.ReportMetric(float64(whole.Nanoseconds())/float64(b.N*batch), "verify-ns")
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N*batch), "bare-ns")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkRefuse is what a flood of tokens that are refused before any
// signature is verified costs.
func BenchmarkRefuse(b *testing.B) {
	other := sign(b, ecKey(), benchClaims(), "at+jwt")
	v := newVerifier(b, profile(edKey().Public()))
	for name, text := range map[string]string{
		"garbage":     strings.Repeat("x", 400),
		"none":        raw(`{"alg":"none"}`, mustJSON(benchClaims()), ""),
		"unknown-kid": other,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), text); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
