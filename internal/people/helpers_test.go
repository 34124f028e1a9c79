package people_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

var start = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

const (
	oldPassword = "correct horse battery"
	newPassword = "staple of another kind"
)

// town is people with a clock that stands still.
type town struct {
	*people.People
	set *store.Set

	mu     sync.Mutex
	at     time.Time
	events []store.Event
}

func (w *town) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *town) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{at: start}
	w.set = memory.Open(memory.Options{Now: w.clock})
	t.Cleanup(func() { _ = w.set.Close() })
	w.People = &people.People{
		Set: w.set, Hasher: &password.Hasher{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}, Now: w.clock,
		Record: func(e store.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	}
	w.add(t, store.Account{Name: "alice", Groups: []string{"staff"}, Scopes: []string{"orders:read", "orders:write"}}, oldPassword)
	w.add(t, store.Account{Name: "bob"}, oldPassword)
	w.pass(time.Second)
	return w
}

func (w *town) add(t *testing.T, a store.Account, text string) {
	t.Helper()
	if text != "" {
		phc, err := w.Hasher.Hash(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		a.SetPassword(phc, w.clock())
	}
	if _, err := w.set.Accounts.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// session begins one, with a family of tokens beside it.
func (w *town) session(t *testing.T, id, subject, issuer string) {
	t.Helper()
	var hash [32]byte
	copy(hash[:], id+"/"+subject)
	_, err := w.set.Sessions.CreateSession(t.Context(), store.Session{
		ID: id, Hash: hash, Subject: subject, Issuer: issuer, AuthTime: w.clock(), Expires: w.clock().Add(24 * time.Hour), Idle: w.clock().Add(time.Hour),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
}

func (w *town) family(t *testing.T, id string, who people.Who, client string) {
	t.Helper()
	var hash [32]byte
	copy(hash[:], id+"/"+who.Subject)
	_, err := w.set.Tokens.CreateTokenFamily(t.Context(), store.TokenFamily{
		ID: id, Subject: who.Subject, Issuer: who.Issuer, Client: client, Scopes: []string{"orders:read"}, AuthTime: w.clock(), Expires: w.clock().Add(24 * time.Hour),
	}, store.RefreshToken{Hash: hash, Family: id})
	if err != nil {
		t.Fatal(err)
	}
}

// open are the sessions and logins of a subject that are good.
func (w *town) open(t *testing.T, subject string) string {
	t.Helper()
	sessions, err := w.Sessions(t.Context(), people.Who{Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	families, err := w.set.Tokens.ListTokenFamilies(t.Context(), subject, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.Revoked.IsZero() && f.Issuer == "" {
			ids = append(ids, f.ID)
		}
	}
	return strings.Join(ids, " ")
}

// actions are the audit records, oldest first.
func (w *town) actions(t *testing.T) string {
	t.Helper()
	records, err := w.set.Audit.ListAudit(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := len(records) - 1; i >= 0; i-- {
		out = append(out, records[i].Actor+" "+records[i].Action+" "+records[i].Object)
	}
	return strings.Join(out, "; ")
}

func (w *town) proves(t *testing.T, name, text string) bool {
	t.Helper()
	ok, err := w.Proves(t.Context(), name, text)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

var (
	alice = people.By{Actor: "alice", RequestID: "r1"}
	root  = people.By{Actor: "command line:root"}
)
