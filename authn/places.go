package authn

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// places collects the key from every place where it may be. Two servers that
// look at different places would see different callers, so two different keys
// in one request are refused, whichever places they are in.
func (a *APIKey) places(r *gate401.Request) (text string, ambient, found bool, err error) {
	take := func(value string, fromCookie bool) {
		switch {
		case !found:
			text, ambient, found = value, fromCookie, true
		case value != text:
			err = deny(methodKey, reason.CredentialsAmbiguous, "", errors.New("two different API keys"))
		}
	}
	if a.header != "" {
		for _, v := range r.Header[a.header] {
			take(v, false)
		}
	}
	if v := r.Header["Authorization"]; len(v) == 1 {
		// Long tokens are not read to the end only to see that they are no key.
		if _, rest, ok := httpauth.CutScheme(v[0]); ok && looksLikeKey(rest) {
			if t, failed := httpauth.BearerToken(v[0]); failed == nil {
				take(t, false)
			}
		}
	}
	if a.Query != "" && r.URL != nil && r.URL.RawQuery != "" {
		for v := range queryValues(r.URL.RawQuery, a.Query) {
			take(v, false)
		}
	}
	// Last, so that a key that was sent on purpose too is not ambient.
	if a.Cookie != "" {
		for v := range cookieValues(r.Header["Cookie"], a.Cookie) {
			if v != "" { // a cookie that was cleared holds no key
				take(v, true)
			}
		}
	}
	return text, ambient, found, err
}

// queryValues yields the values of one query parameter, as net/url reads them,
// and allocates only for those that hold escapes.
func queryValues(raw, name string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for pair := range strings.SplitSeq(raw, "&") {
			n, v, _ := strings.Cut(pair, "=")
			if unescaped(n) != name {
				continue
			}
			if !yield(unescaped(v)) {
				return
			}
		}
	}
}

func unescaped(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// cookieValues yields the values of one cookie (RFC 6265 section 4.2.1).
func cookieValues(fields []string, name string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, field := range fields {
			for pair := range strings.SplitSeq(field, ";") {
				// As net/http reads it: what it takes for the cookie, we do.
				n, v, _ := strings.Cut(textproto.TrimString(pair), "=")
				if textproto.TrimString(n) != name {
					continue
				}
				if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
					v = v[1 : len(v)-1]
				}
				if !yield(v) {
					return
				}
			}
		}
	}
}

// misplaced looks for a key of ours where this method does not take it. An
// Authorization field that holds something else is left to the method that it
// is for.
func (a *APIKey) misplaced(r *gate401.Request) error {
	if v := r.Header["Authorization"]; len(v) > 0 {
		if len(v) == 1 && keyInAuthorization(v[0]) {
			return wrongPlace("the Authorization field, but not as Bearer credentials")
		}
		return nil
	}
	if r.URL != nil {
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if n, v, _ := strings.Cut(pair, "="); looksLikeKey(v) {
				return wrongPlace(named("query parameter", unescaped(n)))
			}
		}
	}
	var fields []string
	for name, values := range r.Header {
		if name != a.header && slices.ContainsFunc(values, keyInField) {
			fields = append(fields, name)
		}
	}
	if len(fields) > 0 {
		return wrongPlace(named("field", slices.Min(fields)))
	}
	for _, field := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(field, ";") {
			if n, v, _ := strings.Cut(strings.TrimLeft(pair, " \t"), "="); looksLikeKey(v) {
				return wrongPlace(named("cookie", n))
			}
		}
	}
	return nil
}

// keyInField recognises a key alone or behind a scheme.
func keyInField(value string) bool {
	if looksLikeKey(value) {
		return true
	}
	_, rest, ok := httpauth.CutScheme(value)
	return ok && looksLikeKey(rest)
}

// keyInAuthorization also recognises a key as the name or the password of Basic
// credentials, as other vendors ask for.
func keyInAuthorization(value string) bool {
	if keyInField(value) {
		return true
	}
	scheme, rest, ok := httpauth.CutScheme(value)
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return false
	}
	var buf [512]byte
	user, password, err := httpauth.AppendDecodeBasic(buf[:0], rest)
	return err == nil && (keyInOctets(user) || keyInOctets(password))
}

func keyInOctets(b []byte) bool {
	// Long enough to tell, short enough for the stack.
	return looksLikeKey(string(b[:min(len(b), 8)]))
}

func wrongPlace(place string) error {
	return deny(methodKey, reason.APIKeyWrongPlace, "", fmt.Errorf("an API key in %s", place))
}

// named says where, without the name if somebody has put a key into it.
func named(what, name string) string {
	if strings.Contains(strings.ToLower(name), token.APIKeyPrefix+"_") {
		return "a " + what + " that has one for a name"
	}
	return fmt.Sprintf("the %s %q", what, clip(name))
}

// clip shortens what a stranger wrote before it gets into a log.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
