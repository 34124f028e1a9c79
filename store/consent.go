package store

import (
	"context"
	"time"
)

// Consent is what a person allowed a client.
type Consent struct {
	Subject   string
	Issuer    string // of Subject; "" = our own account
	Client    string
	Scopes    []string
	Resources []string
	Created   time.Time // set by the backend
}

// Consents keeps consents, one for each person and client. They go with the
// client, and with the account.
type Consents interface {
	// Consent returns it, or ErrNotFound.
	Consent(ctx context.Context, subject, issuer, client string) (Consent, error)
	// PutConsent stores it, in place of the one before.
	PutConsent(ctx context.Context, c Consent) (Consent, error)
	// DeleteConsent removes it, or returns ErrNotFound.
	DeleteConsent(ctx context.Context, subject, issuer, client string) error
	// ListConsents returns those of a person, in the order of the clients.
	ListConsents(ctx context.Context, subject, issuer string) ([]Consent, error)
}
