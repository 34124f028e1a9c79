package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/reason"
)

// cookieRules are about "401 even after login": an earlier answer set a cookie,
// and this request comes without it. First why a browser does not store it, then
// why it does not send it.
func cookieRules() []Rule {
	rule := func(id, title, explain, example, spec string, fault Fault) Rule {
		return Rule{
			ID: id, Title: title, Fault: fault, Reason: reason.SessionMissing, Explain: explain, Example: example, Spec: spec,
			check: func(s *scene) *hit { return s.lostCookie(id) },
		}
	}
	return []Rule{
		{
			ID: "cookie-blocked-by-browser", Title: "The browser blocked the cookie", Fault: Between, Reason: reason.SessionMissing,
			Explain: "The browser itself says why it did not store or send the cookie.",
			Example: "DevTools: this Set-Cookie was blocked because ...", Spec: "RFC 6265 section 5", check: checkCookieNote,
		},
		rule("cookie-deleted", "The cookie of the login was deleted", "An answer after the login ended the cookie: with Max-Age=0, or with a date in the past. A logout does that, and so does a server that does not know the session.",
			"Set-Cookie: sid=; Max-Age=0", "RFC 6265 section 3.1", Server),
		rule("cookie-prefix", "The name of the cookie promises what its attributes do not keep", "A cookie named __Host-... has to be Secure, have Path=/ and no Domain; one named __Secure-... has to be Secure. Otherwise browsers drop it in silence.",
			"Set-Cookie: __Host-sid=...; Path=/app; Secure", "RFC 6265bis section 4.1.3", Server),
		rule("cookie-secure-on-http", "The cookie is for https only, and the site is opened over http", "A cookie with Secure is neither stored nor sent over plain http. The login seems to work, and the next request comes without it.",
			"http://... answered by Set-Cookie: sid=...; Secure", "RFC 6265bis sections 5.6 and 5.7", Between),
		rule("cookie-samesite-none-insecure", "SameSite=None without Secure is dropped", "Browsers take SameSite=None only together with Secure, and drop the cookie otherwise.",
			"Set-Cookie: sid=...; SameSite=None", "RFC 6265bis section 5.6", Server),
		rule("cookie-domain-rejected", "The cookie is for a domain that the server may not speak for", "A server can set cookies for its own name and for the domains above it, not for others.",
			"https://api.example.com answered by Set-Cookie: sid=...; Domain=example.org", "RFC 6265 section 5.3", Server),
		rule("cookie-domain-mismatch", "The cookie belongs to another host", "A cookie without Domain goes back to the very host that set it, and to no other of the same company. With Domain=example.com it goes to all hosts below.",
			"set by login.example.com, wanted by api.example.com", "RFC 6265 section 5.1.3", Server),
		rule("cookie-path-mismatch", "The cookie is for another path", "A cookie is sent only below its Path; without that attribute, below the directory of the page that set it.",
			"Set-Cookie: sid=...; Path=/auth, wanted at /api", "RFC 6265 section 5.1.4", Server),
		rule("cookie-expired", "The cookie has expired", "The time that the server gave the cookie is over, so the browser does not have it any more. Log in again; if that comes too early, let the server give it more.",
			"Set-Cookie: sid=...; Max-Age=60, wanted five minutes later", "RFC 6265 section 5.3", Client),
		rule("cookie-samesite-blocked", "The cookie is not sent across sites", "SameSite=Lax, which is the default, and Strict keep a cookie from calls that a page of another site makes. The page and the API have to be of one site, or the cookie SameSite=None; Secure.",
			"https://app.example.net calls https://api.example.com", "RFC 6265bis section 5.7", Between),
		rule("fetch-without-credentials", "The script did not allow cookies", "fetch() to another origin neither sends nor stores cookies unless it says credentials: \"include\" (axios, XMLHttpRequest: withCredentials), in the call of the login too; and the server has to answer Access-Control-Allow-Credentials: true.",
			"Origin: https://app.example.com, and no Cookie field", "Fetch standard, section 2.2.5", Client),
		rule("cookie-third-party", "The browser does not let other sites keep cookies", "The cookie would be one of a third party: the page is of another site than the API. Safari, Firefox and private windows block those whatever their attributes. Serve the API below the site of the page.",
			"https://app.example.net calls https://api.example.com with SameSite=None", "RFC 6265 section 7.1", Between),
		rule("cookie-not-sent", "The cookie of the login was not sent", "The login answered with a cookie that fits this request, and the request comes without. Programs need a cookie store that both requests share: curl -c and -b, requests.Session, an http.Client with a Jar.",
			"Set-Cookie: sid=... and then a request without Cookie", "RFC 6265 section 5.4", Client),
		{
			ID: "cookie-outdated", Title: "An older cookie was sent than the last one received", Fault: Client, Reason: reason.SessionExpired,
			Explain: "The server gave the session a new id, as it should at login, and the client went on with the old one: it was copied by hand, or two stores of cookies are in use.",
			Example: "Set-Cookie: sid=B, and then Cookie: sid=A", Spec: "RFC 6265 section 5.3", check: checkCookieOutdated,
		},
	}
}

// cookiesMatter tells whether the request may have failed for want of a cookie.
func (s *scene) cookiesMatter() bool {
	if s.auth.ok || s.key.ok || s.status != http.StatusUnauthorized && s.status != http.StatusForbidden && location(s.x) == nil {
		return false
	}
	if !s.req.Incomplete {
		return true
	}
	// The source left cookies out unless one is to be seen somewhere.
	for i := range s.c.Exchanges {
		if s.c.Exchanges[i].Request.Header.Has("Cookie") {
			return true
		}
	}
	return false
}

// blockedWords are the reasons by which Chromium names why a cookie was blocked.
var blockedWords = [...][2]string{
	{"SecureOnly", "It is Secure, and the address is plain http."},
	{"SameSiteLax", "It is SameSite=Lax, and the call comes from another site."},
	{"SameSiteStrict", "It is SameSite=Strict, and the call comes from another site."},
	{"SameSiteUnspecifiedTreatedAsLax", "It has no SameSite, which means Lax, and the call comes from another site."},
	{"SameSiteNoneInsecure", "SameSite=None counts only together with Secure."},
	{"UserPreferences", "The settings of the browser block it."},
	{"ThirdParty", "It is a cookie of a third party, which this browser blocks."},
	{"InvalidDomain", "The server may not set cookies for that Domain."},
	{"DomainMismatch", "It is for another host."},
	{"NotOnPath", "It is for another path."},
	{"InvalidPrefix", "Its name begins with __Host- or __Secure-, and its attributes do not fit that."},
	{"OverwriteSecure", "A cookie of that name came over https, and plain http cannot replace it."},
	{"NameValuePairExceedsMaxSize", "It is larger than 4096 octets."},
}

func checkCookieNote(s *scene) *hit {
	if s.auth.ok || s.key.ok || s.status != http.StatusUnauthorized && s.status != http.StatusForbidden && location(s.x) == nil {
		return nil
	}
	for i := s.n; i >= 0; i-- {
		for _, n := range s.c.Exchanges[i].Notes {
			if n.Kind != capture.NoteCookie {
				continue
			}
			note := fmt.Sprintf("About the cookie %s the browser says: %s", q(n.About), sentence(cut(explain.Visible(n.Text), 200)))
			for _, known := range blockedWords {
				if strings.Contains(n.Text, known[0]) {
					note += " " + known[1]
				}
			}
			return &hit{
				sure: Likely, expected: "the cookie " + n.About, actual: "blocked",
				note: note,
				at:   []Evidence{{Exchange: i + 1, In: "response", Field: "cookie", Value: n.About, Offset: -1, Length: -1}},
				fix:  Fix{Text: "Change the attribute that the browser names where the cookie is set."},
			}
		}
	}
	return nil
}

// lostCookie explains why a cookie of the login is missing, if the reason is the
// one with that id.
func (s *scene) lostCookie(id string) *hit {
	if !s.cookiesMatter() {
		return nil
	}
	all := s.loginCookies()
	some := slices.ContainsFunc(all, func(c setCookie) bool { return s.sends(c.name) && sessionName(c.name) })
	for _, c := range all {
		if s.sends(c.name) {
			continue
		}
		why, note, attribute, fix := s.whyLost(c)
		if why != id {
			continue
		}
		h := &hit{
			sure: Likely, expected: "Cookie: " + c.name, actual: "no such cookie",
			note: fmt.Sprintf("Answer %d set the cookie %s, and request %d comes without it. %s", c.n+1, q(c.name), s.n+1, note),
			fix:  Fix{Text: fix},
		}
		at, length := 0, len(c.name)
		if attribute != "" {
			if i := strings.Index(strings.ToLower(c.raw), strings.ToLower(attribute)); i >= 0 {
				at, length = i, len(attribute)
			}
		}
		e := s.inField("response", "Set-Cookie", c.raw, at, length)
		e.Exchange = c.n + 1
		h.at = []Evidence{e, s.inLine()}
		switch {
		case some:
			h.sure = Possible // another cookie of the login did come along
		case len(s.wants()) > 0 && !s.wantsScheme("Session") && !s.wantsScheme("Cookie"):
			h.sure = Possible // the server asks for something else
		case why == "cookie-prefix", why == "cookie-domain-rejected", why == "cookie-samesite-none-insecure", why == "cookie-deleted":
			h.sure = Certain
		case why == "cookie-not-sent" && s.browser():
			h.sure = Possible
		}
		if why == "cookie-not-sent" {
			h.fix.Command = "curl -c cookies.txt ... " + s.commandURL(c.x.Request.URL) + " && curl -i -b cookies.txt " + s.commandURL(s.req.URL)
		}
		return h
	}
	return nil
}

func (s *scene) sends(name string) bool {
	for _, c := range s.sent {
		if c.name == name {
			return true
		}
	}
	return false
}

// whyLost walks the rules of browsers: first those for storing, then those for
// sending.
func (s *scene) whyLost(c setCookie) (id, note, attribute, fix string) {
	from, to := c.x.Request.URL, s.req.URL
	fromHost, toHost := strings.ToLower(from.Hostname()), strings.ToLower(to.Hostname())
	path := c.path
	if !strings.HasPrefix(path, "/") {
		path = defaultPath(from.Path)
	}
	// Browsers take this machine for secure.
	plain := func(u *url.URL) bool { return u.Scheme == "http" && !loopback.Leads(u.Hostname()) }
	lower := strings.ToLower(c.name)
	switch {
	case c.deleted:
		return "cookie-deleted", "That very field deletes it.", "", "Find out why the server ended the session, and log in again."
	case strings.HasPrefix(lower, "__host-") && (!c.secure || path != "/" || c.domain != ""):
		return "cookie-prefix", "Its name begins with __Host-, and it is not Secure with Path=/ and without Domain.", "", "Set it with Secure and Path=/, without Domain; or give it another name."
	case strings.HasPrefix(lower, "__secure-") && !c.secure:
		return "cookie-prefix", "Its name begins with __Secure-, and it is not Secure.", "", "Set it with Secure."
	case c.secure && plain(from):
		return "cookie-secure-on-http", "It is Secure, and was set over plain http.", "Secure", "Open the site over https; only for development on localhost, leave Secure out."
	case c.sameSite == "none" && !c.secure:
		return "cookie-samesite-none-insecure", "It is SameSite=None without Secure.", "SameSite", "Set it with SameSite=None; Secure."
	case c.domain != "" && !domainMatch(fromHost, c.domain):
		return "cookie-domain-rejected", fmt.Sprintf("It is for %s, and was set by %s.", q(c.domain), q(fromHost)), "Domain=", "Leave Domain out, or name a domain that the server is in."
	case s.withoutCredentials(c.x):
		return "fetch-without-credentials", "The call that set it was a fetch() to another origin without credentials, so it was not even stored.", "", `Say credentials: "include" in both calls, and answer Access-Control-Allow-Credentials: true.`
	case c.domain == "" && fromHost != toHost:
		return "cookie-domain-mismatch", fmt.Sprintf("It has no Domain, so it belongs to %s alone; the request goes to %s.", q(fromHost), q(toHost)), "", "Set it with Domain=" + site(toHost) + ", or call the host that set it."
	case c.domain != "" && !domainMatch(toHost, c.domain):
		return "cookie-domain-mismatch", fmt.Sprintf("It is for %s; the request goes to %s.", q(c.domain), q(toHost)), "Domain=", "Set it with a Domain that both hosts are in."
	case !pathMatch(to.Path, path):
		return "cookie-path-mismatch", fmt.Sprintf("It is for the path %s; the request goes to %s.", q(path), q(to.Path)), "Path=", "Set it with Path=/."
	case c.secure && plain(to):
		return "cookie-secure-on-http", "It is Secure, and the request goes over plain http.", "Secure", "Call the API over https."
	case !c.ends.IsZero() && !s.clocks.client.IsZero() && !s.clocks.local && s.clocks.judge().After(c.ends):
		return "cookie-expired", sentence("it " + when("expired", c.ends, s.clocks.judge())), "Max-Age", "Log in again."
	case s.crossSite() && c.sameSite != "none":
		how := "SameSite=" + strings.ToUpper(c.sameSite[:min(1, len(c.sameSite))]) + c.sameSite[min(1, len(c.sameSite)):]
		if c.sameSite == "" {
			how = "without SameSite, which means Lax"
		}
		return "cookie-samesite-blocked", fmt.Sprintf("It is %s, and the call comes from a page of another site (%s).", how, q(s.initiator())), "SameSite", "Set it with SameSite=None; Secure, or serve page and API from one site."
	case s.withoutCredentials(s.x):
		return "fetch-without-credentials", fmt.Sprintf("The call comes from a page of another origin (%s).", q(s.initiator())), "", `Say credentials: "include" (axios: withCredentials), and answer Access-Control-Allow-Credentials: true.`
	case s.crossSite():
		return "cookie-third-party", fmt.Sprintf("The page is of another site (%s), so the cookie is one of a third party.", q(s.initiator())), "", "Serve the API below the site of the page; or send a token in the Authorization field."
	}
	return "cookie-not-sent", "Its attributes fit this request.", "", "Keep cookies between the two requests."
}

// initiator is the origin of the page that makes the call.
func (s *scene) initiator() string {
	if o := s.req.Header.Get("Origin"); o != "" && o != "null" {
		return o
	}
	if u, err := url.Parse(s.req.Header.Get("Referer")); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return ""
}

func (s *scene) crossSite() bool {
	if v := s.req.Header.Get("Sec-Fetch-Site"); v != "" {
		return v == "cross-site"
	}
	u, err := url.Parse(s.req.Header.Get("Origin"))
	return err == nil && u.Host != "" && site(u.Hostname()) != site(s.req.URL.Hostname())
}

// withoutCredentials tells that a script made a call to another origin that
// takes no cookies along.
func (s *scene) withoutCredentials(x *capture.Exchange) bool {
	switch x.Request.Options.Credentials {
	case "omit":
		return true
	case "include":
		return false
	}
	if mode := x.Request.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "cors" {
		return false
	}
	u, err := url.Parse(x.Request.Header.Get("Origin"))
	if err != nil || u.Host == "" || sameOrigin(u, x.Request.URL) || x.Request.Header.Has("Cookie") {
		return false
	}
	// An answer that allows credentials was made for calls with them.
	return x.Response == nil || !strings.EqualFold(x.Response.Header.Get("Access-Control-Allow-Credentials"), "true")
}

func checkCookieOutdated(s *scene) *hit {
	if !s.cookiesMatter() {
		return nil
	}
	for _, c := range s.loginCookies() {
		for _, mine := range s.sent {
			if mine.name != c.name || mine.value == c.value || c.deleted {
				continue
			}
			return &hit{
				sure: Likely, expected: "the value of answer " + fmt.Sprint(c.n+1) + " (" + fingerprint(c.value) + ")", actual: fingerprint(mine.value),
				note: fmt.Sprintf("Answer %d gave the cookie %s a new value, and request %d still carries another one.", c.n+1, q(c.name), s.n+1),
				at:   []Evidence{s.inCookie(c.name)},
				fix:  Fix{Text: "Let the client keep cookies by itself, in one store; do not copy them by hand."},
			}
		}
	}
	return nil
}

// inCookie marks a pair of the Cookie field.
func (s *scene) inCookie(name string) Evidence {
	for _, v := range s.req.Header.Values("Cookie") {
		if i := strings.Index(v, name+"="); i >= 0 {
			end := strings.IndexByte(v[i:], ';')
			if end < 0 {
				end = len(v) - i
			}
			return s.inField("request", "Cookie", v, i, end)
		}
	}
	return s.inLine()
}
