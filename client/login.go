package client

import (
	"log/slog"
)

// Login is what a client may say about itself to some origins. Every field but
// Origins may be empty; of what is given, the strongest that a server asks for
// is used: a token, then Digest, then Basic. A key goes along with each request.
type Login struct {
	// Origins are scheme, host and port as in "https://api.example.com" or
	// "http://127.0.0.1:8401". Nothing of the login ever goes anywhere else.
	Origins []string
	// Source gives access tokens, sent as Bearer (RFC 6750 section 2.1).
	Source Source
	// Digest answers Digest challenges (RFC 7616).
	Digest *Digest
	// Basic answers Basic challenges (RFC 7617).
	Basic *Basic
	// Key is an API key.
	Key *Key
	// DangerouslyAllowCleartext lets the login go over plain http to other
	// machines, where everybody on the way can read it. Without it only loopback
	// origins may be http.
	DangerouslyAllowCleartext bool
}

// Digest is a name and a password that never leave the machine as they are.
type Digest struct {
	User, Password string
	// Realm is the only one that is answered; empty means any.
	Realm string
	// Mutual wants the server to prove in each answer that it knows the password
	// too (RFC 7616 section 3.5). Without it a proof may be lacking, but never be
	// wrong.
	Mutual bool
}

// Basic is a name and a password that are sent as they are.
type Basic struct {
	User, Password string
	// Realm is the only one that is answered; empty means any.
	Realm string
	// Preemptive are paths at which, and below which, the password is sent
	// before anyone asked, which saves a round trip for each request. "/" is the
	// whole origin. Elsewhere a challenge is awaited.
	Preemptive []string
}

// Key is an API key.
type Key struct {
	Value string
	// Header is the field that carries the key; empty means X-API-Key, unless
	// Query or Bearer is set.
	Header string
	// Query is the parameter of the URL that carries the key. URLs end up in
	// logs, histories and Referer fields: use it only where a server knows
	// nothing else.
	Query string
	// Bearer sends the key as a token (Authorization: Bearer).
	Bearer bool
}

// String holds nothing of the secret.
func (d Digest) String() string { return redacted }

// GoString is String, for %#v.
func (d Digest) GoString() string { return redacted }

// LogValue is String, for log/slog.
func (d Digest) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes String.
func (d Digest) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// String holds nothing of the secret.
func (b Basic) String() string { return redacted }

// GoString is String, for %#v.
func (b Basic) GoString() string { return redacted }

// LogValue is String, for log/slog.
func (b Basic) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes String.
func (b Basic) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// String holds nothing of the secret.
func (k Key) String() string { return redacted }

// GoString is String, for %#v.
func (k Key) GoString() string { return redacted }

// LogValue is String, for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes String.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

const redacted = "[redacted]"
