package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// Kind is what kind of credential a life is of.
type Kind string

// The kinds.
const (
	KindToken   Kind = "token"   // an access token, by its jti
	KindRefresh Kind = "refresh" // a refresh token, by the beginning of its hash
	KindFamily  Kind = "family"  // a login with all of its tokens
	KindSession Kind = "session"
	KindKey     Kind = "api-key"
)

// MaxEvents is how many events of one life are read; earlier ones are left out.
const MaxEvents = 5000

// Life is what is known of one credential and those that it belongs to.
type Life struct {
	Kind Kind
	ID   string
	// Key, Session and Family are its records, nil where there is none (any
	// more).
	Key     *store.APIKey
	Session *store.Session
	Family  *store.TokenFamily
	// Families are the logins of a session.
	Families []store.TokenFamily
	// Revoked is the revocation that an access token falls under, nil for none.
	Revoked *store.Revocation
	// Events are told by the oldest first. Those with ID 0 are told by the
	// records, and nobody wrote them down when they happened.
	Events []store.Event
	// Cut tells that there are more events than MaxEvents.
	Cut bool
}

// Trace reads the life of what a Ref names: of a token the whole login, of a
// session its logins too. store.ErrNotFound if nothing is known of it.
func Trace(ctx context.Context, set *store.Set, ref Ref) (*Life, error) {
	ref, err := ref.find(ctx, set)
	if err != nil {
		return nil, err
	}
	l := &Life{Kind: ref.Kind, ID: ref.ID}
	if err := l.read(ctx, set, ref); err != nil {
		return nil, err
	}
	l.Events = append(l.Events, l.told()...)
	slices.SortStableFunc(l.Events, func(a, b store.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	if len(l.Events) == 0 && l.Key == nil && l.Session == nil && l.Family == nil && l.Revoked == nil {
		return nil, fmt.Errorf("%s %q: %w", ref.Kind, ref.ID, store.ErrNotFound)
	}
	return l, nil
}

// read reads records and events.
func (l *Life) read(ctx context.Context, set *store.Set, ref Ref) error {
	seen := map[int64]bool{}
	events := func(about string) error { return l.events(ctx, set, about, seen) }
	if ref.ID != "" {
		if err := events(ref.ID); err != nil {
			return err
		}
	}
	family, session := ref.Family, ""
	for _, e := range l.Events {
		if l.Kind == KindToken || l.Kind == KindRefresh {
			family = cmp.Or(family, e.Family)
		}
	}
	switch l.Kind {
	case KindKey:
		key, err := set.APIKeys.APIKey(ctx, ref.ID)
		return keep(&l.Key, key, err)
	case KindSession:
		session = ref.ID
	case KindFamily:
		family = ref.ID
	}
	if family != "" {
		record, err := set.Tokens.TokenFamily(ctx, family)
		if err := keep(&l.Family, record, err); err != nil {
			return err
		}
		if l.Family != nil {
			session = l.Family.Session
		}
		if err := events(family); err != nil {
			return err
		}
	}
	if l.Kind == KindToken {
		if err := l.revocation(ctx, set, family); err != nil {
			return err
		}
	}
	if session == "" {
		return nil
	}
	record, err := set.Sessions.Session(ctx, session)
	if err := keep(&l.Session, record, err); err != nil {
		return err
	}
	if l.Kind == KindSession {
		return l.logins(ctx, set, session)
	}
	return nil
}

// keep stores a record that was read; that there is none is no error.
func keep[T any](to **T, record T, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	*to = &record
	return nil
}

// events reads what is written about an object.
func (l *Life) events(ctx context.Context, set *store.Set, about string, seen map[int64]bool) error {
	for after := int64(0); ; {
		page, err := set.Events.ListEvents(ctx, about, after, store.MaxPage)
		if err != nil {
			return fmt.Errorf("reading the history: %w", err)
		}
		for _, e := range page {
			if !seen[e.ID] {
				seen[e.ID] = true
				l.Events = append(l.Events, e)
			}
		}
		if over := len(l.Events) - MaxEvents; over > 0 {
			// The newest matter most.
			l.Events, l.Cut = slices.Delete(l.Events, 0, over), true
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// Token is what is known of the access token that a life is of: Issued is zero where
// nobody wrote down when that was.
func (l *Life) Token() store.AccessToken {
	t := store.AccessToken{ID: l.ID}
	if l.Family != nil {
		t.Family = l.Family.ID
	}
	for _, e := range l.Events {
		if e.Object == l.ID {
			t.Client, t.Subject = cmp.Or(t.Client, e.Client), cmp.Or(t.Subject, e.Subject)
			if e.Kind == store.EventIssued || e.Kind == store.EventRenewed {
				t.Issued = e.Time
			}
		}
	}
	return t
}

// revocation finds out whether an access token was withdrawn.
func (l *Life) revocation(ctx context.Context, set *store.Set, family string) error {
	t := l.Token()
	t.Family = family
	r, err := set.Tokens.Revoked(ctx, t)
	if err == nil && t.Issued.IsZero() && family == "" && r.Kind != store.RevokedToken {
		// When it was issued is not known, nor that it ever was, so that only a
		// revocation of the token itself can be told.
		return nil
	}
	return keep(&l.Revoked, r, err)
}

// logins are those that were made of a session.
func (l *Life) logins(ctx context.Context, set *store.Set, session string) error {
	subject := ""
	if l.Session != nil {
		subject = l.Session.Subject
	}
	if subject == "" {
		return nil
	}
	for after := ""; ; {
		page, err := set.Tokens.ListTokenFamilies(ctx, subject, after, store.MaxPage)
		if err != nil {
			return fmt.Errorf("reading logins: %w", err)
		}
		for _, f := range page {
			if f.Session == session {
				l.Families = append(l.Families, f)
			}
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// told are the steps that the records tell, where nobody wrote them down: those of
// before there was a history, and those that the store does by itself.
func (l *Life) told() (events []store.Event) {
	step := func(at time.Time, e store.Event) {
		if at.IsZero() {
			return
		}
		for _, w := range l.Events {
			if w.Kind == e.Kind && (w.Object == e.Object || (e.Family != "" && w.Family == e.Family && e.Kind == store.EventIssued)) {
				return
			}
		}
		e.Time, e.Count = at, 1
		events = append(events, e)
	}
	if k := l.Key; k != nil {
		e := store.Event{Kind: store.EventIssued, Method: string(KindKey), Object: k.ID, Subject: k.Owner}
		step(k.Created, e)
		e.Kind = store.EventUsed
		step(k.LastUsed, e)
		e.Kind = store.EventRevoked
		step(k.Revoked, e)
	}
	if s := l.Session; s != nil {
		e := store.Event{Kind: store.EventIssued, Method: string(KindSession), Object: s.ID, Session: s.ID, Subject: s.Subject}
		step(s.Created, e)
		e.Kind, e.Detail = store.EventRevoked, s.Cause
		step(s.Revoked, e)
	}
	families := l.Families
	if l.Family != nil {
		families = append(families, *l.Family)
	}
	for _, f := range families {
		e := store.Event{Kind: store.EventIssued, Method: string(KindRefresh), Object: f.ID, Family: f.ID, Session: f.Session, Client: f.Client, Subject: f.Subject}
		step(f.Created, e)
		e.Kind, e.Detail = store.EventRevoked, f.Cause
		step(f.Revoked, e)
	}
	if r := l.Revoked; r != nil && (r.Kind != store.RevokedFamily || l.Family == nil) {
		step(r.At, store.Event{Kind: store.EventRevoked, Method: string(r.Kind), Object: r.ID, Detail: r.Cause})
	}
	return events
}
