package openapi

import (
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/token"
)

// Credential is something that the mock accepts, ready to be sent.
type Credential struct {
	// Scheme is the name of the security scheme.
	Scheme string `json:"scheme"`
	// Kind is what it is: "password", "token", "key".
	Kind string `json:"kind"`
	// Scopes are those of a token.
	Scopes []string `json:"scopes,omitempty"`
	// User and Password are those of a password.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	// Value is the token or key itself.
	Value string `json:"value,omitempty"`
	// In is "header", "query" or "cookie", and Name and Send what is sent there:
	// the field value, the value of the parameter. Empty for Digest, whose answer
	// the client computes.
	In   string `json:"in,omitempty"`
	Name string `json:"name,omitempty"`
	Send string `json:"send,omitempty"`
	// Expires is when it ends; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Curl is what to give to curl.
	Curl string `json:"curl"`
}

// TokenTTL is how long tokens are good that Credentials makes.
const TokenTTL = time.Hour

// maxScopes bounds for how many scopes of a scheme there is a token each.
const maxScopes = 50

// Credentials are what the mock accepts, for each scheme by its name. Tokens are
// new at each call: for a scheme with scopes there is one with all of them, one
// with each, and one with none.
func (d *Document) Credentials() ([]Credential, error) { return d.credentials(true) }

// credentials are one of each kind for each scheme, or all of them.
func (d *Document) credentials(all bool) ([]Credential, error) {
	out := []Credential{}
	for _, name := range d.names {
		s := d.schemes[name]
		if s.method == nil {
			continue
		}
		switch {
		case s.spec.Type == "apiKey":
			out = append(out, s.key())
		case s.scoped:
			if len(d.options.Tokens) > 0 {
				out = append(out, fixed(s, d.options.Tokens[0], "Bearer", d.scopeSets(s)[0]))
			}
			sets := d.scopeSets(s)
			switch {
			case all:
			case len(d.options.Tokens) > 0:
				sets = nil
			default:
				sets = sets[:1]
			}
			for _, scopes := range sets {
				c, err := d.newToken(s, scopes)
				if err != nil {
					return nil, err
				}
				out = append(out, c)
			}
		case strings.EqualFold(s.spec.Scheme, "basic"), strings.EqualFold(s.spec.Scheme, "digest"):
			c := Credential{Scheme: name, Kind: "password", User: d.options.User, Password: d.options.Password}
			if c.Curl = "--digest -u " + shell(c.User+":"+c.Password); strings.EqualFold(s.spec.Scheme, "basic") {
				c.Curl = strings.TrimPrefix(c.Curl, "--digest ")
				c.In, c.Name = "header", "Authorization"
				c.Send, _ = httpauth.EncodeBasic(c.User, c.Password)
			}
			out = append(out, c)
		case s.secret != "":
			scheme := s.spec.Scheme
			if strings.EqualFold(scheme, "bearer") {
				scheme = "Bearer" // as it is written everywhere
			}
			out = append(out, fixed(s, s.secret, scheme, nil))
		default:
			if len(d.options.Tokens) > 0 {
				out = append(out, fixed(s, d.options.Tokens[0], "Bearer", nil))
				if !all {
					continue
				}
			}
			c, err := d.newToken(s, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// fixed is a token that is the same as long as the mock runs.
func fixed(s *scheme, value, scheme string, scopes []string) Credential {
	c := Credential{Scheme: s.name, Kind: "token", Scopes: scopes, Value: value, In: "header", Name: "Authorization", Send: scheme + " " + value}
	c.Curl = "-H " + shell("Authorization: "+c.Send)
	return c
}

func (s *scheme) key() Credential {
	c := Credential{Scheme: s.name, Kind: "key", Value: s.secret, In: s.spec.In, Name: s.spec.Name, Send: s.secret}
	switch s.spec.In {
	case "query":
		c.Curl = "-G --data-urlencode " + shell(s.spec.Name+"="+s.secret)
	case "cookie":
		c.Curl = "-b " + shell(s.spec.Name+"="+s.secret)
	default:
		c.Curl = "-H " + shell(s.spec.Name+": "+s.secret)
	}
	return c
}

// scopeSets are the sets of scopes for which there is a token. What operations
// ask for counts too: openIdConnect has no list of scopes.
func (d *Document) scopeSets(s *scheme) [][]string {
	all := append([]string{}, s.scopes...)
	for _, o := range d.operations {
		for _, alt := range o.alternatives {
			for _, u := range alt.uses {
				if u.scheme == s {
					all = append(all, u.scopes...)
				}
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	sets := [][]string{all}
	if len(all) > 1 {
		for _, one := range all[:min(len(all), maxScopes)] {
			sets = append(sets, []string{one})
		}
	}
	if len(all) > 0 {
		sets = append(sets, []string{})
	}
	return sets
}

func (d *Document) newToken(s *scheme, scopes []string) (Credential, error) {
	g := token.Grant{Issuer: d.options.Issuer, Subject: d.options.User, Audience: []string{d.options.Audience},
		ClientID: "mock", Scopes: scopes, TTL: TokenTTL}
	if d.options.Now != nil {
		g.At = d.options.Now()
	}
	t, err := d.options.SigningKey.Issue(g)
	if err != nil {
		return Credential{}, err
	}
	return Credential{Scheme: s.name, Kind: "token", Scopes: scopes, Value: t.Token, In: "header", Name: "Authorization",
		Send: "Bearer " + t.Token, Expires: t.Expires, Curl: "-H " + shell("Authorization: Bearer "+t.Token)}, nil
}

// shell quotes s for a POSIX shell: names come out of a document that somebody
// else may have written.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
