package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// rows compare what was sent with what the server wants, as far as both are
// known.
func (s *scene) rows() []Row {
	out := []Row{}
	add := func(what, sent, wants string, state State) {
		if wants == "" {
			wants = "?"
		}
		out = append(out, Row{What: what, Sent: explain.Visible(cut(sent, 200)), Wants: explain.Visible(cut(s.hush.echo(wants), 200)), State: state})
	}
	is := func(ok bool) State {
		if ok {
			return StateOK
		}
		return StateWrong
	}
	if s.status == 405 && s.resp.Header.Has("Allow") {
		add("method", s.req.Method, s.resp.Header.Get("Allow"), StateWrong)
	}
	if host := s.req.Header.Get("Host"); host != "" && s.req.URL.Host != "" && !strings.EqualFold(host, s.req.URL.Host) {
		add("host", host, s.req.URL.Host, StateWrong)
	}
	wants := list(s.wants(), "or")
	right := s.authField()
	switch {
	case s.auth.ok && len(s.auths) == 0:
		add("field", s.auth.name, right, StateWrong)
	case len(s.auths) > 1:
		add("field", fmt.Sprintf("%s, %d times", right, len(s.auths)), right+", once", StateWrong)
	case s.auth.ok:
		add("field", s.auth.name, right, StateOK)
	case s.key.ok:
		add("field", strings.TrimPrefix(s.key.name, "?")+map[bool]string{true: " in the query", false: ""}[s.key.inQuery()], "", StateUnknown)
	case s.prompts() && s.unsent():
		add("field", "unknown: curl asks for the password", right, StateUnknown)
	case s.prompts():
		add("field", "nothing", right, StateWrong)
	case s.resp != nil && s.status == 0:
	case s.req.Incomplete && strings.HasPrefix(s.c.Source, "Postman"):
		add("field", "unknown: a script may set it", right, StateUnknown)
	case s.req.Incomplete:
		add("field", "unknown: left out of the capture", right, StateUnknown)
	case s.wantsScheme("Session"), len(s.wants()) == 0 && len(s.sent) > 0, len(s.wants()) == 0 && len(s.loginCookies()) > 0:
	case isPreflight(s.x):
	case s.status == 401 || s.status == 407:
		add("field", "nothing", right, StateWrong)
	}
	if s.auth.ok {
		sent := s.scheme
		switch {
		case sent == "":
			sent = "none"
		case !knownScheme(sent):
			sent = "not a scheme"
		}
		state := StateUnknown
		if len(s.wants()) > 0 {
			state = is(s.wantsScheme(s.scheme) || s.is("DPoP") && s.wantsScheme("Bearer"))
		}
		add("scheme", sent, wants, state)
	} else if wants != "" && s.req.Incomplete && !s.prompts() {
		add("scheme", "unknown", wants, StateUnknown)
	} else if len(s.sent) > 0 && s.wantsScheme("Session") {
		add("scheme", "a cookie", wants, StateUnknown)
	} else if wants != "" {
		add("scheme", "none", wants, StateWrong)
	}
	if s.auth.ok {
		s.credentialRows(add, is)
	}
	if s.key.ok {
		if from, to := s.unfilled(s.key.value); from >= 0 {
			add("key", s.key.value[from:to], "", StateUnknown)
		} else {
			add("key", fingerprint(s.key.value), "", StateUnknown)
		}
	}
	if cookies := s.loginCookies(); len(cookies) > 0 && !s.auth.ok {
		for _, c := range cookies[:min(len(cookies), 3)] {
			sent := "not sent"
			if s.sends(c.name) {
				sent = "sent"
			}
			if !s.req.Incomplete || len(s.sent) > 0 {
				add("cookie", c.name+" "+sent, c.name, is(sent == "sent"))
			}
		}
	} else if len(s.sent) > 0 {
		var names []string
		for _, c := range s.sent {
			names = append(names, c.name)
		}
		add("cookie", cut(strings.Join(names, ", "), 60), "", StateUnknown)
	}
	if s.clocks.known {
		words := "they agree"
		if w := s.clocks.skewWords(); w != "" {
			words = strings.TrimSuffix(strings.TrimPrefix(w, "The server's clock is "), ".")
		}
		add("clock", explain.Moment(s.clocks.client), words, is(s.clocks.skew.Abs() < 30*time.Second))
	}
	return out
}

func (s *scene) credentialRows(add func(what, sent, wants string, state State), is func(bool) State) {
	if user, password, ok := s.basic(); ok {
		add("name", user, "", StateUnknown)
		add("password", octets(len(password)), "", StateUnknown)
		return
	}
	if shown, ok := s.openUser(); ok {
		name, password, _ := strings.Cut(shown, ":")
		add("name", name, "", StateUnknown)
		add("password", password, "", StateUnknown)
		return
	}
	if s.is("Digest") {
		c, asked, _, ok := s.digest()
		if !ok {
			return
		}
		for _, name := range [...]string{"username", "realm", "algorithm", "qop", "uri", "nc"} {
			sent := param(c, name)
			var wants []string
			for _, a := range asked {
				if v := param(a, name); v != "" && !slices.Contains(wants, v) {
					wants = append(wants, v)
				}
			}
			state := StateUnknown
			switch name {
			case "uri":
				wants = []string{s.req.URL.RequestURI()}
				state = is(sent == wants[0])
			case "realm":
				if len(wants) > 0 {
					state = is(slices.Contains(wants, sent))
				}
			case "algorithm", "qop":
				if len(wants) > 0 {
					state = is(slices.ContainsFunc(wants, func(w string) bool {
						return slices.ContainsFunc(strings.Split(w, ","), func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), sent) })
					}))
				}
			}
			if sent != "" || len(wants) > 0 {
				add(name, sent, list(wants, "or"), state)
			}
		}
		return
	}
	if s.tok == "" {
		return
	}
	if s.jwt == nil {
		if !placeholder(s.tok) && !scriptValue(s.tok) {
			add("token", "opaque, "+fingerprint(s.tok), "", StateUnknown)
		}
		return
	}
	parts := fmt.Sprintf("JWT, %d parts, %s", len(s.jwt.Parts), fingerprint(s.tok))
	add("token", parts, "JWT, 3 parts", is(len(s.jwt.Problems) == 0))
	s.claimRows(add, is)
}

func (s *scene) claimRows(add func(what, sent, wants string, state State), is func(bool) State) {
	if s.jwt.Alg != "" {
		alg := s.jwt.Alg
		if s.jwt.KeyID != "" {
			alg += ", kid " + cut(s.jwt.KeyID, 20)
		}
		wants, state := "", StateUnknown
		algorithms := s.o.Algorithms
		if len(algorithms) == 0 {
			algorithms = s.meta.Algorithms
		}
		switch {
		case len(algorithms) > 0:
			wants, state = list(algorithms, "or"), is(slices.Contains(algorithms, s.jwt.Alg))
		case strings.EqualFold(s.jwt.Alg, "none"):
			wants, state = "a signature", StateWrong
		}
		add("algorithm", alg, wants, state)
	}
	switch known, err := s.verified(); {
	case known:
		add("signature", map[bool]string{true: "right", false: "wrong"}[err == nil], "by a key of the set", is(err == nil))
	case len(s.jwt.Signature) > 0:
		add("signature", "not verified", "", StateUnknown)
	}
	c := s.jwt.Claims
	if c == nil {
		return
	}
	now := s.clocks.judge()
	if len(s.issuers()) > 0 || c.Issuer != "" {
		state := StateUnknown
		if len(s.issuers()) > 0 {
			state = is(slices.Contains(s.issuers(), c.Issuer))
		} else if s.named.Code == reason.TokenIssuerUnknown {
			state = StateWrong
		}
		add("issuer", c.Issuer, list(s.issuers(), "or"), state)
	}
	if wants, _ := s.audiences(); len(wants) > 0 || len(c.Audience) > 0 {
		state := StateUnknown
		if len(wants) > 0 {
			state = is(slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(wants, a) }))
		} else if s.named.Code == reason.TokenAudienceWrong {
			state = StateWrong
		}
		add("audience", strings.Join(c.Audience, ", "), list(wants, "or"), state)
	}
	if !c.Expires.IsZero() {
		add("expiry", explain.Moment(c.Expires), "after "+explain.Moment(now), is(now.Before(c.Expires)))
	}
	if !c.NotBefore.IsZero() {
		add("valid from", explain.Moment(c.NotBefore), "before "+explain.Moment(now), is(!now.Before(c.NotBefore)))
	}
	if wants := s.scopes(); len(wants) > 0 || len(c.Scopes) > 0 {
		state := StateUnknown
		if len(wants) > 0 {
			state = is(!slices.ContainsFunc(wants, func(w string) bool { return !slices.Contains(c.Scopes, w) }))
		}
		add("scope", strings.Join(c.Scopes, " "), strings.Join(wants, " "), state)
	}
}

// times are the dates that matter, in words and in UTC.
func (s *scene) times() []Time {
	var out []Time
	add := func(what string, t time.Time, words string) {
		if !t.IsZero() {
			out = append(out, Time{what, t.UTC(), words})
		}
	}
	c := s.claims()
	now := s.clocks.judge()
	if c != nil {
		add("iat", c.IssuedAt, when("issued", c.IssuedAt, now))
		add("nbf", c.NotBefore, when(map[bool]string{true: "became valid", false: "becomes valid"}[!now.Before(c.NotBefore)], c.NotBefore, now))
		add("exp", c.Expires, when(map[bool]string{true: "expired", false: "expires"}[!now.Before(c.Expires)], c.Expires, now))
	}
	if c != nil || s.clocks.skewWords() != "" {
		add("request", s.clocks.client, "by the clock of the client")
		if s.clocks.local {
			out[len(out)-1].Words = "now, by the clock of this machine"
		}
		words := "by the clock of the server"
		if w := s.clocks.skewWords(); w != "" {
			words += ", " + strings.TrimSuffix(strings.TrimPrefix(w, "The server's clock is "), " of yours.")
		}
		add("Date", s.clocks.server, words)
	}
	return out
}

// ruledOut says what was looked at and is right.
func (s *scene) ruledOut(all []found) []string {
	hit := map[string]bool{}
	for _, f := range all {
		hit[f.ID] = true
	}
	out := []string{}
	add := func(text string, ok bool, ids ...string) {
		if ok && !slices.ContainsFunc(ids, func(id string) bool { return hit[id] }) {
			out = append(out, text)
		}
	}
	one := len(s.auths) == 1
	from, _ := s.unfilled(s.auth.value)
	open := from >= 0
	add("the field is called "+s.authField()+" and is there once", one)
	add("the field can be read: nothing stands around the credential, nothing invisible in it", one && s.exam.Valid && !open)
	add("the scheme is one that the server asks for", one && s.wantsScheme(s.scheme))
	add("the token is a whole JWT", s.jwt != nil && len(s.jwt.Problems) == 0, "jwt-unsigned")
	if known, err := s.verified(); known && err == nil {
		out = append(out, "the signature is right")
	}
	if c := s.claims(); c != nil {
		now := s.clocks.judge()
		add("the token has not expired and counts already", !c.Expires.IsZero() && now.Before(c.Expires) && !now.Before(c.NotBefore), "clock-off", "token-issued-in-future")
		add("the issuer is the one expected", slices.Contains(s.issuers(), c.Issuer))
		wants, _ := s.audiences()
		add("the audience is the one expected", slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(wants, a) }))
		add("the scopes are there", len(s.scopes()) > 0 && !slices.ContainsFunc(s.scopes(), func(w string) bool { return !slices.Contains(c.Scopes, w) }))
	}
	if _, _, ok := s.basic(); ok {
		add("the Basic payload decodes to a name and a password", true, "basic-line-end")
	}
	add("the clocks agree", s.clocks.known && s.clocks.skew == 0)
	add("the challenge can be read", len(s.asked.Challenges) > 0 && s.asked.Valid)
	add("the answer is fresh, not from a cache", s.status == 401 && s.resp.Header.Has("Date") && !s.resp.Header.Has("Age"), "answer-from-cache")
	return out
}

// unknown says what the capture cannot tell, and what would.
func (s *scene) unknown() []string {
	var out []string
	if s.req.Incomplete && !s.auth.ok && !s.key.ok {
		switch {
		case s.prompts():
			out = append(out, "Whether name and password are right: curl asks for the password at the terminal, and what is typed there is not known here.")
		case slices.ContainsFunc(s.x.Notes, func(n capture.Note) bool { return n.About == redactedNote }):
			out = append(out, "Whether the credential is right: its value was masked. Nothing that `gate401 explain` prints shows a secret, so it can have the whole.")
		case s.req.URL.Host == "":
			out = append(out, "What was sent: only the answer was given. Give the request too, as `curl -v` or the browser's network tab show it.")
		default:
			what := "Whether Authorization and Cookie were sent: "
			if s.bearer["error"] == "invalid_token" {
				what = "Which credentials were sent: "
			}
			out = append(out, what+leftOut(s.c.Source))
		}
		if s.status == 401 && s.wantsScheme("Bearer") && s.bearer["error"] == "" {
			out = append(out, "Whether the server saw a token at all: its challenge has no error code, as is right where none was sent (RFC 6750 section 3.1).")
		}
	}
	if (s.is("Bearer") || s.is("DPoP")) && s.status == 401 && s.wantsScheme("Bearer") && s.bearer["error"] == "" && checkEaten(s) == nil {
		out = append(out, "Whether the token arrived: the challenge has no error code, as it should have if the server had seen one (RFC 6750 section 3.1). "+
			"A proxy, CGI or gateway may keep it: let an echo in the place of the server print what arrives.")
	}
	if n, largest := s.fieldOctets(); n > usualFields && s.status == 401 {
		out = append(out, fmt.Sprintf("Whether the fields arrived whole: they take %d octets, %d of them in %s, and many servers and proxies cut or drop what is beyond 8 KiB.", n, len(largest.Value), largest.Name))
	}
	if s.unsent() {
		out = append(out, "What the server says: no answer was captured. `gate401 explain --send` makes the request and looks.")
	}
	if s.jwt != nil {
		if known, err := s.verified(); !known {
			text := "Whether the signature is right: no key set was given (`--jwks URL`)."
			if err != nil {
				text = "Whether the signature is right: the key set is out of reach."
			}
			out = append(out, text)
		}
		if len(s.issuers()) == 0 {
			out = append(out, "Which issuer the server trusts (`--issuer`).")
		}
		if wants, _ := s.audiences(); len(wants) == 0 {
			out = append(out, "For which audience the server takes tokens (`--audience`).")
		}
		out = append(out, "Whether the token was revoked: only its issuer knows.")
	} else if s.tok != "" {
		out = append(out, "Whether the token is known, expired or revoked: only its issuer knows, by introspection.")
	}
	if user, _, ok := s.basic(); ok {
		out = append(out, "Whether the name "+q(user)+" and its password are known to the server.")
	}
	if s.resp != nil && s.status == 401 && len(s.asked.Challenges) == 0 {
		out = append(out, "What the server takes: it sends no challenge that can be read.")
	}
	if id := s.requestID(); id != "" {
		out = append(out, "What the server's log says about the request "+q(id)+": ask whoever runs it, with that id.")
	}
	return out
}

// leftOut says who leaves out credentials, and what would have them.
func leftOut(source string) string {
	source = strings.TrimSuffix(source, ", sent now")
	switch {
	case strings.HasPrefix(source, "HAR of Chromium"):
		return "the " + source + leftOutByBrowser
	case strings.HasPrefix(source, "HAR"), source == "fetch call":
		return "the " + explain.Visible(source) + " leaves them out. Copy the request as cURL in the browser."
	case source == "output of wget -S":
		return "the " + source + " does not show the request. `wget -d` does."
	case strings.HasPrefix(source, "curl command"):
		return "the " + source + " reads some of them from files. `curl -v` shows what is sent."
	case strings.HasPrefix(source, "Postman"):
		return "the collection leaves them to a script, or to Postman. Its console shows what is sent."
	case strings.HasPrefix(source, "PowerShell"):
		return "the " + source + " has them in a variable: print its keys."
	}
	return "what was given leaves them out. `curl -v` shows them."
}

// leftOutByBrowser is how a HAR of Chromium gets credentials.
const leftOutByBrowser = " leaves them out. Switch on \"Allow to generate HAR with sensitive data\" in the settings of DevTools and export it again, or copy the request as cURL."

func (s *scene) requestID() string {
	if s.resp == nil {
		return ""
	}
	for _, name := range [...]string{"X-Request-Id", "X-Correlation-Id", "Request-Id", "CF-Ray", "X-Amzn-Requestid", "X-Trace-Id"} {
		if v := s.resp.Header.Get(name); v != "" {
			return v
		}
	}
	return ""
}
