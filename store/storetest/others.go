package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/store"
)

func signingKeyLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	if list := must[[]store.SigningKey](t)(set.SigningKeys.ListSigningKeys(ctx)); len(list) != 0 {
		t.Errorf("%d keys in an empty set", len(list))
	}
	in := store.SigningKey{ID: "kid1", Algorithm: "ES256", Private: []byte{0, 1, 0xff}, Public: []byte(`{"kty":"EC"}`), NotBefore: T0}
	made := must[store.SigningKey](t)(set.SigningKeys.CreateSigningKey(ctx, in))
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Created, want.Version = made.Created, made.Version
	wantSame(t, made, want)
	_, err = set.SigningKeys.CreateSigningKey(ctx, in)
	wantErr(t, err, store.ErrExists)
	_, err = set.SigningKeys.CreateSigningKey(ctx, store.SigningKey{Algorithm: "ES256"})
	wantErr(t, err, store.ErrInvalid)
	second := must[store.SigningKey](t)(set.SigningKeys.CreateSigningKey(ctx, store.SigningKey{ID: "kid2", Algorithm: "EdDSA"}))
	wantSame(t, must[[]store.SigningKey](t)(set.SigningKeys.ListSigningKeys(ctx)), []store.SigningKey{made, second})

	changed := made
	changed.Retired, changed.Expires, changed.Private = T0, T0, []byte("sealed anew")
	want, err = changed.Normal()
	if err != nil {
		t.Fatal(err)
	}
	changed.Algorithm, changed.Public = "none", nil // stay as stored
	after := must[store.SigningKey](t)(set.SigningKeys.UpdateSigningKey(ctx, changed))
	want.Version = after.Version
	wantSame(t, after, want)
	_, err = set.SigningKeys.UpdateSigningKey(ctx, made)
	wantErr(t, err, store.ErrConflict)

	if err := set.SigningKeys.DeleteSigningKey(ctx, "kid1"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, set.SigningKeys.DeleteSigningKey(ctx, "kid1"), store.ErrNotFound)
	_, err = set.SigningKeys.UpdateSigningKey(ctx, after)
	wantErr(t, err, store.ErrNotFound)
	wantSame(t, must[[]store.SigningKey](t)(set.SigningKeys.ListSigningKeys(ctx)), []store.SigningKey{second})
}

func auditLog(t *testing.T, set *store.Set) {
	ctx := t.Context()
	first := must[store.AuditRecord](t)(set.Audit.AppendAudit(ctx, store.AuditRecord{
		Time: T0, Actor: "root", Action: "account.create", Object: "anna", Detail: json.RawMessage(`{"groups":["admin"]}`), RequestID: "r1",
	}))
	if !first.Time.Equal(store.Moment(T0)) {
		t.Errorf("time %v", first.Time)
	}
	errs := race(20, func(i int) error {
		r, err := set.Audit.AppendAudit(ctx, store.AuditRecord{ID: first.ID, Action: fmt.Sprint("race.", i)})
		if err == nil && (r.ID <= first.ID || r.Time.IsZero()) {
			return fmt.Errorf("id %d after %d, time %v", r.ID, first.ID, r.Time)
		}
		return err
	})
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	var all []store.AuditRecord
	for before := int64(0); ; before = all[len(all)-1].ID {
		page := must[[]store.AuditRecord](t)(set.Audit.ListAudit(ctx, before, 8))
		if all = append(all, page...); len(page) < 8 || len(all) > 100 {
			break
		}
	}
	if len(all) != 21 {
		t.Fatalf("%d records, want 21", len(all))
	}
	for i := range all[1:] {
		if all[i+1].ID >= all[i].ID {
			t.Errorf("id %d after %d, want newest first", all[i+1].ID, all[i].ID)
		}
	}
	wantSame(t, all[20], first)
	for what, r := range map[string]store.AuditRecord{
		"no action": {},
		"no object": {Action: "a", Detail: json.RawMessage(`[1]`)},
		"no JSON":   {Action: "a", Detail: json.RawMessage(`{`)},
		"spaces":    {Action: "a", Detail: json.RawMessage(`  `)},
		"huge":      {Action: "a", Detail: json.RawMessage(`{"x":"` + strings.Repeat("x", store.MaxDetail) + `"}`)},
	} {
		if _, err := set.Audit.AppendAudit(ctx, r); err == nil {
			t.Errorf("%s: accepted", what)
		} else {
			wantErr(t, err, store.ErrInvalid)
		}
	}
}

func settingLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.Settings.Setting(ctx, "instance")
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, set.Settings.UpdateSetting(ctx, "instance", "", "x"), store.ErrNotFound)
	wantOneWinner(t, race(20, func(i int) error { return set.Settings.CreateSetting(ctx, "instance", "first") }), store.ErrExists)
	wantOneWinner(t, race(20, func(i int) error {
		return set.Settings.UpdateSetting(ctx, "instance", "first", fmt.Sprint("writer ", i))
	}), store.ErrConflict)
	if v := must[string](t)(set.Settings.Setting(ctx, "instance")); !strings.HasPrefix(v, "writer ") {
		t.Errorf("value %q", v)
	}
}
