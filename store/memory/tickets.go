package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

type tickets struct{ *memory }

var _ store.Tickets = tickets{}

type ticketKey struct {
	kind store.TicketKind
	hash [32]byte
}

func (m tickets) CreateTicket(ctx context.Context, t store.Ticket) (stored store.Ticket, err error) {
	err = m.write(ctx, "creating a ticket", func() error {
		t, err := t.Normal()
		if err != nil {
			return err
		}
		if _, taken := m.tickets[ticketKey{t.Kind, t.Hash}]; taken {
			return store.ErrExists
		}
		t.Created, t.Used, t.Family = store.Moment(m.now()), time.Time{}, ""
		stored, err = m.keep(t)
		return err
	})
	return stored, err
}

// keep stores t under a version that no ticket had before, so that one which was
// deleted and made anew, as a short code may be, is told from the old one.
func (m tickets) keep(t store.Ticket) (store.Ticket, error) {
	m.ticketVersion++
	t.Version = m.ticketVersion
	m.tickets[ticketKey{t.Kind, t.Hash}] = t
	return t.Normal()
}

func (m tickets) Ticket(ctx context.Context, kind store.TicketKind, hash [32]byte) (found store.Ticket, err error) {
	err = m.view(ctx, "reading a ticket", func() error {
		t, ok := m.tickets[ticketKey{kind, hash}]
		if !ok {
			return store.ErrNotFound
		}
		found, err = t.Normal()
		return err
	})
	return found, err
}

func (m tickets) UpdateTicket(ctx context.Context, t store.Ticket) (stored store.Ticket, err error) {
	err = m.write(ctx, "updating a ticket", func() error {
		t, err := t.Normal()
		if err != nil {
			return err
		}
		old, ok := m.tickets[ticketKey{t.Kind, t.Hash}]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != t.Version, !old.Used.IsZero():
			return store.ErrConflict
		}
		old.Subject, old.Data, old.Expires = t.Subject, t.Data, t.Expires
		stored, err = m.keep(old)
		return err
	})
	return stored, err
}

func (m tickets) UseTicket(ctx context.Context, kind store.TicketKind, hash [32]byte, at time.Time, family *store.TokenFamily, first *store.RefreshToken) error {
	return m.write(ctx, "using a ticket", func() error {
		if at.IsZero() || family == nil && first != nil {
			return fmt.Errorf("%w: ticket used at no time, or for a refresh token without family", store.ErrInvalid)
		}
		key := ticketKey{kind, hash}
		t, ok := m.tickets[key]
		switch {
		case !ok:
			return store.ErrNotFound
		case !t.Used.IsZero():
			return store.ErrConflict
		}
		t.Used = store.Moment(at)
		if family != nil {
			if x := m.sessions[family.Session]; !x.Revoked.IsZero() {
				return fmt.Errorf("its session was revoked: %w", store.ErrConflict)
			}
			f, err := tokens(m).insertFamily(*family, first)
			if err != nil {
				return err
			}
			t.Family = f.ID
		}
		m.tickets[key] = t
		return nil
	})
}

func (m tickets) DeleteTicket(ctx context.Context, kind store.TicketKind, hash [32]byte) error {
	return m.write(ctx, "deleting a ticket", func() error {
		delete(m.tickets, ticketKey{kind, hash})
		return nil
	})
}

func (m tickets) SweepTickets(ctx context.Context, before time.Time) (n int, err error) {
	err = m.write(ctx, "sweeping tickets", func() error {
		n = sweep(m.tickets, func(t store.Ticket) bool { return t.Expires.Before(store.Moment(before)) })
		return nil
	})
	return n, err
}
