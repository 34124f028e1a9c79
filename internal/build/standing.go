package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Standing tells whether the records still stand behind id, for what began then
// and is not over: a *gate401.Denial says what was withdrawn, any other error
// that it could not be told. It reads a few records, and verifies nothing.
// Identities of other issuers are nobody's to withdraw here.
func (s *Stores) Standing(ctx context.Context, id *gate401.Identity, since time.Time) error {
	no := func(code reason.Code, format string, args ...any) error {
		return &gate401.Denial{Reason: code, Method: id.Method, Subject: id.Subject, Err: fmt.Errorf(format, args...)}
	}
	account := id.Subject
	if id.Method != methodSession && id.Issuer != "" {
		return nil
	}
	switch id.Method {
	case methodSession:
		if err := s.lives(ctx, id, no); err != nil || id.Issuer != "" {
			return err
		}
	case "api-key":
		key, err := s.Set.APIKeys.APIKey(ctx, id.Credential)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return no(reason.APIKeyRevoked, "key %s does not exist any more", id.Credential)
		case err != nil:
			return fmt.Errorf("reading an API key: %w", err)
		case !key.Revoked.IsZero():
			return no(reason.APIKeyRevoked, "key %s was revoked", id.Credential)
		case !key.Expires.IsZero() && (id.Expires.IsZero() || key.Expires.Before(id.Expires)) && !time.Now().Before(key.Expires):
			return no(reason.APIKeyExpired, "key %s was given an earlier end", id.Credential)
		}
		if account = key.Owner; account == "" {
			return nil
		}
	case "bearer":
		// Whoever has stolen a key signs what is good for ever and in nobody's name:
		// nothing but the key can be withdrawn.
		switch _, err := s.Keyring.Keys(ctx, id.Key, ""); {
		case errors.Is(err, token.ErrKeyUnknown):
			return no(reason.TokenKeyUnknown, "the key %q, which signed the token, was withdrawn", id.Key)
		case err != nil:
			return fmt.Errorf("reading the signing keys: %w", err)
		}
		sid, _ := id.Claims["sid"].(string)
		client, _ := id.Claims["client_id"].(string)
		r, err := s.Set.Tokens.Revoked(ctx, store.AccessToken{
			ID: id.Credential, Family: sid, Client: client, Subject: id.Subject, Issued: issuedAt(id),
		})
		switch {
		case err == nil:
			return no(reason.TokenRevoked, "revoked %s: %s", r.At.UTC().Format(time.RFC3339), r.Cause)
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("reading revocations: %w", err)
		}
		if err := clientStands(ctx, s.Set, client); err != nil {
			return err
		}
	}
	a, err := people{s.Set}.Account(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return no(gone(id.Method), "the account %q does not exist any more", account)
	case err != nil:
		return fmt.Errorf("reading an account: %w", err)
	case a.Suspended:
		return no(reason.AccountSuspended, "the account %q was suspended", account)
	case (id.Method == "basic" || id.Method == "digest") && a.PasswordChanged.After(since):
		return no(reason.PasswordOutdated, "the password of %q was changed", account)
	}
	return nil
}

// Standing is that of the records, and asks besides whether a password alone would
// still be enough: who sets up a second factor must not leave open what came in
// without it.
func (s *System) Standing(ctx context.Context, id *gate401.Identity, since time.Time) error {
	if err := s.Stores.Standing(ctx, id, since); err != nil || id.Method != "basic" {
		return err
	}
	p, ok := s.methods.parts[id.Name]
	if !ok {
		return nil
	}
	source, ok := p.source.(authn.Stronger)
	if !ok {
		return nil
	}
	account, err := s.Stores.Set.Accounts.Account(ctx, id.Subject)
	if err != nil {
		return fmt.Errorf("reading an account: %w", err)
	}
	switch more, err := source.NeedsMore(ctx, account); {
	case err != nil:
		return fmt.Errorf("finding out how an account proves itself: %w", err)
	case more:
		return &gate401.Denial{Reason: reason.AuthenticationTooWeak, Method: id.Method, Subject: id.Subject,
			Err: fmt.Errorf("the account %q has to prove itself with a second factor too", id.Subject)}
	}
	return nil
}

// clientStands refuses the tokens of a client while it is suspended. One that is
// not known is nobody's to suspend: its tokens were issued by command.
func clientStands(ctx context.Context, set *store.Set, id string) error {
	if id == "" {
		return nil
	}
	client, err := set.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return fmt.Errorf("reading the client of a token: %w", err)
	case client.Suspended:
		return &gate401.Denial{Reason: reason.TokenRevoked, Method: "bearer", Err: fmt.Errorf("the client %q, which got the token, is suspended", id)}
	}
	return nil
}

// TokenStands tells whether the gate would let an access token of its own in that
// no revocation is about, as far as the records tell: a *gate401.Denial says why
// not, any other error that it could not be told.
func (s *Stores) TokenStands(ctx context.Context, t store.AccessToken) error {
	if t.Subject != "" && !t.Issued.IsZero() {
		if err := authn.OwnerStands(ctx, people{s.Set}, t.Subject, t.Issued); err != nil {
			return err
		}
	}
	return clientStands(ctx, s.Set, t.Client)
}

const methodSession = "session"

// lives tells whether a session is not over. How long it is idle does not matter
// to what goes on in it.
func (s *Stores) lives(ctx context.Context, id *gate401.Identity, no func(reason.Code, string, ...any) error) error {
	record, err := s.Set.Sessions.Session(ctx, id.Credential)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return no(reason.SessionUnknown, "session %s does not exist any more", id.Credential)
	case err != nil:
		return fmt.Errorf("reading a session: %w", err)
	case !record.Revoked.IsZero():
		return no(reason.SessionRevoked, "session %s was revoked: %s", id.Credential, record.Cause)
	}
	return nil
}

// gone is the reason when the account behind a credential was removed.
func gone(method string) reason.Code {
	switch method {
	case "api-key":
		return reason.APIKeyRevoked
	case "bearer":
		return reason.TokenRevoked
	case methodSession:
		return reason.SessionRevoked
	}
	return reason.AccountUnknown
}

// issuedAt is when a token was issued, zero if it does not say.
func issuedAt(id *gate401.Identity) time.Time {
	iat, ok := id.Claims["iat"].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := iat.Float64()
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}
