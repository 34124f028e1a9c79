package diagnose

import (
	"fmt"
	"net/url"
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

// bodyLoginRules know logins by a name and a password in the body.
func bodyLoginRules() []Rule {
	return []Rule{{
		ID: "login-refused", Title: "The server refused the login", Fault: Client, Reason: reason.CredentialsInvalid,
		Explain: "A name and a password were sent in the body, to a login or a token endpoint, and the server does not know them. Servers do not say which of the two is wrong, and answer by 401, 400, 403 or 422. It may be the account of another environment, or one that logs in by another way.",
		Example: `POST /login {"username":"alice","password":"..."} answered by 401`, Spec: "RFC 9110 section 15.5.2; RFC 6749 section 5.2", check: checkLogin,
	}}
}

func checkLogin(s *scene) *hit {
	words := s.spoke() == reason.CredentialsInvalid
	switch s.status {
	case 401:
		if !words && len(s.wants()) > 0 {
			return nil
		}
	case 400, 403, 422:
		if !words {
			return nil
		}
	default:
		return nil
	}
	if s.auth.ok || s.saidNothingSent() || !s.logsIn() || checkClient(s) != nil {
		return nil
	}
	h := &hit{
		sure: Likely, note: s.quoted("Name and password stand in the body, and the server refuses them."), at: []Evidence{s.inLine(), s.inStatus()},
		expected: "a name and password that the server knows", actual: "a body with a password",
		fix: Fix{Text: "Check name and password where they are known to work, and do not repeat the same pair: servers lock accounts for that."},
	}
	if s.said.text != "" {
		h.at[1] = s.inBody(s.said.text)
	}
	return h
}

// logsIn tells that the body has a password and that it is there to log in, not
// to be set.
func (s *scene) logsIn() bool {
	told := unquoted(s.told())
	if s.spoke() != reason.CredentialsInvalid && !strings.Contains(told, "credential") && !strings.Contains(told, "authentication failed") && !loginPath(s.req.URL.Path) {
		return false
	}
	body := strings.ToLower(string(s.req.Body[:min(len(s.req.Body), 8<<10)]))
	for _, member := range [...]string{`"password"`, `"passwd"`, `"pwd"`, "password=", "passwd=", "pwd="} {
		if strings.Contains(body, member) {
			return unsafe(s.req.Method)
		}
	}
	return false
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
	title := strings.ToLower(element(body, "title"))
	signIn := (s.auth.ok || s.key.ok) && (strings.Contains(title, "sign in") || strings.Contains(title, "log in") || strings.HasPrefix(title, "login"))
	if !signIn && !strings.Contains(body, `type="password"`) && !strings.Contains(body, "type='password'") && !strings.Contains(body, "type=password") &&
		!strings.Contains(body, "/oauth2/start") && !strings.Contains(body, "/oauth2/sign_in") {
		return nil
	}
	return &hit{
		sure: Likely, expected: "401 and JSON", actual: fmt.Sprintf("%d and a page to log in", s.status),
		note: "A program asked, and got a page on which people log in. The server sees nobody logged in, and says so by a page in place of a 401.",
		at:   []Evidence{s.inAnswer("Content-Type", "html"), s.inStatus()},
		fix:  Fix{Text: "Call the address of the API, not that of the site; send a credential that it takes. The server should answer 401 to programs.", Command: s.curl(`-H "Accept: application/json"`, s.credentialArgument())},
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

// leadsBack tells that a URL of another host names the one that was asked for, to
// which it will send whoever is done there: so do portals that have the login at
// their root. Who pays elsewhere comes back to another page.
func leadsBack(to, asked *url.URL) bool {
	if strings.EqualFold(to.Host, asked.Host) {
		return false
	}
	for _, values := range to.Query() {
		for _, v := range values {
			if back, err := url.Parse(v); err == nil && back.Host != "" && strings.EqualFold(back.Host, asked.Host) && back.Path == asked.Path {
				return true
			}
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
	if !idp && !loginPath(to.Path) && !leadsBack(to, s.req.URL) || loginPath(s.req.URL.Path) {
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
