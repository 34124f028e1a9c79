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

// MaxClientSecrets is how many secrets of a client are good at the same time: the
// one in use and the one that replaces it.
const MaxClientSecrets = 2

// Client is a program that gets tokens from the gate (RFC 6749 section 2).
type Client struct {
	ID   string // client_id, unique, never changes
	Name string // what people are shown

	// Method is how it proves itself at the endpoints: token_endpoint_auth_method
	// of RFC 7591 section 2.
	Method string
	// Secrets are those that are good, oldest first; at most MaxClientSecrets.
	Secrets []ClientSecret
	// Keys is a JWK Set, JSON, for private_key_jwt (RFC 7523); KeysURL is where
	// one is fetched instead.
	Keys    []byte
	KeysURL string

	RedirectURIs []string // compared octet by octet (RFC 9700 section 2.1)
	Grants       []string // grant types that it may use
	Scopes       []string // the most that it may ask for
	Resources    []string // that it may ask tokens for (RFC 8707); none = those of the gate
	Groups       []string // of the client itself (client_credentials)

	Trusted    bool // people are not asked for consent
	Registered bool // it registered itself (RFC 7591)
	Suspended  bool

	Created time.Time // set by the backend
	Updated time.Time // set by the backend
	Version int64     // set by the backend
}

// ClientSecret is what is kept of a client's secret: the SHA-256 of its 256
// random bits.
type ClientSecret struct {
	Hash    [32]byte
	Hint    string // its first characters, for lists
	Created time.Time
	Expires time.Time // zero = never
}

// LogValue keeps the hash out of logs.
func (s ClientSecret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String is the beginning of the hash, by which secrets can be told apart.
func (s ClientSecret) String() string { return "client secret " + hex.EncodeToString(s.Hash[:4]) }

// LogValue keeps hashes and keys out of logs.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.ID) }

// String returns the ID.
func (c Client) String() string { return c.ID }

// Clients keeps clients. Each change but a sweep moves the revision.
type Clients interface {
	// Client returns the client of that ID, or ErrNotFound.
	Client(ctx context.Context, id string) (Client, error)
	// CreateClient stores a new client, or returns ErrExists.
	CreateClient(ctx context.Context, c Client) (Client, error)
	// UpdateClient replaces the client if its version is still c.Version; else
	// ErrConflict or ErrNotFound.
	UpdateClient(ctx context.Context, c Client) (Client, error)
	// DeleteClient removes the client and what people allowed it and, in the same
	// transaction, revokes all that it was given, as a revocation of the kind
	// RevokedClient does at at; or it returns ErrNotFound.
	DeleteClient(ctx context.Context, id string, at, until time.Time) error
	// SweepClients forgets clients that registered themselves before before and came
	// to nothing: nobody allowed them anything, they hold no login, and no operator
	// changed, trusts or suspended them. It returns how many; it may leave some for
	// the next call. Since nothing of them is left, the revision stays.
	SweepClients(ctx context.Context, before time.Time) (int, error)
	// ListClients returns clients in the order of their IDs, starting behind
	// after; see Page for limit.
	ListClients(ctx context.Context, after string, limit int) ([]Client, error)
}

// Normal does for a client what Account.Normal does for an account.
func (c Client) Normal() (Client, error) {
	if c.ID == "" {
		return Client{}, fmt.Errorf("%w: client without id", ErrInvalid)
	}
	if err := texts("client", c.ID, c.Name, c.Method, c.KeysURL); err != nil {
		return Client{}, err
	}
	if len(c.Secrets) > MaxClientSecrets {
		return Client{}, fmt.Errorf("%w: client with more than %d secrets", ErrInvalid, MaxClientSecrets)
	}
	secrets := make([]ClientSecret, 0, len(c.Secrets))
	for _, s := range c.Secrets {
		// A hash nobody set is that of no secret.
		if s.Hash == [32]byte{} {
			return Client{}, fmt.Errorf("%w: client secret without hash", ErrInvalid)
		}
		if err := texts("client secret", s.Hint); err != nil {
			return Client{}, err
		}
		s.Created, s.Expires = Moment(s.Created), Moment(s.Expires)
		secrets = append(secrets, s)
	}
	if c.Secrets = secrets; len(secrets) == 0 {
		c.Secrets = nil
	}
	c.Keys = blob(c.Keys)
	switch {
	case len(c.Keys) > MaxBlob:
		return Client{}, fmt.Errorf("%w: keys of a client over %d bytes", ErrInvalid, MaxBlob)
	case c.Keys != nil && (!json.Valid(c.Keys) || !utf8.Valid(c.Keys)):
		return Client{}, fmt.Errorf("%w: keys of a client are no JSON", ErrInvalid)
	}
	var err error
	for _, l := range []struct {
		what string
		of   *[]string
	}{
		{"redirect URIs", &c.RedirectURIs}, {"grants", &c.Grants}, {"scopes", &c.Scopes},
		{"resources", &c.Resources}, {"groups", &c.Groups},
	} {
		if *l.of, err = list(l.what, *l.of); err != nil {
			return Client{}, err
		}
	}
	c.Created, c.Updated = Moment(c.Created), Moment(c.Updated)
	return c, nil
}
