package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// MaxCertificate is the largest sealed value of a Certificate in bytes: a key with
// a long chain.
const MaxCertificate = 64 << 10

// Certificate is something that the TLS listener must not lose, or that several
// processes on one store share while they get it: a certificate with its key, an
// ACME account (RFC 8555), the answer to a challenge, the lease of whoever orders.
type Certificate struct {
	ID      string    // unique; what it is and of which host
	Sealed  []byte    // by the master key; opaque to the store
	Expires time.Time // of no use from then on; zero = never

	Updated time.Time // set by the backend
	Version int64     // set by the backend
}

// LogValue keeps the value out of logs.
func (c Certificate) LogValue() slog.Value { return slog.StringValue(c.ID) }

// String returns the ID.
func (c Certificate) String() string { return c.ID }

// Certificates keeps certificates. Their changes do not move the revision: no
// decision depends on them.
type Certificates interface {
	// Certificate returns the record with that ID, or ErrNotFound. Expired ones
	// are found too.
	Certificate(ctx context.Context, id string) (Certificate, error)
	// CreateCertificate stores a new record, or returns ErrExists: of several
	// processes one gets the lease.
	CreateCertificate(ctx context.Context, c Certificate) (Certificate, error)
	// UpdateCertificate replaces the record if its version is still c.Version;
	// else ErrConflict or ErrNotFound.
	UpdateCertificate(ctx context.Context, c Certificate) (Certificate, error)
	// DeleteCertificate removes the record, or returns ErrNotFound.
	DeleteCertificate(ctx context.Context, id string) error
	// ListCertificates returns records in the order of their IDs, starting behind
	// after; see Page for limit.
	ListCertificates(ctx context.Context, after string, limit int) ([]Certificate, error)
}

// Normal does for a certificate what Account.Normal does for an account.
func (c Certificate) Normal() (Certificate, error) {
	if c.ID == "" {
		return Certificate{}, fmt.Errorf("%w: certificate without id", ErrInvalid)
	}
	if err := texts("certificate", c.ID); err != nil {
		return Certificate{}, err
	}
	if len(c.Sealed) > MaxCertificate {
		return Certificate{}, fmt.Errorf("%w: certificate over %d bytes", ErrInvalid, MaxCertificate)
	}
	c.Sealed = blob(c.Sealed)
	c.Expires, c.Updated = Moment(c.Expires), Moment(c.Updated)
	return c, nil
}
