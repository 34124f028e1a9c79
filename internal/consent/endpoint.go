package consent

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// People finds who is at a browser; *session.Door is one.
type People interface {
	// Find returns the person, or session.ErrNone.
	Find(ctx context.Context, hr *http.Request) (*session.Person, error)
}

// Ask is a login that is needed before the browser may go on.
type Ask struct {
	// Return is where the browser goes then: a path of the gate, with its query.
	Return string
	// Hint is the name to begin with, as the client gave it; it may be anything.
	Hint string
	// Again tells that somebody is logged in and must prove it once more.
	Again bool
	// Anew tells that an earlier proof is not enough, such as the one by which a
	// provider knows the person already.
	Anew bool
	// For is the program that sent the person here.
	For string
}

// Endpoint is the authorization endpoint and the device page. Its fields are set
// before the first request. Safe for concurrent use.
type Endpoint struct {
	// Issuer judges requests and makes codes. Required.
	Issuer *issuer.Issuer
	// Clients are who may ask. Required.
	Clients issuer.Clients
	// Consents remembers what people allowed. Required.
	Consents store.Consents
	// People finds who is logged in. Required.
	People People
	// Sessions bind the forms to the browser that they were shown to. Required.
	Sessions issuer.SessionReader
	// AskLogin shows the login page at the address that was asked for, with
	// status 401. Required.
	AskLogin func(w http.ResponseWriter, hr *http.Request, ask Ask)
	// Guard counts user codes that were guessed at the device page; nil counts
	// nothing.
	Guard gate401.Guard
	// Limit bounds how many codes are made for one person and one address, each of
	// which is a record; nil bounds nothing.
	Limit gate401.Guard
	// Intake reads requests for the guard and for their names. Required.
	Intake *gate401.Intake
	// Prefix is the path of the gate's own endpoints, with a slash at both ends;
	// empty means "/auth/".
	Prefix string
	// Account is the page where people see who may act for them, and end that;
	// empty for none.
	Account string
	// Realm is what the gate protects, in the words of its operator.
	Realm string
	// Always asks people each time, whatever they allowed before.
	Always bool
	// Words say what a scope allows, in the words of the operator: "read your
	// orders". One without is shown by its name.
	Words map[string]string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Observe is told of each request that is refused with a page, as of every
	// other decision of the gate; nil tells nobody. What a client is told is its own
	// affair.
	Observe func(r *gate401.Request, d *gate401.Decision)
}

// Rule is what refusals name as their rule.
const Rule = "authorize"

const method = "session"

// The paths below the prefix.
const (
	pathAuthorize = "authorize"
	pathConsent   = "authorize/consent"
	// What is posted to the path of the device page is a device's.
	pathDevice       = "device"
	pathDeviceCode   = "device/code"
	pathDeviceAnswer = "device/answer"
)

func (e *Endpoint) prefix() string {
	if e.Prefix == "" {
		return "/auth/"
	}
	return e.Prefix
}

func (e *Endpoint) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// Owns tells whether a path below the prefix is one of this endpoint.
func Owns(path string) bool {
	switch path {
	case pathAuthorize, pathConsent, pathDevice, pathDeviceCode, pathDeviceAnswer:
		return true
	}
	return false
}

// ServeHTTP answers at the paths below the prefix that Owns names.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	// Nothing here may be kept: not the code in an address, not the page that says
	// what somebody allowed whom.
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	// Our own site is told where a form was, so that it can tell its forms from
	// those of others; nobody else is.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	r, err := e.Intake.Request(hr)
	h.Set("X-Request-Id", r.ID)
	v := &visit{e: e, w: w, hr: hr, r: r}
	if err != nil {
		v.refused(reason.RequestMalformed, "", err)
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "It can be read in more than one way. Start over at the program that you came from."})
		return
	}
	switch path := strings.TrimPrefix(hr.URL.Path, e.prefix()); path {
	case pathAuthorize:
		v.authorize()
	case pathConsent:
		v.decide()
	case pathDevice:
		v.device()
	case pathDeviceCode:
		v.deviceCode()
	case pathDeviceAnswer:
		v.deviceAnswer()
	default:
		v.page(http.StatusNotFound, sorry{Title: "There is no such page", Says: "Start over at the program that you came from."})
	}
}

// visit is one request.
type visit struct {
	e  *Endpoint
	w  http.ResponseWriter
	hr *http.Request
	r  *gate401.Request
}

// person is who is at the browser; ok is false where nobody is, or where that was
// answered already.
func (v *visit) person() (p *session.Person, ok, answered bool) {
	p, err := v.e.People.Find(v.hr.Context(), v.hr)
	var refused *gate401.Denial
	switch {
	case err == nil:
		return p, true, false
	case errors.Is(err, session.ErrNone):
		return nil, false, false
	case errors.As(err, &refused) && refused.Reason == reason.AccountSuspended:
		v.refused(reason.AccountSuspended, refused.Subject, refused.Err)
		v.page(http.StatusForbidden, sorry{Title: "Your account is suspended", Says: "Nobody can act for you while it is. Ask whoever runs this service.", Code: reason.AccountSuspended})
	case errors.As(err, &refused):
		v.refused(refused.Reason, refused.Subject, refused.Err)
		v.page(http.StatusBadRequest, sorry{Title: "This request cannot be read", Says: "Remove the cookies of this site and start over.", Code: refused.Reason})
	default:
		v.away(err)
	}
	return nil, false, true
}

// away says that something could not be checked: that is nobody's fault at the
// other end.
func (v *visit) away(err error) {
	v.refused(reason.CheckFailed, "", err)
	v.w.Header().Set("Retry-After", "5")
	v.page(http.StatusServiceUnavailable, sorry{Title: "This does not work just now", Says: "Something that is needed to decide is out of reach. Load the page again in a moment.", Code: reason.CheckFailed})
}

// refused tells the observers of the gate of a request that ended here, by the
// name that the page tells the person: gate401 explain finds it by that.
func (v *visit) refused(code reason.Code, subject string, err error) {
	if v.e.Observe == nil {
		return
	}
	denial := &gate401.Denial{Reason: code, Method: method, Subject: subject, Err: err}
	v.e.Observe(v.r, &gate401.Decision{Rule: Rule, Denial: denial, Steps: []gate401.Step{
		{Stage: gate401.StageVerify, Method: method, Reason: code, Note: denial.Error()},
	}})
}

// only answers any other method, and tells whether it did.
func (v *visit) only(methods ...string) bool {
	for _, m := range methods {
		if v.hr.Method == m {
			return false
		}
	}
	v.w.Header().Set("Allow", strings.Join(methods, ", "))
	v.page(http.StatusMethodNotAllowed, sorry{Title: "Only " + strings.Join(methods, " and ") + " is understood here", Says: "Start over at the program that you came from."})
	return true
}
