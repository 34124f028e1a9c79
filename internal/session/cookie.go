package session

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/loopback"
)

// CookieName is that of the session cookie on plain http, and the end of it on
// https, where it is "__Host-" + CookieName.
const CookieName = "g401"

// LoginCookie is that of the cookie that binds a login of several steps to the
// browser that began it.
const LoginCookie = CookieName + "-login"

// ProviderCookie is that of the cookie that binds logins with a provider to the
// browser that began them.
const ProviderCookie = CookieName + "-provider"

// CookieNames are the names of all cookies of the gate, which nobody behind it is
// told.
func CookieNames() []string {
	return []string{
		"__Host-" + CookieName, CookieName, "__Host-" + LoginCookie, LoginCookie, "__Host-" + ProviderCookie, ProviderCookie,
	}
}

// secretPrefix lets whoever scans for leaked secrets know one.
const secretPrefix = "g401s_"

// secretSize is the length of the whole secret: 256 random bits behind the prefix.
const secretSize = len(secretPrefix) + 43

// ErrInsecure says that a cookie with a secret must not be set: the client's
// connection is plain http, and leaves this machine.
var ErrInsecure = fmt.Errorf("a session needs https")

// NameFor returns the name of a cookie of the gate for r: with the prefix that
// keeps other hosts, subdomains and plain http from setting it (RFC 6265bis
// section 4.1.3.2), where r came over https. ok is false where a cookie that
// holds a secret must not be set.
func NameFor(r *gate401.Request, base string) (name string, ok bool) {
	if r.Secure() {
		return "__Host-" + base, true
	}
	return base, loopback.Only(r.Host)
}

// Cookie makes a cookie of the gate with a secret for the browser that sent r.
// Without an end it goes with the browser. ErrInsecure where it must not be set.
func Cookie(r *gate401.Request, base, value string, expires time.Time) (*http.Cookie, error) {
	name, ok := NameFor(r, base)
	if !ok {
		return nil, ErrInsecure
	}
	return &http.Cookie{ //nolint:gosec // Secure wherever the client came by https; else it is loopback, see NameFor
		Name: name, Value: value, Path: "/", Expires: expires,
		// On https the attribute is what makes __Host- true.
		Secure: r.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}, nil
}

// ClearCookie makes a cookie that removes the one that Cookie made.
func ClearCookie(r *gate401.Request, base string) *http.Cookie {
	name, _ := NameFor(r, base)
	return &http.Cookie{Name: name, Path: "/", MaxAge: -1, //nolint:gosec // see Cookie
		Secure: r.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// CookieValue finds a cookie of the gate. One that is there twice with different
// values was planted by somebody (a path or a domain of their own choice): the
// value is empty then, which is nobody's.
func CookieValue(r *gate401.Request, base string) (value string, found bool) {
	fields := r.Header["Cookie"]
	if len(fields) == 0 {
		return "", false
	}
	name, _ := NameFor(r, base)
	for _, field := range fields {
		for rest := field; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, ";")
			n, v, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
			if !ok || n != name {
				continue
			}
			if found && v != value {
				return "", true
			}
			value, found = v, true
		}
	}
	return value, found
}

// NewSecret makes the value of a cookie.
func NewSecret(random io.Reader) (string, error) {
	var bits [32]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("making a secret: %w", err)
	}
	return secretPrefix + base64.RawURLEncoding.EncodeToString(bits[:]), nil
}

// SecretHash is what is stored of a secret; ok is false for what no gate made.
func SecretHash(secret string) (hash [32]byte, ok bool) {
	if len(secret) != secretSize || !strings.HasPrefix(secret, secretPrefix) {
		return hash, false
	}
	for i := len(secretPrefix); i < len(secret); i++ {
		if c := secret[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return hash, false
		}
	}
	return sha256.Sum256([]byte(secret)), true
}
