package authn_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// benchClaims make a token of about 800 octets with RS256.
func benchClaims() claims {
	return claims{
		"groups": []string{"shop", "staff", "orders-admins"}, "client_id": "shop-frontend", "scope": "orders:read orders:write",
		"auth_time": noon.Add(-time.Hour).Unix(), "jti": "0f2b7c1e-8d55-4e0b-9f2a-5a1f1f3a9d10",
	}
}

// world is a rule with all methods, and a right credential for each.
type world struct {
	gate            *gate401.Gate
	jwt, key, basic *gate401.Request
}

func newWorld(b *testing.B) world {
	f, idp := newStore(), newIssuer(b, partner, "RS256")
	f.person(b, "alice", "correct horse", func(a *store.Account) { a.Groups = []string{"staff"} })
	key := f.key(b, "key", "live", func(k *store.APIKey) { k.Owner = "alice" })
	text := idp.token(b, benchClaims())
	keys := newKeys(b, f)
	v := idp.verifier(b, nil)
	v.Epoch = f.Revision
	return world{
		gate: gate(gate401.DangerouslyUnguarded{},
			&authn.Bearer{Realm: "orders", Keys: keys, Tokens: []authn.TokenVerifier{v}},
			&authn.APIKey{Realm: "orders", Keys: keys},
			newBasic(f, cheap())),
		jwt:   bench("Authorization", "Bearer "+text),
		key:   bench("X-Api-Key", key),
		basic: bench("Authorization", basic("alice", "correct horse")),
	}
}

// bench is a request with fields as a browser sends them.
func bench(fields ...string) *gate401.Request {
	return request("/orders/17?expand=lines", append(fields, "Accept", "*/*", "Accept-Encoding", "gzip, br",
		"Accept-Language", "en", "User-Agent", "bench/1.0", "Cookie", "theme=dark; lang=en", "Sec-Fetch-Mode", "cors")...)
}

// What a request costs whose credential was verified a moment ago, in a rule
// that takes all methods.
func BenchmarkDecideWarm(b *testing.B) {
	w := newWorld(b)
	for _, c := range []struct {
		name string
		r    *gate401.Request
	}{{"jwt", w.jwt}, {"key", w.key}, {"basic", w.basic}} {
		b.Run(c.name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if d := w.gate.Decide(ctx, c.r); !d.Allow {
					b.Fatal(d.Denial)
				}
			}
		})
	}
}

// The signature verification alone is BenchmarkVerify of package token.
func BenchmarkDecideCold(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run("jwt-"+alg, func(b *testing.B) {
			idp := newIssuer(b, partner, alg)
			g := gate(nil, &authn.Bearer{Realm: "orders", Remember: -1, Tokens: []authn.TokenVerifier{idp.verifier(b, nil)}})
			r := bench("Authorization", "Bearer "+idp.token(b, benchClaims()))
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if d := g.Decide(ctx, r); !d.Allow {
					b.Fatal(d.Denial)
				}
			}
		})
	}
	b.Run("key", func(b *testing.B) {
		f := newStore()
		keys := newKeys(b, f)
		keys.Remember = -1
		g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Realm: "orders", Keys: keys})
		r := bench("X-Api-Key", f.key(b, "key", "live", nil))
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if d := g.Decide(ctx, r); !d.Allow {
				b.Fatal(d.Denial)
			}
		}
	})
}

// A token that was found bad is not verified again.
func BenchmarkDecideRefusedAgain(b *testing.B) {
	idp := newIssuer(b, partner, "RS256")
	g := gate(nil, &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{idp.verifier(b, nil)}})
	r := bench("Authorization", "Bearer "+idp.token(b, claims{"aud": "billing"}))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if d := g.Decide(ctx, r); d.Allow {
			b.Fatal("let in")
		}
	}
}

// Many tokens: the memory holds them all.
func BenchmarkDecideWarmMany(b *testing.B) {
	idp := newIssuer(b, partner, "EdDSA")
	g := gate(nil, &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{idp.verifier(b, nil)}})
	requests := make([]*gate401.Request, 1000)
	for i := range requests {
		own := benchClaims()
		own["jti"] = fmt.Sprint(i)
		requests[i] = bench("Authorization", "Bearer "+idp.token(b, own))
	}
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if d := g.Decide(ctx, requests[i%len(requests)]); !d.Allow {
			b.Fatal(d.Denial)
		}
	}
}

var _ token.KeySource = (*issuer)(nil)
