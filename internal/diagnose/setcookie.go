package diagnose

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/capture"
)

// setCookie is one Set-Cookie field (RFC 6265 section 4.1).
type setCookie struct {
	raw                    string
	name, value            string
	domain, path, sameSite string
	secure, partitioned    bool
	ends                   time.Time // zero: with the browser
	deleted                bool
	n                      int // index of the exchange
	x                      *capture.Exchange
}

func readSetCookie(raw string, n int, x *capture.Exchange, at time.Time) (setCookie, bool) {
	c := setCookie{raw: raw, n: n, x: x}
	pair, rest, _ := strings.Cut(raw, ";")
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		return c, false
	}
	c.name, c.value = strings.TrimSpace(name), strings.TrimSpace(value)
	aged := false
	for attribute := range strings.SplitSeq(rest, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "secure":
			c.secure = true
		case "partitioned":
			c.partitioned = true
		case "domain":
			c.domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			c.path = value
		case "samesite":
			c.sameSite = strings.ToLower(value)
		case "max-age":
			if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
				aged = true // Max-Age goes before Expires
				c.ends, c.deleted = at.Add(time.Duration(seconds)*time.Second), seconds <= 0
			}
		case "expires":
			if t, err := http.ParseTime(value); err == nil && !aged {
				c.ends, c.deleted = t, !t.After(at)
			}
		}
	}
	return c, c.name != ""
}

// defaultPath is the path of a cookie that names none (RFC 6265 section 5.1.4).
func defaultPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

// pathMatch is that of RFC 6265 section 5.1.4.
func pathMatch(path, cookie string) bool {
	if path == "" {
		path = "/"
	}
	return path == cookie || strings.HasPrefix(path, cookie) && (strings.HasSuffix(cookie, "/") || path[len(cookie)] == '/')
}

// domainMatch is that of RFC 6265 section 5.1.3.
func domainMatch(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain) && strings.Trim(host, "0123456789.") != ""
}

// sessionName knows names of cookies that carry a login.
func sessionName(name string) bool {
	name = strings.ToLower(name)
	if byTheWay(name) {
		return false
	}
	for _, part := range [...]string{"sess", "sid", "auth", "token", "jwt", "g401", "login", "user", "remember", "identity"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// byTheWay knows cookies that carry no login.
func byTheWay(name string) bool {
	name = strings.ToLower(name)
	for _, part := range [...]string{"csrf", "xsrf", "refresh", "state", "nonce", "lang", "locale", "theme", "flash", "consent", "_ga", "pref", "cart", "__cf", "_gid"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// loginCookies are those that earlier answers set to keep a login, the last
// word on each name only, the latest first.
func (s *scene) loginCookies() []setCookie {
	if s.logins == nil {
		s.logins = s.readLoginCookies()
	}
	return s.logins
}

func (s *scene) readLoginCookies() []setCookie {
	out := []setCookie{}
	seen := map[string]bool{}
	for i := s.n - 1; i >= 0; i-- {
		x := &s.c.Exchanges[i]
		if x.Response == nil || x.Request.URL == nil || site(x.Request.URL.Hostname()) != site(s.req.URL.Hostname()) {
			continue
		}
		at := readClocks(x, s.o).judge()
		for _, raw := range x.Response.Header.Values("Set-Cookie") {
			c, ok := readSetCookie(raw, i, x, at)
			if !ok || seen[c.name] || !sessionName(c.name) && (x.Request.Method != http.MethodPost || byTheWay(c.name)) {
				continue
			}
			seen[c.name] = true
			out = append(out, c)
		}
	}
	return out
}
