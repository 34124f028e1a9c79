package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

// Logins from before there were sessions go on, and end as they would have.
func TestUpgradeFromVersion3(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "g.db")
	old := fstest.MapFS{}
	for _, name := range []string{"0001_records.sql", "0002_tokens.sql", "0003_certificates.sql"} {
		text, err := fs.ReadFile(sqldb.Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	if err := sqlite.MigrateWith(ctx, path, old); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/version3.sql")
	if err != nil {
		t.Fatal(err)
	}
	raw(t, path, string(data))
	// As a backup of then: what it does not have is not missed.
	if c, err := sqlite.Inspect(ctx, path); err != nil || c.Schema != 3 || c.Accounts != 1 || c.Logins != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	var upgrade sqlite.Upgrade
	set, err := sqlite.Open(ctx, sqlite.Options{Path: path, Upgraded: func(u sqlite.Upgrade) { upgrade = u }})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, set)
	if c, err := sqlite.Inspect(ctx, upgrade.Copy); err != nil || c.Schema != 3 || upgrade.From != 3 {
		t.Errorf("the copy of before: %+v, %+v, %v", upgrade, c, err)
	}

	f, err := set.Tokens.TokenFamily(ctx, "good")
	if err != nil || f.Issuer != "" || f.Session != "" || f.Audience != nil || f.ACR != "mfa" || !f.Revoked.IsZero() {
		t.Errorf("family %+v, %v", f, err)
	}
	unused := [32]byte{31: 0x1f}
	for i := range unused {
		unused[i] = byte(i)
	}
	used := unused
	used[0] = 0x10
	if err := set.Tokens.RedeemRefreshToken(ctx, used, storetest.T0, time.Time{}, storetest.RefreshToken("x", "good")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a used token: %v", err)
	}
	if err := set.Tokens.RedeemRefreshToken(ctx, unused, storetest.T0, time.Time{}, storetest.RefreshToken("x", "good")); err != nil {
		t.Errorf("an unused token: %v", err)
	}
	if r, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Family: "over"}); err != nil || r.Cause != "logout" {
		t.Errorf("a revoked login: %+v, %v", r, err)
	}
	// A new password ends it as any other.
	a, err := set.Accounts.Account(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	a.SetPassword("$2b$other", storetest.T0)
	if _, err := set.Accounts.UpdateAccount(ctx, a); err != nil {
		t.Fatal(err)
	}
	if f, err := set.Tokens.TokenFamily(ctx, "good"); err != nil || f.Revoked.IsZero() {
		t.Errorf("family %+v, %v", f, err)
	}
}

// A backup holds what makes a login good, and what made one bad.
func TestCopyOfLives(t *testing.T) {
	ctx := t.Context()
	path, to := filepath.Join(t.TempDir(), "g.db"), filepath.Join(t.TempDir(), "copy.db")
	set := open(t, path)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := set.Accounts.CreateAccount(ctx, storetest.Account("anna"))
	check(err)
	_, err = set.Sessions.CreateSession(ctx, storetest.Session("old", "anna"), "")
	check(err)
	session, err := set.Sessions.CreateSession(ctx, storetest.Session("new", "anna"), "old")
	check(err)
	client, err := set.Clients.CreateClient(ctx, storetest.Client("app"))
	check(err)
	ticket, err := set.Tickets.CreateTicket(ctx, storetest.Ticket(store.TicketCode, "x"))
	check(err)
	family, first := storetest.TokenFamily("f", "anna"), storetest.RefreshToken("first", "f")
	check(set.Tickets.UseTicket(ctx, ticket.Kind, ticket.Hash, storetest.T0, &family, &first))
	check(set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "j", At: storetest.T0, Until: storetest.T0}))
	factor, err := set.Factors.PutSecondFactor(ctx, store.SecondFactor{Account: "anna", Recovery: [][32]byte{{1}}})
	check(err)
	consent, err := set.Consents.PutConsent(ctx, store.Consent{Subject: "anna", Client: "app"})
	check(err)
	check(set.Events.AppendEvents(ctx, []store.Event{{Time: storetest.T0, Kind: store.EventIssued, Object: "j"}}))
	check(sqlite.Copy(ctx, path, to, nil))

	if c, err := sqlite.Inspect(ctx, to); err != nil || c.Clients != 1 || c.Sessions != 2 || c.Logins != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	set = open(t, to)
	if x, err := set.Sessions.SessionByHash(ctx, session.Hash); err != nil || x.ID != "new" || !x.Revoked.IsZero() {
		t.Errorf("session %+v, %v", x, err)
	}
	if x, err := set.Sessions.Session(ctx, "old"); err != nil || x.Revoked.IsZero() {
		t.Errorf("replaced session %+v, %v", x, err)
	}
	if c, err := set.Clients.Client(ctx, "app"); err != nil || c.Version != client.Version || c.Secrets[0].Hash != client.Secrets[0].Hash {
		t.Errorf("client %+v, %v", c, err)
	}
	if err := set.Tickets.UseTicket(ctx, ticket.Kind, ticket.Hash, storetest.T0, nil, nil); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a used code: %v", err)
	}
	if _, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: "j"}); err != nil {
		t.Errorf("a revoked token: %v", err)
	}
	if f, err := set.Factors.SecondFactor(ctx, "anna"); err != nil || f.Version != factor.Version || f.Recovery[0] != factor.Recovery[0] {
		t.Errorf("second factor %+v, %v", f, err)
	}
	if c, err := set.Consents.Consent(ctx, "anna", "", "app"); err != nil || !c.Created.Equal(consent.Created) {
		t.Errorf("consent %+v, %v", c, err)
	}
	if list, err := set.Events.ListEvents(ctx, "j", 0, 0); err != nil || len(list) != 1 {
		t.Errorf("events %v, %v", list, err)
	}
	if err := set.Tokens.RedeemRefreshToken(ctx, first.Hash, storetest.T0, time.Time{}, storetest.RefreshToken("second", "f")); err != nil {
		t.Errorf("an unused refresh token: %v", err)
	}
}
