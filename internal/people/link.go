package people

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gate401/gate401/store"
)

// How long a link is good.
const (
	DefaultLinkTTL = time.Hour
	MaxLinkTTL     = 7 * 24 * time.Hour
)

// What is wrong with a link. Whoever holds its secret may know.
var (
	// ErrLinkUnknown says that there is no such link: a part of it is missing, or
	// it is forgotten, as links are that ended long ago, and those to a password
	// that was changed by other means.
	ErrLinkUnknown = errors.New("there is no such link, or not any more")
	// ErrLinkExpired says that it is too old.
	ErrLinkExpired = errors.New("the link has expired")
	// ErrLinkUsed says that it was used, or that the password is another one than
	// that for which it was made.
	ErrLinkUsed = errors.New("the link was used already, or the password was changed since")
)

// Link sets a new password, once. Its secret is shown once and prints as nothing.
type Link struct {
	Account string
	Expires time.Time

	secret string
}

// URL is the address to give to the person: page is that of the page that takes
// links. The secret is the fragment, which a browser sends to nobody: not to the
// gate, not to a proxy in front of it, not in a Referer field, so that it is in no
// log.
func (l Link) URL(page string) string { return page + "#" + l.secret }

// Reveal is the secret alone, to type into the page where scripts do not run.
func (l Link) Reveal() string { return l.secret }

// String names the account only.
func (l Link) String() string { return "link for " + l.Account }

// GoString is String.
func (l Link) GoString() string { return l.String() }

// LogValue is String, for logs.
func (l Link) LogValue() slog.Value { return slog.StringValue(l.String()) }

// linkData is kept with the ticket.
type linkData struct {
	// Changed is when the password was set at that time: a link made for another
	// password is over.
	Changed int64 `json:"changed"`
}

// secretBytes is 256 bits.
const secretBytes = 32

// MakeLink makes a link by which the holder sets a new password for the account,
// for somebody who has forgotten it or never had one. ttl zero means
// DefaultLinkTTL; more than MaxLinkTTL is an error.
func (p *People) MakeLink(ctx context.Context, by By, name string, ttl time.Duration) (Link, error) {
	switch {
	case ttl == 0:
		ttl = DefaultLinkTTL
	case ttl < 0, ttl > MaxLinkTTL:
		return Link{}, fmt.Errorf("a link is good for up to %s, not for %s", MaxLinkTTL, ttl)
	}
	account, err := p.Account(ctx, name)
	if err != nil {
		return Link{}, err
	}
	if account.Suspended {
		return Link{}, fmt.Errorf("account %q: %w", account.Name, ErrSuspended)
	}
	var bits [secretBytes]byte
	if err := p.random(bits[:]); err != nil {
		return Link{}, err
	}
	data, err := json.Marshal(linkData{Changed: store.Millis(account.PasswordChanged)})
	if err != nil {
		return Link{}, err
	}
	link := Link{Account: account.Name, Expires: store.Moment(p.now().Add(ttl)), secret: base64.RawURLEncoding.EncodeToString(bits[:])}
	_, err = p.Set.Tickets.CreateTicket(ctx, store.Ticket{
		Kind: store.TicketLink, Hash: sha256.Sum256(bits[:]), Subject: account.Name, Data: data, Expires: link.Expires,
	})
	if err != nil {
		return Link{}, fmt.Errorf("storing a link: %w", err)
	}
	return link, p.note(ctx, by, "account.link", account.Name, map[string]any{"expires": link.Expires})
}

// linkHash reads the secret of a link, as it was typed or pasted, with or without
// the address in front of it.
func linkHash(text string) ([32]byte, bool) {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '#'); i >= 0 {
		text = text[i+1:]
	}
	if len(text) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return [32]byte{}, false
	}
	bits, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return [32]byte{}, false
	}
	return sha256.Sum256(bits), true
}

// Link tells whose password a secret would set, without using it.
func (p *People) Link(ctx context.Context, secret string) (store.Account, error) {
	account, _, err := p.link(ctx, secret)
	return account, err
}

func (p *People) link(ctx context.Context, secret string) (store.Account, [32]byte, error) {
	hash, ok := linkHash(secret)
	if !ok {
		return store.Account{}, hash, ErrLinkUnknown
	}
	ticket, err := p.Set.Tickets.Ticket(ctx, store.TicketLink, hash)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Account{}, hash, ErrLinkUnknown
	case err != nil:
		return store.Account{}, hash, fmt.Errorf("reading a link: %w", err)
	case !ticket.Used.IsZero():
		return store.Account{}, hash, ErrLinkUsed
	case !p.now().Before(ticket.Expires):
		return store.Account{}, hash, ErrLinkExpired
	}
	var data linkData
	if err := json.Unmarshal(ticket.Data, &data); err != nil {
		return store.Account{}, hash, fmt.Errorf("reading a link: %w", err)
	}
	account, err := p.Set.Accounts.Account(ctx, ticket.Subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Account{}, hash, ErrLinkUnknown
	case err != nil:
		return store.Account{}, hash, fmt.Errorf("reading the account of a link: %w", err)
	// Whoever got the name after the account was deleted is somebody else.
	case store.Millis(account.PasswordChanged) != data.Changed, account.Created.After(ticket.Created):
		return store.Account{}, hash, ErrLinkUsed
	case account.Suspended:
		return store.Account{}, hash, ErrSuspended
	}
	return account, hash, nil
}

// UseLink sets the new password, once: everything that hung on the old one ends,
// as with ChangePassword. A password that is refused leaves the link good. It
// logs nobody in, so that a second factor is asked as always.
func (p *People) UseLink(ctx context.Context, by By, secret, next string) (store.Account, error) {
	account, hash, err := p.link(ctx, secret)
	if err != nil {
		return store.Account{}, err
	}
	phc, err := p.judged(ctx, account.Name, next)
	if err != nil {
		return store.Account{}, err
	}
	// First the ticket: a link that is used up without effect can be made again,
	// one that could be used again would be a second password.
	err = p.Set.Tickets.UseTicket(ctx, store.TicketLink, hash, p.now(), nil, nil)
	switch {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
		return store.Account{}, ErrLinkUsed
	case err != nil:
		return store.Account{}, fmt.Errorf("using a link: %w", err)
	}
	if by.Actor == "" {
		by.Actor = account.Name
	}
	seen := store.Millis(account.PasswordChanged)
	return p.setPassword(ctx, by, account.Name, phc, "set by a link", func(a *store.Account) error {
		switch {
		case store.Millis(a.PasswordChanged) != seen:
			return ErrLinkUsed
		case a.Suspended:
			return ErrSuspended
		}
		return nil
	})
}
