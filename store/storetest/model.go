package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/store"
)

// lives runs what people, clients and operators do in any order against a model
// of what must come of it: what is used stays used, what is revoked stays
// revoked, and of two changes of the same state one is refused.
func lives(t *testing.T, set *store.Set) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++ // the records of one run are strangers to those of all others
		m := &model{
			set: set, test: t, run: run,
			sessions: map[string]*modelSession{}, tickets: map[string]*modelTicket{}, families: map[string]*modelFamily{},
		}
		rt.Repeat(map[string]func(*rapid.T){
			"login": m.login, "logout": m.logout, "touch": m.touch, "ask": m.ask, "answer": m.answer,
			"use": m.use, "redeem": m.redeem, "revoke": m.revoke, "password": m.password,
			"look": m.check, // not after each step: with a file that would be most of the time
		})
		m.check(rt)
	})
}

type modelSession struct {
	subject string
	idle    time.Time
	ended   bool
}

type modelTicket struct {
	store.Ticket // as it was when this run last saw it succeed
	gone         bool
	used         bool
}

type modelFamily struct {
	subject, client string
	unused          string // the text of the refresh token that is not redeemed
	spent           []string
	revoked         bool
}

type model struct {
	set      *store.Set
	test     *testing.T
	run, n   int
	sessions map[string]*modelSession
	tickets  map[string]*modelTicket
	families map[string]*modelFamily
}

func (m *model) next(what string) string {
	m.n++
	return fmt.Sprintf("%s-%d-%03d", what, m.run, m.n)
}

func (m *model) subject(t *rapid.T) string {
	return fmt.Sprint(rapid.SampledFrom([]string{"anna", "bert"}).Draw(t, "subject"), m.run)
}

func (m *model) client(t *rapid.T) string {
	return fmt.Sprint(rapid.SampledFrom([]string{"app", "robot"}).Draw(t, "client"), m.run)
}

// one draws a key, or what nobody made.
func one[V any](t *rapid.T, what string, of map[string]V) string {
	keys := append(slices.Sorted(maps.Keys(of)), what+" that nobody made")
	return rapid.SampledFrom(keys).Draw(t, what)
}

func expect(t *rapid.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || (want == nil) != (got == nil) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func (m *model) login(t *rapid.T) {
	x := Session(m.next("session"), m.subject(t))
	x.Issuer = ""
	replaces := ""
	if rapid.Bool().Draw(t, "replaces") {
		replaces = one(t, "session", m.sessions)
	}
	_, err := m.set.Sessions.CreateSession(m.test.Context(), x, replaces)
	expect(t, "login", err, nil)
	if old := m.sessions[replaces]; old != nil {
		old.ended = true
	}
	m.sessions[x.ID] = &modelSession{subject: x.Subject, idle: store.Moment(x.Idle)}
}

func (m *model) logout(t *rapid.T) {
	id := one(t, "session", m.sessions)
	err := m.set.Sessions.RevokeSession(m.test.Context(), id, T0, "logout")
	x := m.sessions[id]
	if x == nil {
		expect(t, "logout", err, store.ErrNotFound)
		return
	}
	expect(t, "logout", err, nil)
	x.ended = true
}

func (m *model) touch(t *rapid.T) {
	id := one(t, "session", m.sessions)
	idle := T0.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "minutes")) * time.Minute)
	expect(t, "touch", m.set.Sessions.TouchSessions(m.test.Context(), map[string]store.Touch{id: {Seen: T0, Idle: idle}}), nil)
	if x := m.sessions[id]; x != nil && !x.ended && store.Moment(idle).After(x.idle) {
		x.idle = store.Moment(idle)
	}
}

func (m *model) ask(t *rapid.T) {
	text := m.next("ticket")
	x := Ticket(rapid.SampledFrom([]store.TicketKind{store.TicketCode, store.TicketDevice, store.TicketLink, store.TicketProof}).Draw(t, "kind"), text)
	x.Subject, x.Client = m.subject(t), m.client(t)
	made, err := m.set.Tickets.CreateTicket(m.test.Context(), x)
	expect(t, "ask", err, nil)
	m.tickets[text] = &modelTicket{Ticket: made}
	_, err = m.set.Tickets.CreateTicket(m.test.Context(), x)
	expect(t, "ask again", err, store.ErrExists)
}

// find is the ticket of one, if it is or was there.
func (m *model) find(t *rapid.T) *modelTicket {
	text := one(t, "ticket", m.tickets)
	if x := m.tickets[text]; x != nil {
		return x
	}
	return &modelTicket{Ticket: Ticket(store.TicketCode, text), gone: true}
}

func (m *model) answer(t *rapid.T) {
	x := m.find(t)
	in := x.Ticket
	stale := rapid.Bool().Draw(t, "stale")
	if stale {
		in.Version--
	}
	stored, err := m.set.Tickets.UpdateTicket(m.test.Context(), in)
	switch {
	case x.gone:
		expect(t, "answer", err, store.ErrNotFound)
	case x.used || stale:
		expect(t, "answer", err, store.ErrConflict)
	default:
		expect(t, "answer", err, nil)
		if stored.Version <= x.Version {
			t.Fatalf("version %d after %d", stored.Version, x.Version)
		}
		x.Ticket = stored
	}
}

func (m *model) use(t *rapid.T) {
	x := m.find(t)
	f := TokenFamily(m.next("family"), x.Subject)
	f.Client, f.Session = x.Client, one(t, "session", m.sessions)
	text := m.next("token")
	first := RefreshToken(text, f.ID)
	err := m.set.Tickets.UseTicket(m.test.Context(), x.Kind, x.Hash, T0, &f, &first)
	session := m.sessions[f.Session]
	switch {
	case x.gone:
		expect(t, "use", err, store.ErrNotFound)
	case x.used || session != nil && session.ended:
		expect(t, "use", err, store.ErrConflict)
	default:
		expect(t, "use", err, nil)
		x.used, x.Family = true, f.ID
		m.families[f.ID] = &modelFamily{subject: f.Subject, client: f.Client, unused: text}
		return
	}
	_, err = m.set.Tokens.TokenFamily(m.test.Context(), f.ID)
	expect(t, "the family of a ticket that was refused", err, store.ErrNotFound)
}

func (m *model) redeem(t *rapid.T) {
	id := one(t, "family", m.families)
	f := m.families[id]
	if f == nil {
		return
	}
	text := rapid.SampledFrom(append([]string{f.unused}, f.spent...)).Draw(t, "token")
	next := m.next("token")
	err := m.set.Tokens.RedeemRefreshToken(m.test.Context(), sha256.Sum256([]byte(text)), T0, time.Time{}, RefreshToken(next, id))
	if f.revoked || text != f.unused {
		expect(t, "redeem", err, store.ErrConflict)
		return
	}
	expect(t, "redeem", err, nil)
	f.spent, f.unused = append(f.spent, text), next
}

func (m *model) revoke(t *rapid.T) {
	r := store.Revocation{At: T0, Until: T0.Add(time.Hour)}
	r.Kind = rapid.SampledFrom([]store.RevocationKind{
		store.RevokedFamily, store.RevokedFamily, store.RevokedSubject, store.RevokedClient, store.RevokedAll,
	}).Draw(t, "kind")
	switch r.Kind {
	case store.RevokedFamily:
		r.ID = one(t, "family", m.families)
	case store.RevokedSubject:
		r.ID = m.subject(t)
	case store.RevokedClient:
		r.ID = m.client(t)
	default:
		r.ID = store.Everything
	}
	err := m.set.Tokens.Revoke(m.test.Context(), r)
	if r.Kind == store.RevokedFamily && m.families[r.ID] == nil {
		expect(t, "revoke", err, store.ErrNotFound)
		return
	}
	expect(t, "revoke", err, nil)
	m.end(r)
}

// end is what a revocation does.
func (m *model) end(r store.Revocation) {
	about := func(subject, client, family string) bool {
		switch r.Kind {
		case store.RevokedFamily:
			return family == r.ID
		case store.RevokedSubject:
			return subject == r.ID
		case store.RevokedClient:
			return client == r.ID
		}
		return true
	}
	for id, f := range m.families {
		f.revoked = f.revoked || about(f.subject, f.client, id)
	}
	if r.Kind == store.RevokedFamily {
		return
	}
	for _, x := range m.sessions {
		x.ended = x.ended || about(x.subject, "", "")
	}
	for _, x := range m.tickets {
		stays := x.used || x.Kind == store.TicketProof || x.Kind == store.TicketLink && r.Kind != store.RevokedAll
		x.gone = x.gone || !stays && about(x.Subject, x.Client, "")
	}
}

func (m *model) password(t *rapid.T) {
	ctx := m.test.Context()
	name := m.subject(t)
	a, err := m.set.Accounts.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		a, err = m.set.Accounts.CreateAccount(ctx, Account(name))
	}
	expect(t, "account", err, nil)
	if rapid.Bool().Draw(t, "only a stronger hash") {
		a.Password = m.next("$2b$")
	} else {
		a.SetPassword(m.next("$2b$"), T0)
		m.end(store.Revocation{Kind: store.RevokedSubject, ID: a.Name})
		for _, x := range m.tickets {
			x.gone = x.gone || !x.used && x.Kind == store.TicketLink && x.Subject == a.Name
		}
	}
	_, err = m.set.Accounts.UpdateAccount(ctx, a)
	expect(t, "password", err, nil)
}

// check compares all records with the model.
func (m *model) check(t *rapid.T) {
	ctx := m.test.Context()
	for id, want := range m.sessions {
		x, err := m.set.Sessions.SessionByHash(ctx, sha256.Sum256([]byte(id)))
		expect(t, id, err, nil)
		if x.ID != id || x.Revoked.IsZero() == want.ended || !x.Idle.Equal(want.idle) {
			t.Fatalf("session %s revoked %v, idle %v; want revoked %t, idle %v", x.ID, x.Revoked, x.Idle, want.ended, want.idle)
		}
	}
	for text, want := range m.tickets {
		x, err := m.set.Tickets.Ticket(ctx, want.Kind, want.Hash)
		if want.gone {
			expect(t, text, err, store.ErrNotFound)
			continue
		}
		expect(t, text, err, nil)
		if x.Used.IsZero() == want.used || x.Family != want.Family || x.Version != want.Version {
			t.Fatalf("%s: %+v, want %+v", text, x, want)
		}
	}
	for id, want := range m.families {
		f, err := m.set.Tokens.TokenFamily(ctx, id)
		expect(t, id, err, nil)
		_, err = m.set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Family: id, Subject: f.Subject, Client: f.Client, Issued: T0.Add(time.Hour)})
		if f.Revoked.IsZero() == want.revoked || (err == nil) != want.revoked {
			t.Fatalf("%s revoked %v, its tokens %v; want %t", id, f.Revoked, err, want.revoked)
		}
	}
}
