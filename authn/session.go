package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

const methodSession = "session"

// DefaultLogin is where people log in if nothing else is said.
const DefaultLogin = "/auth/login"

// Sessions knows the sessions of browsers by the secrets in their cookies.
type Sessions interface {
	// Secret finds what the session cookie of r holds, whatever that is.
	Secret(r *gate401.Request) (secret string, ok bool)
	// Key is a hash of a secret, keyed per process.
	Key(secret string) [32]byte
	// Recall returns who is logged in with the secret of that key, if that is
	// remembered and still true, and counts as use of the session.
	Recall(r *gate401.Request, key [32]byte) (*gate401.Identity, bool)
	// Verify finds out who is logged in with that secret. A *gate401.Denial says
	// that nobody is, any other error that it could not be told.
	Verify(ctx context.Context, r *gate401.Request, secret string) (*gate401.Identity, error)
	// Clear makes the value of a Set-Cookie field that removes the cookie.
	Clear(r *gate401.Request) string
}

// Session takes the cookie of a browser in which somebody has logged in. Browsers
// send it by themselves, so that an explicit credential outranks it, and an unsafe
// request from a page of another site is refused (csrf-failed). Do not copy it,
// and do not change its fields, after first use.
type Session struct {
	// Realm names what the login is for (RFC 9110 section 11.5).
	Realm string
	// Login is where people log in; empty means DefaultLogin.
	Login string
	// Sessions knows the sessions. Required.
	Sessions Sessions
	// CrossOrigin tells requests of other sites from our own; nil trusts no other
	// origin.
	CrossOrigin *http.CrossOriginProtection

	once       sync.Once
	cross      *http.CrossOriginProtection
	challenges []httpauth.Challenge
}

var (
	_ gate401.Authenticator = (*Session)(nil)
	_ gate401.Recaller      = (*Session)(nil)
	_ gate401.Misser        = (*Session)(nil)
	_ gate401.Pager         = (*Session)(nil)
	_ gate401.Ambient       = (*sessionCredential)(nil)
)

// sessionCredential is what a session cookie holds, and where the request was
// made: what a verdict depends on.
type sessionCredential struct {
	secret string
	key    [32]byte
	cross  error // a page of another site made it; nil if none did
}

// Method returns "session".
func (c *sessionCredential) Method() string { return methodSession }

// Account names none. Nobody can guess 256 random bits.
func (c *sessionCredential) Account() (string, bool) { return "", false }

// Key identifies the secret.
func (c *sessionCredential) Key() [32]byte { return c.key }

// Ambient tells that browsers send it by themselves.
func (c *sessionCredential) Ambient() bool { return true }

// String keeps the secret out of logs.
func (c *sessionCredential) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (c *sessionCredential) GoString() string { return "[redacted]" }

func (s *Session) setup() {
	login := s.Login
	if login == "" {
		login = DefaultLogin
	}
	if s.cross = s.CrossOrigin; s.cross == nil {
		s.cross = http.NewCrossOriginProtection()
	}
	s.challenges = []httpauth.Challenge{{Scheme: "Session", Params: []httpauth.Param{
		{Name: "realm", Value: s.Realm}, {Name: "login", Value: login},
	}}}
}

// Find reads the cookie. Whether it holds a session is for Verify to say: a broken
// cookie, which browsers send by themselves, must not stand in the way of an
// explicit credential.
func (s *Session) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	if s.Sessions == nil {
		return nil, false, errNoSessions
	}
	secret, ok := s.Sessions.Secret(r)
	if !ok {
		return nil, false, nil
	}
	s.once.Do(s.setup)
	return &sessionCredential{secret: secret, key: s.Sessions.Key(secret), cross: s.crossOrigin(r)}, true, nil
}

var errNoSessions = errors.New("no sessions are set")

// crossOrigin tells whether a page of another site made the request, where that
// matters: for methods that change something, and for a WebSocket, which any page
// can open with our cookie and then talk through.
func (s *Session) crossOrigin(r *gate401.Request) error {
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		if !upgrade(r) {
			return nil
		}
		method = http.MethodPost
	}
	host := r.Host
	if r.URL != nil && r.URL.Host != "" {
		// As the browser sees it: an origin has a port.
		host = r.URL.Host
	}
	return s.cross.Check(&http.Request{Method: method, Header: r.Header, Host: host, URL: r.URL})
}

// upgrade tells whether a WebSocket is opened. A gateway that asks whether it may be
// leaves Upgrade out, as a field of one hop; those of RFC 6455 section 4.1 stay.
func upgrade(r *gate401.Request) bool {
	if r.Header["Sec-Websocket-Key"] != nil || r.Header["Sec-Websocket-Version"] != nil {
		return true
	}
	for _, v := range r.Header["Sec-Fetch-Mode"] {
		if v == "websocket" {
			return true
		}
	}
	for _, v := range r.Header["Upgrade"] {
		if strings.Contains(strings.ToLower(v), "websocket") {
			return true
		}
	}
	return false
}

// Recall remembers sessions that were good a moment ago.
func (s *Session) Recall(r *gate401.Request, c gate401.Credential) (*gate401.Identity, bool, error) {
	own, ok := c.(*sessionCredential)
	if !ok || s.Sessions == nil {
		return nil, false, nil
	}
	id, ok := s.Sessions.Recall(r, own.key)
	switch {
	case !ok:
		return nil, false, nil
	case own.cross != nil:
		return nil, true, forged(id, own.cross)
	}
	return id, true, nil
}

// Verify looks the session up. It refuses with session-unknown, session-expired,
// session-revoked, account-suspended, and csrf-failed where a page of another site
// made a request that is not safe. Where a page is opened, the refusal of a dead
// session removes its cookie; not so that of a fetch(), which may have overtaken
// a login in another tab.
func (s *Session) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	own, ok := c.(*sessionCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	if s.Sessions == nil {
		return nil, errNoSessions
	}
	id, err := s.Sessions.Verify(ctx, r, own.secret)
	var d *gate401.Denial
	switch {
	case errors.As(err, &d) && opensPage(r) && d.Reason.Info().Status == http.StatusUnauthorized:
		dead := *d
		dead.Header = http.Header{"Set-Cookie": {s.Sessions.Clear(r)}}
		return nil, &dead
	case err != nil:
		return nil, err
	case own.cross != nil:
		return nil, forged(id, own.cross)
	}
	return id, nil
}

// opensPage tells whether a page is opened, or a program that is no browser asks.
func opensPage(r *gate401.Request) bool {
	mode := r.Header["Sec-Fetch-Mode"]
	return len(mode) == 0 || mode[0] == "navigate"
}

func forged(id *gate401.Identity, cross error) error {
	err := deny(methodSession, reason.CSRFFailed, id.Subject, fmt.Errorf("session %s: %w", id.Credential, cross))
	return about(err, id.Credential, "", "")
}

// Missing is the reason for a request without a session to a rule that takes
// nothing else.
func (s *Session) Missing() reason.Code { return reason.SessionMissing }

// Pages tells that people log in at a page.
func (s *Session) Pages() {}

// Challenges names the page where people log in. The scheme is ours: no scheme is
// registered for cookies, and one that browsers do not know opens no dialog.
func (s *Session) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	s.once.Do(s.setup)
	return s.challenges
}
