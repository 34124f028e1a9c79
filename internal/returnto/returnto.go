package returnto

import (
	"net/url"
	"strings"

	"github.com/gate401/gate401"
)

// MaxLength bounds an address, in octets.
const MaxLength = 4096

// Parse reads an address that somebody wants to go back to: a path of this site,
// perhaps with query and fragment. ok is false for everything that any browser,
// proxy or server could take for another site, and for what the gate would refuse
// as malformed.
func Parse(s string) (to string, ok bool) {
	if len(s) == 0 || len(s) > MaxLength || s[0] != '/' || !plain(s) {
		return "", false
	}
	u, err := url.Parse(s)
	// The second slash would make what follows a host, however it is written
	// (RFC 3986 section 4.2).
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	// It refuses empty segments, dot segments and encoded slashes too, so that
	// there is no host in it however often somebody behind us decodes it.
	path, err := gate401.CanonicalPath(u.EscapedPath())
	if err != nil {
		return "", false
	}
	to = path
	if u.RawQuery != "" || u.ForceQuery {
		to += "?" + u.RawQuery
	}
	if f := u.EscapedFragment(); f != "" {
		to += "#" + f
	}
	// Escaping may have made it longer.
	if len(to) > MaxLength {
		return "", false
	}
	return to, true
}

// Of is the address of a request, for coming back to it. ok is false for one that
// is too long or that no browser sends.
func Of(r *gate401.Request) (to string, ok bool) {
	if r.URL == nil {
		return "", false
	}
	to = r.Path
	if r.URL.RawQuery != "" {
		to += "?" + escaped(r.URL.RawQuery)
	}
	return Parse(to)
}

// plain tells whether s has printable ASCII alone, and no backslash, which
// browsers take for a slash. They drop tabs and line ends (URL standard, "basic
// URL parser"), so that nothing of the kind may be there.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

// escaped writes octets of a query that were sent as they are, and must not be.
func escaped(query string) string {
	if plain(query) {
		return query
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
