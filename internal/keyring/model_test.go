package keyring_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
	"pgregory.net/rapid"
)

// Whatever several processes do to the keys of one store, in any order: somebody
// can always sign, a token is good until it is over unless its key was withdrawn,
// and then nowhere, and keys do not pile up.
func TestKeysByAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		set := memory.Open(memory.Options{Now: clock})
		defer func() { _ = set.Close() }()
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		rings := make([]*keyring.Keyring, 3)
		for i := range rings {
			var err error
			rings[i], err = keyring.Open(ctx, set, mark{}, clock)
			must(err)
		}
		ring := func() *keyring.Keyring { return rings[rapid.IntRange(0, len(rings)-1).Draw(t, "ring")] }
		any := func() string {
			list, err := rings[0].List(ctx)
			must(err)
			return list[rapid.IntRange(0, len(list)-1).Draw(t, "key")].ID
		}
		type issued struct {
			text, key string
			ends      time.Time
		}
		var tokens []issued
		withdrawn := map[string]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"turn": func(*rapid.T) { _, err := ring().Turn(ctx, keyring.Schedule{}); must(err) },
			"rotate": func(t *rapid.T) {
				_, err := ring().Rotate(ctx, "", time.Duration(rapid.IntRange(0, 120).Draw(t, "lead"))*time.Minute)
				if !errors.Is(err, keyring.ErrWaiting) {
					must(err)
				}
			},
			"retire": func(*rapid.T) { _, err := ring().Retire(ctx, any()); must(err) },
			"revoke": func(*rapid.T) {
				id := any()
				if err := ring().Revoke(ctx, id); !errors.Is(err, store.ErrNotFound) {
					must(err)
				}
				withdrawn[id] = true
			},
			"pass": func(t *rapid.T) {
				steps := []time.Duration{time.Second, time.Minute, time.Hour, 2 * time.Hour, 30 * 24 * time.Hour}
				now = now.Add(steps[rapid.IntRange(0, len(steps)-1).Draw(t, "step")])
			},
			"issue": func(*rapid.T) {
				r := ring()
				signer, err := r.Signer(ctx)
				must(err)
				made, err := r.Issue(ctx, token.Grant{Issuer: "https://gate.example", Subject: "alice", Audience: []string{"orders"}, TTL: token.MaxTTL})
				must(err)
				tokens = append(tokens, issued{made.Token, signer.ID(), made.Expires})
			},
			"": func(*rapid.T) {
				var left []issued
				for _, one := range tokens {
					if now.Before(one.ends) {
						left = append(left, one)
					}
				}
				tokens = left
				for _, r := range rings {
					if _, err := r.Signer(ctx); err != nil {
						t.Fatalf("nobody can sign: %v", err)
					}
					v, err := token.New(token.Profile{Keys: r, Issuer: "https://gate.example", Audience: []string{"orders"}, Now: clock})
					must(err)
					for _, one := range tokens {
						if _, err := v.Verify(ctx, one.text); (err == nil) == withdrawn[one.key] {
							t.Fatalf("a token of %s (withdrawn: %t), good until %s, at %s: %v", one.key, withdrawn[one.key], one.ends, now, err)
						}
					}
				}
			},
		})
		// Left alone, all but the one that signs go.
		for range 60 {
			turned, err := rings[0].Turn(ctx, keyring.Schedule{})
			must(err)
			if turned.Next.Sub(now) > keyring.Keep+3*time.Hour {
				break
			}
			now = turned.Next
		}
		list, err := rings[0].List(ctx)
		must(err)
		if len(list) > 2 {
			t.Fatalf("%d keys are left", len(list))
		}
	})
}
