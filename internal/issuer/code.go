package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Causes of revocation of a login that began with a code.
const (
	CauseCode  = "its authorization code was used a second time"
	CauseEnded = "the session or the account ended while its authorization code was exchanged"
)

// Approval is a person who lets a client have what it asked for.
type Approval struct {
	// Subject is who; required. Issuer is the provider that vouched for them,
	// empty for our own accounts.
	Subject, Issuer string
	// Session is the ID of the session that they approved in.
	Session string
	// Scopes and Groups are what they have; the client gets no others.
	Scopes, Groups []string
	// AuthTime, ACR and AMR say when, how strongly and by which means they
	// proved who they are.
	AuthTime time.Time
	ACR      string
	AMR      []string
}

// coded is what a code stands for, in the Data of its ticket.
type coded struct {
	Redirect  string    `json:"redirect_uri"`
	Sent      bool      `json:"sent,omitempty"` // redirect_uri was in the request
	Challenge string    `json:"code_challenge"`
	Nonce     string    `json:"nonce,omitempty"`
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer,omitempty"`
	Session   string    `json:"session,omitempty"`
	Scopes    []string  `json:"scopes,omitempty"`
	Groups    []string  `json:"groups,omitempty"`
	Audience  []string  `json:"audience,omitempty"`
	AuthTime  time.Time `json:"auth_time"`
	ACR       string    `json:"acr,omitempty"`
	AMR       []string  `json:"amr,omitempty"`
}

// IssueCode makes an authorization code of a request that a person approved. The
// error is an *AskError where nothing is left that the client may have.
func (s *Issuer) IssueCode(ctx context.Context, a *Authorization, p Approval) (string, error) {
	switch {
	case s.Tickets == nil:
		return "", errors.New("issuing a code: no store for tickets is set")
	case p.Subject == "":
		return "", errors.New("issuing a code: nobody is logged in")
	}
	scopes := a.Of(p.Scopes)
	if len(scopes) == 0 && len(a.Ask.Scopes) > 0 {
		return "", a.Refuse("invalid_scope", "The person has none of these scopes.")
	}
	data, err := json.Marshal(coded{
		Redirect: a.Redirect, Sent: a.Ask.Redirect != "", Challenge: a.Ask.Challenge, Nonce: a.Ask.Nonce,
		Subject: p.Subject, Issuer: p.Issuer, Session: p.Session, Scopes: scopes, Groups: p.Groups, Audience: a.Audience,
		AuthTime: p.AuthTime, ACR: p.ACR, AMR: p.AMR,
	})
	if err != nil {
		return "", fmt.Errorf("issuing a code: %w", err)
	}
	from := s.Rand
	if from == nil {
		from = rand.Reader
	}
	var bits [32]byte
	if _, err := io.ReadFull(from, bits[:]); err != nil {
		return "", fmt.Errorf("random bits: %w", err)
	}
	code := base64.RawURLEncoding.EncodeToString(bits[:])
	ticket := store.Ticket{
		// An account that is deleted takes its tickets with it: it must not take
		// those of a provider's person of the same name.
		Kind: store.TicketCode, Hash: sha256.Sum256([]byte(code)), Subject: SubjectOf(p.Issuer, p.Subject), Client: a.Client.ID,
		Data: data, Expires: s.now().Add(s.Policy.code()),
	}
	if _, err := s.Tickets.CreateTicket(ctx, ticket); err != nil {
		return "", fmt.Errorf("keeping a code: %w", err)
	}
	s.tell(store.Event{Kind: store.EventIssued, Method: "code", Object: codeObject(ticket.Hash), Session: p.Session, Client: a.Client.ID, Subject: ticket.Subject})
	return code, nil
}

// codeObject is what a code is called where it must not be shown.
func codeObject(hash [32]byte) string { return object(store.RefreshToken{Hash: hash}) }

// CodeRedemption is an authorization code that a client wants to exchange (RFC
// 6749 section 4.1.3).
type CodeRedemption struct {
	// Code is the code as it was sent.
	Code string
	// Verifier is what the challenge was made of (RFC 7636 section 4.5).
	Verifier string
	// RedirectURI is the address that the code was sent to.
	RedirectURI string
	// Client is who sent it, already believed.
	Client store.Client
	// Resources narrow what the first access token is for (RFC 8707 section
	// 2.2); none asks for all that the person approved.
	Resources []string
}

// RedeemCode exchanges an authorization code, once. It refuses with
// code-unknown, -mismatch, -reused and -expired, and with a *FormError where a
// parameter is missing or a resource was not approved.
//
// Who has the code but not all that belongs to it changes nothing: the code stays
// good for its client, and a login that was made of it stays as it is. A thief of
// a code alone, say out of a browser's history, could otherwise end logins with
// it. Who has all of it, a second time, ends the login that was made the first
// time (RFC 6749 section 4.1.2), also where the answer got lost: its client asks
// for another code, which costs the person nothing while their session lasts.
func (s *Issuer) RedeemCode(ctx context.Context, r CodeRedemption) (*Grant, error) {
	switch {
	case s.Tickets == nil:
		return nil, errors.New("redeeming a code: no store for tickets is set")
	case r.Verifier == "":
		return nil, invalid("code_verifier is missing: every client must use PKCE (RFC 7636).")
	case !verifier(r.Verifier):
		return nil, invalid("code_verifier has 43 to 128 letters, digits, hyphens, full stops, underscores and tildes (RFC 7636 section 4.1).")
	}
	now := s.now()
	ticket, c, err := s.findCode(ctx, r)
	if err != nil {
		return nil, err
	}
	if !ticket.Used.IsZero() {
		return nil, s.codeReused(ctx, ticket, now)
	}
	if !now.Before(ticket.Expires) {
		return nil, deny(reason.CodeExpired, ticket.Subject, "it was good until %s, now is %s", stamp(ticket.Expires), stamp(now))
	}
	if err := s.stillLoggedIn(ctx, ticket, c); err != nil {
		return nil, err
	}
	first, err := s.narrow(c.Audience, r.Resources)
	if err != nil {
		return nil, err
	}
	b, err := s.begin(ctx, Login{
		Subject: c.Subject, Issuer: c.Issuer, Client: ticket.Client, Scopes: c.Scopes, Groups: c.Groups, Audience: c.Audience, First: first,
		Session: c.Session, NoRefresh: !slices.Contains(r.Client.Grants, GrantRefreshToken),
		AuthTime: c.AuthTime, ACR: c.ACR, AMR: c.AMR,
	})
	if err != nil {
		return nil, err
	}
	if err := s.identify(ctx, b.grant, &b.family, c.Nonce, now); err != nil {
		return nil, err
	}
	// Everything is signed before the code is used up: a key that is out of reach
	// must not cost the login.
	switch err := s.Tickets.UseTicket(ctx, store.TicketCode, ticket.Hash, now, &b.family, b.first); {
	case errors.Is(err, store.ErrConflict):
		if ticket, _, err = s.findCode(ctx, r); err != nil {
			return nil, err
		}
		return nil, s.codeReused(ctx, ticket, now)
	case errors.Is(err, store.ErrNotFound):
		return nil, deny(reason.CodeUnknown, ticket.Subject, "no record of it")
	case err != nil:
		return nil, fmt.Errorf("using a code: %w", err)
	}
	// Who logged out everywhere between the look above and the line before this
	// would leave this login behind: the store could not know of it yet.
	if err := s.stillLoggedIn(ctx, ticket, c); err != nil {
		if err := s.RevokeFamily(ctx, b.family.ID, CauseEnded); err != nil {
			return nil, err
		}
		return nil, err
	}
	s.tell(store.Event{Kind: store.EventUsed, Method: "code", Object: codeObject(ticket.Hash), Family: b.family.ID, Session: c.Session, Client: ticket.Client, Subject: ticket.Subject})
	s.began(b)
	return b.grant, nil
}

// findCode reads a code and judges all that belongs to it. One of another client
// is as unknown as one that nobody ever issued.
func (s *Issuer) findCode(ctx context.Context, r CodeRedemption) (store.Ticket, coded, error) {
	none := func(err error) (store.Ticket, coded, error) { return store.Ticket{}, coded{}, err }
	ticket, err := s.Tickets.Ticket(ctx, store.TicketCode, sha256.Sum256([]byte(r.Code)))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return none(deny(reason.CodeUnknown, "", "no record of it"))
	case err != nil:
		return none(fmt.Errorf("reading a code: %w", err))
	case ticket.Client != r.Client.ID:
		return none(deny(reason.CodeUnknown, ticket.Subject, "it was issued to the client %q, not to %q", ticket.Client, clip(r.Client.ID)))
	}
	var c coded
	if err := json.Unmarshal(ticket.Data, &c); err != nil {
		return none(fmt.Errorf("reading a code: %w", err))
	}
	// RFC 6749 section 4.1.3: there if it was in the request, and identical.
	switch {
	case r.RedirectURI == "" && c.Sent:
		return none(invalid("redirect_uri is missing: the authorization request had one (RFC 6749 section 4.1.3)."))
	case r.RedirectURI != "" && r.RedirectURI != c.Redirect:
		return none(deny(reason.CodeMismatch, ticket.Subject, "redirect_uri is %q, the code was sent to %q", clip(r.RedirectURI), clip(c.Redirect)))
	}
	sum := sha256.Sum256([]byte(r.Verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.Challenge)) != 1 {
		return none(deny(reason.CodeMismatch, ticket.Subject, "code_verifier does not fit the code_challenge of the authorization request"))
	}
	return ticket, c, nil
}

// verifier is code-verifier = 43*128unreserved   (RFC 7636 section 4.1)
func verifier(s string) bool {
	return len(s) >= 43 && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_', r == '~':
			return false
		}
		return true
	})
}

// codeReused ends the login that was made of a code. It is reported only when the
// store has it.
func (s *Issuer) codeReused(ctx context.Context, t store.Ticket, now time.Time) error {
	if t.Family != "" {
		if err := s.RevokeFamily(ctx, t.Family, CauseCode); err != nil {
			return err
		}
	}
	s.tell(store.Event{Kind: store.EventRefused, Method: "code", Object: codeObject(t.Hash), Family: t.Family, Client: t.Client, Subject: t.Subject, Reason: string(reason.CodeReused)})
	return deny(reason.CodeReused, t.Subject, "it was exchanged %s, now is %s", stamp(t.Used), stamp(now))
}

// SessionReader looks up sessions of browsers; store.Sessions is one.
type SessionReader interface {
	// Session returns the session of that ID, or store.ErrNotFound.
	Session(ctx context.Context, id string) (store.Session, error)
}

// stillLoggedIn refuses the code of a session, or of an account, that ended since:
// who logs out everywhere, or changes the password, would otherwise leave behind
// a login that begins a moment later.
func (s *Issuer) stillLoggedIn(ctx context.Context, t store.Ticket, c coded) error {
	if s.Sessions != nil && c.Session != "" {
		session, err := s.Sessions.Session(ctx, c.Session)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return deny(reason.CodeExpired, t.Subject, "the session that it was approved in is gone")
		case err != nil:
			return fmt.Errorf("reading the session of a code: %w", err)
		case !session.Revoked.IsZero():
			return deny(reason.CodeExpired, t.Subject, "the session that it was approved in was revoked %s: %s", stamp(session.Revoked), session.Cause)
		}
	}
	if s.gone(c.Issuer) {
		return deny(reason.CodeExpired, t.Subject, "the provider %q is none of this gate's any more", c.Issuer)
	}
	if s.Accounts == nil || c.Issuer != "" {
		return nil
	}
	account, err := s.Accounts.Account(ctx, c.Subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return deny(reason.CodeExpired, t.Subject, "the account does not exist any more")
	case err != nil:
		return fmt.Errorf("reading the account of a code: %w", err)
	case account.Suspended:
		return deny(reason.CodeExpired, t.Subject, "the account is suspended")
	case t.Created.Before(account.Created):
		return deny(reason.CodeExpired, t.Subject, "it is of an earlier account of that name")
	}
	return nil
}
