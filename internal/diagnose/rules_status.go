package diagnose

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// statusRules are what a status other than 401 says about a request in which
// nothing else was found.
func statusRules() []Rule {
	return []Rule{
		{
			ID: "grant-refused", Title: "The token endpoint refused the grant", Fault: Client, Reason: reason.GrantInvalid,
			Explain: "invalid_grant: the code, the refresh token or the password that was to be exchanged is wrong, used already, expired, revoked, or belongs to another client or redirect address. A person has to log in again.",
			Example: `400 {"error":"invalid_grant"}`, Spec: "RFC 6749 section 5.2", check: checkGrant,
		},
		{
			ID: "client-refused", Title: "The token endpoint does not know the client", Fault: Client, Reason: reason.ClientInvalid,
			Explain: "invalid_client: client_id or client_secret is wrong, or was sent in a way that this client is not registered for (Basic or form).",
			Example: `401 {"error":"invalid_client"}`, Spec: "RFC 6749 section 5.2", check: checkClient,
		},
		{
			ID: "token-request-refused", Title: "The token endpoint refused the request", Fault: Client, Reason: reason.RequestMalformed,
			Explain: "A token endpoint reads a form (application/x-www-form-urlencoded), not JSON, and says by a code what is wrong with it: a parameter that is missing, a grant that it does not know or that this client may not use, a scope that does not exist, a redirect_uri that is not the registered one.",
			Example: `400 {"error":"unsupported_grant_type"}`, Spec: "RFC 6749 section 5.2", check: checkTokenRequest,
		},
		{
			ID: "csrf-failed", Title: "The check against forged requests failed", Fault: Client, Reason: reason.CSRFFailed,
			Explain: "A request that changes something and proves itself by a cookie has to show that it comes from the site's own pages: by a token in a field or form, or by its origin.",
			Example: "POST with a session cookie and without X-CSRF-Token, answered by 403", Spec: "Fetch Metadata; RFC 6265 section 8.2", check: checkCSRF,
		},
		{
			ID: "scope-insufficient", Title: "The token does not allow this", Fault: Client, Reason: reason.ScopeInsufficient,
			Explain: "The token is good and lacks a scope that this request needs. Refreshing gives the same scopes: log in again and ask for more, or ask whoever grants access.",
			Example: `403 WWW-Authenticate: Bearer error="insufficient_scope", scope="orders:write"`, Spec: "RFC 6750 section 3.1", check: checkInsufficient,
		},
		{
			ID: "waf-blocked", Title: "A firewall in front of the server refused the request", Fault: Between, Reason: reason.AddressBlocked,
			Explain: "The answer is a page of a filter, not of the API: it did not like the address, the client or something in the request, and never asked who sent it.",
			Example: "403 text/html, Server: cloudflare", Spec: "RFC 9110 section 15.5.4", check: checkWAF,
		},
		{
			ID: "forbidden-without-credentials", Title: "Nothing was sent, and the server says 403 in place of 401", Fault: Server, Reason: reason.CredentialsMissing,
			Explain: "403 means: I know who you are, and no. A server that was told nothing cannot know, and should answer 401 with a challenge. Clients do not ask for a login on 403.",
			Example: "403 to a request without any credential", Spec: "RFC 9110 sections 15.5.2 and 15.5.4", check: checkForbiddenBare,
		},
		{
			ID: "access-denied", Title: "The caller is known and may not do this", Fault: Client, Reason: reason.AccessDenied,
			Explain: "403 is about permission: a group, a role, the owner of what is asked for, an address. Other credentials of the same person change nothing; somebody has to grant access.",
			Example: "403 Forbidden", Spec: "RFC 9110 section 15.5.4", check: checkDenied,
		},
		{
			ID: "not-found-may-hide", Title: "404 may stand for a refusal", Fault: Client,
			Explain: "Some servers say 404 to those who may not know that something exists: GitHub does, hidden-basic-auth of httpbin does. Without a credential that is worth a try; otherwise the address is wrong.",
			Example: "404 to a request without Authorization", Spec: "RFC 9110 sections 15.5.4 and 15.5.5", check: checkHidden,
		},
		{
			ID: "method-not-allowed", Title: "The server does not take this method here", Fault: Client,
			Explain: "405 is about the method: the field Allow says which ones exist. A redirect that turns POST into GET ends here too.",
			Example: "GET /login answered by 405, Allow: POST", Spec: "RFC 9110 section 15.5.6", check: checkMethod,
		},
		{
			ID: "bad-request", Title: "The server could not read the request", Fault: Client, Reason: reason.RequestMalformed,
			Explain: "400 is about the form of the request: JSON that does not parse, a parameter that is missing, a field that is there twice. Credentials come after that.",
			Example: "400 Bad Request", Spec: "RFC 9110 section 15.5.1", check: checkBadRequest,
		},
	}
}

// says are the words of the server about the failure; those that say no more
// than the status are the last resort.
func (s *scene) says() string {
	last := ""
	for _, t := range [...]string{s.bearer["error_description"], s.said.text, s.bearer["error"], s.said.code} {
		if t != "" && !statusWords(t) {
			return t
		}
		if last == "" {
			last = t
		}
	}
	return last
}

// quoted adds the words of the server to a note.
func (s *scene) quoted(note string) string {
	if t := s.says(); t != "" {
		return note + ` It says: "` + explain.Visible(cut(strings.TrimRight(t, "."), 200)) + `".`
	}
	return note
}

func checkGrant(s *scene) *hit {
	if s.said.code != "invalid_grant" || s.status != 400 && s.status != 401 && s.status != 403 {
		return nil
	}
	h := &hit{
		sure: Certain, note: s.quoted("The token endpoint does not accept what was to be exchanged for a token."), at: []Evidence{s.inBody(strings.TrimSpace(s.said.code + " " + s.said.text))},
		fix: Fix{Text: "Log in again. If it was a refresh token: was it used before, by a second tab or process?"},
	}
	if strings.Contains(string(s.req.Body), "grant_type=refresh_token") {
		h.note += " It was a refresh token."
	} else if strings.Contains(string(s.req.Body), "grant_type=authorization_code") {
		h.note += " It was a code: those count once, for a minute, with the same redirect_uri and code_verifier."
	}
	if lower := strings.ToLower(s.said.text); strings.Contains(lower, "verifier") || strings.Contains(lower, "pkce") {
		h.fix.Text = "Begin the login anew, and send the code_verifier of that login with its code: the text whose SHA-256 was the code_challenge."
	}
	return h
}

func checkClient(s *scene) *hit {
	named := s.said.code == "invalid_client" || s.bearer["error"] == "invalid_client"
	switch lower := strings.ToLower(s.said.text); s.said.code {
	case "unauthorized_client": // as Keycloak says it
		named = strings.Contains(lower, "client credentials") || strings.Contains(lower, "client secret")
	case "access_denied": // as Auth0 says it
		named = s.status == 401 && lower == "unauthorized" && strings.Contains(string(s.req.Body[:min(len(s.req.Body), 8<<10)]), "client_secret")
	}
	if !named || s.status != 400 && s.status != 401 {
		return nil
	}
	return &hit{
		sure: Certain, note: s.quoted("The token endpoint does not accept client_id and client_secret."), at: []Evidence{s.inBody(strings.TrimSpace(s.said.code + " " + s.said.text))},
		expected: "a client that the server knows", fix: Fix{Text: "Check id and secret, and whether the client is registered for Basic or for the form (token_endpoint_auth_method).",
			Command: s.curlForm()},
	}
}

// checkTokenRequest reads the codes of a token endpoint that are about the
// request, not about what is exchanged.
func checkTokenRequest(s *scene) *hit {
	if s.status != 400 && s.status != 401 && s.status != 403 && s.status != 415 && s.status != 422 || !unsafe(s.req.Method) {
		return nil
	}
	body, kind := string(s.req.Body[:min(len(s.req.Body), 8<<10)]), strings.ToLower(s.req.Header.Get("Content-Type"))
	path := strings.TrimSuffix(s.req.URL.Path, "/")
	if !strings.Contains(body, "grant_type") && !strings.HasSuffix(path, "/token") {
		return nil
	}
	h := &hit{at: []Evidence{s.inStatus()}, fix: Fix{Command: s.curlForm()}}
	if s.said.code != "" || s.said.text != "" {
		h.at = []Evidence{s.inBody(strings.TrimSpace(s.said.code + " " + s.said.text))}
	}
	code := s.said.code
	switch lower := strings.ToLower(code + " " + s.said.text); {
	case code == "mfa_required":
		h.sure, h.reason, h.note = Certain, reason.AuthenticationTooWeak, s.quoted("Name and password are right, and the server wants a second factor besides.")
		h.fix = Fix{Text: "Let the person log in by a browser, or answer with the second factor and the mfa_token of this answer."}
	case code == "access_denied" && s.status == 403:
		h.sure, h.reason, h.note = Likely, reason.AccessDenied, s.quoted("The client is known, and may not have this token.")
		h.fix = Fix{Text: "Have the client allowed for the audience and the scope that it asks for, where it is registered."}
	case s.status == 403:
		return nil
	case strings.Contains(kind, "json") && (code == "invalid_request" || code == "unsupported_grant_type" || s.status == 415 || s.status == 422 || strings.Contains(lower, "grant_type")):
		h.sure, h.expected, h.actual = Likely, "application/x-www-form-urlencoded", cut(kind, 60)
		h.note = s.quoted("The request is JSON. A token endpoint reads a form, so it saw no parameter at all.")
		h.at = append([]Evidence{s.inField("request", "Content-Type", s.req.Header.Get("Content-Type"), 0, len(s.req.Header.Get("Content-Type")))}, h.at...)
		h.fix.Text = "Send the parameters as a form."
	case code == "unsupported_grant_type":
		h.sure, h.note, h.fix.Text = Certain, s.quoted("The token endpoint does not know this grant_type."), "Use a grant that the metadata of the issuer lists (grant_types_supported)."
		h.fix.Command = ""
	case code == "unauthorized_client":
		h.sure, h.note, h.fix.Text = Certain, s.quoted("This client may not use this grant."), "Have this grant allowed for the client where it is registered, or use one that is."
		h.fix.Command = ""
	case code == "invalid_scope":
		h.sure, h.note, h.fix.Text = Certain, s.quoted("A scope that was asked for does not exist, or this client may not have it."), "Ask for scopes that the issuer lists (scopes_supported) and that are allowed for the client."
		h.fix.Command = ""
	case strings.Contains(lower, "redirect_uri") || strings.Contains(lower, "redirect uri"):
		h.sure, h.expected = Likely, "the redirect_uri of the authorization request"
		h.note, h.fix.Text = s.quoted("The redirect_uri is not the one that the code was asked for with."), "Send the same redirect_uri in both requests, and have it registered for the client."
		h.fix.Command = ""
	case code == "invalid_request" && strings.Contains(lower, "encoded") && strings.Contains(lower, "authorization header"):
		h.sure, h.note = Likely, s.quoted("In Basic, client_id and client_secret are form-encoded before they are joined by a colon (RFC 6749 section 2.3.1): a space, %, + or & in the secret has to be written as %20, %25, %2B or %26.")
		h.fix.Text = "Encode both, or send them in the form."
		h.fix.Command = strings.Replace(h.fix.Command, `-u "$CLIENT_ID:$CLIENT_SECRET"`, `--data-urlencode "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET"`, 1)
	case code == "invalid_request":
		h.sure, h.note, h.fix.Text = Likely, s.quoted("The token endpoint lacks a parameter, has one twice, or cannot read one."), "Send each parameter once, as a form."
	default:
		return nil
	}
	if strings.Contains(body, `"password"`) && s.status == 422 {
		h.fix.Command = "curl -i -d grant_type=password --data-urlencode \"username=$NAME\" --data-urlencode \"password=$PASSWORD\" " + s.commandURL(s.req.URL)
	}
	return h
}

// curlForm is how a token endpoint is asked.
func (s *scene) curlForm() string {
	if s.req.URL.Host == "" {
		return ""
	}
	return `curl -i -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials ` + s.commandURL(s.req.URL)
}

func unsafe(method string) bool {
	return !slices.Contains([]string{"", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}, method)
}

func checkCSRF(s *scene) *hit {
	if s.status != 403 && s.status != 400 && s.status != 419 && s.status != 422 {
		return nil
	}
	said := strings.ToLower(s.says())
	named := false
	for _, word := range [...]string{"csrf", "xsrf", "forgery", "crumb", "cookie check failed", "authenticity token", "invalidauthenticitytoken", "page expired", "change you wanted was rejected"} {
		named = named || strings.Contains(said, word)
	}
	named = named || strings.Contains(s.said.code, "cookie_invalid_nonce")
	if said == "" || statusWords(said) || s.said.shape == "page" {
		// Pages have the word in their forms, so only whole phrases count.
		page := strings.ToLower(string(s.resp.Body[:min(len(s.resp.Body), 16<<10)]))
		for _, phrase := range [...]string{"csrf verification failed", "invalid csrf token", "csrf token mismatch", "csrf token missing", "csrf check failed", "request forgery", "antiforgery"} {
			named = named || strings.Contains(page, phrase)
		}
	}
	cookies := len(s.sent) > 0 && !s.auth.ok && unsafe(s.req.Method)
	silent := !named && s.status == 403 && cookies && (said == "" || statusWords(said)) && !s.csrfSent()
	if !named && s.status != 419 && !silent {
		return nil
	}
	h := &hit{
		sure: Likely, expected: "a token against forged requests", actual: "not accepted", at: []Evidence{s.inStatus()},
		note: s.quotedPage("The server says that the check against forged requests failed."),
		fix:  Fix{Text: "Send the token that the page or the cookie carries, in the field that the server names (X-CSRF-Token, X-XSRF-TOKEN), from the same session."},
	}
	if silent {
		h.sure = Possible
		h.note = "The request changes something, proves itself by a cookie alone, and carries no token against forged requests; many servers (Spring Security among them) refuse that by a 403 without a word. Or the caller may not do this."
		h.fix.Text = "Send the token that the page or the cookie carries, in the field that the server names (X-CSRF-Token, X-XSRF-TOKEN), from the same session. If it was there, ask whoever grants access."
	}
	if cookies && !s.csrfSent() {
		h.actual = "none in the fields of the request"
		h.at = append([]Evidence{s.inLine()}, h.at...)
	}
	return h
}

// csrfSent tells that some token against forged requests was sent, in a field or
// a form.
func (s *scene) csrfSent() bool {
	for _, f := range s.req.Header {
		if name := strings.ToLower(f.Name); strings.Contains(name, "csrf") || strings.Contains(name, "xsrf") || strings.HasSuffix(name, "-nonce") || strings.HasSuffix(name, "crumb") {
			return true
		}
	}
	body := strings.ToLower(string(s.req.Body[:min(len(s.req.Body), 64<<10)]))
	for _, name := range [...]string{"csrf", "xsrf", "authenticity_token", "__requestverificationtoken", "_token="} {
		if strings.Contains(body, name) {
			return true
		}
	}
	return false
}

// quotedPage adds the words of the server that are more than "CSRF".
func (s *scene) quotedPage(note string) string {
	if s.said.shape == "page" || strings.Contains(strings.ToLower(s.says()), "crumb") || s.said.text != "" && !strings.Contains(strings.ToLower(s.said.text), "csrf") {
		return s.quoted(note)
	}
	return note
}

func checkInsufficient(s *scene) *hit {
	if h := s.acceptedScopes(); h != nil {
		return h
	}
	if s.bearer["error"] != "insufficient_scope" && s.said.code != "insufficient_scope" && (s.status != 403 || !saysScope(s.said.text)) || s.status != 403 && s.status != 401 {
		return nil
	}
	h := &hit{
		sure: Certain, expected: strings.Join(s.scopes(), " "), note: "The server takes the token and says that its scope is not enough.",
		at: []Evidence{s.inStatus()}, fix: Fix{Text: "Log in again and ask for the scope that is missing, or ask whoever grants it."},
	}
	switch {
	case s.bearer["error"] != "":
		h.at = []Evidence{s.inAnswer("WWW-Authenticate", s.bearer["error"])}
	case s.said.code != "insufficient_scope":
		h.sure, h.at = Likely, append(h.at, s.inBody(s.said.text))
		h.note = s.quoted(h.note)
	}
	if c := s.claims(); c != nil {
		h.actual = strings.Join(c.Scopes, " ")
		if h.actual == "" {
			h.actual = "no scope"
		}
	}
	if h.expected != "" {
		h.note += " It asks for " + q(h.expected) + "."
		h.fix.Text = "Log in again and ask for the scope " + h.expected + ", or ask whoever grants it."
	}
	if s.key.ok && !s.auth.ok {
		h.fix.Text = strings.Replace(h.fix.Text, "Log in again and ask for the scope", "Make a token that has the scope", 1)
	}
	s.mayDo(&h.fix)
	return h
}

// mayDo adds how to look at what the token allows: the same call again would be
// refused again.
func (s *scene) mayDo(f *Fix) {
	if s.jwt != nil {
		f.Text += " What the token allows (scope, roles, groups) this shows:"
		f.Command = `printf %s "$TOKEN" | gate401 explain -`
	}
}

func checkWAF(s *scene) *hit {
	if s.status != 403 && s.status != 401 && s.status != 406 || !s.htmlAnswer() {
		return nil
	}
	body := strings.ToLower(string(s.resp.Body[:min(len(s.resp.Body), 32<<10)]))
	who := ""
	for _, known := range [...][2]string{
		{"attention required! | cloudflare", "Cloudflare"}, {"cf-error-details", "Cloudflare"}, {"cf-chl", "Cloudflare"}, {"incapsula incident id", "Imperva"},
		{"_incapsula_resource", "Imperva"}, {"errors.edgesuite.net", "Akamai"}, {"reference&#32;&#35;", "Akamai"}, {"request blocked", "a web application firewall"},
		{"the requested url was rejected", "F5"}, {"sucuri website firewall", "Sucuri"}, {"mod_security", "ModSecurity"}, {"modsecurity", "ModSecurity"},
		{"captcha-delivery.com", "DataDome"}, {"<title>just a moment...", "Cloudflare"}, {"request forbidden by administrative rules", "HAProxy"}, {"px-captcha", "PerimeterX"},
	} {
		if strings.Contains(body, known[0]) {
			who = known[1]
			break
		}
	}
	if s.resp.Header.Has("Cf-Mitigated") {
		who = "Cloudflare"
	}
	if who == "" {
		return nil
	}
	h := &hit{
		sure: Likely, note: "The answer is a page of " + who + ", not of the API. The request did not reach the server." + s.noAgent(), at: []Evidence{s.inStatus(), s.inAnswer("Content-Type", "html")},
		fix: Fix{Text: "Ask whoever runs the filter, with the time and the id on the page; compare with a request from another network and another User-Agent.", Command: s.curl(s.credentialArgument())},
	}
	return h
}

// noAgent: filters refuse what does not say what it is.
func (s *scene) noAgent() string {
	if s.req.Incomplete || s.req.Header.Has("User-Agent") || s.c.Source != "messages as text" {
		return ""
	}
	return " The request has no User-Agent field, which some filters refuse."
}

func checkForbiddenBare(s *scene) *hit {
	if s.status != 403 || s.credentialed() || s.req.Incomplete {
		return nil
	}
	return &hit{
		sure: Likely, expected: "401 with WWW-Authenticate", actual: "403", at: []Evidence{s.inStatus(), s.inLine()},
		note: s.quoted("The request carries no credential, so the server cannot know who asks; it says 403 all the same."),
		fix:  s.anyCredential(),
	}
}

// anyCredential is the fix where it is not known what the server takes.
func (s *scene) anyCredential() Fix {
	if key := s.wantedKey(); key != "" {
		return Fix{Text: "Send an API key in the field " + key + ".", Command: s.curl(`-H "` + key + `: $API_KEY"`)}
	}
	return Fix{Text: "Send a credential; what kind, the documentation of the server has to say.", Command: s.curl(withToken)}
}

func checkDenied(s *scene) *hit {
	if s.status != 403 {
		return nil
	}
	h := &hit{
		sure: Likely, expected: "permission", actual: "403", at: []Evidence{s.inStatus()},
		note: s.quoted("The server answers 403: it knows who asks, and does not allow it. Nothing in the credential looks wrong."),
		fix:  Fix{Text: "Ask whoever grants access to this. Do not log in again because of it."},
	}
	s.mayDo(&h.fix)
	if s.said.text != "" {
		h.at = append(h.at, s.inBody(s.said.text))
	}
	if c := checkCSRF(s); c != nil && c.sure == Possible {
		h.sure = Possible // one is as good a guess as the other
	}
	return h
}

func checkHidden(s *scene) *hit {
	if s.status != 404 {
		return nil
	}
	h := &hit{
		sure: Possible, at: []Evidence{s.inStatus(), s.inLine()}, expected: "an address that exists",
		note: "The server says that there is nothing here. Either the address is wrong, or it hides from those who may not see it.",
		fix:  Fix{Text: "Check the address: method, path, version of the API, host. If it is right, compare with a credential that is known to work.", Command: s.curl(s.credentialArgument())},
	}
	if !s.credentialed() && !s.req.Incomplete {
		h.note = "The server says that there is nothing here, to a request without any credential. Some servers hide behind 404 what only some may see."
		h.fix.Text = "Check the address, and try it with a credential."
	}
	if from := s.redirectedFrom(); from != nil && from.Request.Method != s.req.Method {
		h.note += fmt.Sprintf(" A redirect changed the method from %s to %s.", from.Request.Method, s.req.Method)
	}
	return h
}

// redirectedFrom is the exchange whose redirect led here.
func (s *scene) redirectedFrom() *capture.Exchange {
	x, _ := s.lastOf(func(x *capture.Exchange) bool {
		to := location(x)
		return to != nil && to.String() == s.req.URL.String()
	})
	return x
}

func checkMethod(s *scene) *hit {
	if s.status != http.StatusMethodNotAllowed {
		return nil
	}
	allow := s.resp.Header.Get("Allow")
	h := &hit{
		sure: Certain, expected: allow, actual: s.req.Method, at: []Evidence{s.inLine(), s.inStatus()},
		note: fmt.Sprintf("The server does not take %s at this address.", q(s.req.Method)),
		fix:  Fix{Text: "Use the method that the documentation names."},
	}
	if allow != "" {
		h.note = fmt.Sprintf("The server does not take %s at this address, it takes %s.", q(s.req.Method), allow)
		h.at = append([]Evidence{s.inAnswer("Allow", allow)}, h.at...)
		first, _, _ := strings.Cut(allow, ",")
		h.fix.Command = "curl -i -X " + shellWord(strings.TrimSpace(first)) + " " + s.commandURL(s.req.URL)
	}
	if from := s.redirectedFrom(); from != nil && from.Request.Method != s.req.Method {
		h.note += fmt.Sprintf(" A redirect changed it from %s.", from.Request.Method)
		h.fix.Text = "Send the request to the final address directly."
		h.fix.Command = "curl -i -X " + shellWord(from.Request.Method) + " " + s.commandURL(s.req.URL)
	}
	return h
}

func checkBadRequest(s *scene) *hit {
	if s.status != http.StatusBadRequest {
		return nil
	}
	h := &hit{
		sure: Likely, at: []Evidence{s.inStatus()}, note: s.quoted("The server could not make sense of the request; it did not come to the question who sends it."),
		fix: Fix{Text: "Correct what the server names. If it names nothing, compare the request with an example of the documentation.", Command: s.curl(s.credentialArgument())},
	}
	if !s.credentialed() && !s.req.Incomplete {
		h.fix.Command = s.curl()
	}
	if s.said.text != "" {
		h.at = append(h.at, s.inBody(s.said.text))
	}
	return h
}
