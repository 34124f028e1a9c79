package client

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// originOf is scheme, host and port of a URL as one text (RFC 6454 section 4),
// with the port always there.
func originOf(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		switch scheme {
		case "http":
			port = "80"
		case "https":
			port = "443"
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// parseOrigin reads an origin as people write it.
func parseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		// The text is not repeated: it may hold a password.
		return nil, fmt.Errorf("origin: want scheme and host as in https://api.example.com")
	case u.User != nil:
		return nil, fmt.Errorf("origin %s://%s: a user and a password do not belong there", u.Scheme, u.Host)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("origin %s://%s: only scheme, host and port, no path", u.Scheme, u.Host)
	}
	return u, nil
}

// below tells whether path is dir or lies below it, by whole segments.
func below(path, dir string) bool {
	if dir == "" || dir == "/" {
		return true
	}
	dir = strings.TrimSuffix(dir, "/")
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// cameAcross tells whether the request follows redirects that led from another
// origin than its own: then whatever the caller put into it was meant for that
// one.
func cameAcross(req *http.Request) bool {
	here := originOf(req.URL)
	r := req.Response
	for range 100 {
		if r == nil || r.Request == nil || r.Request.URL == nil {
			return false
		}
		if originOf(r.Request.URL) != here {
			return true
		}
		r = r.Request.Response
	}
	return true
}

// sentBack tells whether the user and password in the URL are the redirecting
// server's: following a link must not log in as somebody else.
func sentBack(req *http.Request) bool {
	if req.Response == nil || req.Response.Request == nil || req.Response.Request.URL == nil || req.URL.User == nil {
		return false
	}
	before := req.Response.Request.URL.User
	return before == nil || before.String() != req.URL.User.String()
}

// keyFields are fields in which people send keys by hand; net/http takes them
// along to wherever a redirect leads.
var keyFields = []string{"Authorization", "Proxy-Authorization", "X-Api-Key", "Api-Key", "Apikey", "X-Auth-Token", "X-Access-Token"}

// withoutForeign takes proof that was meant for another origin out of a clone.
func (s *state) withoutForeign(req, clone *http.Request) {
	if sentBack(req) {
		clone.Header.Del("Authorization")
		clone.URL.User = nil
	}
	if !cameAcross(req) {
		return
	}
	for _, name := range keyFields {
		clone.Header.Del(name)
	}
	// net/http puts the whole address there, where a key may stand in the query.
	// Browsers tell another origin no more than where it came from either.
	if from := clone.Header.Get("Referer"); from != "" {
		clone.Header.Del("Referer")
		if u, err := url.Parse(from); err == nil && u.Host != "" {
			clone.Header.Set("Referer", u.Scheme+"://"+u.Host+"/")
		}
	}
	for i := range s.logins {
		if k := s.logins[i].Key; k != nil && k.field() != "" {
			clone.Header.Del(k.field())
		}
	}
}

// showURL is the URL without what may be secret.
func showURL(u *url.URL) string {
	v := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	return printable(v.String())
}
