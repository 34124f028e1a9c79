package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

// Client returns a client with every field set, but those that the backend sets;
// the hash of its secret is that of id.
func Client(id string) store.Client {
	return store.Client{
		ID: id, Name: "Jörg's app", Method: "client_secret_basic",
		Secrets: []store.ClientSecret{
			{Hash: sha256.Sum256([]byte(id)), Hint: "g401_cs_ab", Created: T0, Expires: T0.Add(time.Hour)},
			{Hash: sha256.Sum256([]byte(id + " next")), Created: T0},
		},
		Keys: []byte(`{"keys":[]}`), KeysURL: "https://a.example/jwks",
		RedirectURIs: []string{"https://a.example/cb?x=\"1\"", "http://127.0.0.1/cb"}, Grants: []string{"authorization_code", "refresh_token"},
		Scopes: []string{"orders:read"}, Resources: []string{"https://api.example/"}, Groups: []string{"robots"},
		Trusted: true, Registered: true, Suspended: true,
	}
}

func clientLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.Clients.Client(ctx, "app")
	wantErr(t, err, store.ErrNotFound)
	in := Client("app")
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	made := must[store.Client](t)(set.Clients.CreateClient(ctx, in))
	if made.Version == 0 || made.Created.IsZero() || !made.Updated.Equal(made.Created) {
		t.Errorf("version %d, created %v, updated %v", made.Version, made.Created, made.Updated)
	}
	want.Created, want.Updated, want.Version = made.Created, made.Updated, made.Version
	wantSame(t, made, want)
	made.Secrets[0].Hash, made.Scopes[0], made.Keys[0] = [32]byte{1}, "all", '[' // a copy
	wantSame(t, must[store.Client](t)(set.Clients.Client(ctx, "app")), want)
	_, err = set.Clients.CreateClient(ctx, in)
	wantErr(t, err, store.ErrExists)
	bare := must[store.Client](t)(set.Clients.CreateClient(ctx, store.Client{ID: "bare"}))
	wantSame(t, must[store.Client](t)(set.Clients.Client(ctx, "bare")), bare)

	changed := want
	changed.Name, changed.Secrets, changed.Keys, changed.Trusted, changed.Created = "", changed.Secrets[1:], nil, false, T0
	after := must[store.Client](t)(set.Clients.UpdateClient(ctx, changed))
	if after.Version <= want.Version {
		t.Errorf("version %d after %d", after.Version, want.Version)
	}
	changed.Created, changed.Updated, changed.Version = want.Created, after.Updated, after.Version
	wantSame(t, after, changed)
	wantSame(t, must[store.Client](t)(set.Clients.Client(ctx, "app")), changed)
	_, err = set.Clients.UpdateClient(ctx, want)
	wantErr(t, err, store.ErrConflict)
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Clients.UpdateClient(ctx, after)
		return err
	}), store.ErrConflict)

	for i := range 3 {
		must[store.Client](t)(set.Clients.CreateClient(ctx, Client(fmt.Sprint("c", i))))
	}
	page := must[[]store.Client](t)(set.Clients.ListClients(ctx, "c0", 1))
	if len(page) != 1 || page[0].ID != "c1" {
		t.Errorf("page %v, want [c1]", page)
	}
	if all := must[[]store.Client](t)(set.Clients.ListClients(ctx, "", 0)); len(all) != 5 || all[0].ID != "app" {
		t.Errorf("all %v", all)
	}
}

func clientRefused(t *testing.T, set *store.Set) {
	for what, spoil := range map[string]func(c *store.Client){
		"no id":         func(c *store.Client) { c.ID = "" },
		"no text":       func(c *store.Client) { c.Name = "\x00" },
		"long":          func(c *store.Client) { c.KeysURL = strings.Repeat("x", store.MaxText+1) },
		"three secrets": func(c *store.Client) { c.Secrets = append(c.Secrets, c.Secrets...) },
		"no secret":     func(c *store.Client) { c.Secrets = []store.ClientSecret{{}} },
		"hint":          func(c *store.Client) { c.Secrets[0].Hint = "\xff" },
		"keys":          func(c *store.Client) { c.Keys = []byte("{") },
		"huge keys":     func(c *store.Client) { c.Keys = []byte(`"` + strings.Repeat("x", store.MaxBlob) + `"`) },
		"redirect":      func(c *store.Client) { c.RedirectURIs = []string{""} },
		"scopes":        func(c *store.Client) { c.Scopes = make([]string, store.MaxList+1) },
	} {
		c := Client("spoilt")
		spoil(&c)
		if _, err := set.Clients.CreateClient(t.Context(), c); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
}

// clientDeleted: with a client goes all that it was given, in one transaction,
// and nothing of it comes back with another one of its name.
func clientDeleted(t *testing.T, set *store.Set) {
	ctx := t.Context()
	made := must[store.Client](t)(set.Clients.CreateClient(ctx, Client("app")))
	login(t, set) // a family of app
	other := TokenFamily("other", "anna")
	other.Client = "other"
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, other, RefreshToken("other", "other")))
	code := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketCode, "x")))
	proof := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketProof, "x")))
	for _, client := range []string{"app", "other"} {
		must[store.Consent](t)(set.Consents.PutConsent(ctx, store.Consent{Subject: "anna", Client: client}))
	}
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("s", "anna"), ""))

	wantErr(t, set.Clients.DeleteClient(ctx, "app", time.Time{}, T0), store.ErrInvalid)
	wantErr(t, set.Clients.DeleteClient(ctx, "nobody's", T0, T0), store.ErrNotFound)
	if err := set.Clients.DeleteClient(ctx, "app", T0, T0.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, set.Clients.DeleteClient(ctx, "app", T0, T0.Add(time.Hour)), store.ErrNotFound)
	_, err := set.Clients.UpdateClient(ctx, made)
	wantErr(t, err, store.ErrNotFound)
	if f := must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "f")); !f.Revoked.Equal(store.Moment(T0)) || f.Cause == "" {
		t.Errorf("family %+v", f)
	}
	if f := must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "other")); !f.Revoked.IsZero() {
		t.Errorf("family of another client: %+v", f)
	}
	_, err = set.Tickets.Ticket(ctx, code.Kind, code.Hash)
	wantErr(t, err, store.ErrNotFound)
	must[store.Ticket](t)(set.Tickets.Ticket(ctx, proof.Kind, proof.Hash))
	if list := must[[]store.Consent](t)(set.Consents.ListConsents(ctx, "anna", "")); len(list) != 1 || list[0].Client != "other" {
		t.Errorf("consents %v", list)
	}
	if x := must[store.Session](t)(set.Sessions.Session(ctx, "s")); !x.Revoked.IsZero() {
		t.Error("the client took a session with it")
	}
	// Of the same name, and another one.
	anew := must[store.Client](t)(set.Clients.CreateClient(ctx, Client("app")))
	if anew.Version <= made.Version {
		t.Errorf("version %d after %d", anew.Version, made.Version)
	}
	_, err = set.Clients.UpdateClient(ctx, made)
	wantErr(t, err, store.ErrConflict)
	must[store.Revocation](t)(set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Client: "app", Issued: T0}))
	_, err = set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Client: "app", Issued: T0.Add(time.Millisecond)})
	wantErr(t, err, store.ErrNotFound)
}

// clientSwept: of clients that registered themselves those go that came to nothing.
func clientSwept(t *testing.T, set *store.Set) {
	ctx := t.Context()
	made := map[string]store.Client{}
	for id, change := range map[string]func(c *store.Client){
		"idle":      func(*store.Client) {},
		"idle too":  func(*store.Client) {},
		"added":     func(c *store.Client) { c.Registered = false },
		"trusted":   func(c *store.Client) { c.Trusted = true },
		"suspended": func(c *store.Client) { c.Suspended = true },
		"allowed":   func(*store.Client) {},
		"in use":    func(*store.Client) {},
	} {
		c := store.Client{ID: id, Registered: true}
		change(&c)
		made[id] = must[store.Client](t)(set.Clients.CreateClient(ctx, c))
	}
	must[store.Consent](t)(set.Consents.PutConsent(ctx, store.Consent{Subject: "anna", Client: "allowed"}))
	family := TokenFamily("f", "anna")
	family.Client = "in use"
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, family, RefreshToken("f", "f")))
	first, last := made["idle"].Created, made["idle"].Created
	for _, c := range made {
		if c.Created.Before(first) {
			first = c.Created
		}
		if c.Created.After(last) {
			last = c.Created
		}
	}
	revision := set.Revision()
	if n := must[int](t)(set.Clients.SweepClients(ctx, first)); n != 0 {
		t.Errorf("%d went that are young", n)
	}
	if n := must[int](t)(set.Clients.SweepClients(ctx, last.Add(time.Millisecond))); n != 2 {
		t.Errorf("%d went, want 2", n)
	}
	for id := range made {
		_, err := set.Clients.Client(ctx, id)
		if gone := errors.Is(err, store.ErrNotFound); gone != strings.HasPrefix(id, "idle") {
			t.Errorf("%q is gone: %v", id, gone)
		}
	}
	if got := set.Revision(); got != revision {
		t.Errorf("the revision moved from %d to %d", revision, got)
	}
}
