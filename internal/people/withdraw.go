package people

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401/store"
)

// What the history calls what is withdrawn.
const (
	methodAccount = "account"
	methodAll     = "all"
	methodClient  = "client"
	methodRefresh = "refresh"
	methodToken   = "bearer"
)

// withdraw stores a revocation of what e is about, as of now; only when the store
// has it, it returns without an error and the history hears of it.
func (p *People) withdraw(ctx context.Context, by By, v store.Revocation, e store.Event) error {
	v.At = p.now()
	v.Until = v.At.Add(store.RevocationKept)
	if err := p.Set.Tokens.Revoke(ctx, v); err != nil {
		return fmt.Errorf("revoking %s %q: %w", v.Kind, v.ID, err)
	}
	e.Kind, e.Detail = store.EventRevoked, v.Cause
	p.tell(by, e)
	return nil
}

// withdrawBy is withdraw for an administrator, with its audit record.
func (p *People) withdrawBy(ctx context.Context, by By, v store.Revocation, e store.Event) error {
	v.Cause = "revoked by " + by.Actor
	if err := p.withdraw(ctx, by, v, e); err != nil {
		return err
	}
	return p.note(ctx, by, "token.revoke", v.ID, map[string]string{"kind": string(v.Kind)})
}

// EndEverything logs out everywhere: all sessions, and all tokens of apps, until
// now.
func (p *People) EndEverything(ctx context.Context, by By, who Who) error {
	err := p.withdraw(ctx, by, store.Revocation{Kind: store.RevokedSubject, ID: who.Subject, Issuer: who.Issuer, Cause: "logged out everywhere by " + by.Actor},
		store.Event{Method: methodAccount, Object: who.Subject, Subject: who.Subject})
	if err != nil {
		return err
	}
	return p.note(ctx, by, "account.logout", who.Subject, nil)
}

// endFamily ends a login of an app with all of its tokens. One that the store has
// forgotten is over.
func (p *People) endFamily(ctx context.Context, by By, f store.TokenFamily, cause string) error {
	err := p.withdraw(ctx, by, store.Revocation{Kind: store.RevokedFamily, ID: f.ID, Cause: cause}, ofFamily(f))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func ofFamily(f store.TokenFamily) store.Event {
	return store.Event{Method: methodRefresh, Object: f.ID, Family: f.ID, Session: f.Session, Client: f.Client, Subject: f.Subject}
}

// EndLogin is what an administrator does: it ends a login of an app with all of
// its tokens, whosever it is.
func (p *People) EndLogin(ctx context.Context, by By, f store.TokenFamily) error {
	return p.withdrawBy(ctx, by, store.Revocation{Kind: store.RevokedFamily, ID: f.ID}, ofFamily(f))
}

// EndToken ends one access token. about says what is known of it: its Object is
// the identifier (jti), and family, session, client and subject may be there.
func (p *People) EndToken(ctx context.Context, by By, about store.Event) error {
	about.Method = methodToken
	return p.withdrawBy(ctx, by, store.Revocation{Kind: store.RevokedToken, ID: about.Object}, about)
}

// EndClient ends all that a client was given until now.
func (p *People) EndClient(ctx context.Context, by By, client string) error {
	return p.withdrawBy(ctx, by, store.Revocation{Kind: store.RevokedClient, ID: client}, store.Event{Method: methodClient, Object: client, Client: client})
}

// EndAll ends all that was issued until now, to everyone, API keys excepted: the
// answer to a backup that was put back, or to a theft.
func (p *People) EndAll(ctx context.Context, by By) error {
	return p.withdrawBy(ctx, by, store.Revocation{Kind: store.RevokedAll, ID: store.Everything}, store.Event{Method: methodAll, Object: store.Everything})
}
