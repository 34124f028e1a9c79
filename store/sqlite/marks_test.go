package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

// Very many marks of use are written many at a time; each key gets its own, and
// none goes back.
func TestManyMarks(t *testing.T) {
	set, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "g.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	const n = 3*64 + 7
	used := map[string]time.Time{}
	for i := range n {
		id := fmt.Sprintf(`key-%03d "'?$1`, i)
		if i%10 != 9 { // those are not known
			if _, err := set.APIKeys.CreateAPIKey(t.Context(), storetest.APIKey(id, "")); err != nil {
				t.Fatal(err)
			}
		}
		used[id] = storetest.T0.Add(time.Duration(i) * time.Second)
	}
	for _, by := range []time.Duration{0, time.Hour, -2 * time.Hour} {
		for id, at := range used {
			used[id] = at.Add(by)
		}
		if err := set.APIKeys.MarkAPIKeysUsed(t.Context(), used); err != nil {
			t.Fatal(err)
		}
	}
	all, err := set.APIKeys.ListAPIKeys(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n-n/10 {
		t.Errorf("%d keys, want %d", len(all), n-n/10)
	}
	for _, k := range all {
		if want := store.Moment(used[k.ID].Add(2 * time.Hour)); !k.LastUsed.Equal(want) {
			t.Errorf("%s was used last %v, want %v", k.ID, k.LastUsed, want)
		}
	}
}
