package token

import (
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"

	"github.com/gate401/gate401/reason"
)

// RefreshTokenPrefix starts every refresh token of the gate.
const RefreshTokenPrefix = "g401r"

// RefreshTokenPattern is a regular expression (RE2, PCRE) for scanners that look
// for leaked tokens.
const RefreshTokenPattern = `\bg401r_[a-z0-9]{1,16}_[0-9A-Za-z]{49}\b`

// A RefreshToken is one of the right form; whether it is good, the store knows.
// It has the shape of an [APIKey], and like it prints as its prefix: the text
// comes out by [RefreshToken.Reveal] alone.
type RefreshToken struct {
	// Environment is where the token belongs, such as "live" or "test".
	Environment string

	text string
}

// NewRefreshToken makes a token with 256 random bits. environment is 1 to 16
// small letters and digits. random nil means crypto/rand.
func NewRefreshToken(random io.Reader, environment string) (RefreshToken, error) {
	text, err := newSecret(random, RefreshTokenPrefix, environment)
	if err != nil {
		return RefreshToken{}, err
	}
	return RefreshToken{Environment: environment, text: text}, nil
}

// ParseRefreshToken reads a token. The error is an *[Error] with reason
// refresh-token-unknown and says what is wrong, without repeating the token.
func ParseRefreshToken(text string) (RefreshToken, error) {
	if len(text) > len(RefreshTokenPrefix)+maxEnvLen+secretLen+checksumLen+2 {
		return RefreshToken{}, &Error{Reason: reason.RefreshTokenUnknown, Err: errors.New("it is longer than any refresh token of ours")}
	}
	environment, fault := parseSecret(text, RefreshTokenPrefix)
	if fault != "" {
		return RefreshToken{}, &Error{Reason: reason.RefreshTokenUnknown, Err: errors.New(fault)}
	}
	return RefreshToken{Environment: environment, text: text}, nil
}

// Hash is what is stored of the token: SHA-256 of its whole text.
func (t RefreshToken) Hash() [32]byte { return sha256.Sum256([]byte(t.text)) }

// Display is enough of the token to recognise it by.
func (t RefreshToken) Display() string {
	if t.text == "" {
		return ""
	}
	return t.text[:len(t.text)-secretLen-checksumLen+4] + "…"
}

// Reveal is the token itself. It is shown once, to its client.
func (t RefreshToken) Reveal() string { return t.text }

// String is Display.
func (t RefreshToken) String() string { return t.Display() }

// GoString is Display.
func (t RefreshToken) GoString() string { return t.Display() }

// LogValue is Display, for logs.
func (t RefreshToken) LogValue() slog.Value { return slog.StringValue(t.Display()) }

// MarshalText is Display, so that no encoder writes a token by accident.
func (t RefreshToken) MarshalText() ([]byte, error) { return []byte(t.Display()), nil }
