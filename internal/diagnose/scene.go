package diagnose

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// scene is everything that is known about one request, read once for all rules.
type scene struct {
	c    capture.Capture
	o    Options
	n    int // index of x in c.Exchanges
	x    *capture.Exchange
	req  *capture.Request
	resp *capture.Response // nil: no answer is known

	status int
	clocks clocks

	auth   place                      // the Authorization field, or what was meant to be it
	auths  []string                   // every value of Authorization
	exam   httpauth.CredentialsResult // of auth
	scheme string                     // the first word of auth, if it is one
	asked  httpauth.Result            // what the server asks for
	bearer map[string]string          // parameters of its Bearer or DPoP challenge
	said   message                    // what the body says
	named  reason.Info                // the reason that a gate named; zero if none
	tok    string                     // the token, as far as there is one
	tokAt  int                        // its offset in auth
	jwt    *token.Decoded             // nil unless tok is, or was meant to be, a JWT
	keys   token.KeySource            // nil: none is known
	meta   Metadata
	sent   []cookie    // cookies of the request
	got    []grant     // tokens that the client received before
	key    place       // an API key that was sent; zero if none
	logins []setCookie // see loginCookies; nil: not read yet
	hush   *hush
}

// place is a field of the request.
type place struct {
	name  string
	value string
	ok    bool
}

// cookie is one pair of a Cookie field.
type cookie struct{ name, value string }

// grant is a token that an answer handed out.
type grant struct {
	n     int    // index of the exchange
	kind  string // access_token, id_token, refresh_token, token
	value string
}

func newScene(c capture.Capture, o Options, n int) *scene {
	x := &c.Exchanges[n]
	s := &scene{c: c, o: o, n: n, x: x, req: &x.Request, resp: x.Response}
	if s.req.URL == nil {
		s.req.URL = &url.URL{}
	}
	if s.resp != nil {
		s.status = s.resp.Status
	}
	s.clocks = readClocks(x, o)
	s.auths = s.req.Header.Values(s.authField())
	s.auth = findAuth(s.req.Header, s.authField())
	s.exam = httpauth.ExamineAuthorization(s.auth.value)
	if word, _, ok := httpauth.CutScheme(strings.TrimLeft(s.auth.value, " \t")); ok {
		s.scheme = word
	}
	s.readAnswer()
	s.readContext()
	s.sent = readCookies(s.req.Header)
	s.tok, s.tokAt = findToken(s.auth.value)
	if looksLikeJWT(s.tok) {
		d := token.Decode(s.tok)
		s.jwt = &d
	}
	s.blank()
	s.key = findKey(s.req)
	s.hush = newHush(s)
	s.said.text = s.hush.echo(s.said.text)
	s.bearer["error_description"] = s.hush.echo(s.bearer["error_description"])
	return s
}

// authField is the field for credentials: a proxy has its own (RFC 9110 section
// 11.7.2).
func (s *scene) authField() string {
	if s.status == http.StatusProxyAuthRequired {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

func (s *scene) readAnswer() {
	s.bearer = map[string]string{}
	if s.resp == nil {
		return
	}
	name := "WWW-Authenticate"
	if s.status == http.StatusProxyAuthRequired {
		name = "Proxy-Authenticate"
	}
	fields := s.resp.Header.Values(name)
	if len(fields) > 0 {
		s.asked = httpauth.ParseChallenges(fields, httpauth.Lenient)
	}
	for _, c := range s.asked.Challenges {
		if !c.Is("Bearer") && !c.Is("DPoP") {
			continue
		}
		for _, p := range c.Params {
			name := strings.ToLower(p.Name)
			if s.bearer[name] == "" {
				s.bearer[name] = p.Value
			}
		}
	}
	s.said = readMessage(s.resp)
	if info, ok := reason.Lookup(reason.Code(s.resp.Header.Get("Gate401-Reason"))); ok {
		s.named = info
	} else if info, ok := reason.Lookup(reason.Code(s.said.code)); ok && s.said.shape == "problem" && info.Status == s.status {
		s.named = info
	}
}

// readContext looks at the other exchanges: documents that the client fetched,
// and tokens that it was given.
func (s *scene) readContext() {
	s.keys, s.meta = s.o.Keys, s.o.Metadata
	for i := range s.c.Exchanges {
		r := s.c.Exchanges[i].Response
		if r == nil || r.Status != http.StatusOK || i == s.n {
			continue
		}
		body := strings.TrimSpace(string(r.Body))
		if !strings.HasPrefix(body, "{") {
			continue
		}
		if strings.Contains(body, `"keys"`) && s.keys == nil {
			if set, err := token.ParseKeySet([]byte(body)); err == nil {
				s.keys = set
			}
		}
		if m, err := ParseMetadata([]byte(body)); err == nil {
			s.meta = s.meta.merge(m)
		}
		if i < s.n {
			s.got = append(s.got, readGrants(i, []byte(body))...)
		}
	}
}

func readGrants(n int, body []byte) []grant {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return nil
	}
	if inner, ok := all["data"]; ok {
		var deep map[string]json.RawMessage
		if json.Unmarshal(inner, &deep) == nil {
			for name, v := range deep {
				if _, ok := all[name]; !ok {
					all[name] = v
				}
			}
		}
	}
	var out []grant
	for _, k := range [...]struct{ name, kind string }{
		{"access_token", "access_token"}, {"accessToken", "access_token"}, {"id_token", "id_token"}, {"idToken", "id_token"},
		{"refresh_token", "refresh_token"}, {"refreshToken", "refresh_token"}, {"token", "access_token"}, {"jwt", "access_token"},
	} {
		var v string
		if json.Unmarshal(all[k.name], &v) == nil && len(v) >= 8 {
			out = append(out, grant{n, k.kind, v})
		}
	}
	return out
}

// readCookies reads cookie-pairs (RFC 6265 section 4.2.1).
func readCookies(h capture.Header) []cookie {
	var out []cookie
	for _, v := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(v, ";") {
			name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if ok && name != "" {
				out = append(out, cookie{name, value})
			}
		}
	}
	return out
}

// findToken is the last word of an Authorization value that carries a token, and
// where it begins.
func findToken(value string) (string, int) {
	trimmed := strings.TrimRight(value, " \t\r\n\"'>")
	at := strings.LastIndexAny(trimmed, " \t\"'<:,") + 1
	if at == 0 && !looksLikeJWT(trimmed) {
		return "", 0
	}
	lead := strings.ToLower(value[:at])
	if strings.HasPrefix(strings.TrimSpace(lead), "basic") && !looksLikeJWT(trimmed[at:]) || strings.HasPrefix(lead, "digest") {
		return "", 0
	}
	return trimmed[at:], at
}

// looksLikeJWT also knows those that lost or won a part. eyJ is the beginning of
// every JSON object in base64.
func looksLikeJWT(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Contains(text, ".") && len(text) > 16
}

// claims are those of the token; nil if they cannot be read.
func (s *scene) claims() *token.Claims {
	if s.jwt == nil {
		return nil
	}
	return s.jwt.Claims
}

// challenges of the answer with that scheme.
func (s *scene) challengesOf(scheme string) []httpauth.Challenge {
	var out []httpauth.Challenge
	for _, c := range s.asked.Challenges {
		if c.Is(scheme) {
			out = append(out, c)
		}
	}
	return out
}

// wants are the schemes of the challenges, each once.
func (s *scene) wants() []string {
	var out []string
	for _, c := range s.asked.Challenges {
		if !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, c.Scheme) }) {
			out = append(out, c.Scheme)
		}
	}
	return out
}

func (s *scene) wantsScheme(scheme string) bool { return len(s.challengesOf(scheme)) > 0 }

// is tells whether the credential is of that scheme.
func (s *scene) is(scheme string) bool { return strings.EqualFold(s.scheme, scheme) }

// unsent: no answer is known.
func (s *scene) unsent() bool { return s.resp == nil }

// walk tells that the request may have been refused for what stands in it:
// there is no answer yet, or one with a status that servers give for that.
func (s *scene) walk() bool {
	switch s.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return true
	}
	return s.unsent()
}

// refused: 401, or no answer yet.
func (s *scene) refused() bool { return s.status == http.StatusUnauthorized || s.unsent() }

func (s *scene) host() string {
	if h := s.req.Header.Get("Host"); h != "" {
		return strings.ToLower(h)
	}
	return strings.ToLower(s.req.URL.Host)
}

// credentialed tells whether the request carries any credential that we know.
func (s *scene) credentialed() bool {
	if name, _, _ := pathSecret(s.req.URL); name != "" {
		return true
	}
	return s.auth.ok || s.key.ok || len(s.sent) > 0 || s.req.URL.User != nil || s.req.Options.User != ""
}

// navigation is a page that a person opens, as opposed to a call of a program.
func (s *scene) navigation() bool {
	if mode := s.req.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	accept := s.req.Header.Get("Accept")
	return strings.HasPrefix(accept, "text/html") && !s.req.Header.Has("X-Requested-With") && !s.req.Header.Has("Origin")
}

// browser tells that a browser sent it.
func (s *scene) browser() bool {
	return s.req.Header.Has("Sec-Fetch-Mode") || s.req.Header.Has("Sec-Fetch-Site") || s.req.Options.Mode != "" ||
		strings.HasPrefix(s.req.Header.Get("User-Agent"), "Mozilla/")
}

// clocks are the two clocks of an exchange.
type clocks struct {
	client, server time.Time // when the answer was made; zero if unknown
	local          bool      // client is only our own clock, now
	skew           time.Duration
	known          bool // skew is known
}

func readClocks(x *capture.Exchange, o Options) clocks {
	var c clocks
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	c.client = x.Started
	if !c.client.IsZero() {
		c.client = c.client.Add(max(x.Took, 0))
	} else {
		c.client, c.local = now(), !x.Live
	}
	r := x.Response
	if r == nil {
		return c
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil || r.FromCache || r.Header.Has("Age") {
		return c // a stored answer has the date of its making
	}
	c.server = date
	if !c.local {
		// Date has whole seconds, rounded down.
		c.skew, c.known = date.Sub(c.client.Truncate(time.Second)), true
		if c.skew.Abs() < max(2*time.Second, x.Took) {
			c.skew = 0
		}
		c.skew = c.skew.Round(time.Second)
	}
	return c
}

// judge is the time by which the server judged: its own, if it told it.
func (c clocks) judge() time.Time {
	if !c.server.IsZero() {
		return c.server
	}
	return c.client
}
