package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

const method = "session"

// recallTimeout bounds the look-up after the store has changed; a slow store must
// not hold up a request that can still go the long way.
const recallTimeout = time.Second

// live is a session that was found to be good, and the revision of the store at
// which that was last found to be so.
type live struct {
	id      *gate401.Identity
	record  store.Session
	display string
	ends    time.Time // it is to be read again then
	account int64     // version of the account; 0 for the person of a provider

	revision atomic.Uint64
	idle     atomic.Int64 // Unix milliseconds: it is over then if it is not used
	touched  atomic.Int64 // Unix milliseconds: the last sign of life that was noted
	seen     atomic.Int64 // Unix milliseconds
	pending  atomic.Bool  // it stands in the list of touches
}

// Secret finds what the session cookie of r holds.
func (m *Manager) Secret(r *gate401.Request) (secret string, ok bool) {
	return CookieValue(r, CookieName)
}

// Key is what the manager remembers a secret by: a hash with a key of this
// process.
func (m *Manager) Key(secret string) [32]byte {
	m.once.Do(m.setup)
	return m.hash.of(secret)
}

// Recall returns who is logged in with the secret of that key, if that is
// remembered and still true, and counts as use of the session. It reads the store
// only if something has changed there.
func (m *Manager) Recall(r *gate401.Request, key [32]byte) (*gate401.Identity, bool) {
	if l, ok := m.recall(r.Time, key); ok {
		return l.id, true
	}
	return nil, false
}

func (m *Manager) recall(now time.Time, key [32]byte) (*live, bool) {
	m.once.Do(m.setup)
	l, ok := m.known.get(key)
	if !ok || !now.Before(l.ends) || now.UnixMilli() >= l.idle.Load() {
		return nil, false
	}
	if rev := m.Changes(); rev != l.revision.Load() {
		switch same, err := m.unchanged(l); {
		case err != nil:
			// What cannot be read now is verified anew, which reports it.
			return nil, false
		case !same:
			m.known.forget(key)
			return nil, false
		}
		l.revision.Store(rev)
	}
	m.use(l, now)
	return l, true
}

// unchanged reads the records of a remembered session again.
func (m *Manager) unchanged(l *live) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), recallTimeout)
	defer cancel()
	s, err := m.Store.Session(ctx, l.record.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || !s.Revoked.IsZero() {
		return false, err
	}
	if s.Issuer != "" {
		return true, nil
	}
	a, err := m.Accounts.Account(ctx, s.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && a.Version == l.account && !a.Suspended, err
}

// Verify finds the session with that secret. A *gate401.Denial says that there
// is none (session-unknown), that it is over (session-expired, session-revoked),
// or that its account is suspended; any other error that it could not be told.
func (m *Manager) Verify(ctx context.Context, r *gate401.Request, secret string) (*gate401.Identity, error) {
	l, err := m.verify(ctx, r.Time, secret)
	if err != nil {
		return nil, err
	}
	return l.id, nil
}

func (m *Manager) verify(ctx context.Context, now time.Time, secret string) (*live, error) {
	m.once.Do(m.setup)
	hash, ok := SecretHash(secret)
	if !ok {
		return nil, denied(reason.SessionUnknown, "", "the cookie holds nothing that a gate made")
	}
	// Before the records are read: what changes in between is noticed later.
	var rev uint64
	if m.Changes != nil {
		rev = m.Changes()
	}
	s, err := m.Store.SessionByHash(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, denied(reason.SessionUnknown, "", "no session has this cookie")
	}
	if err != nil {
		return nil, fmt.Errorf("reading a session: %w", err)
	}
	key := m.hash.of(secret)
	idle := s.Idle
	if before, ok := m.known.get(key); ok {
		// The store hears of signs of life later than we do.
		if ours := time.UnixMilli(before.idle.Load()); ours.After(idle) {
			idle = ours
		}
	}
	switch {
	case !s.Revoked.IsZero():
		return nil, ended(reason.SessionRevoked, s, "revoked %s: %s", s.Revoked.UTC().Format(time.RFC3339), s.Cause)
	case !now.Before(s.Expires):
		return nil, ended(reason.SessionExpired, s, "ended %s", s.Expires.UTC().Format(time.RFC3339))
	case !now.Before(idle):
		return nil, ended(reason.SessionExpired, s, "not used since %s", s.Seen.UTC().Format(time.RFC3339))
	}
	if s.Issuer != "" && m.Vouches != nil && !m.Vouches(s.Issuer) {
		return nil, ended(reason.SessionRevoked, s, "the provider %q is none of this gate's any more", s.Issuer)
	}
	l := &live{record: s, display: s.Display}
	groups, scopes := s.Groups, s.Scopes
	if s.Issuer == "" {
		a, err := m.Accounts.Account(ctx, s.Subject)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, ended(reason.SessionRevoked, s, "the account %q does not exist any more", s.Subject)
		case err != nil:
			return nil, fmt.Errorf("reading the account of a session: %w", err)
		case a.Suspended:
			return nil, ended(reason.AccountSuspended, s, "the account %q is suspended", s.Subject)
		case !m.ofLine(s, a):
			return nil, ended(reason.SessionRevoked, s, "the line of %q in the file has changed since, as by another password", s.Subject)
		}
		groups, scopes, l.account = a.Groups, a.Scopes, a.Version
		if a.Display != "" {
			l.display = a.Display
		}
	}
	l.id = &gate401.Identity{
		Subject: s.Subject, Method: method, Name: m.Name, Issuer: s.Issuer, Credential: s.ID,
		Groups: slices.Clone(groups), Scopes: slices.Clone(scopes), AuthTime: s.AuthTime, Expires: s.Expires,
		Claims: proofOf(s),
	}
	l.ends = earlier(now.Add(or(m.Remember, DefaultRemember)), s.Expires)
	l.revision.Store(rev)
	l.idle.Store(idle.UnixMilli())
	l.touched.Store(s.Seen.UnixMilli())
	m.use(l, now)
	m.known.set(key, l)
	return l, nil
}

// Find returns who is logged in at the browser that sent r, and counts as use of
// the session. ErrNone if nobody is; a *gate401.Denial if the account is
// suspended; any other error means that it could not be told.
func (m *Manager) Find(ctx context.Context, r *gate401.Request) (*Person, error) {
	secret, ok := m.Secret(r)
	if !ok {
		return nil, ErrNone
	}
	l, ok := m.recall(r.Time, m.Key(secret))
	if !ok {
		var err error
		if l, err = m.verify(ctx, r.Time, secret); err != nil {
			var d *gate401.Denial
			if errors.As(err, &d) && d.Reason != reason.AccountSuspended {
				return nil, errors.Join(ErrNone, err)
			}
			return nil, err
		}
	}
	return personOf(l.record, l.id.Groups, l.id.Scopes, l.display, time.UnixMilli(l.idle.Load())), nil
}

// proofOf is how somebody proved who they are, as a token says it.
func proofOf(s store.Session) map[string]any {
	claims := map[string]any{}
	if s.ACR != "" {
		claims["acr"] = s.ACR
	}
	if len(s.AMR) > 0 {
		claims["amr"] = slices.Clone(s.AMR)
	}
	return claims
}

func denied(code reason.Code, subject, format string, args ...any) error {
	return &gate401.Denial{Reason: code, Method: method, Subject: subject, Err: fmt.Errorf(format, args...)}
}

// ended is a refusal of a session that was found: it knows which one it is about,
// for whoever writes down the lives of credentials.
func ended(code reason.Code, s store.Session, format string, args ...any) error {
	why := fmt.Errorf("session %s: "+format, append([]any{s.ID}, args...)...)
	return &gate401.Denial{Reason: code, Method: method, Subject: s.Subject, Err: &refusal{why, s.ID}}
}

// refusal is the operator's side of a refusal of a session.
type refusal struct {
	error
	session string
}

// Unwrap is the error that it was made of.
func (r *refusal) Unwrap() error { return r.error }

// Refused is the ID of the session.
func (r *refusal) Refused() (object, family, client string) { return r.session, "", "" }

// Clear makes the value of a Set-Cookie field that removes the session cookie.
func (m *Manager) Clear(r *gate401.Request) string { return ClearCookie(r, CookieName).String() }

// Of returns the session whose cookie r carries, whatever its state; ErrNone if
// there is none.
func (m *Manager) Of(ctx context.Context, r *gate401.Request) (store.Session, error) {
	value, _ := CookieValue(r, CookieName)
	hash, ok := SecretHash(value)
	if !ok {
		return store.Session{}, ErrNone
	}
	s, err := m.Store.SessionByHash(ctx, hash)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Session{}, ErrNone
	case err != nil:
		return store.Session{}, fmt.Errorf("reading a session: %w", err)
	}
	return s, nil
}

// Good tells whether a session is not over, as far as the record says.
func (m *Manager) Good(s store.Session, now time.Time) bool { return now.Before(s.Ends()) }

// Named is what the person of a session is shown as.
func Named(s store.Session) string {
	if s.Display != "" {
		return s.Display
	}
	return s.Subject
}
