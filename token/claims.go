package token

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Claims is what a verified token says. It is read only, and safe to be used by
// many goroutines.
type Claims struct {
	Issuer   string   // iss
	Subject  string   // sub; empty when the token names nobody
	Audience []string // aud, a string or a list of them
	ID       string   // jti
	ClientID string   // client_id (RFC 9068), else azp (OpenID Connect)

	Expires   time.Time // exp; zero when absent
	NotBefore time.Time // nbf; zero when absent
	IssuedAt  time.Time // iat; zero when absent
	AuthTime  time.Time // auth_time: when the person logged in; zero when absent

	// Scopes is scope (RFC 8693 section 4.2), else scp as some issuers call it;
	// both a string with spaces or a list.
	Scopes []string
	ACR    string   // acr: how strong the login was (RFC 9470)
	AMR    []string // amr: by which means (RFC 8176)

	Type  string // typ of the header, as it was sent
	KeyID string // kid of the header
	Alg   string // alg of the header

	payload string
	other   string // what kind of token it is, when it shows that it is no access token

	once sync.Once
	all  map[string]any
}

// Payload is the claims set as JSON, as it was signed.
func (c *Claims) Payload() string { return c.payload }

// Raw is every claim by its name, decoded at the first call. Numbers are
// [json.Number], for an identifier of 64 bits does not fit into a float64. The
// map is shared: do not change it.
func (c *Claims) Raw() map[string]any {
	c.once.Do(func() {
		p := jsonScanner{s: c.payload}
		c.all, _ = p.object() // no error: the payload was read before
	})
	return c.all
}

// Strings is the claim at a dotted path, such as "groups" or
// "realm_access.roles", as a list. A string is a list of one, never split: a
// group may have a space in its name. Members of a list that are no strings
// are left out. A name that contains dots itself, as in
// "https://example.com/roles", is found too: the longest name goes first.
func (c *Claims) Strings(path string) []string { return StringsIn(c.Raw(), path) }

// StringsIn is [Claims.Strings] for claims that come without a token, such as those
// of a userinfo endpoint.
func StringsIn(claims map[string]any, path string) []string {
	v, ok := lookup(claims, path)
	if !ok {
		return nil
	}
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

func lookup(in map[string]any, path string) (any, bool) {
	if v, ok := in[path]; ok {
		return v, true
	}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] != '.' {
			continue
		}
		if inner, ok := in[path[:i]].(map[string]any); ok {
			if v, ok := lookup(inner, path[i+1:]); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// parse reads a claims set (RFC 7519 section 4). The registered claims must have
// their types. What is not needed to judge the token is left out when its type
// is wrong: then it grants nothing.
func (c *Claims) parse(s string) error {
	c.payload = s
	p := jsonScanner{s: s}
	if err := p.open(); err != nil {
		return err
	}
	var seen names
	var azp string
	var scp []string
	for {
		name, more, err := p.member(&seen)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch name {
		case "iss":
			c.Issuer, err = p.stringOf(name)
		case "sub":
			c.Subject, err = p.stringOf(name)
		case "jti":
			c.ID, err = p.stringOf(name)
		case "aud":
			c.Audience, err = p.audience()
		case "exp":
			c.Expires, err = p.date(name)
		case "nbf":
			c.NotBefore, err = p.date(name)
		case "iat":
			c.IssuedAt, err = p.date(name)
		case "auth_time":
			if b := p.peek(); b == '-' || '0' <= b && b <= '9' {
				c.AuthTime, err = p.date(name)
			} else {
				err = p.skip()
			}
		case "client_id":
			c.ClientID, err = p.optionalString()
		case "azp":
			azp, err = p.optionalString()
		case "acr":
			c.ACR, err = p.optionalString()
		case "amr":
			c.AMR, err = p.words()
		case "scope":
			c.Scopes, err = p.words()
		case "scp":
			scp, err = p.words()
		case "at_hash", "c_hash":
			// RFC-less, but defined by OpenID Connect Core 3.1.3.6 and 3.3.2.11
			// for ID tokens alone.
			c.other, err = "an ID token ("+name+")", p.skip()
		case "typ":
			// Keycloak writes into the payload what kind of token it made.
			var kind string
			if kind, err = p.optionalString(); kind == "ID" || kind == "Refresh" || kind == "Offline" || kind == "Logout" {
				c.other = "a token for another use (typ claim " + quote(kind) + ")"
			}
		case "token_use":
			// Amazon Cognito: "id" or "access".
			var kind string
			if kind, err = p.optionalString(); kind == "id" {
				c.other = `an ID token (token_use "id")`
			}
		case "events":
			// RFC 8417: security event tokens, logout tokens among them.
			c.other, err = "a security event (events claim)", p.skip()
		default:
			err = p.skip()
		}
		if err != nil {
			return err
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	if c.ClientID == "" {
		c.ClientID = azp
	}
	if c.Scopes == nil {
		c.Scopes = scp
	}
	return nil
}

func (p *jsonScanner) optionalString() (string, error) {
	if p.peek() != '"' {
		return "", p.skip()
	}
	return p.text()
}

// audience reads aud: a string, or a list of strings (RFC 7519 section 4.1.3).
func (p *jsonScanner) audience() ([]string, error) {
	if p.peek() == '"' {
		s, err := p.text()
		return []string{s}, err
	}
	var list []string
	err := p.array(func(p *jsonScanner) error {
		s, err := p.stringOf("aud")
		list = append(list, s)
		return err
	})
	return list, err
}

// words reads a string with spaces or a list of strings; anything else is none.
func (p *jsonScanner) words() ([]string, error) {
	switch p.peek() {
	case '"':
		s, err := p.text()
		return splitWords(s), err
	case '[':
		var list []string
		err := p.array(func(p *jsonScanner) error {
			if p.peek() != '"' {
				return p.skip()
			}
			s, err := p.text()
			list = append(list, s)
			return err
		})
		return list, err
	}
	return nil, p.skip()
}

// splitWords splits at spaces only (RFC 6749 section 3.3).
func splitWords(s string) []string {
	if s == "" {
		return nil
	}
	list := make([]string, 0, strings.Count(s, " ")+1)
	for word := range strings.SplitSeq(s, " ") {
		if word != "" {
			list = append(list, word)
		}
	}
	return list
}

// The dates that a NumericDate may name: the years 1 to 9999, which every
// format that we print knows. The first second of the year 1 is Go's zero time,
// which means "absent" here.
const (
	minDate = -62135596800 + 1
	maxDate = 253402300799
)

// date reads a NumericDate: seconds since 1970, a fraction is allowed (RFC 7519
// section 2).
func (p *jsonScanner) date(name string) (time.Time, error) {
	at := p.i
	if c := p.peek(); c != '-' && (c < '0' || c > '9') {
		return time.Time{}, p.fail(quote(name) + " is not a number of seconds")
	}
	text, err := p.number()
	if err != nil {
		return time.Time{}, err
	}
	sec, err := strconv.ParseInt(text, 10, 64)
	var nano int64
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f < minDate || f > maxDate {
			p.i = at
			return time.Time{}, p.fail(quote(name) + " is no date between the years 1 and 9999")
		}
		whole, fraction := math.Modf(f)
		sec, nano = int64(whole), int64(fraction*1e9)
	}
	if sec < minDate || sec > maxDate {
		p.i = at
		return time.Time{}, p.fail(quote(name) + " is no date between the years 1 and 9999 (milliseconds instead of seconds?)")
	}
	return time.Unix(sec, nano).UTC(), nil
}

// when prints a date for the operator, absolute and from now.
func when(t, now time.Time) string {
	d := max(t.Sub(now), -math.MaxInt64).Round(time.Second)
	stamp := t.UTC().Format(time.RFC3339)
	switch {
	case d < 0:
		return fmt.Sprintf("%s (%s ago)", stamp, -d)
	case d > 0:
		return fmt.Sprintf("%s (in %s)", stamp, d)
	}
	return stamp + " (now)"
}
