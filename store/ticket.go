package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"
)

// TicketKind says what a ticket is good for. A ticket of one kind is unknown as
// any other.
type TicketKind string

// The kinds.
const (
	TicketCode     TicketKind = "code"      // an authorization code (RFC 6749 section 4.1)
	TicketDevice   TicketKind = "device"    // a device code (RFC 8628)
	TicketUserCode TicketKind = "user-code" // what a person types for a device; Data names the device's ticket
	TicketLink     TicketKind = "link"      // a link by which a forgotten password is set
	TicketLogin    TicketKind = "login"     // a login that is not complete: a provider, or a second factor, is asked
	TicketProof    TicketKind = "proof"     // jti of a client's assertion (RFC 7523 section 3), so that it is good once
)

// Ticket is something that is good once and for a short time.
type Ticket struct {
	Kind TicketKind
	Hash [32]byte // SHA-256 of its secret; unique within the kind
	// Subject and Client are whom it is for, where that is known.
	Subject, Client string
	// Data is JSON, opaque to the store; nothing secret is in it in clear.
	Data []byte

	Created time.Time // set by the backend
	Expires time.Time // required
	Used    time.Time // zero = not yet; once set it stays
	// Family is the login that was made of it, so that a second use can end it
	// (RFC 6749 section 4.1.2).
	Family  string
	Version int64 // set by the backend
}

// LogValue keeps hash and data out of logs.
func (t Ticket) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String is the kind and the beginning of the hash.
func (t Ticket) String() string { return string(t.Kind) + " " + hex.EncodeToString(t.Hash[:4]) }

// Tickets keeps tickets. None of its calls moves the revision.
type Tickets interface {
	// CreateTicket stores a ticket, or returns ErrExists.
	CreateTicket(ctx context.Context, t Ticket) (Ticket, error)
	// Ticket returns a ticket, or ErrNotFound. Used and expired ones are found
	// too.
	Ticket(ctx context.Context, kind TicketKind, hash [32]byte) (Ticket, error)
	// UpdateTicket replaces Subject, Data and Expires if the version is still
	// t.Version and the ticket is not used; else ErrConflict or ErrNotFound.
	UpdateTicket(ctx context.Context, t Ticket) (Ticket, error)
	// UseTicket marks the ticket as used at at and, if family is not nil, stores
	// that family, with first unless it is nil, in one transaction. ErrConflict
	// if it was used before: of any number of calls exactly one succeeds; and if
	// the session of family is revoked: nothing new comes of a login that is
	// over. Whether the ticket has expired is the caller's to judge.
	UseTicket(ctx context.Context, kind TicketKind, hash [32]byte, at time.Time, family *TokenFamily, first *RefreshToken) error
	// DeleteTicket removes a ticket; one that is not there is no error.
	DeleteTicket(ctx context.Context, kind TicketKind, hash [32]byte) error
	// SweepTickets forgets tickets that expired before before, and returns how
	// many; it may leave some for the next call.
	SweepTickets(ctx context.Context, before time.Time) (int, error)
}

// Normal does for a ticket what Account.Normal does for an account.
func (t Ticket) Normal() (Ticket, error) {
	switch t.Kind {
	case TicketCode, TicketDevice, TicketUserCode, TicketLink, TicketLogin, TicketProof:
	default:
		return Ticket{}, fmt.Errorf("%w: ticket of an unknown kind", ErrInvalid)
	}
	if t.Hash == [32]byte{} || t.Expires.IsZero() {
		return Ticket{}, fmt.Errorf("%w: ticket without hash or end", ErrInvalid)
	}
	if err := texts("ticket", t.Subject, t.Client, t.Family); err != nil {
		return Ticket{}, err
	}
	t.Data = blob(t.Data)
	switch {
	case len(t.Data) > MaxBlob:
		return Ticket{}, fmt.Errorf("%w: ticket with more than %d bytes of data", ErrInvalid, MaxBlob)
	case t.Data != nil && (!json.Valid(t.Data) || !utf8.Valid(t.Data)):
		return Ticket{}, fmt.Errorf("%w: data of a ticket is no JSON", ErrInvalid)
	}
	t.Created, t.Expires, t.Used = Moment(t.Created), Moment(t.Expires), Moment(t.Used)
	return t, nil
}
