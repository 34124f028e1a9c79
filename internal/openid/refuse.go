package openid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	"github.com/gate401/gate401/web"
)

// rule is what decisions about logins name as their rule.
const rule = "login"

const method = "session"

// sorry is a login that did not come about: for the operator why, for the person
// what to do. What a provider said is for the operator alone: whoever makes a link
// could put any words there.
type sorry struct {
	denial      gate401.Denial
	Title, Says string
	// Again is where the person tries once more, Other where there are other ways;
	// empty for nowhere.
	Again, Other templ.SafeURL
	// Else asks the provider for another account, which would otherwise send the
	// same person back at once.
	Else bool
	// With is the provider, as people call it.
	With    string
	Request string // its ID, for whoever asks for help
}

func (v *visit) sorry(code reason.Code, err error, title, says string) sorry {
	return sorry{denial: gate401.Denial{Reason: code, Method: method, Err: fmt.Errorf("provider %q: %w", v.p.Name, err)}, Title: title, Says: says}
}

// insecure is a browser that must not be given a cookie.
func insecure(err error) sorry {
	s := sorry{
		denial: gate401.Denial{Reason: reason.RequestMalformed, Method: method, Err: err},
		Title:  "Nobody can log in here", Says: "This page came over plain http, where others could read along. Open it with https.",
	}
	if !errors.Is(err, session.ErrInsecure) {
		s.denial.Reason = reason.CheckFailed
	}
	return s
}

// crowded is a network from which too many logins are begun.
func (v *visit) crowded(wait time.Duration) sorry {
	s := v.sorry(reason.RateLimited, errors.New("too many logins are begun from this network"), "Too many people log in just now", "Wait a moment and try again.")
	s.denial.Header = http.Header{"Retry-After": {strconv.Itoa(int(max(wait.Seconds(), 1)))}}
	return s
}

// away is a provider that does not answer as it should.
func (v *visit) away(err error) sorry {
	with := v.p.Called()
	return v.sorry(reason.CheckFailed, err, with+" does not answer just now",
		"You have done nothing wrong. Wait a minute and try again, or log in another way. If it goes on, give the number of the request to whoever runs this site.")
}

// broken is a fault of our own.
func (v *visit) broken(err error) sorry {
	return v.sorry(reason.CheckFailed, err, "This cannot be done just now", "You have done nothing wrong. Wait a minute and try again.")
}

// stray is an answer that belongs to no login of this browser.
func (v *visit) stray(err error) sorry {
	switch {
	case errors.Is(err, errBrowser):
		return v.sorry(reason.SessionUnknown, err, "This login was begun in another browser",
			"Begin again here. If your browser refuses cookies, allow them for this site first.")
	case errors.Is(err, errUnknown), errors.Is(err, errOver):
		return v.sorry(reason.SessionExpired, err, "Please begin again", "This login was completed already, or it took too long.")
	}
	return v.broken(err)
}

// mixed is an answer of another provider than the one that was asked.
func (v *visit) mixed(iss string) sorry {
	return v.sorry(reason.SessionUnknown, fmt.Errorf("the answer is from the issuer %.200q, expected %q", iss, v.p.Issuer),
		"The answer came from somebody else", "You asked "+v.p.Called()+", and another one answered. Nobody was logged in. Begin again, and follow the buttons rather than a link.")
}

// declined is a provider that says no (RFC 6749 section 4.1.2.1, OpenID Connect
// Core 1.0 section 3.1.2.6).
func (v *visit) declined(code, description string) sorry {
	err := fmt.Errorf("it answers with the error %.64q", code)
	if description != "" {
		err = fmt.Errorf("%w, %.300q", err, description)
	}
	with := v.p.Called()
	switch code {
	case "access_denied":
		return v.sorry(reason.SessionMissing, err, "You did not log in", "You stopped it, or "+with+" did not let you through. Try again, or log in another way.")
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return v.sorry(reason.SessionMissing, err, with+" wants to hear more from you", "Log in at "+with+" first, and try again.")
	case "server_error", "temporarily_unavailable":
		return v.away(err)
	}
	return v.unready(err)
}

// unready is a login that nobody can complete before somebody mends the set-up.
func (v *visit) unready(err error) sorry {
	with := v.p.Called()
	return v.sorry(reason.CheckFailed, err, "Logging in with "+with+" does not work just now",
		"You have done nothing wrong: this site and "+with+" do not understand each other. Log in another way, or give the number of the request to whoever runs this site.")
}

// judged is a code or an ID token that is not good.
func (v *visit) judged(err error) sorry {
	var refused *token.Error
	switch {
	case errors.Is(err, errGrant):
		return v.sorry(reason.SessionExpired, err, "Please begin again", "It took too long, so that "+v.p.Called()+" does not remember any more that you were there.")
	case errors.Is(err, errNonce):
		return v.sorry(reason.SessionUnknown, err, "Please begin again", "The answer of "+v.p.Called()+" was made for another login. Nobody was logged in.")
	case errors.As(err, &refused) && (refused.Reason == reason.TokenExpired || refused.Reason == reason.TokenNotYetValid):
		return v.unready(fmt.Errorf("%w: compare the clock of this machine with that of the provider", err))
	}
	return v.unready(err)
}

// unwelcome is a person who may not log in here, or not like this.
func (v *visit) unwelcome(err error, who session.Proved) sorry {
	with := v.p.Called()
	s := v.unready(err)
	switch {
	case errors.Is(err, errNotAllowed):
		s = v.sorry(reason.GroupMissing, err, "You may not log in here", "You are logged in at "+with+
			", and nobody has let that account in here. Use another account, or ask whoever runs this site.")
		s.Else = true
	case errors.Is(err, errNotFresh):
		s = v.sorry(reason.AuthenticationTooOld, err, "Please prove that it is you", with+" did not ask you for it. Log out at "+with+", and try again.")
	}
	s.denial.Subject = who.Subject
	return s
}

// refuse answers a login that did not come about: a decision like any other.
func (v *visit) refuse(s sorry) {
	d := gate401.Decision{Rule: rule, Denial: &s.denial, Header: s.denial.Header}
	d.Steps = []gate401.Step{{Stage: gate401.StageVerify, Method: method, Reason: s.denial.Reason, Note: s.denial.Error()}}
	if d.Status() == http.StatusUnauthorized {
		d.Challenges = v.challenges
	}
	v.observe(v.r, &d)
	if !v.r.PrefersPage() {
		v.Gate.Responder.Refuse(v.w, v.hr, v.r, d)
		return
	}
	shown := d.Shown()
	v.fields()
	h := v.w.Header()
	for name, values := range d.Header {
		h[name] = values
	}
	h["Gate401-Refused-By"] = []string{"gate"}
	h["Gate401-Reason"] = []string{string(shown.Code)}
	if shown.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{v.challenges[0].String()}
	}
	if shown.Status == http.StatusServiceUnavailable {
		h["Retry-After"] = []string{"5"}
	}
	s.With, s.Request = v.p.Called(), v.r.ID
	s.Again, s.Other = v.link(v.Start(v.p.Name), s.Else), v.link(v.prefix+"/login", false)
	v.page(shown.Status, s)
}

// link is an address of ours by which the person comes to where they wanted to go.
func (v *visit) link(path string, other bool) templ.SafeURL {
	q := url.Values{}
	if v.to != "" {
		q.Set("return_to", v.to)
	}
	if other {
		q.Set("other", "1")
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return templ.SafeURL(path)
}

// fields sets those that all our answers have. Addresses here have codes in them,
// which nobody is told.
func (v *visit) fields() {
	h := v.w.Header()
	h["X-Request-Id"] = []string{v.r.ID}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Robots-Tag"] = []string{"noindex"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Referrer-Policy"] = []string{"no-referrer"}
}

func (v *visit) page(status int, s sorry) {
	var body bytes.Buffer
	layout := web.Page{Title: "Error: " + s.Title, Assets: v.prefix + "/problems/-/", NoIndex: true}
	if err := sorryPage(layout, s).Render(context.Background(), &body); err != nil {
		// Nothing that is written here can fail to be written to memory.
		status = http.StatusInternalServerError
		body.Reset()
	}
	h := v.w.Header()
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	h["Content-Security-Policy"] = []string{web.Policy}
	h["X-Frame-Options"] = []string{"DENY"}
	h["Content-Length"] = []string{strconv.Itoa(body.Len())}
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body.Bytes())
}

// nowhere answers where there is no provider: a link may be older than the
// configuration.
func (v *visit) nowhere() {
	if !v.r.PrefersPage() {
		v.plain(http.StatusNotFound, "No provider has this name.")
		return
	}
	v.fields()
	v.page(http.StatusNotFound, sorry{
		Title: "There is no such way to log in", Says: "The link that you followed is wrong, or older than what can be used here.",
		Other: v.link(v.prefix+"/login", false), Request: v.r.ID,
	})
}

// plain answers what is no refusal of anybody.
func (v *visit) plain(status int, says string) {
	v.fields()
	v.w.Header()["Content-Type"] = []string{"application/problem+json"}
	v.w.WriteHeader(status)
	_, _ = fmt.Fprintf(v.w, `{"type":"about:blank","title":%q,"status":%d,"detail":%q}`+"\n", http.StatusText(status), status, says)
}
