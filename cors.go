package gate401

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CORS says what pages of other origins may do with a rule (Fetch standard,
// "CORS protocol").
type CORS struct {
	// Origins lists origins exactly as browsers send them; "*" admits any, but
	// then never with credentials.
	Origins []string
	// Methods and Headers are allowed beyond the safelisted ones. Empty Methods
	// allows those that the preflight asks for, empty Headers allows
	// Authorization and Content-Type, without which no page could call an API.
	Methods, Headers []string
	// Expose lists response fields that pages may read, besides those of a
	// refusal.
	Expose []string
	// Credentials allows cookies and HTTP authentication kept by the browser.
	Credentials bool
	// MaxAge is how long a browser may remember a preflight; zero leaves it to
	// the browser.
	MaxAge time.Duration
	// Upstream forwards preflights, without body and credentials, instead of
	// answering them.
	Upstream bool
}

// exposed are the fields of a refusal that a page needs to handle it.
const exposed = "WWW-Authenticate, Retry-After, DPoP-Nonce, X-Request-Id"

// allows tells whether origin is listed, and with what value it is named back.
func (c *CORS) allows(origin string) (string, bool) {
	for _, o := range c.Origins {
		if o == origin {
			return origin, true
		}
		// With credentials "*" would name every origin back, which the Fetch
		// standard forbids for good reason.
		if o == "*" && !c.Credentials {
			return "*", true
		}
	}
	return "", false
}

// header builds the response fields for a request that may carry Origin.
func (c *CORS) header(r *Request, preflight bool) http.Header {
	h := http.Header{"Vary": {"Origin"}}
	if preflight {
		h["Vary"] = []string{"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
	}
	if len(r.Header["Origin"]) != 1 {
		return h
	}
	named, ok := c.allows(r.Header["Origin"][0])
	if !ok {
		return h
	}
	h["Access-Control-Allow-Origin"] = []string{named}
	if c.Credentials {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	if !preflight {
		expose := exposed
		for _, name := range c.Expose {
			if !strings.Contains(exposed+",", name+",") {
				expose += ", " + name
			}
		}
		h["Access-Control-Expose-Headers"] = []string{expose}
		return h
	}
	methods := strings.Join(c.Methods, ", ")
	if methods == "" {
		if asked := r.Header["Access-Control-Request-Method"][0]; isToken(asked) {
			methods = asked
		}
	}
	h["Access-Control-Allow-Methods"] = []string{methods}
	headers := "Authorization, Content-Type"
	if len(c.Headers) > 0 {
		headers = strings.Join(c.Headers, ", ")
	}
	h["Access-Control-Allow-Headers"] = []string{headers}
	if c.MaxAge > 0 {
		h["Access-Control-Max-Age"] = []string{strconv.FormatInt(int64(c.MaxAge/time.Second), 10)}
	}
	return h
}

// isToken tells whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return true
}
