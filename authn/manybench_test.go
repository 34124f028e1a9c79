package authn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// endless finds a key for every hash, with the rights of every other one.
type endless struct{ reads int }

func (e *endless) APIKeyByHash(_ context.Context, hash [32]byte) (store.APIKey, error) {
	e.reads++
	return store.APIKey{ID: fmt.Sprintf("k-%x", hash[:5]), Hash: hash, Environment: "live", Owner: "alice",
		Groups: []string{"staff"}, Scopes: []string{"orders:read", "orders:write"}, Version: 7}, nil
}

func (e *endless) APIKey(context.Context, string) (store.APIKey, error) {
	return store.APIKey{}, store.ErrNotFound
}

func (e *endless) ListAPIKeys(context.Context, string, string, int) ([]store.APIKey, error) {
	return nil, nil
}

func (e *endless) Account(_ context.Context, name string) (store.Account, error) {
	return store.Account{Name: name, Version: 3}, nil
}

// live is what is in use, in octets.
func live() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What a key costs that was used a turn before, of so many that are used in turn,
// and in how much memory it is remembered.
func BenchmarkKeysInTurn(b *testing.B) {
	for _, n := range []int{1000, 100_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			e := &endless{}
			keys := &authn.Keys{Name: "key", Store: e, Accounts: e, Changes: func() uint64 { return 1 }}
			g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Realm: "orders", Keys: keys})
			texts := make([]string, n)
			for i := range texts {
				k, err := token.NewAPIKey(nil, "live")
				if err != nil {
					b.Fatal(err)
				}
				texts[i] = k.Reveal()
			}
			ctx, r := b.Context(), bench("X-Api-Key", "")
			ask := func(i int) {
				r.Header["X-Api-Key"][0] = texts[i%n]
				if d := g.Decide(ctx, r); !d.Allow {
					b.Fatal(d.Denial)
				}
			}
			before := live()
			for i := range n {
				ask(i)
			}
			octets := float64(live()-before) / float64(n)
			e.reads = 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ask(i)
			}
			b.ReportMetric(octets, "octets/key")
			b.ReportMetric(float64(e.reads)/float64(b.N), "reads/op")
			runtime.KeepAlive(keys)
		})
	}
}

// The same for tokens of 800 octets.
func BenchmarkTokensInTurn(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			idp := newIssuer(b, partner, "EdDSA")
			method := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{idp.verifier(b, nil)}}
			g := gate(nil, method)
			texts := make([]string, n)
			for i := range texts {
				own := benchClaims()
				own["jti"], own["sub"] = "0f2b7c1e-8d55-4e0b-"+strconv.Itoa(i), "account-"+strconv.Itoa(i)
				own["department"], own["name"], own["locale"] = "shipping and handling", "Alice of Account "+strconv.Itoa(i), "en-GB"
				own["session"] = json.Number(strconv.Itoa(1_000_000_000 + i))
				texts[i] = "Bearer " + idp.token(b, own)
			}
			ctx, r := b.Context(), bench("Authorization", "")
			ask := func(i int) {
				r.Header["Authorization"][0] = texts[i%n]
				if d := g.Decide(ctx, r); !d.Allow {
					b.Fatal(d.Denial)
				}
			}
			before := live()
			for i := range n {
				ask(i)
			}
			octets := float64(live()-before) / float64(n)
			idp.asks.Store(0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ask(i)
			}
			b.ReportMetric(octets, "octets/token")
			b.ReportMetric(float64(idp.asks.Load())/float64(b.N), "verified/op")
			b.ReportMetric(float64(len(texts[0])), "octets-sent")
			runtime.KeepAlive(method)
		})
	}
}
