package gate401

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Func plugs in one's own verifier: it takes credentials of one scheme from the
// Authorization field and asks Check about them. Make it with [NewFunc].
type Func struct {
	name, scheme string
	challenge    httpauth.Challenge
	check        func(ctx context.Context, r *Request, credential string) (*Identity, error)
	guessable    bool
	key          [32]byte
}

// NewFunc makes a method called name for the given scheme and realm. check gets
// what follows the scheme, and answers with an Identity; with a *Denial, whose
// reason is then the answer; or with any other error, when it could not be
// checked (503).
//
// Credentials count as guessable: without a Guard they are not verified. A
// scheme whose credentials carry a signature says so by
// [Func.DangerouslyUncounted].
func NewFunc(name, scheme, realm string, check func(ctx context.Context, r *Request, credential string) (*Identity, error)) *Func {
	f := &Func{name: name, scheme: scheme, check: check, guessable: true}
	f.challenge = httpauth.Challenge{Scheme: scheme, Params: []httpauth.Param{{Name: "realm", Value: realm}}}
	// Cache keys must not be computable by others; crypto/rand does not fail.
	_, _ = rand.Read(f.key[:])
	return f
}

// DangerouslyUncounted makes the guard ignore the method's credentials. It
// returns f.
func (f *Func) DangerouslyUncounted() *Func {
	f.guessable = false
	return f
}

type funcCredential struct {
	method, value string
	guessable     bool
	key           [32]byte
}

func (c *funcCredential) Method() string          { return c.method }
func (c *funcCredential) Account() (string, bool) { return "", c.guessable }
func (c *funcCredential) Key() [32]byte           { return c.key }

// String and GoString keep the credential out of logs.
func (c *funcCredential) String() string   { return "[redacted]" }
func (c *funcCredential) GoString() string { return "[redacted]" }

// Find takes the Authorization field if it has the scheme, in any case
// (RFC 9110 section 11.1).
func (f *Func) Find(r *Request) (Credential, bool, error) {
	v := r.Header["Authorization"]
	if len(v) != 1 {
		return nil, false, nil
	}
	scheme, value, spaced := strings.Cut(v[0], " ")
	if !strings.EqualFold(scheme, f.scheme) {
		return nil, false, nil
	}
	if !spaced || value == "" {
		return nil, false, &Denial{Reason: reason.AuthorizationMalformed, Method: f.name,
			Err: fmt.Errorf("nothing follows the scheme %s", f.scheme)}
	}
	c := &funcCredential{method: f.name, value: value, guessable: f.guessable}
	h := sha256.New()
	h.Write(f.key[:])
	h.Write([]byte(value))
	h.Sum(c.key[:0])
	return c, true, nil
}

// Verify asks check.
func (f *Func) Verify(ctx context.Context, r *Request, c Credential) (*Identity, error) {
	own, ok := c.(*funcCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	id, err := f.check(ctx, r, own.value)
	if err != nil || id == nil {
		return nil, err
	}
	named := *id
	if named.Method == "" {
		named.Method = f.name
	}
	return &named, nil
}

// Challenges names the scheme and the realm, and for Bearer the error.
func (f *Func) Challenges(_ *Request, q *Requirement, d *Denial) []httpauth.Challenge {
	return withError([]httpauth.Challenge{f.challenge}, q, d)
}

var _ Authenticator = (*Func)(nil)
