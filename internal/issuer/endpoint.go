package issuer

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Desk is what all endpoints share: who may come, and how they are answered.
// Each endpoint is a Desk of its own type.
type Desk struct {
	// Issuer does the work. Required.
	Issuer *Issuer
	// Auth says which client sent a request.
	Auth ClientAuth
	// Intake reads a request for the guard and for Observe; nil means that there
	// is no guard. A *gate401.Denial turns the request away.
	Intake func(hr *http.Request) (*gate401.Request, error)
	// Realm is named when a client must prove itself.
	Realm string
	// Problems is the address below which each reason has its page; empty for
	// none.
	Problems string
	// Observe is told what came of each request before it is answered; nil tells
	// nobody.
	Observe func(hr *http.Request, o Outcome)
}

// Outcome is what came of a request to an endpoint.
type Outcome struct {
	// Request is what Intake made of it; nil without one.
	Request *gate401.Request
	// Client is who sent it, empty where nobody was believed.
	Client string
	// Err is why it was refused, or could not be done; nil for success.
	Err error
}

// spent settles an attempt that counts whatever came of it. Unsettled, it would
// hold up those that come after it, as one that is still being verified does.
var spent error = &gate401.Denial{Reason: reason.RateLimited}

// workTimeout bounds what is done for a client that may have gone.
const workTimeout = 30 * time.Second

// visit is one request to an endpoint.
type visit struct {
	hr     *http.Request
	r      *gate401.Request // nil without an Intake
	client store.Client
}

// begin reads what every request has.
func (d *Desk) begin(w http.ResponseWriter, hr *http.Request) (*visit, error) {
	v := &visit{hr: hr}
	if d.Intake == nil {
		return v, nil
	}
	var err error
	v.r, err = d.Intake(hr)
	if v.r != nil {
		w.Header().Set("X-Request-Id", v.r.ID)
	}
	return v, err
}

// form reads a form and believes its client.
func (d *Desk) form(w http.ResponseWriter, v *visit) (url.Values, error) {
	form, err := readForm(w, v.hr)
	if err != nil {
		return nil, err
	}
	return form, d.believe(v, form)
}

func (d *Desk) believe(v *visit, form url.Values) (err error) {
	v.client, err = d.Auth.authenticate(v.hr, v.r, form)
	return err
}

// lasting is for work that must not be left half done when the client gives up.
func lasting(hr *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(hr.Context()), workTimeout)
}

// answer ends a visit.
func (d *Desk) answer(w http.ResponseWriter, v *visit, good func() Response, err error) {
	if d.Observe != nil {
		d.Observe(v.hr, Outcome{Request: v.r, Client: v.client.ID, Err: err})
	}
	var response Response
	if err != nil {
		response = Refusal(err, d.Realm, d.Problems)
	} else {
		response = good()
	}
	// The client may be gone; there is nobody left to tell.
	_ = response.Write(w)
}
