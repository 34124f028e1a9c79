package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// RedeemDevice exchanges a device code, once somebody allowed it (RFC 8628
// section 3.4). One that asks again because the answer was lost gets the same login
// (repeatDevice). The error is a *FormError with authorization_pending, slow_down,
// access_denied or expired_token (section 3.5), or code-unknown, code-expired or
// code-reused.
func (s *Issuer) RedeemDevice(ctx context.Context, c store.Client, code string, resources []string) (*Grant, error) {
	if s.Tickets == nil {
		return nil, errors.New("redeeming a device code: no store for tickets is set")
	}
	now := s.now()
	ticket, w, err := s.findDevice(ctx, c, code)
	if err != nil {
		return nil, err
	}
	switch {
	case !ticket.Used.IsZero():
		return s.repeatDevice(ctx, deviceRepeat{ticket: ticket, waiting: w, client: c, code: code, resources: resources}, now)
	case !now.Before(ticket.Expires):
		return nil, &FormError{Code: "expired_token", Description: "Nobody entered the code in time. Start again."}
	case w.Denied:
		return nil, &FormError{Code: "access_denied", Description: "The person did not allow it."}
	case w.Allowed == nil:
		return nil, s.pending(ctx, ticket, w, now)
	}
	p := w.Allowed
	if err := s.stillLoggedIn(ctx, ticket, coded{Subject: p.Subject, Issuer: p.Issuer, Session: p.Session}); err != nil {
		return nil, err
	}
	first, err := s.narrow(w.Audience, resources)
	if err != nil {
		return nil, err
	}
	b, err := s.begin(ctx, Login{
		Subject: p.Subject, Issuer: p.Issuer, Client: ticket.Client, Scopes: w.Scopes, Groups: p.Groups, Audience: w.Audience, First: first,
		Session: p.Session, NoRefresh: !slices.Contains(c.Grants, GrantRefreshToken), AuthTime: p.AuthTime, ACR: p.ACR, AMR: p.AMR,
	})
	if err != nil {
		return nil, err
	}
	if b.first != nil {
		if b.grant.Refresh, err = s.deviceRefresh(w, code); err != nil {
			return nil, err
		}
		b.first.Hash = b.grant.Refresh.Hash()
	}
	if err := s.identify(ctx, b.grant, &b.family, "", now); err != nil {
		return nil, err
	}
	switch err := s.Tickets.UseTicket(ctx, store.TicketDevice, ticket.Hash, now, &b.family, b.first); {
	case errors.Is(err, store.ErrConflict):
		if ticket, w, err = s.findDevice(ctx, c, code); err != nil {
			return nil, err
		}
		if ticket.Used.IsZero() {
			return nil, deny(reason.CodeExpired, ticket.Subject, "the session that it was approved in is over")
		}
		return s.repeatDevice(ctx, deviceRepeat{ticket: ticket, waiting: w, client: c, code: code, resources: resources}, now)
	case err != nil:
		return nil, fmt.Errorf("using a device code: %w", err)
	}
	// The code that the person typed is free for others.
	if raw, err := base64.RawURLEncoding.DecodeString(w.User); err == nil && len(raw) == sha256.Size {
		_ = s.Tickets.DeleteTicket(ctx, store.TicketUserCode, [32]byte(raw)) // or it is swept
	}
	s.began(b)
	return b.grant, nil
}

// findDevice reads a device code; one of another client is unknown.
func (s *Issuer) findDevice(ctx context.Context, c store.Client, code string) (store.Ticket, waiting, error) {
	var w waiting
	ticket, err := s.Tickets.Ticket(ctx, store.TicketDevice, sha256.Sum256([]byte(code)))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ticket, w, deny(reason.CodeUnknown, "", "no record of the device code")
	case err != nil:
		return ticket, w, fmt.Errorf("reading a device code: %w", err)
	case ticket.Client != c.ID:
		return ticket, w, deny(reason.CodeUnknown, ticket.Subject, "the device code was issued to the client %q, not to %q", ticket.Client, c.ID)
	}
	if err := json.Unmarshal(ticket.Data, &w); err != nil {
		return ticket, w, fmt.Errorf("reading what a device waits for: %w", err)
	}
	return ticket, w, nil
}

func slower(interval time.Duration) *FormError {
	return &FormError{Code: "slow_down", Description: fmt.Sprintf("Wait %d seconds between two requests.", int(interval/time.Second))}
}

// pending tells a device to wait, and longer if it does not.
func (s *Issuer) pending(ctx context.Context, t store.Ticket, w waiting, now time.Time) error {
	if since := now.Sub(w.Polled); since >= 0 && since < pollFloor {
		// Not noted: each note is a write that others wait for, and whoever asks a
		// thousand times a second would have a thousand.
		return slower(w.Interval)
	}
	answer := &FormError{Code: "authorization_pending", Description: "Nobody has decided yet. Ask again after the interval."}
	if !w.Polled.IsZero() && now.Before(w.Polled.Add(w.Interval-time.Second)) {
		w.Interval = min(w.Interval+slowDown, maxInterval)
		answer = slower(w.Interval)
	}
	w.Polled = now
	var err error
	if t.Data, err = json.Marshal(w); err != nil {
		return fmt.Errorf("noting that a device asked: %w", err)
	}
	// Whoever decides at the same moment wins; the next request hears of it.
	if _, err := s.Tickets.UpdateTicket(ctx, t); err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("noting that a device asked: %w", err)
	}
	return answer
}
