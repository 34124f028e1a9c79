package sqlite_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *store.Set {
	t.Helper()
	set, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return set
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Set { return open(t, filepath.Join(t.TempDir(), "g.db")) })
}
