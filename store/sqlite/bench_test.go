package sqlite_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	set, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "g.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer set.Close()
	const n = 500
	hashes := make([][32]byte, n)
	for i := range n {
		name := fmt.Sprintf("name%d", i)
		if _, err := set.Accounts.CreateAccount(b.Context(), storetest.Account(name)); err != nil {
			b.Fatal(err)
		}
		if _, err := set.APIKeys.CreateAPIKey(b.Context(), storetest.APIKey(name, name)); err != nil {
			b.Fatal(err)
		}
		hashes[i] = sha256.Sum256([]byte(name))
	}
	// A request's context can be cancelled; that costs.
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.Run("APIKeyByHash", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := set.APIKeys.APIKeyByHash(ctx, hashes[i%n]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Account", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := set.Accounts.Account(ctx, "name7"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Revision", func(b *testing.B) {
		for b.Loop() {
			_ = set.Revision()
		}
	})
	b.Run("UpdateAccount", func(b *testing.B) {
		a, err := set.Accounts.Account(ctx, "name7")
		for err == nil && b.Loop() {
			a, err = set.Accounts.UpdateAccount(ctx, a)
		}
		if err != nil {
			b.Fatal(err)
		}
	})
}
