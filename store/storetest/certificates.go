package storetest

import (
	"testing"

	"github.com/gate401/gate401/store"
)

func certificateLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.Certificates.Certificate(ctx, "cert/a.example")
	wantErr(t, err, store.ErrNotFound)
	in := store.Certificate{ID: "cert/b.example", Sealed: []byte{0, 1, 0xff}, Expires: T0}
	revision := set.Revision()
	made := must[store.Certificate](t)(set.Certificates.CreateCertificate(ctx, in))
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Updated, want.Version = made.Updated, made.Version
	wantSame(t, made, want)
	if made.Updated.IsZero() || made.Version == 0 {
		t.Errorf("updated %v, version %d", made.Updated, made.Version)
	}
	wantSame(t, must[store.Certificate](t)(set.Certificates.Certificate(ctx, in.ID)), made)
	_, err = set.Certificates.CreateCertificate(ctx, in)
	wantErr(t, err, store.ErrExists)

	// Another, without a value, comes first in the list.
	first := must[store.Certificate](t)(set.Certificates.CreateCertificate(ctx, store.Certificate{ID: "cert/a.example"}))
	wantSame(t, must[[]store.Certificate](t)(set.Certificates.ListCertificates(ctx, "", 0)), []store.Certificate{first, made})
	wantSame(t, must[[]store.Certificate](t)(set.Certificates.ListCertificates(ctx, first.ID, 1)), []store.Certificate{made})

	changed := made
	changed.Sealed = make([]byte, store.MaxCertificate)
	after := must[store.Certificate](t)(set.Certificates.UpdateCertificate(ctx, changed))
	if len(after.Sealed) != store.MaxCertificate || after.Version <= made.Version {
		t.Errorf("%d bytes, version %d after %d", len(after.Sealed), after.Version, made.Version)
	}
	_, err = set.Certificates.UpdateCertificate(ctx, made)
	wantErr(t, err, store.ErrConflict)

	if err := set.Certificates.DeleteCertificate(ctx, in.ID); err != nil {
		t.Fatal(err)
	}
	wantErr(t, set.Certificates.DeleteCertificate(ctx, in.ID), store.ErrNotFound)
	_, err = set.Certificates.UpdateCertificate(ctx, after)
	wantErr(t, err, store.ErrNotFound)
	// Made anew it is another record: who read the old one cannot overwrite it.
	must[store.Certificate](t)(set.Certificates.CreateCertificate(ctx, in))
	_, err = set.Certificates.UpdateCertificate(ctx, after)
	wantErr(t, err, store.ErrConflict)

	for what, c := range map[string]store.Certificate{
		"no id": {}, "no text": {ID: "a\x00b"}, "huge": {ID: "a", Sealed: make([]byte, store.MaxCertificate+1)},
	} {
		if _, err := set.Certificates.CreateCertificate(ctx, c); err == nil {
			t.Errorf("%s: accepted", what)
		} else {
			wantErr(t, err, store.ErrInvalid)
		}
	}
	if got := set.Revision(); got != revision {
		t.Errorf("revision %d, then %d: no decision depends on certificates", revision, got)
	}
}

// certificateLease: of those who order at once, one may.
func certificateLease(t *testing.T, set *store.Set) {
	ctx := t.Context()
	lease := store.Certificate{ID: "lease/a.example", Expires: T0}
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Certificates.CreateCertificate(ctx, lease)
		return err
	}), store.ErrExists)
	// And of those who find it expired.
	held := must[store.Certificate](t)(set.Certificates.Certificate(ctx, lease.ID))
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Certificates.UpdateCertificate(ctx, held)
		return err
	}), store.ErrConflict)
}
