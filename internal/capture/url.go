package capture

import (
	"net"
	"net/url"
	"strings"

	"github.com/gate401/gate401/internal/loopback"
)

// parseURL reads a URL as a client does: without a scheme it gets one, and the
// user information becomes "name:password". What is wrong with it is noted, and
// the URL is as good as can be.
func parseURL(text, scheme string) (u *url.URL, user string, notes []Note) {
	clean := strings.Trim(text, " \t\r\n")
	if clean != text {
		notes = append(notes, Note{NoteMalformed, "URL", "there is white space around the URL"})
	}
	if !strings.Contains(clean, "://") {
		clean = scheme + "://" + strings.TrimPrefix(clean, "//")
	}
	u, err := url.Parse(clean)
	if err != nil {
		notes = append(notes, Note{NoteMalformed, "URL", "it does not follow the grammar of URLs (RFC 3986): " + urlProblem(err)})
		u = roughURL(clean)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if strings.ContainsAny(clean, " ") {
		notes = append(notes, Note{NoteMalformed, "URL", "there is a space in the URL; it has to be %20"})
	}
	if u.User != nil {
		password, has := u.User.Password()
		if user = u.User.Username(); has {
			user += ":" + password
		}
		u.User = nil
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, user, notes
}

// urlProblem leaves out the URL itself: there may be secrets in it.
func urlProblem(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "escape"):
		return "a % is not followed by two hexadecimal digits"
	case strings.Contains(text, "port"):
		return "the port is no number"
	case strings.Contains(text, "control"):
		return "there is a control character in it"
	case strings.Contains(text, "host"):
		return "the host is no name"
	}
	return "it cannot be read"
}

// roughURL cuts a URL that does not parse where its parts should be.
func roughURL(text string) *url.URL {
	scheme, rest, _ := strings.Cut(text, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	u := &url.URL{Scheme: scheme, Host: rest[:end]}
	if i := strings.LastIndexByte(u.Host, '@'); i >= 0 {
		name, password, _ := strings.Cut(u.Host[:i], ":")
		u.User, u.Host = url.UserPassword(name, password), u.Host[i+1:]
	}
	rest, u.Fragment, _ = strings.Cut(rest[end:], "#")
	u.Path, u.RawQuery, _ = strings.Cut(rest, "?")
	return u
}

// hostField is the value of Host: without the port that the scheme implies.
func hostField(u *url.URL) string {
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		host := u.Hostname()
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return u.Host
}

// withoutDots removes . and .. from the path (RFC 3986 section 5.2.4), as
// clients do.
func withoutDots(u *url.URL) *url.URL {
	base := &url.URL{Scheme: u.Scheme, Host: u.Host}
	out := base.ResolveReference(&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery})
	if out.Path == "" {
		out.Path = "/"
	}
	return out
}

// sameOrigin tells whether scheme, host and port are equal (RFC 6454 section 5).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// Ask is a request that somebody describes in parts.
type Ask struct {
	// URL with or without a scheme; without one it is https, but http for this
	// machine.
	URL string
	// Method; empty means GET, or POST if there is Data.
	Method string
	// Header lines, "Name: value", with the meaning of curl's -H.
	Header []string
	// Data is the body, with the meaning of curl's -d: several are joined by &.
	Data []string
	// User is "name:password".
	User string
	// Follow follows redirects.
	Follow bool
	// Insecure does not verify certificates.
	Insecure bool
	// Agent is the User-Agent.
	Agent string
}

// URL makes an exchange without a response of a URL and what goes along.
func URL(a Ask) (Capture, error) {
	if strings.TrimSpace(a.URL) == "" {
		return Capture{}, ErrEmpty
	}
	j := newCurlJob(statement{})
	j.scheme, j.globOff, j.agent, j.hasAgent = "https", true, a.Agent, true
	if host, _, _ := strings.Cut(strings.TrimPrefix(a.URL, "//"), "/"); isLocal(host) {
		j.scheme = "http"
	}
	j.method = a.Method
	j.options = Options{User: a.User, Follow: a.Follow, Insecure: a.Insecure}
	if len(a.Header)+len(a.Data) > maxFields {
		return Capture{}, &SyntaxError{What: "request", Problem: "too many fields"}
	}
	for _, line := range a.Header {
		j.header(line)
	}
	for _, d := range a.Data {
		j.content("data", d)
	}
	j.urls = []word{{text: a.URL}}
	return Capture{Source: "URL", Exchanges: j.exchanges()}, nil
}

func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return loopback.Stays(host)
}
