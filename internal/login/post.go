package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// maxForm bounds a form: an address to return to, percent-encoded, and a password.
const maxForm = 3*returnto.MaxLength + 8<<10

// maxName and maxPassword bound what is typed; an argon2 hash reads all of it.
const (
	maxName     = 256
	maxPassword = 1024
)

// proveTimeout bounds the wait for a place among the passwords that are hashed.
const proveTimeout = 30 * time.Second

// guess is what the guard counts: a password, or a code for the second step.
type guess struct {
	account string
	key     [32]byte
}

// Method returns "session": the login page is where sessions begin.
func (g *guess) Method() string { return method }

// Account names whose password or code was guessed.
func (g *guess) Account() (string, bool) { return g.account, true }

// Key differs for every attempt: none is answered for another.
func (g *guess) Key() [32]byte { return g.key }

func newGuess(name string) *guess {
	account, err := store.Canonical(name)
	if err != nil {
		// All names that cannot be an account's are counted together, as those of
		// Basic are.
		account = "INVALID"
	}
	g := &guess{account: account}
	_, _ = rand.Read(g.key[:])
	return g
}

// What programs are told to do, in place of what the catalogue says of all requests
// that cannot be read.
const (
	asForm  = "Send a form, with Content-Type: application/x-www-form-urlencoded; a login has the fields username and password. JSON is not read here."
	byHTTPS = "Log in over https: what is sent over plain http can be read by others on the way, so that no session begins by it."
)

func malformed(format string, args ...any) error {
	return &gate401.Denial{Reason: reason.RequestMalformed, Err: fmt.Errorf(format, args...)}
}

// values reads the form, once. The error is a *gate401.Denial.
func (v *visit) values() (url.Values, error) {
	media, _, _ := strings.Cut(v.hr.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return nil, &gate401.Denial{Reason: reason.RequestMalformed, Detail: asForm,
			Err: errors.New("the form is not application/x-www-form-urlencoded")}
	}
	v.hr.Body = http.MaxBytesReader(v.w, v.hr.Body, maxForm)
	if err := v.hr.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, malformed("the form is too large")
		}
		return nil, malformed("the form cannot be read")
	}
	for name, values := range v.hr.PostForm {
		if len(values) > 1 {
			return nil, malformed("the form has the field %.40q twice", name)
		}
	}
	return v.hr.PostForm, nil
}

// post takes the form of the page, in its first or its second step.
func (v *visit) post() {
	if err := v.forged(); err != nil {
		v.refuse(&gate401.Denial{Reason: reason.CSRFFailed, Method: method, Err: err}, page{})
		return
	}
	form, err := v.values()
	if err != nil {
		v.refuse(err, page{})
		return
	}
	// What cannot be returned to is forgotten in silence: whoever made the link
	// meant no good, and who follows it can still log in.
	to, _ := returnto.Parse(form.Get("return_to"))
	p := page{returnTo: to, username: form.Get("username")}
	if _, ok := session.NameFor(v.r, session.CookieName); !ok {
		v.refuse(&gate401.Denial{Reason: reason.RequestMalformed, Detail: byHTTPS, Err: session.ErrInsecure}, p)
		return
	}
	if form.Has("code") || form.Has("recovery") {
		v.secondStep(form, p)
		return
	}
	password := form.Get("password")
	if len(p.username) > maxName || len(password) > maxPassword {
		p.username = ""
		v.refuse(malformed("a name or a password that is too long"), p)
		return
	}
	if p.username == "" || password == "" {
		p.missing = true
		v.refuse(&gate401.Denial{Reason: reason.CredentialsMissing, Err: errors.New("the name or the password was left empty")}, p)
		return
	}
	v.password(p, password)
}

// password counts and compares a password.
func (v *visit) password(p page, password string) {
	ctx := v.hr.Context()
	if v.Passwords == nil {
		v.refuse(&gate401.Denial{Reason: reason.AccountUnknown, Method: method, Err: errors.New("people log in with providers alone")}, p)
		return
	}
	if v.Gate.Guard == nil {
		v.refuse(errors.New("the gate has no guard, so nothing that can be guessed is verified"), p)
		return
	}
	g := newGuess(p.username)
	settle, err := v.Gate.Guard.Reserve(ctx, v.r, g)
	if err != nil {
		v.refuse(named(err, g.account), p)
		return
	}
	// The guess counts even if whoever made it does not wait for the answer.
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), proveTimeout)
	defer cancel()
	account, err := v.Passwords.Prove(patient, v.r.Time, p.username, password)
	settle(err)
	if err != nil {
		v.refuse(named(err, g.account), p)
		return
	}
	proved := session.Proved{
		Subject: account.Name, Display: account.Display, AuthTime: v.r.Time, AMR: []string{"pwd"}, PasswordChanged: account.PasswordChanged,
		Version: account.Version,
	}
	needed := false
	if v.SecondFactor != nil {
		if needed, err = v.SecondFactor.Needed(ctx, account.Name); err != nil {
			v.refuse(fmt.Errorf("reading a second factor: %w", err), p)
			return
		}
	}
	switch {
	case needed:
		v.askCode(proved, p)
	case v.Required != nil && v.Required(account):
		p.unprepared = true
		v.refuse(&gate401.Denial{Reason: reason.AuthenticationTooWeak, Method: method, Subject: account.Name,
			Err: errors.New("the password was right, and the account has no second factor, which it needs")}, p)
	default:
		v.admit(proved, p)
	}
}

// named says whose login was refused.
func named(err error, account string) error {
	var d *gate401.Denial
	if !errors.As(err, &d) || d == nil {
		return err
	}
	own := *d
	own.Method = method
	if own.Subject == "" {
		own.Subject = account
	}
	return &own
}

// admit begins a session and leads to where the person wanted to go.
func (v *visit) admit(proved session.Proved, p page) {
	s, cookie, err := v.Sessions.Begin(v.hr.Context(), proved, v.r)
	switch {
	case errors.Is(err, session.ErrOutdated):
		v.refuse(&gate401.Denial{Reason: reason.PasswordOutdated, Method: method, Subject: proved.Subject, Err: err}, p)
		return
	case err != nil:
		v.refuse(err, p)
		return
	}
	d := gate401.Decision{Allow: true, Rule: Rule, Identity: &gate401.Identity{
		Subject: s.Subject, Method: method, Name: v.Sessions.Name, Issuer: s.Issuer, Credential: s.ID, AuthTime: s.AuthTime, Expires: s.Expires,
	}}
	v.observe(v.r, &d)
	h := v.w.Header()
	http.SetCookie(v.w, cookie)
	if _, found := session.CookieValue(v.r, session.LoginCookie); found {
		http.SetCookie(v.w, session.ClearCookie(v.r, session.LoginCookie))
	}
	v.answer(h)
	// Not http.Redirect, which cleans paths: it is to be exactly that address.
	h.Set("Location", v.after(p.returnTo))
	v.w.WriteHeader(http.StatusSeeOther)
}

// after is where a login leads: to where the person wanted to go, but not to the
// login again, nor on to one elsewhere, by which they would be somebody else.
func (l *Login) after(to string) string {
	path, _, _ := strings.Cut(to, "?")
	if to == "" || path == l.prefix+"/login" || strings.HasPrefix(path, l.prefix+"/login/") || path == l.prefix+"/logout" {
		return "/"
	}
	return to
}

// answer sets the fields that all our answers have.
func (v *visit) answer(h http.Header) {
	h["X-Request-Id"] = []string{v.r.ID}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Robots-Tag"] = []string{"noindex"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	// Our own origin is told where a form was, so that it can tell its forms from
	// those of others; nobody else is.
	h["Referrer-Policy"] = []string{"same-origin"}
}

// Admit logs in somebody for whom a provider has vouched, and leads the browser
// to returnTo, which was validated by package returnto; empty for the beginning of
// the site.
func (l *Login) Admit(w http.ResponseWriter, hr *http.Request, proved session.Proved, returnTo string) {
	l.once.Do(l.setup)
	r, err := l.Gate.Intake.Request(hr)
	v := &visit{Login: l, w: w, hr: hr, r: r}
	if err != nil {
		v.refuse(err, page{})
		return
	}
	to, _ := returnto.Parse(returnTo)
	v.admit(proved, page{returnTo: to})
}

// hashOf is what is stored of the secret of a ticket.
func hashOf(secret string) ([32]byte, bool) {
	if _, ok := session.SecretHash(secret); !ok {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte("login " + secret)), true
}
