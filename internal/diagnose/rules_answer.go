package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// answerRules are decided by the answer before the request is looked at: there
// is none, it is none of the server, or it is about something else than who
// asks.
func answerRules() []Rule {
	return []Rule{
		{
			ID: "cors-preflight-refused", Title: "The preflight was refused", Fault: Server,
			Explain: "Before a call to another origin a browser asks by OPTIONS whether it may. That question never carries credentials, so it has to be answered without any: with 204 and the Access-Control fields. A 401 there makes every call fail, and scripts see only a CORS error.",
			Example: "OPTIONS /orders with Access-Control-Request-Method, answered by 401", Spec: "Fetch standard, section 4.8", check: checkPreflight,
		},
		{
			ID: "cors-error", Title: "The browser hid the answer from the script", Fault: Server,
			Explain: "The answer has no Access-Control-Allow-Origin for the page, so the script sees an error in place of it. Refusals need the CORS fields too: often only successful answers get them.",
			Example: "401 without Access-Control-Allow-Origin: status 0 in the script", Spec: "Fetch standard, section 4.10", check: checkCORS,
		},
		{
			ID: "no-answer", Title: "There was no answer", Fault: Between,
			Explain: "The request did not get as far as a refusal: name, connection or TLS failed, or it was cut off. Nothing is said about the credentials.",
			Example: "net::ERR_CONNECTION_REFUSED", Spec: "RFC 9110 section 9.2.2", check: checkNoAnswer,
		},
		{
			ID: "success-with-error", Title: "The status says 200 and the body says no", Fault: Server,
			Explain: "The refusal stands in the body only. Clients, caches and monitors go by the status, and none of them sees it.",
			Example: `200 {"error":"unauthorized"}`, Spec: "RFC 9110 section 15.5.2", check: checkSuccessError,
		},
		{
			ID: "proxy-authentication-required", Title: "It is the proxy that asks", Fault: Client,
			Explain: "407 comes from a proxy on the way, not from the server. It is answered by Proxy-Authorization; the credential for the server does not count there.",
			Example: "407 with Proxy-Authenticate", Spec: "RFC 9110 sections 11.7 and 15.5.8", check: checkProxy,
		},
		{
			ID: "misdirected-request", Title: "The connection leads to a server that does not answer for this host", Fault: Between,
			Explain: "An HTTP/2 client uses one connection for several hosts that share a certificate. The server at its end says 421 when it is not in charge: the client has to try again on a connection of its own.",
			Example: "421 Misdirected Request", Spec: "RFC 9110 section 15.5.20", check: checkMisdirected,
		},
		{
			ID: "header-too-large", Title: "The fields of the request are too large", Fault: Client,
			Explain: "Servers take 8 KiB of fields, some 16. A token with many groups in it, or cookies that pile up, go over that, and the server refuses the request or a proxy cuts it.",
			Example: "Authorization: Bearer of 9,000 characters, answered by 431 or 400", Spec: "RFC 6585 section 5", check: checkLarge,
		},
		{
			ID: "rate-limited", Title: "Too many requests", Fault: Client, Reason: reason.RateLimited,
			Explain: "The server did not look at the credentials: it wants fewer requests for a while. Retry-After says how long. Asking on makes it longer.",
			Example: "429 with Retry-After: 30", Spec: "RFC 6585 section 4", check: checkRate,
		},
		{
			ID: "server-failed", Title: "The server failed", Fault: Server,
			Explain: "A 5xx says nothing about the credentials: keep them, and try again later, with growing pauses. 503 may also mean that the server cannot check credentials now.",
			Example: "503 Service Unavailable", Spec: "RFC 9110 section 15.6", check: checkServerFailed,
		},
		{
			ID: "answer-from-cache", Title: "The refusal came from a cache", Fault: Between,
			Explain: "The answer is older than the request: a cache kept a refusal that somebody got before, and gives it to everybody. The server has to send Cache-Control: no-store with it, and the cache must not keep what Authorization was sent for.",
			Example: "401 with Age: 412", Spec: "RFC 9111 sections 3 and 3.5", check: checkCached,
		},
	}
}

func isPreflight(x *capture.Exchange) bool {
	return x.Request.Method == http.MethodOptions && x.Request.Header.Has("Access-Control-Request-Method")
}

func checkPreflight(s *scene) *hit {
	x, n := s.x, s.n
	if !isPreflight(x) {
		// The call itself has no status; its preflight stands beside it.
		if s.status != 0 || s.resp == nil {
			return nil
		}
		found := false
		for i := range s.c.Exchanges {
			p := &s.c.Exchanges[i]
			if isPreflight(p) && p.Request.URL != nil && p.Request.URL.String() == s.req.URL.String() && p.Response != nil && p.Response.Status >= 300 {
				x, n, found = p, i, true
			}
		}
		if !found {
			return nil
		}
	}
	if x.Response == nil || x.Response.Status < 300 {
		return nil
	}
	u := x.Request.URL
	h := &hit{
		sure: Certain, expected: "204 with Access-Control-Allow-Origin, without credentials", actual: fmt.Sprintf("%d %s", x.Response.Status, http.StatusText(x.Response.Status)),
		note: fmt.Sprintf("The browser asked by OPTIONS whether %s may call %s, and got %d. A preflight never carries credentials.", q(x.Request.Header.Get("Origin")), q(s.shownURL(u)), x.Response.Status),
		at:   []Evidence{{Exchange: n + 1, In: "response", Field: "status", Value: fmt.Sprintf("%d %s", x.Response.Status, http.StatusText(x.Response.Status)), Offset: 0, Length: 3}},
		fix: Fix{Text: "Answer OPTIONS with Access-Control-Request-Method before authentication, in the server or its gateway.",
			Command: "curl -i -X OPTIONS -H " + shellWord("Origin: "+x.Request.Header.Get("Origin")) + " -H " + shellWord("Access-Control-Request-Method: "+x.Request.Header.Get("Access-Control-Request-Method")) + " " + shellWord(s.shownURL(u))},
	}
	if x.Response.Status < 400 {
		h.note += " A redirect is no answer to it either."
	}
	return h
}

// clientError is what the client says went wrong.
func (s *scene) clientError() string {
	for _, n := range s.x.Notes {
		if n.Kind == capture.NoteError {
			return n.Text
		}
	}
	return ""
}

func checkCORS(s *scene) *hit {
	if s.resp == nil || s.status != 0 {
		return nil
	}
	text := s.clientError()
	cors := strings.Contains(strings.ToUpper(text), "CORS") || strings.Contains(text, "Access-Control")
	o := s.req.Header.Get("Origin")
	if !cors && (o == "" || text != "" && !strings.Contains(text, "ERR_FAILED")) {
		return nil
	}
	h := &hit{
		sure: Likely, expected: "Access-Control-Allow-Origin: " + o, actual: "status 0",
		note: "The browser did not let the script see the answer. Whatever it was, it lacked the CORS fields for " + q(o) + ".",
		at:   []Evidence{s.inLine()},
		fix:  Fix{Text: "Look at the answer without a browser, and let the server send its CORS fields with refusals too.", Command: s.curl("-H " + shellWord("Origin: "+o))},
	}
	if text != "" {
		h.note += " It says: " + sentence(explain.Visible(cut(text, 160)))
	}
	if !cors {
		h.sure = Possible
	}
	return h
}

func checkNoAnswer(s *scene) *hit {
	if s.resp == nil || s.status != 0 {
		return nil
	}
	text := s.clientError()
	note := "The client got no answer"
	low := strings.ToLower(text)
	switch {
	case strings.Contains(low, "refused"):
		note = "Nothing listens at " + s.host() + ": the connection was refused, so nothing was sent"
	case strings.Contains(low, "could not resolve"), strings.Contains(low, "no such host"), strings.Contains(low, "name_not_resolved"):
		note = "The name " + s.host() + " leads nowhere, so nothing was sent"
	case text != "":
		note += ": " + explain.Visible(cut(text, 160))
	}
	actual := ""
	if !strings.HasPrefix(note, "The client") {
		actual = cut(text, 160)
	}
	return &hit{
		sure: Certain, note: sentence(note), actual: actual, at: []Evidence{s.inLine()},
		fix: Fix{Text: "Reach the server first; what it thinks of the credentials comes after.", Command: "curl -v " + s.commandURL(s.req.URL)},
	}
}

func checkSuccessError(s *scene) *hit {
	if s.status < 200 || s.status > 299 || !s.said.json || !s.said.fail {
		return nil
	}
	said := strings.TrimSpace(s.said.code + " " + s.said.text)
	if s.said.code == "missing_scope" {
		h := &hit{
			sure: Likely, reason: reason.ScopeInsufficient, expected: s.said.scope, at: []Evidence{s.inStatus(), s.inBody(strings.TrimSpace(said + " " + s.said.scope))},
			note: fmt.Sprintf("The status says %d, the body says that the token lacks a scope.", s.status),
			fix:  Fix{Text: "Add the scope to the app, install it again, and use the new token."},
		}
		if s.said.scope != "" {
			h.note = fmt.Sprintf("The status says %d, the body says that the token lacks the scope %s.", s.status, q(s.said.scope))
		}
		return h
	}
	return &hit{
		sure: Likely, expected: "401 with WWW-Authenticate", actual: fmt.Sprintf("%d, and an error in the body", s.status),
		note: fmt.Sprintf("The status says %d, the body says %s.", s.status, words(said)),
		at:   []Evidence{s.inStatus(), s.inBody(said)},
		fix:  Fix{Text: "Treat it as a 401: get a new credential and send the request once more. The server should send the status that it means.", Command: s.curl(s.credentialArgument())},
	}
}

func checkProxy(s *scene) *hit {
	if s.status != http.StatusProxyAuthRequired {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "Proxy-Authorization: " + list(s.wants(), "or"), actual: "no such field",
		note: "The answer comes from a proxy on the way, which wants to know who uses it.",
		at:   []Evidence{s.inStatus()},
		fix:  Fix{Text: "Give the client a name and password for the proxy.", Command: s.curl(s.withProxyPassword())},
	}
	told, sent := s.req.Header.Get("Proxy-Authorization"), s.req.Header.Has("Proxy-Authorization")
	scheme, _, ok := httpauth.CutScheme(told)
	switch {
	case sent && ok && knownScheme(scheme) && len(s.wants()) > 0 && !s.wantsScheme(scheme):
		h.actual = cut(scheme, 20)
		h.note += fmt.Sprintf(" It was told by %s, and asks for %s.", cut(scheme, 20), list(s.wants(), "or"))
		h.fix.Text = "Tell the proxy by the scheme that it asks for."
	case sent:
		h.actual = "one that the proxy refuses"
		h.note += " It was told, and does not accept it."
		h.fix.Text = "Check the name and the password for the proxy, and do not repeat the same pair."
	case s.req.Header.Has("Authorization"):
		h.note += " The Authorization field is for the server; the proxy does not look at it."
	}
	return h
}

// withProxyPassword are the arguments that tell the proxy who uses it.
func (s *scene) withProxyPassword() string {
	out := `--proxy-user "$NAME:$PASSWORD"`
	if s.wantsScheme("Digest") && !s.wantsScheme("Basic") {
		out = "--proxy-digest " + out
	}
	if u, err := url.Parse(s.req.Options.Proxy); err == nil && u.Host != "" {
		u.User = nil
		out = "-x " + shellWord(u.String()) + " " + out
	}
	return out
}

func checkMisdirected(s *scene) *hit {
	if s.status != http.StatusMisdirectedRequest {
		return nil
	}
	return &hit{
		sure: Certain, note: fmt.Sprintf("The server at the end of the connection is not in charge of %s.", q(s.host())), at: []Evidence{s.inStatus()},
		fix: Fix{Text: "Repeat the request on a new connection. If it goes on, the certificate covers hosts that different servers answer for.", Command: "curl -i --http1.1 " + s.commandURL(s.req.URL)},
	}
}

// usualFields is what nginx and Apache read of one field unless told otherwise.
const usualFields = 8 << 10

// fieldOctets is how much room the fields of the request take, and the largest.
func (s *scene) fieldOctets() (total int, largest capture.Field) {
	for _, f := range s.req.Header {
		total += len(f.Name) + len(f.Value) + 4
		if len(f.Value) > len(largest.Value) {
			largest = f
		}
	}
	return total, largest
}

func checkLarge(s *scene) *hit {
	total, largest := s.fieldOctets()
	switch {
	case s.status == http.StatusRequestHeaderFieldsTooLarge:
	case total > usualFields && (s.status == 400 || s.status == 413 || s.status == 494):
	default:
		return nil
	}
	h := &hit{
		sure: Certain, expected: "8 KiB of fields at most", actual: fmt.Sprintf("%d octets, %d of them in %s", total, len(largest.Value), largest.Name),
		note: fmt.Sprintf("The fields of the request take %d octets, the largest is %s with %d.", total, largest.Name, len(largest.Value)),
		at:   []Evidence{s.inStatus()},
		fix:  Fix{Text: "Make the largest field smaller: fewer groups and claims in the token, or clear the cookies of this site."},
	}
	if s.status != http.StatusRequestHeaderFieldsTooLarge {
		h.sure = Likely
	}
	return h
}

// limited tells that a 403 is about the number of requests.
func (s *scene) limited() bool {
	lower := strings.ToLower(s.said.text)
	return s.status == http.StatusForbidden && (strings.TrimSpace(s.resp.Header.Get("X-Ratelimit-Remaining")) == "0" ||
		strings.Contains(lower, "rate limit exceeded") || strings.Contains(lower, "secondary rate limit") || strings.Contains(lower, "quota exceeded"))
}

func checkRate(s *scene) *hit {
	if s.status != http.StatusTooManyRequests && !s.limited() {
		return nil
	}
	h := &hit{
		sure: Certain, note: "The server wants fewer requests, and did not look at this one.", at: []Evidence{s.inStatus()},
		fix: Fix{Text: "Wait, then send the request once."},
	}
	field := "Retry-After"
	v := s.resp.Header.Get(field)
	if s.status == http.StatusForbidden {
		h.sure, h.note = Likely, s.quoted("The server wants fewer requests; 403 stands for 429.")
		if reset := s.resp.Header.Get("X-Ratelimit-Reset"); v == "" && reset != "" {
			if at, err := strconv.ParseInt(reset, 10, 64); err == nil {
				if wait := at - s.clocks.judge().Unix(); wait >= 0 && wait < 1<<20 {
					field, v = "X-Ratelimit-Reset", strconv.FormatInt(wait, 10)
				}
			}
		}
	}
	seconds, err := strconv.Atoi(v)
	var until time.Time
	if err == nil && seconds >= 0 && seconds < 1<<31 {
		until = s.clocks.judge().Add(time.Duration(seconds) * time.Second)
	} else if t, err := http.ParseTime(v); err == nil {
		until = t
	}
	if until.IsZero() {
		h.note += " It does not say how long to wait."
		h.fix.Text = "Wait with growing pauses, then send the request once."
		return h
	}
	pause := until.Sub(s.clocks.judge())
	h.note += fmt.Sprintf(" It takes requests again in %s (%s).", explain.Span(pause), explain.Moment(until))
	h.expected = "no request before " + explain.Moment(until)
	h.at = append([]Evidence{s.inAnswer(field, s.resp.Header.Get(field))}, h.at...)
	h.fix.Command = fmt.Sprintf("sleep %d", max(int(pause/time.Second), 0))
	return h
}

func checkServerFailed(s *scene) *hit {
	if s.status < 500 || s.status > 599 {
		return nil
	}
	h := &hit{
		sure: Certain, actual: strconv.Itoa(s.status), expected: "an answer", at: []Evidence{s.inStatus()},
		note: fmt.Sprintf("%d %s is about the server, not about the credentials.", s.status, http.StatusText(s.status)),
		fix:  Fix{Text: "Keep the credentials, and repeat the request later, with growing pauses.", Command: s.curl(s.credentialArgument())},
	}
	if !s.credentialed() {
		h.fix = Fix{Text: "Repeat the request later, with growing pauses.", Command: s.curl()}
	}
	if strings.Contains(s.said.text, "Route [login] not defined") {
		h.title = "The server wanted to send you to a login that it does not have"
		h.note = "The server (Laravel) sees nobody logged in, and fails on its way to a page for people: without Accept: application/json it takes the caller for a browser."
		h.fix = Fix{Text: "Say that you want JSON: then it answers 401, or takes the token.", Command: s.curl(`-H "Accept: application/json"`, withToken)}
		h.expected = "401"
		h.at = append(h.at, s.inBody(s.said.text))
		return h
	}
	if !slices.Contains([]int{500, 502, 503, 504}, s.status) {
		h.note = fmt.Sprintf("%d is about the server, not about the credentials.", s.status)
	}
	if s.status == http.StatusServiceUnavailable || s.status == http.StatusBadGateway || s.status == http.StatusGatewayTimeout {
		h.note += " It, or something behind it, is away or overloaded."
	}
	if s.said.text != "" {
		h.at = append(h.at, s.inBody(s.said.text))
	}
	return h
}

func checkCached(s *scene) *hit {
	if s.status != 401 && s.status != 403 {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "an answer to this request", fix: Fix{Text: "Send Cache-Control: no-store with every refusal, clear the cache, and let it pass on requests with Authorization.", Command: s.curl(`-H "Cache-Control: no-cache"`, s.credentialArgument())},
	}
	age := s.resp.Header.Get("Age")
	switch n, err := strconv.Atoi(age); {
	case s.resp.FromCache:
		h.actual, h.note, h.at = "one from the cache of the client", "The client did not ask the server: it took the refusal from its own cache.", []Evidence{s.inStatus()}
	case err == nil && n > 0:
		h.actual = "one that is " + explain.Span(time.Duration(n)*time.Second) + " old"
		h.note = "A cache on the way gave this refusal out again, " + explain.Span(time.Duration(n)*time.Second) + " after it was made."
		h.at = []Evidence{s.inAnswer("Age", age)}
	case strings.HasPrefix(strings.ToUpper(s.resp.Header.Get("X-Cache")), "HIT"):
		h.sure, h.actual, h.note = Likely, "X-Cache: HIT", "A cache on the way says that it had this refusal in store."
		h.at = []Evidence{s.inAnswer("X-Cache", "HIT")}
	default:
		return nil
	}
	return h
}
