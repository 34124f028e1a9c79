package diagnose

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/nearest"
)

// findAuth finds the field with the credential: the right one, else one whose
// name was meant to be it.
func findAuth(h capture.Header, right string) place {
	for _, f := range h {
		if strings.EqualFold(f.Name, right) {
			return place{f.Name, f.Value, true}
		}
	}
	for _, f := range h {
		if misspelt(f.Name, right) {
			return place{f.Name, f.Value, true}
		}
	}
	return place{}
}

// misspelt knows the names that people write in place of Authorization, and
// those that are a slip or two away.
func misspelt(name, right string) bool {
	name = strings.ToLower(strings.Trim(name, " :\t"))
	switch name {
	case "x-authorization", "x-authorisation", "authorization-header", "www-authorization", "http-authorization", "http_authorization",
		"www-authenticate", "authentication", "authenticate", "auth", "bearer", "x-bearer", "jwt":
		return true
	case "proxy-authorization", "authorization":
		return false
	}
	if len(name) < 9 || len(name) > 17 || name == "authority" || name == ":authority" {
		return false
	}
	return nearest.Slips(name, strings.ToLower(right)) <= 2
}

// keyFields are where APIs take keys and tokens of their own, in lower case and
// with hyphens.
var keyFields = map[string]bool{
	"apikey": true, "x-apikey": true, "x-auth-key": true,
	"ocp-apim-subscription-key": true, "x-functions-key": true, "x-api-token": true, "x-auth-token": true,
	"x-access-token": true, "access-token": true, "token": true, "x-token": true, "auth-token": true,
	"private-token": true, "x-session-token": true, "x-vault-token": true, "x-gitlab-token": true, "x-figma-token": true, "x-jwt": true, "x-jwt-token": true,
	"x-rapidapi-key": true, "fastly-key": true, "circle-token": true, "x-auth": true, "api-token": true,
}

// isKeyField tells whether APIs take keys or tokens of their own in a field of
// that name. Such names are copied into commands, and a server can say any: one
// with other characters would be read by the shell.
func isKeyField(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	return keyFields[name] || strings.HasSuffix(name, "api-key") || strings.HasSuffix(name, "-apikey") || strings.HasSuffix(name, "-access-token") && strings.HasPrefix(name, "x-")
}

// keyParams are the same in a query.
var keyParams = map[string]bool{
	"api_key": true, "apikey": true, "api-key": true, "key": true, "access_token": true, "token": true, "auth": true, "auth_token": true,
	"x-api-key": true, "subscription-key": true,
}

func findKey(r *capture.Request) place {
	for _, f := range r.Header {
		if isKeyField(f.Name) {
			return place{f.Name, f.Value, true}
		}
	}
	query := r.URL.Query()
	for _, pair := range queryPairs(r.URL) {
		if (keyParams[strings.ToLower(pair)] || pair == "code" && strings.HasSuffix(strings.ToLower(r.URL.Hostname()), ".azurewebsites.net")) && query.Get(pair) != "" {
			return place{"?" + pair, query.Get(pair), true}
		}
	}
	return place{}
}

// queryPairs are the names of a query in their order.
func queryPairs(u *url.URL) []string {
	var out []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(name); err == nil && name != "" {
			out = append(out, name)
		}
	}
	return out
}

// inQuery tells that a place is a parameter of the query.
func (p place) inQuery() bool { return strings.HasPrefix(p.name, "?") }

// origin is scheme, host and port of a URL, with the port that is meant.
func origin(u *url.URL) (scheme, host, port string) {
	port = u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), port
}

func sameOrigin(a, b *url.URL) bool {
	s1, h1, p1 := origin(a)
	s2, h2, p2 := origin(b)
	return s1 == s2 && h1 == h2 && p1 == p2
}

// site guesses the registrable domain. Without the list of public suffixes two
// labels are taken, three where the second is one of the usual short ones
// (co.uk, com.au), and the whole name for addresses.
func site(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || strings.Contains(host, ":") || strings.Trim(host, "0123456789.") == "" {
		return host
	}
	labels := strings.Split(host, ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 {
		switch labels[len(labels)-2] {
		case "co", "com", "net", "org", "gov", "ac", "edu", "gob", "or", "ne", "go":
			n = 3
		}
	}
	if len(labels) <= n {
		return host
	}
	return strings.Join(labels[len(labels)-n:], ".")
}

// location is where a redirect leads; nil if it does not.
func location(x *capture.Exchange) *url.URL {
	r := x.Response
	if r == nil || x.Request.URL == nil {
		return nil
	}
	switch r.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	to, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.Header.Get("Location") == "" {
		return nil
	}
	return x.Request.URL.ResolveReference(to)
}
