package issuer

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Client is a program that may use the endpoints.
type Client struct {
	ID string
	// Secret is the SHA-256 of its secret, which must have been made of 256
	// random bits; zero for a public client, which has none (RFC 6749 section
	// 2.1).
	Secret [32]byte
}

// Public tells whether the client has no secret.
func (c Client) Public() bool { return c.Secret == [32]byte{} }

// Clients looks up clients.
type Clients interface {
	// Client returns the client of that id, or store.ErrNotFound.
	Client(ctx context.Context, id string) (Client, error)
}

// authenticate says which client sent a form (RFC 6749 sections 2.3 and 3.2.1):
// client-unknown, client-secret-wrong, or invalid_request for two ways at once.
func authenticate(hr *http.Request, form url.Values, clients Clients, otherwise string) (string, error) {
	id, secret, given, err := presented(hr, form)
	if err != nil {
		return "", err
	}
	if id == "" && !given && otherwise != "" {
		return otherwise, nil
	}
	if id == "" {
		return "", deny(reason.ClientUnknown, "", "no client_id was sent")
	}
	if clients == nil {
		return "", deny(reason.ClientUnknown, "", "there are no clients")
	}
	client, err := clients.Client(hr.Context(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("reading a client: %w", err)
	}
	// Hashed and compared whether the client exists or not.
	sum := sha256.Sum256([]byte(secret))
	right := subtle.ConstantTimeCompare(sum[:], client.Secret[:]) == 1
	switch {
	case err != nil:
		return "", deny(reason.ClientUnknown, "", "no client has the id %q", clip(id))
	case client.Public() && given:
		return "", deny(reason.ClientSecretWrong, "", "the client %q is public, but a secret was sent", client.ID)
	case client.Public():
		return client.ID, nil
	case !given:
		return "", deny(reason.ClientSecretWrong, "", "the client %q sent no secret", client.ID)
	case !right:
		return "", deny(reason.ClientSecretWrong, "", "of the client %q", client.ID)
	}
	return client.ID, nil
}

// presented reads how a client names itself: Basic with both parts form-encoded,
// or fields of the body, never both (RFC 6749 section 2.3.1).
func presented(hr *http.Request, form url.Values) (id, secret string, given bool, err error) {
	fields := hr.Header["Authorization"]
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if len(fields) == 0 {
		return id, secret, secret != "", nil
	}
	if secret != "" || len(fields) > 1 {
		return "", "", false, invalid("Prove the client in one way: by Basic, or by client_secret in the body.")
	}
	user, pass, err := httpauth.ParseBasic(fields[0])
	if err != nil {
		return "", "", false, deny(reason.ClientUnknown, "", "the Authorization field: %w", err)
	}
	user, err1 := url.QueryUnescape(user)
	pass, err2 := url.QueryUnescape(pass)
	if err := errors.Join(err1, err2); err != nil {
		return "", "", false, deny(reason.ClientUnknown, "", "name or secret in Basic is not form-encoded")
	}
	if id != "" && id != user {
		return "", "", false, invalid("client_id in the body is not the client that Basic names.")
	}
	return user, pass, true, nil
}
