package issuer

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// deviceRepeat is a used device code that came again, with all that belongs to it.
type deviceRepeat struct {
	ticket    store.Ticket
	waiting   waiting
	client    store.Client
	code      string
	resources []string
}

// repeatDevice answers a device that asks again although its code was used. One
// that did not hear the answer cannot know better, and without it the person would
// have to type another code: it gets another access token of the same login, and
// the same refresh token. Later, or once something of the login was used, it is a
// second party, and that ends the login.
func (s *Issuer) repeatDevice(ctx context.Context, r deviceRepeat, now time.Time) (*Grant, error) {
	refresh, family, err := s.unheard(ctx, r, now)
	switch {
	case errors.Is(err, errHeard):
		return nil, s.codeReused(ctx, r.ticket, now)
	case err != nil:
		return nil, err
	}
	if err := s.stillLoggedIn(ctx, r.ticket, coded{Subject: family.Subject, Issuer: family.Issuer, Session: family.Session}); err != nil {
		return nil, err
	}
	audience, err := s.narrow(family.Audience, r.resources)
	if err != nil {
		return nil, err
	}
	access, err := s.access(ctx, family, family.Scopes, audience, now)
	if err != nil {
		return nil, err
	}
	grant := &Grant{
		Access: access, Refresh: refresh, Scopes: family.Scopes, Family: family.ID,
		Subject: SubjectOf(family.Issuer, family.Subject), Repeated: true,
	}
	if err := s.identify(ctx, grant, &family, "", now); err != nil {
		return nil, err
	}
	s.record(store.EventIssued, &family, "bearer", access.ID)
	return grant, nil
}

// errHeard says that no answer was lost, as far as anybody can tell.
var errHeard = errors.New("the answer was heard, or is long ago")

// unheard returns the login that was made of a code, and its first refresh token
// if it has one; the error is errHeard where that is over, was used, or may not be
// told again.
func (s *Issuer) unheard(ctx context.Context, r deviceRepeat, now time.Time) (refresh token.RefreshToken, family store.TokenFamily, err error) {
	// A device has to wait for the interval, and for twice as long where it was not
	// answered (RFC 8628 section 3.5): the grace alone would be over by then.
	since := s.Policy.since(now)
	if since.IsZero() || len(r.waiting.Salt) == 0 || r.ticket.Used.Before(store.Moment(since.Add(-2*r.waiting.Interval))) {
		return refresh, family, errHeard
	}
	family, err = s.Tokens.TokenFamily(ctx, r.ticket.Family)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refresh, family, errHeard
	case err != nil:
		return refresh, family, fmt.Errorf("reading the login of a device: %w", err)
	case !family.Revoked.IsZero(), !now.Before(family.Expires):
		return refresh, family, errHeard
	case !slices.Contains(r.client.Grants, GrantRefreshToken):
		return refresh, family, nil
	}
	if refresh, err = s.deviceRefresh(r.waiting, r.code); err != nil {
		return refresh, family, err
	}
	record, err := s.Tokens.RefreshToken(ctx, refresh.Hash())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refresh, family, errHeard
	case err != nil:
		return refresh, family, fmt.Errorf("reading the refresh token of a device: %w", err)
	case !record.Used.IsZero(), record.Family != family.ID:
		return refresh, family, errHeard
	}
	return refresh, family, nil
}

// deviceRefresh is the first refresh token of the login of a device. It is worked
// out of the code, which the device alone has, and of the salt, which the records
// alone have: so it can be told twice although nobody keeps it, and neither the
// code nor the records give it away. Without a salt it is any.
func (s *Issuer) deviceRefresh(w waiting, code string) (token.RefreshToken, error) {
	if len(w.Salt) == 0 {
		return s.newRefresh()
	}
	mac := hmac.New(sha256.New, w.Salt)
	mac.Write([]byte("refresh token " + code))
	return s.refreshOf(bytes.NewReader(mac.Sum(nil)))
}

func newSalt(random io.Reader) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	salt := make([]byte, sha256.Size)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("random bits: %w", err)
	}
	return salt, nil
}
