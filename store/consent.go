package store

import (
	"context"
	"fmt"
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
// client, and with the account. None of its calls moves the revision.
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

// Normal does for a consent what Account.Normal does for an account.
func (c Consent) Normal() (Consent, error) {
	if c.Subject == "" || c.Client == "" {
		return Consent{}, fmt.Errorf("%w: consent without subject or client", ErrInvalid)
	}
	if err := texts("consent", c.Subject, c.Issuer, c.Client); err != nil {
		return Consent{}, err
	}
	var err error
	if c.Scopes, err = list("scopes", c.Scopes); err != nil {
		return Consent{}, err
	}
	if c.Resources, err = list("resources", c.Resources); err != nil {
		return Consent{}, err
	}
	c.Created = Moment(c.Created)
	return c, nil
}
