package issuer

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// The ways in which clients prove themselves: token_endpoint_auth_method (RFC
// 7591 section 2, OpenID Connect Core 1.0 section 9).
const (
	AuthNone       = "none"
	AuthBasic      = "client_secret_basic"
	AuthPost       = "client_secret_post"
	AuthPrivateKey = "private_key_jwt"
)

// AuthMethods are all of them.
func AuthMethods() []string { return []string{AuthNone, AuthBasic, AuthPost, AuthPrivateKey} }

// Clients looks up clients; store.Clients is one.
type Clients interface {
	// Client returns the client of that id, or store.ErrNotFound.
	Client(ctx context.Context, id string) (store.Client, error)
}

// ClientAuth says which client sent a form (RFC 6749 sections 2.3 and 3.2.1). The
// zero value believes nobody.
type ClientAuth struct {
	// Clients are who may come.
	Clients Clients
	// AnyClient is the client whom a request without client_id is taken to come
	// from; empty refuses such requests.
	AnyClient string
	// AnySecretMethod takes a secret by Basic and in the body alike, whatever the
	// client is registered for.
	AnySecretMethod bool
	// Guard counts wrong secrets, by client and address; nil counts nothing.
	Guard gate401.Guard
	// Audiences are what an assertion may be for: the issuer, and the URL of its
	// token endpoint (RFC 7523 section 3).
	Audiences []string
	// Proofs remembers assertions, so that each is good once; nil refuses all.
	Proofs store.Tickets
	// Keys fetches the keys of clients that publish them; nil fetches none.
	Keys *ClientKeys
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (a *ClientAuth) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// presented is how a client names itself.
type presented struct {
	id, method, secret string
}

// authenticate believes a client, or says why not: client-unknown,
// client-secret-wrong, rate-limited, or invalid_request for two ways at once.
func (a *ClientAuth) authenticate(hr *http.Request, r *gate401.Request, form url.Values) (store.Client, error) {
	var none store.Client
	p, err := present(hr, form)
	switch {
	case err != nil:
		return none, err
	case p.id == "" && p.method == AuthNone && a.AnyClient != "":
		p.id = a.AnyClient
	case p.id == "":
		return none, deny(reason.ClientUnknown, "", "no client_id was sent")
	}
	if a.Clients == nil {
		return none, deny(reason.ClientUnknown, "", "there are no clients")
	}
	client, err := a.Clients.Client(hr.Context(), p.id)
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return none, fmt.Errorf("reading a client: %w", err)
	}
	if !unknown && !a.fits(client.Method, p.method) {
		if client.Method == AuthNone {
			return none, deny(reason.ClientSecretWrong, client.ID, "the client is public, but proved itself by %s", p.method)
		}
		return none, deny(reason.ClientSecretWrong, client.ID, "the client is registered for %s, and came with %s", client.Method, p.method)
	}
	switch p.method {
	case AuthBasic, AuthPost:
		err = a.secret(hr.Context(), r, client, p, unknown)
	case AuthPrivateKey:
		err = a.assertion(hr.Context(), client, p.secret, unknown)
	default:
		if unknown {
			err = unknownClient(p.id)
		}
	}
	switch {
	case err != nil:
		return none, err
	case client.Suspended:
		// Only who proved to be the client gets here.
		return none, deny(reason.ClientSuspended, client.ID, "the client %q is suspended", client.ID)
	}
	return client, nil
}

func unknownClient(id string) error {
	return deny(reason.ClientUnknown, "", "no client has the id %q", clip(id))
}

// fits tells whether a client may come in that way.
func (a *ClientAuth) fits(registered, came string) bool {
	if a.AnySecretMethod && (registered == AuthBasic || registered == AuthPost) {
		return came == AuthBasic || came == AuthPost
	}
	return registered == came
}

// secret judges a secret, and counts it if it is wrong. It is compared whether
// the client exists or not.
func (a *ClientAuth) secret(ctx context.Context, r *gate401.Request, client store.Client, p presented, unknown bool) error {
	if a.Guard == nil || r == nil {
		return a.compare(client, p, unknown)
	}
	// Not by client alone: a secret has 256 random bits, which nobody guesses, and
	// a client_id is no secret, so that strangers could lock the client out.
	settle, err := a.Guard.Reserve(ctx, r, guess(p.id+" from "+r.Client.String()))
	if err != nil {
		return err
	}
	err = a.compare(client, p, unknown)
	settle(err)
	return err
}

func (a *ClientAuth) compare(client store.Client, p presented, unknown bool) error {
	now := a.now()
	sum := sha256.Sum256([]byte(p.secret))
	good, over := 0, 0
	for i := range store.MaxClientSecrets {
		var s store.ClientSecret // which nothing hashes to
		if i < len(client.Secrets) {
			s = client.Secrets[i]
		}
		same := subtle.ConstantTimeCompare(sum[:], s.Hash[:])
		if s.Expires.IsZero() || now.Before(s.Expires) {
			good |= same
		} else {
			over |= same
		}
	}
	switch {
	case unknown:
		return unknownClient(p.id)
	case good == 1:
		return nil
	case over == 1:
		return deny(reason.ClientSecretWrong, client.ID, "the secret has expired: the client must use the newer one")
	}
	return deny(reason.ClientSecretWrong, client.ID, "of the client %q", client.ID)
}

// guess is what a client asks for too often, as a guard counts it. No account has
// a colon in its name.
type guess string

// Method returns "client".
func (guess) Method() string { return "client" }

// Account names the client.
func (g guess) Account() (string, bool) { return "client:" + string(g), true }

// Key identifies the client.
func (g guess) Key() [32]byte { return sha256.Sum256([]byte(g)) }

var _ gate401.Credential = guess("")

// present reads how a client names itself: Basic with both parts form-encoded,
// fields of the body, or an assertion, never two of them (RFC 6749 section
// 2.3.1, RFC 7521 section 4.2).
func present(hr *http.Request, form url.Values) (presented, error) {
	fields := hr.Header["Authorization"]
	id, secret := form.Get("client_id"), form.Get("client_secret")
	assertion := form.Get("client_assertion")
	ways := len(fields)
	for _, sent := range []string{secret, assertion} {
		if sent != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return presented{}, invalid("Prove the client in one way: by Basic, by client_secret in the body, or by client_assertion.")
	case assertion != "":
		return asserted(id, form.Get("client_assertion_type"), assertion)
	case secret != "":
		return presented{id, AuthPost, secret}, nil
	case len(fields) == 0:
		return presented{id, AuthNone, ""}, nil
	}
	user, pass, err := httpauth.ParseBasic(fields[0])
	if err != nil {
		return presented{}, deny(reason.ClientUnknown, "", "the Authorization field: %w", err)
	}
	user, err1 := url.QueryUnescape(user)
	pass, err2 := url.QueryUnescape(pass)
	if err := errors.Join(err1, err2); err != nil {
		return presented{}, deny(reason.ClientUnknown, "", "name or secret in Basic is not form-encoded")
	}
	if id != "" && id != user {
		return presented{}, invalid("client_id in the body is not the client that Basic names.")
	}
	return presented{user, AuthBasic, pass}, nil
}

// mayUse tells whether a client is registered for a grant.
func mayUse(c *store.Client, grant string) error {
	for _, g := range c.Grants {
		if g == grant {
			return nil
		}
	}
	return &FormError{Code: "unauthorized_client", Description: "This client is not registered for " + printable(grant) + ". It may use: " + listed(c.Grants) + "."}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
