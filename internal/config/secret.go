package config

import (
	"crypto/subtle"
	"log/slog"
)

// Secret is a value that is never printed. Its zero value is no secret.
type Secret struct {
	// Behind a pointer, because fmt looks into unexported fields without asking
	// String.
	value *string
}

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{&s} }

// Set tells whether there is a secret.
func (s Secret) Set() bool { return s.value != nil }

// Reveal returns the secret itself, empty when there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool {
	return s.Set() == other.Set() && subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// redacted stands for a value that is not printed.
const redacted = "[redacted]"

// String returns "[redacted]", or nothing when there is no secret.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return redacted
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
