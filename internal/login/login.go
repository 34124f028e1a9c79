package login

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Rule is what decisions about logins name as their rule.
const Rule = "login"

const method = "session"

// Passwords compares the names and passwords that people type; authn.Basic is one.
type Passwords interface {
	// Prove returns the account whose password this is. A *gate401.Denial refuses
	// it; any other error means that it could not be compared.
	Prove(ctx context.Context, now time.Time, name, password string) (store.Account, error)
}

// SecondFactor is what an account proves itself with besides its password.
type SecondFactor interface {
	// Needed tells whether the account has one.
	Needed(ctx context.Context, account string) (bool, error)
	// Check uses up a code and tells how it proves the account (RFC 8176). A wrong
	// one is ErrWrongCode. Attempts are the caller's to count.
	Check(ctx context.Context, account, code string) (amr string, err error)
}

// Provider is somebody else with whom people can log in.
type Provider struct {
	// Name is what the configuration calls it, Label what its button says.
	Name, Label string
	// URL is where its login begins, a path of the gate; what to return to is
	// added to its query as return_to.
	URL string
}

// Login is the handler of the addresses where people log in and out. Its fields
// are set before the first request and not changed after.
type Login struct {
	// Prefix is the path of the gate's own endpoints, without a slash at its end;
	// empty means "/auth".
	Prefix string
	// Realm names what people log in to, Title heads the page; empty for "Log in".
	Realm, Title string
	// Help is what somebody does who has forgotten the password: an https or
	// mailto URL, or a sentence; empty for nothing.
	Help string
	// Account is where people see what is theirs, empty for nowhere.
	Account string
	// Gate has the guard, the observers and the way to read and to refuse
	// requests. Required.
	Gate *gate401.Gate
	// Sessions are those of browsers. Required.
	Sessions *session.Manager
	// Passwords compares what people type; nil where they log in with providers
	// alone.
	Passwords Passwords
	// Tickets keeps logins that are not complete. Required with SecondFactor.
	Tickets store.Tickets
	// SecondFactor is asked for after the password; nil for never.
	SecondFactor SecondFactor
	// Required tells whether an account needs a second factor whether or not it
	// has one; nil for never.
	Required func(a store.Account) bool
	// Providers are the others to log in with.
	Providers []Provider
	// Beyond is where a browser logs out at the provider of a session too, and what
	// people call that provider; ok is false for nowhere. Nil for nowhere at all.
	Beyond func(r *gate401.Request, hr *http.Request, s store.Session) (to, label string, ok bool)
	// Log hears of what could not be done; nil discards.
	Log *slog.Logger

	once       sync.Once
	prefix     string
	cross      *http.CrossOriginProtection
	challenges []httpauth.Challenge
}

func (l *Login) setup() {
	l.prefix = l.Prefix
	if l.prefix == "" {
		l.prefix = "/auth"
	}
	// Our own forms are posted by our own pages, whatever other origins are trusted
	// to use the cookie.
	l.cross = http.NewCrossOriginProtection()
	l.challenges = []httpauth.Challenge{{Scheme: "Session", Params: []httpauth.Param{
		{Name: "realm", Value: l.Realm}, {Name: "login", Value: l.prefix + "/login"},
	}}}
}

// Owns tells whether path is one that ServeHTTP answers.
func (l *Login) Owns(path string) bool {
	l.once.Do(l.setup)
	name, ok := strings.CutPrefix(path, l.prefix+"/")
	return ok && (name == "login" || name == "logout" || name == "me")
}

// ServeHTTP answers below Prefix: /login, /logout and /me.
func (l *Login) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	l.once.Do(l.setup)
	r, err := l.Gate.Intake.Request(hr)
	if err != nil {
		d := gate401.Malformed(r, err)
		l.observe(r, &d)
		l.Gate.Responder.Refuse(w, hr, r, d)
		return
	}
	visit := &visit{Login: l, w: w, hr: hr, r: r}
	if l.Gate.Policy != nil && l.Gate.Policy(r).Blocked {
		// Who may come nowhere may not guess here either.
		visit.refuse(&gate401.Denial{Reason: reason.AddressBlocked, Err: fmt.Errorf("%s is blocked", r.Client)}, page{})
		return
	}
	name := strings.TrimPrefix(hr.URL.Path, l.prefix+"/")
	switch {
	case name == "login" && reads(hr):
		visit.form()
	case name == "login" && hr.Method == http.MethodPost:
		visit.post()
	case name == "logout" && reads(hr):
		visit.askLogout()
	case name == "logout" && hr.Method == http.MethodPost:
		visit.logout()
	case name == "me" && reads(hr):
		visit.me()
	case name == "me":
		visit.methodNotAllowed("GET, HEAD")
	default:
		visit.methodNotAllowed("GET, HEAD, POST")
	}
}

func reads(hr *http.Request) bool { return hr.Method == http.MethodGet || hr.Method == http.MethodHead }

// visit is one request to the addresses of the login.
type visit struct {
	*Login
	w  http.ResponseWriter
	hr *http.Request
	r  *gate401.Request
}

func (l *Login) observe(r *gate401.Request, d *gate401.Decision) {
	if l.Gate.Observe != nil {
		l.Gate.Observe(r, d)
	}
}

// forged tells whether a page of another site made the request.
func (v *visit) forged() error {
	// The host as the browser sees it, which a proxy in front may have changed.
	return v.cross.Check(&http.Request{Method: v.r.Method, Header: v.r.Header, Host: v.r.URL.Host, URL: v.r.URL})
}
