package openapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// keyMethod takes a key from the one place that the document names, and, as the
// gates of the house do, as "Authorization: Bearer KEY": no scheme is registered
// for keys, and that is what the challenge asks for. It looks at that only where
// its own place is empty, for the field may be another scheme's.
type keyMethod struct {
	realm, in, name string
	known           secrets
}

type keyCredential struct{ value string }

func (keyCredential) Method() string          { return "api-key" }
func (keyCredential) Account() (string, bool) { return "", false }
func (c keyCredential) Key() [32]byte         { return sha256.Sum256([]byte(c.value)) }

// String keeps the key out of logs.
func (keyCredential) String() string { return "[redacted]" }

// GoString is String.
func (keyCredential) GoString() string { return "[redacted]" }

// Find looks at the place of the key.
func (k *keyMethod) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	values := k.values(r, k.in)
	if len(values) > 1 {
		return nil, false, &gate401.Denial{Reason: reason.CredentialsAmbiguous, Method: "api-key", Err: errors.New("the key is there more than once")}
	}
	if len(values) == 1 && values[0] != "" {
		return keyCredential{values[0]}, true, nil
	}
	if fields := r.Header["Authorization"]; len(fields) == 1 {
		if t, err := httpauth.BearerToken(fields[0]); err == nil && k.known.has(t) {
			return keyCredential{t}, true, nil
		}
	}
	for _, in := range [...]string{"header", "query", "cookie"} {
		if in == k.in {
			continue
		}
		for _, v := range k.values(r, in) {
			if k.known.has(v) {
				return nil, false, &gate401.Denial{Reason: reason.APIKeyWrongPlace, Method: "api-key",
					Err: errors.New("the key is in the " + in + ", the document wants it in the " + k.in)}
			}
		}
	}
	return nil, false, nil
}

func (k *keyMethod) values(r *gate401.Request, in string) []string {
	switch in {
	case "query":
		q, _ := url.ParseQuery(r.URL.RawQuery)
		return q[k.name]
	case "cookie":
		var out []string
		for _, c := range (&http.Request{Header: r.Header}).CookiesNamed(k.name) {
			out = append(out, c.Value)
		}
		return out
	}
	values := r.Header.Values(k.name)
	if strings.EqualFold(k.name, "Authorization") && len(values) == 1 {
		// Many documents describe their tokens so, with any word before the key.
		if _, rest, ok := httpauth.CutScheme(values[0]); ok && strings.TrimSpace(rest) != "" {
			return []string{strings.TrimSpace(rest)}
		}
	}
	return values
}

// Verify compares.
func (k *keyMethod) Verify(_ context.Context, _ *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	own, ok := c.(keyCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	if !k.known.has(own.value) {
		return nil, &gate401.Denial{Reason: reason.APIKeyUnknown, Err: errors.New("no key that the mock knows")}
	}
	return &gate401.Identity{Subject: "api-key", Method: "api-key"}, nil
}

// Missing is the reason for a request without a key.
func (*keyMethod) Missing() reason.Code { return reason.APIKeyMissing }

// Challenges asks for a Bearer credential.
func (k *keyMethod) Challenges(_ *gate401.Request, q *gate401.Requirement, d *gate401.Denial) []httpauth.Challenge {
	return []httpauth.Challenge{httpauth.Bearer(k.realm, gate401.ErrorParams(q, d)...)}
}

var (
	_ gate401.Authenticator = (*keyMethod)(nil)
	_ gate401.Misser        = (*keyMethod)(nil)
)
