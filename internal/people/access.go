package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// Who is a person, as sessions know them.
type Who struct {
	Subject string
	Issuer  string // the provider that vouched; empty = an own account
}

// maxListed is how many records of a person are looked at to be shown: no person
// has more that are good, and a page must not read without end.
const maxListed = 10 * store.MaxPage

// Sessions are the browsers in which somebody is logged in, the one that was used
// last first.
func (p *People) Sessions(ctx context.Context, who Who) ([]store.Session, error) {
	good, err := p.sessions(ctx, who, maxListed)
	slices.SortStableFunc(good, func(a, b store.Session) int { return LastSeen(b).Compare(LastSeen(a)) })
	return good, err
}

// sessions looks at most records, or at all for 0: whoever ends sessions ends all
// of them, or a thief would begin many to keep one.
func (p *People) sessions(ctx context.Context, who Who, most int) ([]store.Session, error) {
	if who.Subject == "" {
		return nil, fmt.Errorf("sessions of nobody: %w", store.ErrInvalid)
	}
	now := p.now()
	var good []store.Session
	for after, seen := "", 0; most == 0 || seen < most; {
		page, err := p.Set.Sessions.ListSessions(ctx, who.Subject, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("reading sessions: %w", err)
		}
		for _, s := range page {
			if s.Issuer == who.Issuer && s.Revoked.IsZero() && now.Before(s.Expires) && (s.Idle.IsZero() || now.Before(s.Idle)) {
				good = append(good, s)
			}
		}
		if seen += len(page); len(page) < store.MaxPage {
			break
		}
		after = page[len(page)-1].ID
	}
	return good, nil
}

// LastSeen is when a session was used last, as far as that was written down.
func LastSeen(s store.Session) time.Time {
	if s.Seen.After(s.Created) {
		return s.Seen
	}
	return s.Created
}

// EndSession logs one browser out. A session of somebody else is
// store.ErrNotFound.
func (p *People) EndSession(ctx context.Context, by By, who Who, id string) error {
	s, err := p.Set.Sessions.Session(ctx, id)
	if err == nil && (who.Subject == "" || s.Subject != who.Subject || s.Issuer != who.Issuer) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if !s.Revoked.IsZero() {
		return nil
	}
	if err := p.endSession(ctx, by, s, "ended by "+by.Actor); err != nil {
		return err
	}
	return p.note(ctx, by, "session.revoke", s.ID, map[string]string{"subject": s.Subject})
}

func (p *People) endSession(ctx context.Context, by By, s store.Session, cause string) error {
	if err := p.Set.Sessions.RevokeSession(ctx, s.ID, p.now(), cause); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	p.tell(by, store.Event{Kind: store.EventRevoked, Method: "session", Object: s.ID, Session: s.ID, Subject: s.Subject, Detail: cause})
	return nil
}

// EndSessions logs all browsers out but the session keep ("" = none), and tells
// how many those were. Apps keep their access.
func (p *People) EndSessions(ctx context.Context, by By, who Who, keep string) (int, error) {
	sessions, err := p.sessions(ctx, who, 0)
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, s := range sessions {
		if s.ID == keep {
			continue
		}
		if err := p.endSession(ctx, by, s, "all ended by "+by.Actor); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, p.note(ctx, by, "session.revoke-all", who.Subject, map[string]any{"ended": ended})
}

// App is a client that has access to a person's account.
type App struct {
	Client  string
	Name    string // what people are shown; the ID where the client is gone
	Scopes  []string
	Since   time.Time
	Allowed bool // there is a consent, so that it is not asked again
	Logins  int  // of token families that are good
}

// Apps are the clients that have access, by the consents and by the logins that
// are good, in the order of their names.
func (p *People) Apps(ctx context.Context, who Who) ([]App, error) {
	consents, err := p.Set.Consents.ListConsents(ctx, who.Subject, who.Issuer)
	if err != nil {
		return nil, fmt.Errorf("reading consents: %w", err)
	}
	families, err := p.families(ctx, who, maxListed)
	if err != nil {
		return nil, err
	}
	byID := map[string]*App{}
	app := func(client string) *App {
		if byID[client] == nil {
			byID[client] = &App{Client: client, Name: client}
		}
		return byID[client]
	}
	add := func(a *App, scopes []string, since time.Time) {
		for _, s := range scopes {
			if !slices.Contains(a.Scopes, s) {
				a.Scopes = append(a.Scopes, s)
			}
		}
		if a.Since.IsZero() || since.Before(a.Since) {
			a.Since = since
		}
	}
	for _, c := range consents {
		a := app(c.Client)
		a.Allowed = true
		add(a, c.Scopes, c.Created)
	}
	for _, f := range families {
		a := app(f.Client)
		a.Logins++
		add(a, f.Scopes, f.Created)
	}
	apps := make([]App, 0, len(byID))
	for id, a := range byID {
		client, err := p.Set.Clients.Client(ctx, id)
		switch {
		case err == nil && client.Name != "":
			a.Name = client.Name
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, fmt.Errorf("reading a client: %w", err)
		}
		apps = append(apps, *a)
	}
	slices.SortFunc(apps, func(a, b App) int {
		if a.Name != b.Name && a.Name < b.Name || a.Name == b.Name && a.Client < b.Client {
			return -1
		}
		return 1
	})
	return apps, nil
}

// families are the logins of a person that are good, among most records, or among
// all for 0.
func (p *People) families(ctx context.Context, who Who, most int) ([]store.TokenFamily, error) {
	if who.Subject == "" {
		return nil, fmt.Errorf("logins of nobody: %w", store.ErrInvalid)
	}
	now := p.now()
	var good []store.TokenFamily
	for after, seen := "", 0; most == 0 || seen < most; {
		page, err := p.Set.Tokens.ListTokenFamilies(ctx, who.Subject, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("reading logins: %w", err)
		}
		for _, f := range page {
			// Somebody of a provider may have the name of an account.
			if f.Issuer == who.Issuer && f.Revoked.IsZero() && (f.Expires.IsZero() || now.Before(f.Expires)) {
				good = append(good, f)
			}
		}
		if seen += len(page); len(page) < store.MaxPage {
			break
		}
		after = page[len(page)-1].ID
	}
	return good, nil
}

// RevokeApp takes a client's access away: its logins end, and it has to ask
// again. store.ErrNotFound if it has none.
func (p *People) RevokeApp(ctx context.Context, by By, who Who, client string) error {
	families, err := p.families(ctx, who, 0)
	if err != nil {
		return err
	}
	// First the consent: what asks anew in between must not be let in silently.
	err = p.Set.Consents.DeleteConsent(ctx, who.Subject, who.Issuer, client)
	found := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("taking a consent back: %w", err)
	}
	cause := "access taken back by " + by.Actor
	for _, f := range families {
		if f.Client != client {
			continue
		}
		found = true
		if err := p.endFamily(ctx, by, f, cause); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("access of a client: %w", store.ErrNotFound)
	}
	return p.note(ctx, by, "consent.revoke", client, map[string]string{"subject": who.Subject})
}
