package login

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web"
)

type component = templ.Component

// appPolicy is web.Policy without form-action.
var appPolicy = strings.Replace(web.Policy, "form-action 'self'; ", "", 1)

// The steps of a login.
type step int

const (
	stepPassword step = iota
	stepCode
)

// page is what the login page shows.
type page struct {
	login   *Login
	request string // its ID, for whoever asks for help

	step     step
	returnTo string
	username string
	why      string
	// shown is what came of the last try; its Code is empty for the first one.
	shown reason.Info
	wait  string // Retry-After

	missing    bool   // a field was left empty
	confirm    bool   // somebody is logged in and has to prove it again
	anew       bool   // a provider has to ask, although it knows who it is
	unsent     bool   // what was sent with the request is lost
	again      bool   // the second step is over, it begins anew
	unprepared bool   // a second factor is needed and there is none
	recovery   bool   // a recovery code was sent, not one of the app
	insecure   bool   // nobody can log in here
	blocked    bool   // who asks may not log in
	who        string // is logged in already
}

func rendered(c component) ([]byte, error) {
	var b bytes.Buffer
	err := c.Render(context.Background(), &b)
	return b.Bytes(), err
}

func (p *page) layout(title string) web.Page {
	return web.Page{Title: title, Assets: p.login.prefix + "/problems/-/", Scripts: []string{"login.js"}, NoIndex: true}
}

func (p *page) title() string {
	switch {
	case p.step == stepCode:
		return "One more step"
	case p.who != "":
		return "You are logged in"
	case p.confirm:
		return "Confirm that it is you"
	case p.login.Title != "":
		return p.login.Title
	}
	return "Log in"
}

// tab is what stands in the tab: an error is the first thing that a screen reader
// says of the page.
func (p *page) tab() string {
	title := p.title()
	if p.login.Realm != "" && p.login.Title == "" {
		title += " to " + p.login.Realm
	}
	if n, ok := p.notice(); ok && n.bad {
		return "Error: " + n.title + " - " + title
	}
	return title
}

// notice is what has to be said before anything else.
type notice struct {
	bad         bool
	title, text string
}

// notice is what came of the last try, in a person's words. It never tells whether
// an account exists.
func (p *page) notice() (notice, bool) {
	switch {
	case p.insecure:
		return notice{true, "Nobody can log in here", "This page came over plain http, so that others could read your password. Open it with https."}, true
	case p.again:
		return notice{true, "Please begin again", "This login was completed already, or it took too long."}, true
	case p.unprepared:
		return notice{true, "Your account needs a second factor", "Your password is right, and a second factor is not set up yet. Ask whoever runs this site for a link: on its page you set one up."}, true
	case p.missing && p.recovery:
		return notice{true, "The recovery code is missing", "Type one of those that you kept."}, true
	case p.missing && p.step == stepCode:
		return notice{true, "The code is missing", "Type the six digits that your app shows."}, true
	case p.missing:
		return notice{true, "Something is missing", "Type your name and your password."}, true
	}
	switch p.shown.Code {
	case "":
		return notice{}, false
	case reason.RateLimited:
		return notice{true, p.shown.Title, "Try again in " + inWords(p.wait) + "."}, true
	case reason.OneTimeCodeWrong:
		if p.recovery {
			return notice{true, "The recovery code is not right", "Each is good once. Type another one of those that you kept, or a code of your app."}, true
		}
		return notice{true, p.shown.Title, p.shown.Detail}, true
	case reason.CredentialsInvalid:
		return notice{true, p.shown.Title, "Check the spelling, Caps Lock and the layout of your keyboard."}, true
	case reason.AuthenticationTooOld:
		return notice{false, "Please log in once more", "It was a while ago, and what you are about to open wants to be sure that it is you."}, true
	case reason.SessionExpired:
		return notice{false, "Your session is over", "Log in again to go on where you were."}, true
	case reason.CheckFailed:
		return notice{true, "This cannot be checked just now", "Nothing is wrong with what you typed. Wait a minute and try again."}, true
	case reason.CSRFFailed, reason.AccountSuspended:
		return notice{true, p.shown.Title, p.shown.FixUser}, true
	case reason.RequestMalformed:
		return notice{true, "The form could not be read", "Fill it in again."}, true
	}
	return notice{p.shown.Status != http.StatusUnauthorized, p.shown.Title, p.shown.Detail}, true
}

// invalid tells whether the fields themselves are at fault.
func (p *page) invalid() bool {
	return p.missing || p.shown.Code == reason.CredentialsInvalid || p.shown.Code == reason.OneTimeCodeWrong
}

// focusName tells whether the first thing to type is the name.
func (p *page) focusName() bool { return p.username == "" }

func (p *page) action() templ.SafeURL { return templ.SafeURL(p.login.prefix + "/login") }

// helpURL is where whoever has forgotten the password goes; ok is false for a
// sentence.
func (p *page) helpURL() (templ.SafeURL, bool) {
	u, err := url.Parse(p.login.Help)
	if err != nil || (u.Scheme != "https" && u.Scheme != "mailto") {
		return "", false
	}
	return templ.SafeURL(p.login.Help), true
}

func (p *page) provider(o Provider) templ.SafeURL {
	to := o.URL
	if p.returnTo != "" {
		separator := "?"
		if strings.Contains(to, "?") {
			separator = "&"
		}
		to += separator + "return_to=" + url.QueryEscape(p.returnTo)
	}
	if p.anew || p.shown.Code == reason.AuthenticationTooOld {
		// Else the provider would send the person back at once, who is logged in
		// there too.
		separator := "?"
		if strings.Contains(to, "?") {
			separator = "&"
		}
		to += separator + "again=1"
	}
	return templ.SafeURL(to)
}

// destination is what the person is told about where it goes on.
func (p *page) destination() string {
	path, _, _ := strings.Cut(p.returnTo, "?")
	path, _, _ = strings.Cut(path, "#")
	if path == "/" || strings.HasPrefix(path, p.login.prefix+"/") || len(path) > 80 {
		return ""
	}
	return path
}

// leadsToApps tells whether the login is for the authorization endpoint.
func (l *Login) leadsToApps(returnTo string) bool {
	path, _, _ := strings.Cut(returnTo, "?")
	return path == l.prefix+"/authorize"
}

// referer is the page of this site that the request came from.
func referer(r *gate401.Request) (string, bool) {
	u, err := url.Parse(r.Header.Get("Referer"))
	if err != nil || u.Scheme != r.URL.Scheme || !strings.EqualFold(u.Host, r.URL.Host) || u.User != nil {
		return "", false
	}
	u.Scheme, u.Host = "", ""
	return returnto.Parse(u.String())
}

// inWords turns the seconds of Retry-After into what a person says.
func inWords(seconds string) string {
	n, err := strconv.Atoi(seconds)
	switch {
	case err != nil:
		return "a while"
	case n <= 1:
		return "a second"
	case n < 120:
		return seconds + " seconds"
	case n < 2*3600:
		return strconv.Itoa((n+59)/60) + " minutes"
	}
	return strconv.Itoa((n+3599)/3600) + " hours"
}

// restart leads from the second step back to the first.
func (p *page) restart() templ.SafeURL {
	if p.returnTo == "" {
		return p.action()
	}
	return templ.SafeURL(p.login.prefix + "/login?return_to=" + url.QueryEscape(p.returnTo))
}
