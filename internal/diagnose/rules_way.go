package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
)

// wayRules are about credentials that existed and did not get there: lost at a
// redirect, never attached, eaten by a proxy.
func wayRules() []Rule {
	return []Rule{
		{
			ID: "authorization-lost-cross-host", Title: "The redirect leads to another host, and the credential stayed behind", Fault: Between, Reason: reason.CredentialsMissing,
			Explain: "Clients do not take credentials along to another host or port when they follow a redirect, or anybody could collect them. Call the final address directly.",
			Example: "301 Location: https://www.example.com/...", Spec: "RFC 9110 section 15.4", check: redirectRule("authorization-lost-cross-host"),
		},
		{
			ID: "authorization-lost-https", Title: "The redirect from http to https dropped the credential", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "The first request went over plain http; for many clients https is another origin, to which they take no credential along. It also crossed the network unprotected: change it.",
			Example: "GET http://api.example.com/... 301 Location: https://api.example.com/...", Spec: "RFC 9110 section 15.4", check: redirectRule("authorization-lost-https"),
		},
		{
			ID: "authorization-lost-redirect", Title: "The redirect dropped the credential", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "The request was redirected on the same host, usually for a slash at its end, and the client repeated it without the Authorization field. Call the address that the redirect names.",
			Example: "GET /orders 308 Location: /orders/", Spec: "RFC 9110 section 15.4", check: redirectRule("authorization-lost-redirect"),
		},
		{
			ID: "token-not-attached", Title: "A token was received and not sent", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "An earlier answer handed out a token, and this request carries none. The interceptor that adds it is missing for this client, runs before the token is stored, or skips this address.",
			Example: `POST /login 200 {"access_token":...}; GET /orders without Authorization`, Spec: "RFC 6750 section 2.1", check: checkNotAttached,
		},
		{
			ID: "header-with-underscore", Title: "A field name with an underscore is dropped on the way", Fault: Between, Reason: reason.APIKeyMissing,
			Explain: "nginx, Apache and others drop fields with an underscore in their name unless told otherwise, because CGI cannot tell X_Key from X-Key.",
			Example: "X_API_KEY: ...", Spec: "nginx underscores_in_headers; RFC 3875 section 4.1.18", check: checkUnderscore,
		},
	}
}

// lateWayRules come when nothing else explains it.
func lateWayRules() []Rule {
	return []Rule{{
		ID: "authorization-lost-on-the-way", Title: "The credential was sent and did not arrive", Fault: Between, Reason: reason.CredentialsMissing,
		Explain: "The request carries a credential, and the server answers as if there were none. Something between removed it: Apache with CGI, FPM or WSGI drops Authorization (CGIPassAuth On, WSGIPassAuthorization On), a proxy sets its own, a load balancer or function gateway keeps it for itself.",
		Example: `Authorization: Bearer ... answered by "no credentials were sent"`, Spec: "RFC 3875 section 4.1.18; RFC 9110 section 11.6.2", check: checkEaten,
	}}
}

// redirectRule finds the redirect that led here and what it was.
func redirectRule(id string) func(*scene) *hit {
	return func(s *scene) *hit {
		if s.auth.ok || s.key.ok || s.status != 401 && s.status != 403 && s.status != 400 || s.req.Incomplete && !s.anyAuth() {
			return nil
		}
		x, n := s.lastOf(func(x *capture.Exchange) bool {
			to := location(x)
			return to != nil && x.Request.Header.Has("Authorization") && strings.TrimSuffix(to.String(), "#"+to.Fragment) == s.req.URL.String()
		})
		if x == nil {
			return nil
		}
		from, to := x.Request.URL, s.req.URL
		kind := "authorization-lost-redirect"
		note := fmt.Sprintf("Request %d carried the Authorization field to %s and was redirected; request %d comes without it.", n+1, q(s.shownURL(from)), s.n+1)
		if from.Path+"/" == to.Path || from.Path == to.Path+"/" {
			note += " The two differ by the slash at the end of the path."
		}
		_, fromHost, fromPort := origin(from)
		_, toHost, toPort := origin(to)
		switch {
		case fromHost == toHost && from.Scheme == "http" && to.Scheme == "https":
			kind = "authorization-lost-https"
		case fromHost == toHost && from.Scheme == "https" && to.Scheme == "http":
			note = fmt.Sprintf("Request %d was redirected from https to plain http, and clients take no credential along to there. Often the server stands behind a proxy that ends TLS, and does not know that it is reached by https (X-Forwarded-Proto).", n+1)
		case fromHost != toHost || fromPort != toPort:
			kind = "authorization-lost-cross-host"
			note = fmt.Sprintf("Request %d was redirected from %s to %s. Clients do not take credentials along to another host.", n+1, q(from.Host), q(to.Host))
		}
		if kind != id {
			return nil
		}
		e := s.inField("response", "Location", s.shownLocation(x), 0, 0)
		e.Exchange, e.Length = n+1, len(e.Value)
		if x.Request.Method != s.req.Method {
			note += fmt.Sprintf(" The method changed from %s to %s as well.", x.Request.Method, s.req.Method)
		}
		h := &hit{
			sure: Certain, expected: "Authorization", actual: "no Authorization field", note: note, at: []Evidence{e, s.inLine()},
			fix: Fix{Text: "Call the final address directly.", Command: s.curl(withToken)},
		}
		if from.Scheme == "https" && to.Scheme == "http" {
			// Nothing is sent in the clear because a server says so.
			secure, request, u := *s, *s.req, *to
			u.Scheme = "https"
			request.URL, secure.req = &u, &request
			h.fix = Fix{Text: "Call the final address by https, and have the server redirect to https.", Command: secure.curl(withToken)}
			if fromHost == toHost {
				h.fault, h.title = Server, "The redirect leads from https to http, and dropped the credential"
			}
		}
		return h
	}
}

func (s *scene) shownLocation(x *capture.Exchange) string {
	u, err := url.Parse(x.Response.Header.Get("Location"))
	if err != nil {
		return ""
	}
	return s.shownURL(u)
}

// anyAuth tells that the source did not leave Authorization out.
func (s *scene) anyAuth() bool {
	return slices.ContainsFunc(s.c.Exchanges, func(x capture.Exchange) bool { return x.Request.Header.Has("Authorization") })
}

func checkNotAttached(s *scene) *hit {
	if s.auth.ok || s.key.ok || s.status != 401 && s.status != 403 || s.req.Incomplete && !s.anyAuth() {
		return nil
	}
	if len(s.wants()) > 0 && !s.wantsScheme("Bearer") && !s.wantsScheme("DPoP") {
		return nil
	}
	last, ok := s.lastAccess()
	if !ok {
		return nil
	}
	from := s.c.Exchanges[last.n].Request.URL
	h := &hit{
		sure: Likely, expected: "Authorization: Bearer", actual: "no Authorization field",
		note: fmt.Sprintf("Answer %d (%s) handed out a token, and request %d carries none.", last.n+1, s.shownURL(from), s.n+1),
		at:   []Evidence{s.inLine()},
		fix:  Fix{Text: "Send the token that the login gave.", Command: s.curl(withToken)},
	}
	if s.wantsScheme("Bearer") {
		h.sure = Certain
		h.at = append(h.at, s.inAnswer("WWW-Authenticate", "Bearer"))
	}
	if from == nil || site(from.Hostname()) != site(s.req.URL.Hostname()) || h.sure != Certain && len(s.sent) > 0 {
		h.sure = Possible
	}
	return h
}

func checkUnderscore(s *scene) *hit {
	if s.status != 401 && s.status != 403 || len(s.auths) > 0 {
		return nil
	}
	for _, f := range s.req.Header {
		if !strings.Contains(f.Name, "_") || !isKeyField(f.Name) && !misspelt(f.Name, "Authorization") {
			continue
		}
		server := strings.ToLower(s.resp.Header.Get("Server"))
		h := &hit{
			sure: Possible, expected: strings.ReplaceAll(f.Name, "_", "-"), actual: f.Name,
			note: fmt.Sprintf("The credential stands in %s. Names with an underscore are dropped by many servers.", q(f.Name)),
			at:   []Evidence{{Exchange: s.n + 1, In: "request", Field: f.Name, Value: f.Name, Offset: strings.IndexByte(f.Name, '_'), Length: 1}},
			fix:  Fix{Text: "Write a hyphen in place of the underscore.", Command: s.curl(`-H "` + strings.ReplaceAll(f.Name, "_", "-") + `: $API_KEY"`)},
		}
		if strings.Contains(server, "nginx") || strings.Contains(server, "openresty") {
			h.sure = Likely
			h.note += " This one is nginx, which does so unless told otherwise."
			h.at = append(h.at, s.inAnswer("Server", server))
		}
		return h
	}
	return nil
}

func checkEaten(s *scene) *hit {
	if len(s.auths) == 0 || !s.exam.Valid || s.status != 401 && (s.status != 403 || !s.saidNothingSent()) {
		return nil
	}
	h := &hit{
		expected: "the server sees the Authorization field", actual: "it seems not to", at: []Evidence{s.inScheme()},
		fix: Fix{Text: "Look at what arrives: let the server, or an echo behind the same proxy, print the fields of the request. With Apache: `CGIPassAuth On` or `WSGIPassAuthorization On`.", Command: s.curl(s.credentialArgument())},
	}
	hints := s.hops()
	switch {
	case s.saidNothingSent():
		h.sure = Likely
		h.note = "The request carries a credential, and the server says that none came."
		if s.said.text != "" {
			h.at = append(h.at, s.inBody(s.said.text))
		}
	case (strings.HasPrefix(s.said.code, "rest_") || strings.HasPrefix(s.said.code, "woocommerce_rest_")) && strings.HasPrefix(s.said.text, "Sorry, you"):
		h.sure, h.at = Likely, append(h.at, s.inBody(s.said.code+" "+s.said.text))
		h.note = s.quoted("WordPress answers 403 where it knows who asks, and 401 where it sees nobody: the credential did not arrive, or nothing there takes it (application passwords need https; Apache may drop the field).")
	case (s.is("Bearer") || s.is("DPoP")) && s.wantsScheme("Bearer") && s.bearer["error"] == "" && len(hints) > 0 && s.jwt != nil:
		// RFC 6750 section 3.1: an error only if a token was sent.
		h.sure = Possible
		h.note = "The challenge has no error code, as it would have if the server had seen a token."
	default:
		return nil
	}
	if len(hints) > 0 {
		h.note += " On the way: " + strings.Join(hints, ", ") + "."
	}
	return h
}

// hops are fields that tell of something between client and server.
func (s *scene) hops() []string {
	var out []string
	for _, name := range [...]string{"Via", "X-Powered-By", "X-Cache", "CF-Ray", "X-Amzn-Requestid", "X-Served-By", "X-Varnish"} {
		if v := s.resp.Header.Get(name); v != "" {
			out = append(out, name+": "+explain40(v))
		}
	}
	if v := s.resp.Header.Get("Server"); strings.Contains(strings.ToLower(v), "apache") {
		out = append(out, "Server: "+explain40(v))
	}
	return out
}

func explain40(v string) string { return strings.Trim(q(cut(v, 40)), `"`) }

// missingRules say that nothing was sent, once everything that could have been
// meant as a credential was looked at.
func missingRules() []Rule {
	return []Rule{{
		ID: "handshake-begun", Title: "It is the first half of a handshake", Fault: Client, Reason: reason.CredentialsMissing,
		Explain: "Digest, and clients that wait to be asked, take two requests: the first goes out without a credential and gets a 401 with the challenge, the second answers it. The first 401 is no failure.",
		Example: "GET 401 with WWW-Authenticate: Digest, then the same GET with Authorization: Digest", Spec: "RFC 7616 section 3.2; RFC 9110 section 11.4", check: checkHandshake,
	}, {
		ID: "credentials-missing", Title: "No credential was sent", Fault: Client, Reason: reason.CredentialsMissing,
		Explain: "The server wants to know who asks, and the request carries nothing that says so.",
		Example: "GET /orders, and no Authorization field", Spec: "RFC 9110 section 15.5.2", check: checkMissing,
	}}
}

// checkHandshake looks at what came after a challenge.
func checkHandshake(s *scene) *hit {
	if s.auth.ok || len(s.wants()) == 0 {
		return nil
	}
	n, ok := newHistory(s.c).second(s.n)
	if !ok {
		return s.unanswered()
	}
	next := &s.c.Exchanges[n]
	scheme, _, _ := httpauth.CutScheme(next.Request.Header.Get("Authorization"))
	if !s.wantsScheme(scheme) {
		return nil
	}
	h := &hit{
		sure: Certain, at: []Evidence{s.inAnswer("WWW-Authenticate", scheme)},
		note: fmt.Sprintf("The server asks for %s, and request %d answers that.", scheme, n+1),
		fix:  Fix{Text: "Nothing: this 401 is as it should be."},
	}
	switch {
	case next.Response == nil:
		h.note += " What it got is not known."
	case next.Response.Status < 400 && next.Response.Status > 0:
		h.note += fmt.Sprintf(" It got %d %s.", next.Response.Status, http.StatusText(next.Response.Status))
	default:
		h.note += fmt.Sprintf(" It got %d %s: that is the one to look at.", next.Response.Status, http.StatusText(next.Response.Status))
		h.fix = Fix{Text: fmt.Sprintf("Look at request %d: --entry %d.", n+1, n+1)}
	}
	return h
}

// unanswered is a request that was made here for a client that waits to be asked:
// the challenge is not answered here, for that would try the password.
func (s *scene) unanswered() *hit {
	how := s.req.Options.Auth
	if !s.x.Live || s.req.Options.User == "" || s.status != 401 || how != "digest" && how != "anyauth" || how == "digest" && !s.wantsScheme("Digest") {
		return nil
	}
	command := s.curl(s.credentialArgument())
	return &hit{
		sure: Certain, at: []Evidence{s.inAnswer("WWW-Authenticate", s.wants()[0])},
		note: fmt.Sprintf("The server asks for %s. curl --%s sends name and password in a second request, which answers that; this was the first. explain answers no challenge, for that would try the password.", list(s.wants(), "or"), how),
		fix:  Fix{Text: "Let curl make both requests, and have them explained.", Command: strings.Replace(command, "curl -i", "curl -sv", 1) + " 2>&1 | gate401 explain -"},
	}
}

// prompts tells that the client would have asked for the password.
func (s *scene) prompts() bool {
	return slices.ContainsFunc(s.x.Notes, func(n capture.Note) bool { return n.Text == capture.AsksPassword })
}

func checkMissing(s *scene) *hit {
	prompts := s.x.Live && s.prompts()
	if !prompts && (s.credentialed() || s.req.Incomplete) || s.auth.ok || s.status != 401 && s.status != 407 && (s.status != 400 || !s.missesCredential()) {
		return nil
	}
	if checkClient(s) != nil || checkTokenRequest(s) != nil || checkLogin(s) != nil {
		return nil // a token endpoint asks for the client, not for who uses it
	}
	wants := s.wants()
	h := &hit{
		sure: Certain, expected: s.authField(), actual: "no such field", at: []Evidence{s.inLine()},
		note: "The request has no " + s.authField() + " field, no key and no cookie.",
		fix:  Fix{Text: "Send a credential.", Command: s.curl(withToken)},
	}
	if prompts {
		user := s.req.Options.User
		h.note = fmt.Sprintf("curl asks for the password of %s at the terminal. It was not given here, so the request went out without name and password.", q(user))
		h.fix = Fix{Text: "Give the password too.", Command: s.curl("-u " + shellWord(user+":") + `"$PASSWORD"`)}
		return h
	}
	if s.status == 400 {
		h.sure = Likely
	}
	if s.bearer["error"] != "" {
		h.sure = Likely
		h.note += " (The server answers as if it had seen one: it should not send an error code then.)"
	}
	if key := s.wantedKey(); key != "" {
		h.reason, h.expected = reason.APIKeyMissing, key
		h.note = s.quoted("The request has no API key.")
		if s.said.text != "" {
			h.at = append(h.at, s.inBody(s.said.text))
		}
		h.fix = Fix{Text: "Send an API key in the field " + key + ".", Command: s.curl(`-H "` + key + `: $API_KEY"`)}
		return h
	}
	if len(wants) == 0 && s.saidNothingSent() {
		h.note = s.quoted(h.note)
	} else if len(wants) == 0 {
		h.note += " What the server would take, it does not say."
	}
	if len(wants) == 0 {
		h.fix.Text = "Look up in the documentation of this server what it takes, and send that."
		return h
	}
	h.expected = s.authField() + ": " + list(wants, "or")
	h.note += " " + sentence(s.asker()+" asks for "+list(wants, "or"))
	h.at = append(h.at, s.inAnswer("WWW-Authenticate", wants[0]))
	switch {
	case s.wantsScheme("Bearer"):
		h.fix = Fix{Text: "Get a token and send it.", Command: s.curl(withToken)}
		if realm, service := s.bearer["realm"], s.bearer["service"]; service != "" && strings.HasPrefix(realm, "https://") {
			// The token service of a container registry.
			h.fix.Text = "Get a token where the challenge says, and send it. This gets one for what anybody may read; with -u, for you."
			h.fix.Command = "curl -s " + shellWord(realm+"?"+url.Values{"service": {service}, "scope": {s.bearer["scope"]}}.Encode())
		}
		if v := s.bearer["resource_metadata"]; v != "" {
			h.fix.Text = "Get a token and send it. Where, says " + v + "."
		}
	case s.wantsScheme("Basic"):
		h.fix = Fix{Text: "Send name and password.", Command: s.curl(withPassword)}
	case s.wantsScheme("Digest"):
		h.fix = digestFix(s, "Send name and password, as Digest.")
	case s.wantsScheme("Negotiate"):
		h.fix = Fix{Text: "Get a Kerberos ticket (kinit) and send it.", Command: s.curl("--negotiate -u :")}
	case s.wantsScheme("Session"):
		h.fix = Fix{Text: "Log in; the session travels in a cookie."}
		if login := param(s.challengesOf("Session")[0], "login"); login != "" {
			h.fix.Text = "Log in at " + login + "; the session travels in a cookie."
		}
	default:
		h.fix.Command = s.curlWanted()
		h.fix.Text = "Send a credential of the scheme " + list(wants, "or") + "."
	}
	if s.status == http.StatusProxyAuthRequired {
		h.fix.Command = s.curl(`--proxy-user "$NAME:$PASSWORD"`)
	}
	return h
}
