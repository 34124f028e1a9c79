package issuer

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// redirects tells whether a client may get its answer at uri: one of those that
// it registered, octet for octet (RFC 9700 section 2.1). Of a registered loopback
// address, literal, the port may be another one each time (RFC 8252 section 7.3).
func redirects(registered []string, uri string) bool {
	if slices.Contains(registered, uri) {
		return true
	}
	head, rest, ok := cutLoopback(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(registered, func(r string) bool {
		h, t, ok := cutLoopback(r)
		return ok && h == head && t == rest
	})
}

// cutLoopback takes the port out of http://127.0.0.1:PORT/... or
// http://[::1]:PORT/...; ok is false for any other address.
func cutLoopback(uri string) (head, rest string, ok bool) {
	for _, head := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, head)
		if !ok {
			continue
		}
		if port, ok := strings.CutPrefix(rest, ":"); ok {
			n := 0
			for n < len(port) && '0' <= port[n] && port[n] <= '9' {
				n++
			}
			if n == 0 || n > 5 {
				return "", "", false
			}
			rest = port[n:]
		}
		// What follows a host that ends here must not make it another one, such
		// as 127.0.0.1.example.com or 127.0.0.1:1@example.com.
		if rest != "" && rest[0] != '/' && rest[0] != '?' {
			return "", "", false
		}
		return head, rest, true
	}
	return "", "", false
}

// CheckRedirect says what is wrong with a redirect URI that a client wants to
// register: https, http on the loopback, or a scheme of the client's own with a
// dot in it (RFC 8252 sections 7.1 to 7.3, RFC 9700 section 2.1); no fragment, no
// user information, nothing that a browser would run.
func CheckRedirect(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return errors.New("it is not a URI")
	case strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' || r == '"' || r == '<' || r == '>' }):
		return errors.New("it has a character that must be percent-encoded")
	case strings.Contains(uri, "#"):
		return errors.New("it has a fragment (RFC 6749 section 3.1.2)")
	case u.User != nil:
		return errors.New("it has a user name")
	case strings.ContainsFunc(u.Host, notInHost):
		// It gets into the policy of a page, where a semicolon begins a directive.
		return errors.New("its host has a character that no host has")
	}
	switch {
	case u.Scheme == "https" && u.Hostname() != "":
		return nil
	case u.Scheme == "https":
		return errors.New("it has no host")
	case u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("http is for a program on the same machine, at 127.0.0.1, [::1] or localhost; expected https")
	case strings.Contains(u.Scheme, "."):
		return nil
	case u.Scheme == "":
		return errors.New("it is not absolute: the scheme is missing")
	}
	return errors.New("its scheme has no dot; expected https, or one like com.example.app of a program's own (RFC 8252 section 7.1)")
}

func notInHost(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._:[]", r))
}

// Loopback tells whether a host of a redirect URI is the machine of the person.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() && a.Zone() == ""
}

// Source is what a Content-Security-Policy calls the place that a redirect URI
// leads to: its origin, or its scheme.
func Source(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return u.Scheme + ":"
	}
	if net.ParseIP(u.Hostname()) != nil && strings.Contains(u.Hostname(), ":") {
		// No browser knows an IPv6 address as a source.
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
