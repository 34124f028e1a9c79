package diagnose

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/reason"
)

// loginRules know answers that lead to a login in place of saying 401. Why
// nobody is logged in, such as a cookie that was lost, comes before them.
func loginRules() []Rule {
	return []Rule{
		{
			ID: "login-page-instead", Title: "A login page came in place of an answer", Fault: Server, Reason: reason.SessionMissing,
			Explain: "A program asked an API and got the page for people, with status 200. An API has to say 401; a program cannot fill in a form, and takes the page for data.",
			Example: "Accept: application/json answered by 200 text/html with a form", Spec: "RFC 9110 section 15.5.2", check: checkLoginPage,
		},
		{
			ID: "redirect-to-login", Title: "The request was redirected to a login", Fault: Server, Reason: reason.SessionMissing,
			Explain: "Nobody is logged in as far as the server can see. For a page in a browser that is right; a program that calls an API needs a 401: it follows the redirect, loses its method, and ends at a page or a CORS error.",
			Example: "302 Location: /login", Spec: "RFC 9110 sections 15.4.3 and 15.5.2", check: checkLoginRedirect,
		},
	}
}

// apiCall tells that a program asked, not a person who opens a page.
func (s *scene) apiCall() bool {
	h := s.req.Header
	accept := strings.ToLower(h.Get("Accept"))
	switch {
	case h.Get("Sec-Fetch-Mode") == "navigate":
		return false
	case h.Has("X-Requested-With"), s.auth.ok, s.key.ok, strings.Contains(accept, "json"):
		return true
	case h.Has("Sec-Fetch-Mode"):
		return h.Get("Sec-Fetch-Dest") == "empty"
	}
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "json")
}

func (s *scene) htmlAnswer() bool {
	return s.resp != nil && strings.Contains(strings.ToLower(s.resp.Header.Get("Content-Type")), "html")
}

func checkLoginPage(s *scene) *hit {
	if (s.status < 200 || s.status > 299) && s.status != 403 || !s.htmlAnswer() || !s.apiCall() {
		return nil
	}
	body := strings.ToLower(string(s.resp.Body[:min(len(s.resp.Body), 64<<10)]))
	if !strings.Contains(body, `type="password"`) && !strings.Contains(body, "type='password'") && !strings.Contains(body, "type=password") &&
		!strings.Contains(body, "/oauth2/start") && !strings.Contains(body, "/oauth2/sign_in") {
		return nil
	}
	return &hit{
		sure: Likely, expected: "401 and JSON", actual: fmt.Sprintf("%d and a page to log in", s.status),
		note: "A program asked, and got a page on which people log in. The server sees nobody logged in, and says so by a page in place of a 401.",
		at:   []Evidence{s.inAnswer("Content-Type", "html"), s.inStatus()},
		fix:  Fix{Text: "Call the address of the API, not that of the site; send a credential that it takes. The server should answer 401 to programs.", Command: s.curl(`-H "Accept: application/json"`, withToken)},
	}
}

// loginPath knows addresses of logins.
func loginPath(path string) bool {
	path = strings.ToLower(path)
	for _, part := range [...]string{"login", "signin", "sign-in", "sign_in", "logon", "/sso", "/saml", "/oauth2/start", "/oauth2/sign", "/auth/realms", "/authorize", "/cas/"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

func checkLoginRedirect(s *scene) *hit {
	to := location(s.x)
	if to == nil {
		return nil
	}
	query := to.Query()
	idp := query.Get("client_id") != "" && (query.Get("response_type") != "" || query.Get("redirect_uri") != "") || query.Get("SAMLRequest") != ""
	if !idp && !loginPath(to.Path) || loginPath(s.req.URL.Path) {
		return nil
	}
	plain := *to
	plain.RawQuery, plain.Fragment = "", ""
	h := &hit{
		sure: Likely, expected: "401", actual: fmt.Sprintf("%d to %s", s.status, plain.String()),
		note: fmt.Sprintf("The server sends the caller to a login at %s: it sees nobody logged in.", q(plain.String())),
		at:   []Evidence{s.inLocation()},
		fix:  Fix{Text: "Send a credential that this server takes; and have it answer 401 to programs (oauth2-proxy: --api-route, nginx: error_page 401, Spring: an AuthenticationEntryPoint).", Command: s.curl(`-H "Accept: application/json"`, withToken)},
	}
	if s.navigation() {
		h.fault = Client
		h.expected = ""
		h.note += " For a page that a person opens, that is right."
		h.fix = Fix{Text: "Log in. If you did, look at why the cookie of the login did not come along."}
	}
	return h
}

func (s *scene) inLocation() Evidence {
	v := s.shownLocation(s.x)
	e := s.inField("response", "Location", v, 0, len(v))
	if i := strings.IndexByte(v, '?'); i > 0 {
		e.Length = i
	}
	return e
}
