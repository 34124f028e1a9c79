package watch

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Places are the names under which credentials may be sent, so that a trace can
// tell where one was; never what it was.
type Places struct {
	// Headers beside Authorization, Query parameters and Cookies; at most 32 of
	// each are looked at.
	Headers, Query, Cookies []string
}

// DefaultPlaces are those of a gate with its own defaults, and the usual
// mistakes.
func DefaultPlaces() Places {
	return Places{
		Headers: []string{"Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Authorization", "Authorisation"},
		Query:   []string{"access_token", "api_key", "apikey", "token"},
		Cookies: []string{"__Host-g401", "g401"},
	}
}

// Presented is a credential that a request carried, without its value.
type Presented struct {
	Place string `json:"place"` // "header", "query" or "cookie"
	Name  string `json:"name"`
	// Scheme of an Authorization field, if it is a known one: an unknown word
	// there may be the secret itself.
	Scheme string `json:"scheme,omitempty"`
}

// schemes that may be named: the IANA registry's and the common private ones.
var schemes = [...]string{
	"", "Basic", "Bearer", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "NTLM", "OAuth",
	"PrivateToken", "SCRAM-SHA-1", "SCRAM-SHA-256", "vapid", "ApiKey", "Api-Key", "Token", "JWT", "Key", "Session",
	"AWS4-HMAC-SHA256",
}

// seen is what was found, in a few octets: the scheme of each Authorization
// field, and a bit for each name.
type seen struct {
	authorization          uint8 // how many fields
	scheme                 uint8 // of the first, index of schemes
	headers, query, cookie uint32
}

// places is Places made ready.
type places struct{ headers, query, cookies []string }

func (p Places) ready() *places {
	if len(p.Headers)+len(p.Query)+len(p.Cookies) == 0 {
		p = DefaultPlaces()
	}
	headers := make([]string, len(p.Headers))
	for i, h := range p.Headers {
		headers[i] = http.CanonicalHeaderKey(h)
	}
	return &places{headers: first32(headers), query: first32(p.Query), cookies: first32(p.Cookies)}
}

// first32 are the first of them, each once: what is looked for by default may be
// configured as well.
func first32(in []string) (out []string) {
	for _, name := range in {
		if len(out) < 32 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (p *places) look(r *gate401.Request) (s seen) {
	if v := r.Field("Authorization"); len(v) > 0 {
		s.authorization = uint8(min(len(v), 255))
		s.scheme = schemeOf(v[0])
	}
	for i, name := range p.headers {
		if r.Field(name) != nil {
			s.headers |= 1 << i
		}
	}
	if r.URL != nil && r.URL.RawQuery != "" && len(p.query) > 0 {
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			s.query |= bit(p.query, pair, true)
		}
	}
	for _, field := range r.Field("Cookie") {
		for pair := range strings.SplitSeq(field, ";") {
			s.cookie |= bit(p.cookies, strings.TrimLeft(pair, " \t"), false)
		}
	}
	return s
}

// bit is that of the name before "=" in pair.
func bit(names []string, pair string, encoded bool) uint32 {
	name, _, _ := strings.Cut(pair, "=")
	if encoded && strings.IndexByte(name, '%') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	for i, n := range names {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

func schemeOf(value string) uint8 {
	scheme, _, ok := strings.Cut(value, " ")
	if !ok {
		return 0
	}
	for i, known := range schemes {
		if len(known) == len(scheme) && strings.EqualFold(known, scheme) {
			return uint8(i)
		}
	}
	return 0
}

func (p *places) names(s seen) (out []Presented) {
	for i := range s.authorization {
		x := Presented{Place: "header", Name: "Authorization"}
		if i == 0 {
			x.Scheme = schemes[s.scheme]
		}
		out = append(out, x)
		if i == 7 {
			break
		}
	}
	for _, group := range []struct {
		place string
		names []string
		bits  uint32
	}{{"header", p.headers, s.headers}, {"query", p.query, s.query}, {"cookie", p.cookies, s.cookie}} {
		for i, name := range group.names {
			if group.bits&(1<<i) != 0 {
				out = append(out, Presented{Place: group.place, Name: name})
			}
		}
	}
	return out
}
