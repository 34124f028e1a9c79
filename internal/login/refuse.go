package login

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

// refuse answers a login that did not come about: a decision like any other, in
// the page itself where a person reads it.
func (v *visit) refuse(err error, p page) {
	var denial *gate401.Denial
	if !errors.As(err, &denial) || denial == nil {
		// What cannot be checked is no reason against anybody.
		denial = &gate401.Denial{Reason: reason.CheckFailed, Method: method, Err: err}
	}
	d := gate401.Decision{Rule: Rule, Denial: denial, Header: denial.Header}
	d.Steps = []gate401.Step{{Stage: gate401.StageVerify, Method: method, Reason: denial.Reason, Note: denial.Error()}}
	if d.Status() == http.StatusUnauthorized {
		d.Challenges = v.challenges
	}
	v.observe(v.r, &d)
	if !v.r.PrefersPage() {
		v.Gate.Responder.Refuse(v.w, v.hr, v.r, d)
		return
	}
	h := v.w.Header()
	for name, values := range d.Header {
		h[name] = values
	}
	shown := d.Shown()
	h["Gate401-Refused-By"] = []string{"gate"}
	h["Gate401-Reason"] = []string{string(shown.Code)}
	if shown.Status == http.StatusServiceUnavailable && h["Retry-After"] == nil {
		h["Retry-After"] = []string{"5"}
	}
	p.shown, p.blocked = shown, denial.Reason == reason.AddressBlocked
	p.wait = h.Get("Retry-After")
	v.render(shown.Status, p)
}

// render writes the page.
func (v *visit) render(status int, p page) {
	h := v.w.Header()
	v.answer(h)
	if status == http.StatusUnauthorized {
		fields := make([]string, len(v.challenges))
		for i, c := range v.challenges {
			fields[i] = c.String()
		}
		h["Www-Authenticate"] = fields
	}
	v.write(v.w, v.r, status, p)
}

// write fills in what is the same for every page, and writes it.
func (l *Login) write(w http.ResponseWriter, r *gate401.Request, status int, p page) {
	p.login, p.request = l, r.ID
	if _, ok := session.NameFor(r, session.CookieName); !ok {
		p.insecure = true
	}
	l.send(w, status, loginPage(p), l.policy(p.returnTo))
}

// policy is that of our pages. Browsers apply form-action to the redirects after a
// form too (Content Security Policy 3, "form-action Pre-Navigation Check"), so that
// it would end a login for an app elsewhere, to which it leads by the authorization
// endpoint; which addresses of apps are right is checked there.
func (l *Login) policy(returnTo string) string {
	if !l.leadsToApps(returnTo) {
		return web.Policy
	}
	return appPolicy
}

// send renders a page.
func (l *Login) send(w http.ResponseWriter, status int, page component, policy string) {
	body, err := rendered(page)
	if err != nil {
		// Nothing that is written here can fail to be written to memory.
		status, body = http.StatusInternalServerError, nil
	}
	h := w.Header()
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	h["Content-Security-Policy"] = []string{policy}
	h["Referrer-Policy"] = []string{"same-origin"}
	h["X-Frame-Options"] = []string{"DENY"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Page is for [gate401.Responder]: the 401 of a page that is opened where people
// log in is the page where they do. Its challenges and fields are there.
func (l *Login) Page(w http.ResponseWriter, r *gate401.Request, d *gate401.Decision) bool {
	l.once.Do(l.setup)
	p := page{}
	p.returnTo, p.unsent = l.comesFrom(r)
	shown := d.Shown()
	switch {
	case shown.Code == reason.CredentialsMissing:
	case d.Reason() == reason.AuthenticationTooOld && d.Identity != nil:
		p.shown = shown
		if d.Identity.Issuer == "" {
			// The subject of a provider is no name to log in with here.
			p.username = d.Identity.Subject
		}
	default:
		p.shown = shown
	}
	l.write(w, r, shown.Status, p)
	return true
}

// comesFrom is where the browser is to be led back to: to the address itself. What
// was sent with an unsafe request is not sent again: the page with the form is the
// better place then, where we know it.
func (l *Login) comesFrom(r *gate401.Request) (to string, unsent bool) {
	to, _ = returnto.Of(r)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return to, false
	}
	if from, ok := referer(r); ok {
		to = from
	}
	return to, true
}

// Ask is what a surface wants to know before it goes on.
type Ask struct {
	// ReturnTo is where the browser comes back to; empty for the address of the
	// request.
	ReturnTo string
	// Name is put into the field for the name; empty for none.
	Name string
	// Why is a sentence for the person, such as which app wants to know who it is.
	Why string
	// Anew says that an earlier proof is not enough, such as the one by which a
	// provider knows the person already; Confirm says that too.
	Anew bool
	// Confirm says that somebody is logged in and has to prove it again.
	Confirm bool
}

// Ask answers hr with the page where people log in, with status 401, at the very
// address that was asked for. The browser comes back with GET.
func (l *Login) Ask(w http.ResponseWriter, hr *http.Request, a Ask) {
	l.once.Do(l.setup)
	r, err := l.Gate.Intake.Request(hr)
	v := &visit{Login: l, w: w, hr: hr, r: r}
	if err != nil {
		v.refuse(err, page{})
		return
	}
	p := page{username: a.Name, why: a.Why, confirm: a.Confirm, anew: a.Anew || a.Confirm}
	if a.ReturnTo == "" {
		p.returnTo, p.unsent = l.comesFrom(r)
	} else {
		p.returnTo, _ = returnto.Parse(a.ReturnTo)
	}
	d := gate401.Decision{Rule: Rule, Challenges: l.challenges, Denial: &gate401.Denial{Reason: reason.SessionMissing, Method: method}}
	l.observe(r, &d)
	if !r.PrefersPage() {
		l.Gate.Responder.Refuse(w, hr, r, d)
		return
	}
	shown := d.Shown()
	h := w.Header()
	h["Gate401-Refused-By"] = []string{"gate"}
	h["Gate401-Reason"] = []string{string(shown.Code)}
	v.render(http.StatusUnauthorized, p)
}
