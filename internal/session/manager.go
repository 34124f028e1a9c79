package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
)

// Defaults of Manager.
const (
	// DefaultIdle is how long a session lasts that is not used.
	DefaultIdle = 12 * time.Hour
	// DefaultAbsolute is how long a session lasts at most.
	DefaultAbsolute = 7 * 24 * time.Hour
	// DefaultRemember is for how long a session is not read again.
	DefaultRemember = 5 * time.Minute
	// DefaultEntries is how many sessions are remembered.
	DefaultEntries = 100_000
	// DefaultFlushEvery is how often signs of life are stored.
	DefaultFlushEvery = 15 * time.Second
)

// maxAgent bounds what is kept of a User-Agent field.
const maxAgent = 200

// AccountReader looks up accounts; store.Accounts is one.
type AccountReader interface {
	// Account returns the account of that canonical name, or store.ErrNotFound.
	Account(ctx context.Context, name string) (store.Account, error)
}

// Manager begins, finds and ends sessions. Its fields are set before the first
// use and not changed after. Safe for concurrent use; do not copy it. Close it
// when done.
type Manager struct {
	// Name is what the configuration calls the method.
	Name string
	// Store keeps the sessions. Required.
	Store store.Sessions
	// Accounts reads our own accounts. Required.
	Accounts AccountReader
	// Vouches tells whether the people of that issuer may still come by it; nil
	// means yes. It is not asked about our own accounts.
	Vouches func(issuer string) bool
	// OfFile says that Accounts are the lines of a file: whose line changes, because
	// of another password, is not logged in any more.
	OfFile bool
	// Revocations ends everything that a subject holds. Required by EndAll.
	Revocations store.Revocations
	// Changes is the change feed of Store and Accounts, store.Set's Revision.
	// Without it nothing is remembered.
	Changes func() uint64
	// Idle is how long a session lasts that is not used, and Absolute how long at
	// most; 0 means DefaultIdle and DefaultAbsolute.
	Idle, Absolute time.Duration
	// Remember is for how long a session is not read again, unless something has
	// changed; 0 means DefaultRemember, a negative value never remembers.
	Remember time.Duration
	// Entries is how many are remembered; 0 means DefaultEntries.
	Entries int
	// FlushEvery is how often signs of life are stored; 0 means DefaultFlushEvery.
	FlushEvery time.Duration
	// Record hears of sessions that begin and end; nil tells nobody.
	Record func(store.Event)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand makes secrets; nil means crypto/rand.
	Rand io.Reader
	// Log hears of signs of life that could not be stored; nil discards.
	Log *slog.Logger

	once    sync.Once
	hash    fingerprint
	known   *memory
	touches touches
}

func (m *Manager) setup() {
	m.hash = newFingerprint()
	if m.Remember >= 0 && m.Changes != nil {
		m.known = newMemory(m.Entries)
	}
}

func (m *Manager) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

func (m *Manager) idle() time.Duration     { return or(m.Idle, DefaultIdle) }
func (m *Manager) absolute() time.Duration { return or(m.Absolute, DefaultAbsolute) }

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Begin logs in who proved to be somebody, at the browser that sent r. The
// identifier changes each time: a session that the browser had before, whoever
// put it there, is revoked. ErrOutdated if what was proved is not true any more,
// ErrInsecure if the browser must not be given a cookie.
func (m *Manager) Begin(ctx context.Context, p Proved, r *gate401.Request) (store.Session, *http.Cookie, error) {
	m.once.Do(m.setup)
	now := m.now()
	random := m.Rand
	if random == nil {
		random = rand.Reader
	}
	secret, err := NewSecret(random)
	if err != nil {
		return store.Session{}, nil, err
	}
	var name [10]byte
	if _, err := io.ReadFull(random, name[:]); err != nil {
		return store.Session{}, nil, fmt.Errorf("naming a session: %w", err)
	}
	expires := now.Add(m.absolute())
	// It goes with the browser: on a shared computer nobody else is logged in.
	cookie, err := Cookie(r, CookieName, secret, time.Time{})
	if err != nil {
		return store.Session{}, nil, err
	}
	hash, _ := SecretHash(secret)
	s := store.Session{
		ID: "s_" + hex.EncodeToString(name[:]), Hash: hash,
		Subject: p.Subject, Issuer: p.Issuer, Provider: p.Provider, Display: p.Display,
		Groups: p.Groups, Scopes: p.Scopes, AuthTime: p.AuthTime, ACR: p.ACR, AMR: p.AMR,
		Address: r.Client.String(), Agent: agent(r), Seen: now, Idle: earlier(now.Add(m.idle()), expires), Expires: expires,
	}
	if s.AuthTime.IsZero() {
		s.AuthTime = now
	}
	if m.OfFile && p.Issuer == "" {
		a, err := m.Accounts.Account(ctx, p.Subject)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && p.Version != 0 && p.Version != a.Version:
			return store.Session{}, nil, ErrOutdated
		case err != nil:
			return store.Session{}, nil, fmt.Errorf("reading an account: %w", err)
		}
		s.ID += mark(s.ID, a.Version)
	}
	replaced, err := m.replaced(ctx, r)
	if err != nil {
		return store.Session{}, nil, err
	}
	if s, err = m.Store.CreateSession(ctx, s, replaced); err != nil {
		return store.Session{}, nil, fmt.Errorf("storing a session: %w", err)
	}
	err = m.stillTrue(ctx, p)
	if err == nil {
		err = m.makeRoom(ctx, s, now, r)
	}
	if err != nil {
		// It must not be left behind, whatever became of the client.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		return store.Session{}, nil, errors.Join(err, m.Store.RevokeSession(undo, s.ID, now, "the account had changed when it began"))
	}
	if replaced != "" {
		m.record(store.Event{Kind: store.EventRevoked, Object: replaced, Subject: p.Subject, Detail: "replaced by " + s.ID}, r)
	}
	m.record(store.Event{Kind: store.EventIssued, Object: s.ID, Subject: s.Subject, Detail: strings.Join(s.AMR, " ")}, r)
	return s, cookie, nil
}

// stillTrue looks at the account after the session was stored: a change of the
// password ends the sessions that are there, and this one was not, when it came
// between the proof and now.
func (m *Manager) stillTrue(ctx context.Context, p Proved) error {
	if p.Issuer != "" {
		return nil
	}
	a, err := m.Accounts.Account(ctx, p.Subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrOutdated
	case err != nil:
		return fmt.Errorf("reading an account: %w", err)
	case a.Suspended, !p.PasswordChanged.IsZero() && !p.PasswordChanged.Equal(a.PasswordChanged):
		return ErrOutdated
	}
	return nil
}

// replaced is the ID of the session that the browser has; empty for none.
func (m *Manager) replaced(ctx context.Context, r *gate401.Request) (string, error) {
	s, err := m.Of(ctx, r)
	if errors.Is(err, ErrNone) || !s.Revoked.IsZero() {
		return "", nil
	}
	return s.ID, err
}

// agent is the User-Agent field, shortened and without what a terminal would
// obey.
func agent(r *gate401.Request) string {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(r.Header.Get("User-Agent"), "?"))
	if len(text) > maxAgent {
		text = strings.ToValidUTF8(text[:maxAgent], "")
	}
	return text
}

// End revokes one session. It returns once that is stored. ErrNone if there is
// no such session.
func (m *Manager) End(ctx context.Context, id, cause string) error {
	err := m.Store.RevokeSession(ctx, id, m.now(), cause)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrNone
	case err != nil:
		return fmt.Errorf("revoking a session: %w", err)
	}
	m.record(store.Event{Kind: store.EventRevoked, Object: id, Detail: cause}, nil)
	return nil
}

// EndAll revokes, in one transaction, all sessions of a subject and everything
// that was issued to it until now.
func (m *Manager) EndAll(ctx context.Context, subject, issuer, cause string) error {
	now := m.now()
	all, err := m.List(ctx, subject)
	if err != nil {
		return err
	}
	err = m.Revocations.Revoke(ctx, store.Revocation{
		Kind: store.RevokedSubject, ID: subject, Issuer: issuer, At: now, Until: now.Add(store.RevocationKept), Cause: cause,
	})
	if err != nil {
		return fmt.Errorf("revoking what %q holds: %w", subject, err)
	}
	for _, s := range all {
		if s.Issuer == issuer && now.Before(s.Ends()) {
			m.record(store.Event{Kind: store.EventRevoked, Object: s.ID, Subject: subject, Detail: cause}, nil)
		}
	}
	return nil
}

// List returns the sessions of a subject, those that are over too.
func (m *Manager) List(ctx context.Context, subject string) ([]store.Session, error) {
	var all []store.Session
	for after := ""; ; {
		page, err := m.Store.ListSessions(ctx, subject, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("listing sessions: %w", err)
		}
		all = append(all, page...)
		if len(page) < store.MaxPage {
			return slices.Clip(all), nil
		}
		after = page[len(page)-1].ID
	}
}

func (m *Manager) record(e store.Event, r *gate401.Request) {
	if m.Record == nil {
		return
	}
	e.Time, e.Method, e.Session, e.Count = m.now(), "session", e.Object, 1
	if r != nil {
		e.RequestID = r.ID
	}
	m.Record(e)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
