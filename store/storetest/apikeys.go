package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func keyLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	in := APIKey("k1", "anna")
	_, err := set.APIKeys.APIKeyByHash(ctx, in.Hash)
	wantErr(t, err, store.ErrNotFound)
	_, err = set.APIKeys.APIKey(ctx, "k1")
	wantErr(t, err, store.ErrNotFound)

	// What only the backend and a rotation may set.
	in.Successor, in.LastUsed, in.Created, in.Version = "forged", T0, T0, 99
	made := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, in))
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Successor, want.LastUsed, want.Created, want.Version = "", time.Time{}, made.Created, made.Version
	if made.Created.IsZero() || made.Created.Equal(store.Moment(T0)) || made.Version == 0 {
		t.Errorf("created %v, version %d", made.Created, made.Version)
	}
	wantSame(t, made, want)
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKeyByHash(ctx, in.Hash)), want)
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "k1")), want)

	changed := made
	changed.Name, changed.Scopes, changed.Groups, changed.Expires, changed.Revoked = "new", nil, []string{"g"}, time.Time{}, T0
	want, err = changed.Normal()
	if err != nil {
		t.Fatal(err)
	}
	changed.Hash, changed.Owner, changed.Environment, changed.Hint = [32]byte{9}, "", "test", "h" // stay as stored
	after := must[store.APIKey](t)(set.APIKeys.UpdateAPIKey(ctx, changed))
	want.Version = after.Version
	wantSame(t, after, want)
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKeyByHash(ctx, in.Hash)), want)
	_, err = set.APIKeys.APIKeyByHash(ctx, [32]byte{9})
	wantErr(t, err, store.ErrNotFound)

	_, err = set.APIKeys.UpdateAPIKey(ctx, made)
	wantErr(t, err, store.ErrConflict)
	made.ID = "k2"
	_, err = set.APIKeys.UpdateAPIKey(ctx, made)
	wantErr(t, err, store.ErrNotFound)
}

func keyRefused(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "nobody"))
	wantErr(t, err, store.ErrNotFound)
	must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "")))
	_, err = set.APIKeys.CreateAPIKey(ctx, APIKey("k1", ""))
	wantErr(t, err, store.ErrExists)
	sameHash := APIKey("k2", "")
	sameHash.Hash = APIKey("k1", "").Hash
	_, err = set.APIKeys.CreateAPIKey(ctx, sameHash)
	wantErr(t, err, store.ErrExists)
	for what, spoil := range map[string]func(k *store.APIKey){
		"no id":   func(k *store.APIKey) { k.ID = "" },
		"no hash": func(k *store.APIKey) { k.Hash = [32]byte{} },
		"owner":   func(k *store.APIKey) { k.Owner = "Anna" },
		"name":    func(k *store.APIKey) { k.Name = strings.Repeat("x", store.MaxText+1) },
	} {
		k := APIKey("k3", "")
		spoil(&k)
		if _, err := set.APIKeys.CreateAPIKey(ctx, k); err == nil {
			t.Errorf("%s: accepted", what)
		} else {
			wantErr(t, err, store.ErrInvalid)
		}
	}
}

func keyRotation(t *testing.T, set *store.Set) {
	ctx := t.Context()
	in := APIKey("old", "")
	in.Expires = time.Time{}
	old := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, in))
	until := T0.Add(24 * time.Hour)

	// A successor that cannot be stored leaves the old key as it was.
	_, err := set.APIKeys.RotateAPIKey(ctx, "old", old.Version, until, old)
	wantErr(t, err, store.ErrExists)
	_, err = set.APIKeys.RotateAPIKey(ctx, "old", old.Version, time.Time{}, APIKey("new", ""))
	wantErr(t, err, store.ErrInvalid)
	_, err = set.APIKeys.RotateAPIKey(ctx, "old", old.Version+1, until, APIKey("new", ""))
	wantErr(t, err, store.ErrConflict)
	_, err = set.APIKeys.RotateAPIKey(ctx, "none", old.Version, until, APIKey("new", ""))
	wantErr(t, err, store.ErrNotFound)
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "old")), old)
	_, err = set.APIKeys.APIKey(ctx, "new")
	wantErr(t, err, store.ErrNotFound)

	made := must[store.APIKey](t)(set.APIKeys.RotateAPIKey(ctx, "old", old.Version, until, APIKey("new", "")))
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKeyByHash(ctx, APIKey("new", "").Hash)), made)
	after := must[store.APIKey](t)(set.APIKeys.APIKeyByHash(ctx, old.Hash))
	want := old
	want.Expires, want.Successor, want.Version = store.Moment(until), "new", after.Version
	wantSame(t, after, want)
	if after.Version <= old.Version {
		t.Errorf("version %d after %d", after.Version, old.Version)
	}

	// An earlier end of its own is not put off.
	early := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("early", "")))
	must[store.APIKey](t)(set.APIKeys.RotateAPIKey(ctx, "early", early.Version, until, APIKey("early2", "")))
	if got := must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "early")).Expires; !got.Equal(early.Expires) {
		t.Errorf("expires %v, want %v", got, early.Expires)
	}
	// Nor is a revoked key brought back.
	dead := APIKey("dead", "")
	dead.Revoked = T0
	dead = must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, dead))
	_, err = set.APIKeys.RotateAPIKey(ctx, "dead", dead.Version, until, APIKey("dead2", ""))
	wantErr(t, err, store.ErrConflict)
}

func keyOneRotation(t *testing.T, set *store.Set) {
	ctx := t.Context()
	old := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("old", "")))
	wantOneWinner(t, race(20, func(i int) error {
		_, err := set.APIKeys.RotateAPIKey(ctx, "old", old.Version, T0, APIKey(fmt.Sprint("new", i), ""))
		return err
	}), store.ErrConflict)
	if list := must[[]store.APIKey](t)(set.APIKeys.ListAPIKeys(ctx, "", "", 0)); len(list) != 2 {
		t.Errorf("%d keys after one rotation, want 2", len(list))
	}
	again := must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "old"))
	_, err := set.APIKeys.RotateAPIKey(ctx, "old", again.Version, T0, APIKey("second", ""))
	wantErr(t, err, store.ErrConflict)
}

func keyRevoked(t *testing.T, set *store.Set) {
	ctx := t.Context()
	k := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "")))
	k.Revoked = time.UnixMilli(0) // even a revocation at the epoch is one
	k = must[store.APIKey](t)(set.APIKeys.UpdateAPIKey(ctx, k))
	if k.Revoked.IsZero() {
		t.Fatal("not revoked")
	}
	for _, back := range []time.Time{{}, T0} {
		k := k
		k.Revoked = back
		_, err := set.APIKeys.UpdateAPIKey(ctx, k)
		wantErr(t, err, store.ErrConflict)
	}
	k.Name = "still editable"
	must[store.APIKey](t)(set.APIKeys.UpdateAPIKey(ctx, k))
}

func keyUsed(t *testing.T, set *store.Set) {
	ctx := t.Context()
	k := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "")))
	revision := set.Revision()
	for _, at := range []time.Time{T0, T0.Add(time.Minute), T0.Add(-time.Hour)} {
		if err := set.APIKeys.MarkAPIKeysUsed(ctx, map[string]time.Time{"k1": at, "unknown": at}); err != nil {
			t.Fatal(err)
		}
	}
	want := k
	want.LastUsed = store.Moment(T0.Add(time.Minute))
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "k1")), want)
	if set.Revision() != revision {
		t.Error("use moved the revision")
	}
	// An update made from a record read before does not forget it.
	k.Name = "renamed"
	if got := must[store.APIKey](t)(set.APIKeys.UpdateAPIKey(ctx, k)); !got.LastUsed.Equal(want.LastUsed) {
		t.Errorf("last used %v, want %v", got.LastUsed, want.LastUsed)
	}
	if err := set.APIKeys.MarkAPIKeysUsed(ctx, nil); err != nil {
		t.Error(err)
	}
}

func keyList(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, name := range []string{"anna", "bert"} {
		must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account(name)))
	}
	for i, owner := range []string{"anna", "bert", "", "anna", "anna"} {
		must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey(fmt.Sprint("k", i), owner)))
	}
	for _, row := range []struct {
		owner, after string
		limit        int
		want         []string
	}{
		{"", "", 0, []string{"k0", "k1", "k2", "k3", "k4"}},
		{"", "k1", 2, []string{"k2", "k3"}},
		{"anna", "", 0, []string{"k0", "k3", "k4"}},
		{"anna", "k0", 1, []string{"k3"}},
		{"anna", "k4", 1, nil},
		{"carl", "", 0, nil},
	} {
		var ids []string
		for _, k := range must[[]store.APIKey](t)(set.APIKeys.ListAPIKeys(ctx, row.owner, row.after, row.limit)) {
			ids = append(ids, k.ID)
		}
		wantSame(t, ids, row.want)
	}
}

func keyDeletedOwner(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("bert")))
	annas := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "anna")))
	berts := must[store.APIKey](t)(set.APIKeys.CreateAPIKey(ctx, APIKey("k2", "bert")))
	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	got := must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "k1"))
	if got.Revoked.IsZero() || got.Version == annas.Version {
		t.Errorf("the key of a deleted account: revoked %v, version %d", got.Revoked, got.Version)
	}
	wantSame(t, must[store.APIKey](t)(set.APIKeys.APIKey(ctx, "k2")), berts)
}
