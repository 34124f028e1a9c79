package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// AuthorizationReport is what is wrong with a value of Authorization.
type AuthorizationReport struct {
	// Cause is the reason that the gate would give from the value alone; nil if
	// nothing in it stands against letting it in.
	Cause *Cause
	// Scheme, and Params or Token68, are the parts, empty unless Valid.
	Scheme  string
	Params  []httpauth.Param
	Token68 string
	// User is who Basic credentials are for; HasUser tells whether they are.
	User    string
	HasUser bool
	// Password describes the password of Basic credentials, if there is one.
	Password *Secret
	// Token explains a token or key behind Bearer; nil if there is none.
	Token *TokenReport
	// Findings, the most telling one first.
	Findings []Finding
	// Valid is true if no finding is an error.
	Valid bool

	raw, shown string
	open       bool
}

// Secret describes a secret without telling it. It holds no digest: even a short
// one lets whoever reads the report try guesses against it.
type Secret struct {
	Length int    `json:"length"` // in octets
	Value  string `json:"value,omitempty"`
}

func newSecret(value string, open bool) *Secret {
	s := &Secret{Length: len(value)}
	if open {
		s.Value = value
	}
	return s
}

func (x *Secret) String() string {
	if x.Value != "" {
		return Visible(x.Value)
	}
	if x.Length == 1 {
		return "1 octet"
	}
	return fmt.Sprintf("%d octets", x.Length)
}

// Authorization examines the value of an Authorization or Proxy-Authorization
// field. Secrets are left out of the report unless open.
func Authorization(value string, now time.Time, open bool) AuthorizationReport {
	found := httpauth.ExamineAuthorization(value)
	r := AuthorizationReport{Findings: found.Findings, Valid: found.Valid, raw: value, shown: value, open: open}
	nameScriptBug(value, r.Findings)
	nameLineBreak(value, r.Findings)
	if !open {
		r.shown = mask(value)
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	c := found.Credentials
	r.Scheme, r.Token68, r.Params = c.Scheme, c.Token68, c.Params
	switch {
	case !found.Valid:
	case c.Is("Basic"):
		if user, password, err := httpauth.DecodeBasic(c.Token68); err == nil {
			r.User, r.HasUser, r.Password = user, true, newSecret(password, open)
		}
	case c.Is("Bearer") || c.Is("DPoP"):
		t := Token(c.Token68, now, open)
		r.Token = &t
	}
	r.Cause = r.cause("Authorization", value)
	if !open {
		r.redact()
	}
	return r
}

// nameLineBreak tells a line break within the value from a line end behind it.
func nameLineBreak(value string, found []Finding) {
	for i, f := range found {
		if f.ID == httpauth.IDControlCharacter && f.Offset < len(value) && (value[f.Offset] == '\n' || value[f.Offset] == '\r') && strings.TrimSpace(value[f.Offset:]) != "" {
			found[i].Message, found[i].Hint = "a line break stands inside the value: it was pasted with one", "join the lines: a token is one line without a gap"
		}
	}
}

// Misspelt examines the value of a field that was meant to be Authorization.
func Misspelt(name, value string, now time.Time, open bool) AuthorizationReport {
	r := Authorization(value, now, open)
	r.Cause = r.cause(name, value)
	return r
}

// cause asks the gate's own walk, so that both say the same.
func (r *AuthorizationReport) cause(name, value string) *Cause {
	name = http.CanonicalHeaderKey(name)
	if scheme, _, ok := httpauth.CutScheme(strings.TrimLeft(value, " \t")); ok && strings.EqualFold(scheme, "Digest") && name == "Authorization" {
		if r.Valid {
			return nil
		}
		return &Cause{Entry: NewEntry(reason.DigestMalformed.Info())}
	}
	gate := gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement {
			return gate401.Requirement{Rule: "any", Accept: []gate401.Authenticator{syntax{}}}
		},
		Guard: gate401.DangerouslyUnguarded{},
	}
	d := gate.Decide(context.Background(), &gate401.Request{
		Method: http.MethodGet, Path: "/", Header: http.Header{name: {value}},
	})
	if d.Allow {
		if r.Token != nil {
			return r.Token.Cause
		}
		return nil
	}
	c := &Cause{Entry: NewEntry(d.Denial.Reason.Info())}
	if d.Denial.Err != nil {
		c.Note = d.Denial.Err.Error()
	}
	return c
}

// syntax is an Authenticator that reads Basic and Bearer as the methods do and
// believes everything.
type syntax struct{}

type readable struct{}

func (readable) Method() string          { return "" }
func (readable) Account() (string, bool) { return "", false }
func (readable) Key() [32]byte           { return [32]byte{} }

// Find reads the field strictly.
func (syntax) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	value := r.Header.Get("Authorization")
	_, _, err := httpauth.ParseBasic(value)
	if errors.Is(err, httpauth.ErrOtherScheme) {
		_, err = httpauth.BearerToken(value)
	}
	var basic *httpauth.BasicError
	var bad *httpauth.SyntaxError
	switch {
	case err == nil:
		return readable{}, true, nil
	case errors.As(err, &basic):
		return nil, false, &gate401.Denial{Reason: reason.BasicMalformed, Err: err}
	case errors.As(err, &bad) && (bad.ID == httpauth.IDSchemeGlued || bad.ID == httpauth.IDSchemeColon):
		return nil, false, &gate401.Denial{Reason: reason.AuthorizationMisspelt, Err: err}
	case errors.As(err, &bad):
		return nil, false, &gate401.Denial{Reason: reason.AuthorizationMalformed, Err: err}
	}
	return nil, false, nil
}

// Verify believes.
func (syntax) Verify(context.Context, *gate401.Request, gate401.Credential) (*gate401.Identity, error) {
	return &gate401.Identity{Subject: "anyone"}, nil
}

// Challenges asks for Bearer.
func (syntax) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	return []httpauth.Challenge{httpauth.Bearer("")}
}

const redacted = "[redacted]"

// secretParams are what a reader of the report could use. Digest responses can
// be attacked offline, so they count.
var secretParams = [...]string{"response", "cnonce", "oauth_signature", "oauth_token", "signature", "token", "access_token", "key", "apikey", "api_key", "password"}

func (r *AuthorizationReport) redact() {
	if scheme, _, _ := httpauth.CutScheme(strings.TrimLeft(r.raw, " \t")); r.Cause != nil && r.Cause.Code == reason.SchemeUnsupported && !knownWord(scheme) {
		// An unknown first word may be the secret itself.
		r.Cause.Note = ""
	}
	if r.Scheme != "" && !knownWord(r.Scheme) {
		r.Scheme = redacted
	}
	if r.Token68 != "" {
		r.Token68 = redacted
	}
	r.Params = slices.Clone(r.Params)
	for i, p := range r.Params {
		if slices.ContainsFunc(secretParams[:], func(name string) bool { return strings.EqualFold(name, p.Name) }) {
			r.Params[i].Value = redacted
		}
	}
}

// mask keeps the shape of a value, so that a mark below it can be understood,
// and replaces every letter and digit of the secret.
func mask(value string) string {
	var b strings.Builder
	rest := value
	for len(rest) > 0 {
		n := 0
		for n < len(rest) && isAlnum(rest[n]) || n > 0 && n < len(rest) && rest[n] == '-' {
			n++
		}
		switch {
		case n == 0:
			_, n = utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:n])
		case knownWord(rest[:n]):
			b.WriteString(rest[:n])
		default:
			keep := gluedScheme(rest[:n])
			b.WriteString(rest[:keep] + strings.Repeat("*", n-keep))
		}
		rest = rest[n:]
	}
	return b.String()
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

// knownWord tells whether a word is the name of a scheme, a field or a
// parameter, which is no secret.
func knownWord(word string) bool {
	if (httpauth.Credentials{Scheme: word}).String() != redacted {
		return true
	}
	for _, known := range [...]string{
		"Authorization", "Proxy-Authorization", "undefined", "null", "username", "realm", "nonce", "uri", "response",
		"qop", "nc", "cnonce", "opaque", "algorithm", "charset", "realm", "token", "access_token",
	} {
		if strings.EqualFold(word, known) {
			return true
		}
	}
	return false
}

// gluedScheme is how much of a word is the name of a scheme that lost its space.
func gluedScheme(word string) int {
	for _, scheme := range [...]string{"Bearer", "Basic", "Digest", "DPoP", "Negotiate"} {
		if len(word) > len(scheme) && strings.EqualFold(word[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// MarshalJSON writes {"cause":..., "scheme":..., "params"|"token68":...,
// "findings":[...], "valid":bool}, with "user" and "password" for Basic and
// "token" for Bearer.
func (r AuthorizationReport) MarshalJSON() ([]byte, error) {
	out := struct {
		Cause    *Cause           `json:"cause"`
		Scheme   string           `json:"scheme,omitempty"`
		Params   []httpauth.Param `json:"params,omitempty"`
		Token68  string           `json:"token68,omitempty"`
		User     *string          `json:"user,omitempty"`
		Password *Secret          `json:"password,omitempty"`
		Token    *TokenReport     `json:"token,omitempty"`
		Findings []Finding        `json:"findings"`
		Valid    bool             `json:"valid"`
	}{Cause: r.Cause, Scheme: r.Scheme, Params: r.Params, Token68: r.Token68, Password: r.Password, Token: r.Token, Findings: r.Findings, Valid: r.Valid}
	if r.HasUser {
		out.User = &r.User
	}
	return json.Marshal(out)
}

// Text shows the parts, the findings and the reason.
func (r AuthorizationReport) Text(s Style) string {
	var b strings.Builder
	if r.Valid {
		b.WriteString(r.parts(s) + "\n")
	}
	var said seen
	for _, f := range r.Findings {
		b.WriteString(s.finding(f, r.shown, &said) + "\n")
	}
	all := r.Findings
	if r.Token != nil {
		all = slices.Concat(all, r.Token.Findings)
	}
	b.WriteString(verdict(s, r.Valid && (r.Token == nil || r.Token.Valid()), all))
	switch {
	case r.Cause != nil:
		b.WriteString("\nA gate refuses it: " + r.Cause.Text(s))
	case r.Valid:
		b.WriteString(s.Wrap("", "Nothing in the value itself stands against it. Whether it is genuine was not checked."))
	}
	return b.String()
}

func (r AuthorizationReport) parts(s Style) string {
	is := func(name string) bool { return strings.EqualFold(name, r.Scheme) }
	head := s.Bold(Visible(r.Scheme))
	if means := schemeMeans(is); means != "" {
		head += "  " + s.Faint(means)
	}
	var rows [][2]string
	if r.HasUser {
		user := Visible(r.User)
		if user == "" {
			user = s.Faint("(empty)")
		}
		rows = append(rows, [2]string{"user", user}, [2]string{"password", r.Password.String()})
	} else if r.Token == nil && r.Token68 != "" {
		rows = append(rows, [2]string{"token68", Visible(r.Token68)})
	}
	for _, p := range r.Params {
		rows = append(rows, [2]string{Visible(p.Name), Visible(p.Value)})
	}
	text := head + "\n" + s.pairs("   ", rows)
	if r.Token != nil {
		text += "\n" + r.Token.body(s)
	}
	return text
}
