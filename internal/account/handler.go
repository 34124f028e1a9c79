package account

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web"
)

const (
	// Recent is the greatest age of a login for the pages that give power or
	// weaken the account.
	Recent = 15 * time.Minute
	// filling is how long it may take to fill a form of such a page.
	filling = 5 * time.Minute
)

// rule is what decisions about these pages name as their rule; method is how
// people are known here.
const (
	rule   = "account"
	method = "session"
)

// maxForm bounds a form; the largest has a hundred names of scopes and groups.
const maxForm = 64 << 10

// Handler serves the pages. Its fields are set before the first request and not
// changed after. Safe for concurrent use.
type Handler struct {
	// Prefix is where the gate's own endpoints are, with a slash at its end.
	Prefix string
	// Gate reads requests, counts guesses and hears of what is refused. Required.
	Gate *gate401.Gate
	// Sessions are those of browsers. Required.
	Sessions *session.Manager
	// People are the accounts. Required.
	People *people.People
	// Factors are their second factors. Required.
	Factors *secondfactor.Factors
	// AskLogin answers with the page that asks for a login, and leads back to the
	// address of hr. again is who is logged in, for too long to go on; nil for
	// nobody. Required.
	AskLogin func(w http.ResponseWriter, hr *http.Request, again *session.Person)
	// KeyEnvironment is that of the API keys which the gate takes; empty where it
	// takes none.
	KeyEnvironment string
	// Provider is what people call a provider of that name; nil for the name.
	Provider func(name string) string
	// FileAccounts says that people log in by a file of names, not by the
	// records: they have no password and no keys here.
	FileAccounts bool
	// MustHaveFactor tells whether members of these groups must have a second
	// factor; nil for nobody.
	MustHaveFactor func(groups []string) bool
	// Basic says that programs can send name and password, and PasswordAlone that
	// they still can once a second factor is on.
	Basic, PasswordAlone bool
	// Log hears what could not be done; nil discards.
	Log *slog.Logger

	once   sync.Once
	cross  *http.CrossOriginProtection
	routes map[string]route
}

// ServeHTTP answers for the pages.
func (h *Handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	h.once.Do(h.setup)
	c := &call{w: w, hr: hr}
	var err error
	c.r, err = h.Gate.Intake.Request(hr)
	secure(w)
	w.Header().Set("X-Request-Id", c.r.ID)
	if err == nil {
		err = h.forged(c.r)
	}
	if err != nil {
		h.failed(c, err)
		return
	}
	path := strings.TrimSuffix(strings.TrimPrefix(hr.URL.Path, h.Prefix), "/")
	if path == "link" {
		h.link(c)
		return
	}
	r, ok := h.routes[path]
	if !ok {
		h.missing(c)
		return
	}
	h.serve(c, r)
}

// Owns tells whether path is one that ServeHTTP answers.
func (h *Handler) Owns(path string) bool {
	name, ok := strings.CutPrefix(path, h.Prefix)
	return ok && (name == "account" || name == "link" || strings.HasPrefix(name, "account/"))
}

// forged refuses what a page of another site made.
func (h *Handler) forged(r *gate401.Request) error {
	// The host as the browser sees it, which a proxy in front may have changed.
	err := h.cross.Check(&http.Request{Method: r.Method, Header: r.Header, Host: r.URL.Host, URL: r.URL})
	if err != nil {
		return &gate401.Denial{Reason: reason.CSRFFailed, Method: method, Err: err}
	}
	return nil
}

// page answers one request of somebody who is logged in.
type page func(c *call) error

// call is one request, with who sent it.
type call struct {
	w      http.ResponseWriter
	hr     *http.Request
	r      *gate401.Request
	person *session.Person // nil for the pages that ask for no login
	// own tells that the person has an account in the records; account is it.
	own     bool
	account store.Account
}

func (c *call) who() people.Who {
	return people.Who{Subject: c.person.Subject, Issuer: c.person.Issuer}
}

func (c *call) by() people.By {
	by := people.By{Actor: c.person.Subject, RequestID: c.r.ID}
	if c.person.Issuer != "" {
		by.Actor = c.person.Subject + " of " + c.person.Issuer
	}
	return by
}

// route is what an address does.
type route struct {
	get, post page
	// back is where a POST leads that cannot be done now, below the prefix.
	back string
	// recent asks for a login that is not old; own for an account in the records.
	recent, own bool
}

func (h *Handler) setup() {
	h.cross = http.NewCrossOriginProtection()
	h.routes = map[string]route{
		"account":                   {get: h.overview},
		"account/sessions/end":      {post: h.endSession, back: "account"},
		"account/sessions/others":   {post: h.endOthers, back: "account"},
		"account/everywhere":        {post: h.everywhere, back: "account"},
		"account/apps/revoke":       {post: h.revokeApp, back: "account"},
		"account/keys/revoke":       {post: h.revokeKey, back: "account", own: true},
		"account/keys/new":          {get: h.askKey, post: h.newKey, back: "account/keys/new", recent: true, own: true},
		"account/keys/replace":      {get: h.askReplace, post: h.replaceKey, back: "account", recent: true, own: true},
		"account/password":          {get: h.askPassword, post: h.changePassword, back: "account/password", recent: true, own: true},
		"account/two-step":          {get: h.twoStep, recent: true, own: true},
		"account/two-step/begin":    {post: h.beginFactor, back: "account/two-step", recent: true, own: true},
		"account/two-step/cancel":   {post: h.cancelFactor, back: "account/two-step", recent: true, own: true},
		"account/two-step/confirm":  {post: h.confirmFactor, back: "account/two-step", recent: true, own: true},
		"account/two-step/recovery": {post: h.renewRecovery, back: "account/two-step", recent: true, own: true},
		"account/two-step/off":      {post: h.endFactor, back: "account/two-step", recent: true, own: true},
	}
}

// secure sets the fields of every page: nobody keeps it, frames it, or is told on
// another site where somebody came from.
func secure(w http.ResponseWriter) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", web.Policy)
	// Not no-referrer: browsers that send no Sec-Fetch-Site would then post with
	// the origin "null", and our forms would look like those of others.
	head.Set("Referrer-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("X-Robots-Tag", "noindex")
}

func (h *Handler) serve(c *call, r route) {
	w, hr := c.w, c.hr
	read := hr.Method == http.MethodGet || hr.Method == http.MethodHead
	switch {
	case read && r.get == nil:
		// Somebody went back to, or reloaded, what can only be sent.
		http.Redirect(w, hr, h.Prefix+r.back, http.StatusSeeOther)
		return
	case !read && (hr.Method != http.MethodPost || r.post == nil):
		w.Header().Set("Allow", allow(r))
		h.sorry(c, http.StatusMethodNotAllowed, "That cannot be done here", "This address does not understand "+hr.Method+".", "")
		return
	}
	back := h.Prefix + r.back
	err := h.enter(c)
	switch {
	case errors.Is(err, session.ErrNone) && read:
		h.AskLogin(w, hr, nil)
		return
	case errors.Is(err, session.ErrNone):
		http.Redirect(w, hr, back, http.StatusSeeOther)
		return
	case err != nil:
		h.failed(c, err)
		return
	case r.own && !c.own:
		h.missing(c)
		return
	}
	age := c.r.Time.Sub(c.person.AuthTime)
	switch {
	case r.recent && read && age > Recent:
		h.AskLogin(w, hr, c.person)
		return
	case r.recent && !read && age > Recent+filling:
		http.Redirect(w, hr, back, http.StatusSeeOther)
		return
	case !read && !parse(w, hr):
		h.sorry(c, http.StatusBadRequest, "The form cannot be read", "It is too large, or was changed on its way. Nothing was done.", "Open your account and do it again.")
		return
	}
	do := r.get
	if !read {
		do = r.post
	}
	if err := do(c); err != nil {
		h.failed(c, err)
	}
}

func allow(r route) string {
	switch {
	case r.post == nil:
		return "GET, HEAD"
	case r.get == nil:
		return "POST"
	}
	return "GET, HEAD, POST"
}

// parse reads a form, from the body alone: nothing of it belongs in an address.
func parse(w http.ResponseWriter, hr *http.Request) bool {
	hr.Body = http.MaxBytesReader(w, hr.Body, maxForm)
	kind, _, _ := strings.Cut(hr.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") && hr.ParseForm() == nil
}

// enter finds who sent the request.
func (h *Handler) enter(c *call) error {
	var err error
	if c.person, err = h.Sessions.Find(c.hr.Context(), c.r); err != nil {
		return err
	}
	if c.person.Issuer != "" || h.FileAccounts {
		return nil
	}
	c.account, err = h.People.Account(c.hr.Context(), c.person.Subject)
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrName) {
		return err
	}
	c.own = err == nil
	return nil
}

// done leads to the page that says what was done: word is one of the notices. What
// was done and not recorded is done all the same, and the operator is told.
func (h *Handler) done(c *call, err error, word string) error {
	if err = h.unrecorded(err); err != nil {
		return err
	}
	http.Redirect(c.w, c.hr, h.Prefix+"account?done="+word, http.StatusSeeOther)
	return nil
}

// unrecorded takes an error off that is about the record of a change alone.
func (h *Handler) unrecorded(err error) error {
	if !errors.Is(err, people.ErrNotRecorded) && !errors.Is(err, secondfactor.ErrNotRecorded) {
		return err
	}
	if h.Log != nil {
		h.Log.Error("audit record not written", slog.String("error", err.Error()))
	}
	return nil
}

// failed answers what could not be done: by the person's fault, or by ours.
func (h *Handler) failed(c *call, err error) {
	var d *gate401.Denial
	switch {
	case errors.As(err, &d):
		h.refused(c, d)
	case errors.Is(err, store.ErrNotFound):
		h.missing(c)
	case errors.Is(err, store.ErrConflict), errors.Is(err, people.ErrSuspended):
		h.sorry(c, http.StatusConflict, "Something has changed in the meantime", "Nothing was done, because your account was changed at the same time.", "Open your account and look how it is now.")
	default:
		if h.Log != nil && c.hr.Context().Err() == nil {
			h.Log.Error("account page failed", slog.String("request_id", c.r.ID), slog.String("error", err.Error()))
		}
		c.w.Header().Set("Retry-After", "5")
		h.sorry(c, http.StatusServiceUnavailable, "That could not be done just now", "It is our fault, not yours.", "Do the same again in a moment.")
	}
}

// refused answers what the guard, or the reading of the request, refuses.
func (h *Handler) refused(c *call, d *gate401.Denial) {
	if h.Gate.Observe != nil {
		h.Gate.Observe(c.r, &gate401.Decision{Rule: rule, Denial: d, Header: d.Header})
	}
	w := c.w
	for name, values := range d.Header {
		w.Header()[name] = values
	}
	switch status := d.Reason.Info().Status; status {
	case http.StatusTooManyRequests:
		wait := "a while"
		if seconds := w.Header().Get("Retry-After"); seconds != "" {
			if d, err := time.ParseDuration(seconds + "s"); err == nil {
				wait = lasts(d)
			}
		}
		h.sorry(c, status, "Too many attempts", "There were too many wrong ones in a short time.", "Wait for "+wait+", then do it again.")
	case http.StatusForbidden:
		if d.Reason == reason.CSRFFailed {
			h.sorry(c, status, "This came from another site", "The form was sent by a page of another site, so nothing was done.", "Open your account and do it there.")
			return
		}
		h.sorry(c, status, "Your account is suspended", "You are logged in, but may do nothing until it is resumed.", "Ask whoever runs this site.")
	default:
		h.sorry(c, status, "That is not possible", "The request cannot be read in one way.", "Open your account and do it again.")
	}
}

// missing answers for what is not there, and for what is somebody else's.
func (h *Handler) missing(c *call) {
	h.sorry(c, http.StatusNotFound, "There is no such page", "Or it is about something that is not there any more.", "Open your account to see what is.")
}

// show writes a page.
func (h *Handler) show(c *call, status int, page templ.Component) error {
	w, hr := c.w, c.hr
	var body bytes.Buffer
	// Whoever sent half a form has a context that is over, and a fault to read of.
	if err := page.Render(context.WithoutCancel(hr.Context()), &body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if hr.Method != http.MethodHead {
		_, _ = body.WriteTo(w)
	}
	return nil
}

// sorry writes a page that says why something was not done.
func (h *Handler) sorry(c *call, status int, title, why, next string) {
	_ = h.show(c, status, sorryPage(h.card(title), title, why, next, h.Prefix+"account"))
}
