package storage

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// What a Store may say.
var (
	// ErrNotFound says that there is no entry of that key.
	ErrNotFound = errors.New("no such login is stored")
	// ErrUnavailable says that this machine has no such store.
	ErrUnavailable = errors.New("the store is not available on this machine")
	// ErrTooLarge says that an entry does not fit.
	ErrTooLarge = errors.New("the entry is too large for the store")
)

// Limits that keep a store small, whatever a server issues.
const (
	// MaxEntry is the largest entry in octets.
	MaxEntry = 256 << 10
	// MaxEntries is how many logins a store keeps.
	MaxEntries = 1000
)

// Key tells logins apart.
type Key struct {
	// Issuer is the URL of the authorization server.
	Issuer string
	// Client is the client id.
	Client string
	// Audience is what the tokens were asked for: resources (RFC 8707), sorted,
	// with a space between.
	Audience string
	// Host is host and port of the API that sent us to the issuer; empty if we
	// were sent by nobody.
	Host string
}

// String names the login for people.
func (k Key) String() string {
	parts := []string{k.Issuer, "client " + k.Client}
	if k.Audience != "" {
		parts = append(parts, "for "+k.Audience)
	}
	if k.Host != "" {
		parts = append(parts, "at "+k.Host)
	}
	return strings.Join(parts, ", ")
}

// Entry is one login. It prints without its secrets.
type Entry struct {
	Key
	// Access is the access token, and Refresh the refresh token if there is one.
	Access, Refresh string
	// Obtained and Expiry are by the clock of this machine; zero if unknown.
	Obtained, Expiry time.Time
	// Scopes that were granted.
	Scopes []string
	// Origins are where the access token may be sent, as
	// "https://api.example.com".
	Origins []string
	// Renewal is what renewing takes.
	Renewal Renewal
}

// Renewal is what a renewal needs besides the refresh token, so that it takes no
// discovery.
type Renewal struct {
	// TokenEndpoint and RevocationEndpoint are URLs; the second may be empty.
	TokenEndpoint      string `json:"token_endpoint"`
	RevocationEndpoint string `json:"revocation_endpoint,omitempty"`
	// ClientSecret authenticates the client, by SecretInBody instead of Basic.
	ClientSecret string `json:"client_secret,omitempty"`
	SecretInBody bool   `json:"secret_in_body,omitempty"`
	// Grant is "client_credentials" for a login that renews by logging in again.
	Grant string `json:"grant,omitempty"`
}

// String names the login and holds no secret.
func (e Entry) String() string { return e.Key.String() + " [redacted]" }

// GoString is String, for %#v.
func (e Entry) GoString() string { return e.String() }

// LogValue is String, for log/slog.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

// MarshalText writes String: keeping tokens is not done by accident.
func (e Entry) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// String holds no secret.
func (r Renewal) String() string { return r.TokenEndpoint + " [redacted]" }

// GoString is String, for %#v.
func (r Renewal) GoString() string { return r.String() }

// LogValue is String, for log/slog.
func (r Renewal) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Store keeps logins. It is safe for concurrent use, also by several processes
// unless it is in memory.
type Store interface {
	// Get returns the entry of a key, or ErrNotFound.
	Get(ctx context.Context, k Key) (Entry, error)
	// Put keeps an entry in place of the one with the same key.
	Put(ctx context.Context, e Entry) error
	// Delete forgets an entry, or returns ErrNotFound.
	Delete(ctx context.Context, k Key) error
	// List returns all entries, sorted by key.
	List(ctx context.Context) ([]Entry, error)
	// Lock keeps everybody else who locks the key waiting, until unlock is
	// called or ctx ends. It does not keep anybody from Get and Put.
	Lock(ctx context.Context, k Key) (unlock func(), err error)
}
