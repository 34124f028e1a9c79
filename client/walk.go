package client

import (
	"context"
	"errors"
	"net/http"
	"path"
	"time"

	"github.com/gate401/gate401/reason"
)

// mostAttempts ends whatever a server may come up with: a request without proof,
// an answer to its challenge, one for a nonce that was stale by then, and the
// same for a proxy.
const mostAttempts = 6

// walk is one request on its way.
type walk struct {
	*state
	t      *Transport
	req    *http.Request
	origin string
	logins []*login
	body   *payload
	route  *route // through a proxy that has a login; nil for none

	attempt  int
	renewed  bool
	staled   bool
	answered bool // a fresh Digest answer or a password was sent
	noToken  error
}

// run sends the request until there is nothing more to do about the answer.
func (w *walk) run(ctx context.Context) (*http.Response, *Denied, error) {
	w.route = w.routeOf(w.req)
	limit := w.t.BufferBody
	w.body = newPayload(w.req, limit)
	defer w.body.finish()
	p, err := w.first(ctx)
	if err != nil {
		var d *Denied
		if errors.As(err, &d) {
			return nil, d, nil
		}
		return nil, nil, err
	}
	for {
		resp, sent, err := w.send(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		if resp.tunnel != nil {
			if again, d, err := w.tunnelRefused(ctx, resp, p, sent); err != nil || !again {
				return nil, d, err
			}
			continue
		}
		d, refused := judge(resp.Response, w.route.told(resp.Response, sent), w.now())
		if !refused {
			d = nil
		}
		if err := w.accept(resp.Response, p, d); err != nil {
			w.observe(resp, p, sent, "nothing: the answer is not believed", nil, err)
			drain(resp.Response)
			return nil, nil, err
		}
		if d == nil {
			w.observe(resp, p, sent, "done", nil, nil)
			return resp.Response, nil, nil
		}
		next, err := w.next(ctx, resp.Response, p, d)
		if err != nil && !errors.Is(err, errNoAnswer) {
			w.observe(resp, p, sent, "nothing: the request was given up", nil, err)
			drain(resp.Response)
			return nil, nil, err
		}
		if w.attempt == mostAttempts {
			w.settle(next, nil, nil)
			next = nil
		}
		if next == nil {
			w.observe(resp, p, sent, "nothing: "+d.ending(), d, nil)
			return resp.Response, d, nil
		}
		w.observe(resp, p, sent, next.why, nil, nil)
		drain(resp.Response)
		p = next
	}
}

// exchange is an answer, or what a proxy said instead of opening a tunnel.
type exchange struct {
	*http.Response
	tunnel  *tunnelError
	request *http.Request
	started time.Time
	took    time.Duration
}

// send makes one attempt with the proof.
func (w *walk) send(ctx context.Context, p *proof) (exchange, string, error) {
	w.attempt++
	clone := w.req.Clone(w.route.pin(ctx))
	if clone.Header == nil {
		clone.Header = make(http.Header)
	}
	w.withoutForeign(w.req, clone)
	sent := addKeys(clone, w.logins)
	if p.value != "" && !p.own {
		clone.Header.Set("Authorization", p.value)
	}
	if p.sent != "" {
		sent = p.sent
	}
	w.route.prove(w, clone)
	if n := w.t.ExpectContinue; n > 0 && !w.body.empty() && (clone.ContentLength > n || clone.ContentLength < 0) && clone.Header.Get("Expect") == "" {
		clone.Header.Set("Expect", "100-continue")
	}
	if err := w.body.next(ctx, clone); err != nil {
		w.settle(p, nil, nil)
		w.route.settle(w.state, nil, nil)
		return exchange{}, sent, err
	}
	ex := exchange{request: clone, started: w.now()}
	resp, err := w.base.RoundTrip(clone) //nolint:bodyclose // the caller closes it
	ex.took = w.now().Sub(ex.started)
	if err != nil {
		w.settle(p, nil, nil)
		if errors.As(err, &ex.tunnel) {
			return ex, sent, nil
		}
		w.observe(ex, p, sent, "nothing: there was no answer", nil, err)
		w.route.settle(w.state, nil, nil)
		return ex, sent, err
	}
	// The caller's own request: the clone has our proof in its fields.
	resp.Request = w.req
	ex.Response = resp
	return ex, sent, nil
}

// first is the proof to begin with.
func (w *walk) first(ctx context.Context) (*proof, error) {
	if w.req.Header.Get("Authorization") != "" && !cameAcross(w.req) && !sentBack(w.req) {
		return &proof{own: true, sent: sentBy(w.req), why: "the request has its own Authorization"}, nil
	}
	for _, l := range w.logins {
		if l.Key != nil && l.Key.Bearer {
			return &proof{sent: "Bearer", value: "Bearer " + l.Key.Value, why: "the key goes along with each request"}, nil
		}
		if l.renewer == nil {
			continue
		}
		tok, err := l.renewer.token(ctx, w.tellRenewal)
		switch {
		case err == nil:
			return bearer(l, tok, "there is a token for this origin"), nil
		case errors.Is(err, ErrNoToken):
			w.noToken = err
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		default:
			return nil, w.unsent(err)
		}
	}
	if s := w.digests.find(w.origin, w.req.URL.EscapedPath(), w.logins); s != nil {
		use, err := s.answer(ctx, w.req.Method, w.req.URL.RequestURI(), w.body)
		if err == nil {
			return &proof{sent: "Digest", value: use.creds.Value(), login: s.login, digest: use, why: "the nonce from before is used again, before anyone asks"}, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if p, err := w.preemptive(ctx); !errors.Is(err, errNoAnswer) {
		return p, err
	}
	why := "nothing to say before the server asks"
	switch {
	case len(w.logins) == 0:
		why = "there is no login for this origin"
	case w.noToken != nil:
		why = "nobody is logged in"
	}
	return &proof{why: why}, nil
}

// preemptive is a password that may go before anyone asked.
func (w *walk) preemptive(ctx context.Context) (*proof, error) {
	// Where the path is not what it seems, wait to be asked.
	clean := path.Clean("/" + w.req.URL.Path)
	for _, l := range w.logins {
		if l.Basic == nil {
			continue
		}
		for _, dir := range l.Basic.Preemptive {
			if below(clean, dir) {
				p, err := w.basic(ctx, l, w.origin, preemptiveRealm)
				if err != nil {
					return nil, err
				}
				p.why = "the password may be sent unasked here"
				return p, nil
			}
		}
	}
	return nil, errNoAnswer
}

// unsent is what becomes of a request whose token cannot be had.
func (w *walk) unsent(err error) error {
	d := &Denied{Method: w.req.Method, URL: showURL(w.req.URL), Inferred: true, MaxAge: -1, Sent: "Bearer"}
	d.set(reason.TokenExpired)
	d.renewalFailed(err)
	if d.Note == "" {
		d.Note = "the access token ran out, and could not be renewed"
	}
	return d
}

// renewalFailed says what a renewal that came to nothing means.
func (d *Denied) renewalFailed(err error) {
	d.Err = err
	var e *RenewalError
	switch {
	case errors.Is(err, ErrNoRenewal), errors.Is(err, ErrNoToken):
		d.Retry = reason.RetryReauthenticate
	case errors.Is(err, errSameToken):
		d.Retry = reason.RetryReauthenticate
		d.Note = "the token is not sent again"
	case errors.As(err, &e) && e.Over():
		d.Retry = reason.RetryReauthenticate
		d.Note = "the login has ended"
	case e != nil && e.Code != "" && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests &&
		e.Code != "temporarily_unavailable" && e.Code != "server_error" && e.Code != "slow_down":
		d.Retry = reason.RetryFixRequest
		d.Note = "the client itself is refused at the token endpoint; the tokens are kept"
	default:
		d.Retry = reason.RetryLater
		d.Note = "the renewal could not be finished; the tokens are kept"
		if e != nil && e.RetryAfter > 0 {
			d.RetryAfter = e.RetryAfter
		}
	}
}

// accept learns from an answer what it says about the proof.
func (w *walk) accept(resp *http.Response, p *proof, d *Denied) error {
	proxyOnly := resp.StatusCode == http.StatusProxyAuthRequired
	if proxyOnly {
		w.settle(p, nil, nil)
	} else {
		w.settle(p, resp, d)
	}
	w.route.settle(w.state, resp, d)
	if p.digest == nil || resp.StatusCode == http.StatusUnauthorized || proxyOnly {
		return nil
	}
	if resp.StatusCode < http.StatusInternalServerError {
		w.digests.keep(w.origin, p.digest.session)
	}
	if resp.StatusCode >= http.StatusBadRequest && resp.Header.Get("Authentication-Info") == "" {
		return nil // refusals and faults may come from who knows no password
	}
	return p.digest.learn(resp, "Authentication-Info", w.rand)
}

func (w *walk) tellRenewal(started time.Time, err error) {
	if w.t.Observe == nil || errors.Is(err, ErrNoRenewal) {
		return
	}
	e := Event{Kind: EventRenewal, Attempt: w.attempt, Err: err, Started: started, Took: w.now().Sub(started),
		Why: "the token was refused", Next: "the request goes on with the new token"}
	if w.attempt == 0 {
		e.Why = "the token is about to expire"
	}
	if err != nil {
		e.Next = "the request goes on with what there is"
	}
	w.t.Observe(e)
}

func (w *walk) observe(ex exchange, p *proof, sent, next string, d *Denied, err error) {
	if w.t.Observe == nil {
		return
	}
	w.t.Observe(Event{
		Kind: EventExchange, Attempt: w.attempt, Request: ex.request, Response: ex.Response, Err: err,
		Started: ex.started, Took: ex.took, Sent: sent, Why: p.why, Next: next, Denied: d,
	})
}

// ending says why nothing more is done.
func (d *Denied) ending() string {
	if d.Note != "" {
		return d.Note
	}
	return d.WhatToDo()
}
