package client

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// errNoAnswer says that there is nothing more to say to a server.
var errNoAnswer = errors.New("there is no answer")

// next is the proof to repeat a refused request with. With errNoAnswer d has a
// note where there is something to say.
func (w *walk) next(ctx context.Context, resp *http.Response, p *proof, d *Denied) (*proof, error) {
	if d.Status == http.StatusProxyAuthRequired {
		return w.proxyNext(ctx, resp, p, d)
	}
	if p.own || d.Status != http.StatusUnauthorized && !d.renewable() {
		return nil, errNoAnswer
	}
	if p.token.Value != "" && d.renewable() {
		return w.renewedProof(ctx, p, d)
	}
	if p.sent == "Bearer" && (d.Code != "" || !d.Inferred) && (d.asks("Bearer") || len(d.Challenges) == 0) {
		// The token was understood, and what is wrong with it no password mends.
		return nil, errNoAnswer
	}
	return w.answer(ctx, resp, p, d)
}

// renewedProof gets a new token, once.
func (w *walk) renewedProof(ctx context.Context, p *proof, d *Denied) (*proof, error) {
	r := p.login.renewer
	switch {
	case w.renewed:
		d.Note = "the token was renewed, and the new one is refused too"
		d.Retry = reason.RetryReauthenticate
		return nil, errNoAnswer
	case r.pointless(p.token):
		d.Note = "this token came from a renewal and was never accepted; renewing it again would be a loop"
		d.Retry = reason.RetryReauthenticate
		return nil, errNoAnswer
	}
	w.renewed = true
	tok, led, err := r.renew(ctx, p.token, w.tellRenewal)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d.renewalFailed(err)
		return nil, errNoAnswer
	}
	why := "once more with the token that another request renewed"
	if led {
		why = "once more with the renewed token"
	}
	return w.repeatable(ctx, d, bearer(p.login, tok, why), "the token was renewed")
}

// repeatable gives up where the body is gone.
func (w *walk) repeatable(ctx context.Context, d *Denied, p *proof, done string) (*proof, error) {
	if w.body.ready(ctx) {
		return p, nil
	}
	w.settle(p, nil, nil)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	d.gone(done)
	return nil, errNoAnswer
}

// gone says that only the body is in the way.
func (d *Denied) gone(done string) {
	d.Retry, d.Err = reason.RetryRepeat, errBodyGone
	d.Note = done + ", but the request cannot be repeated here"
}

// candidate is a way to answer.
type candidate struct {
	login  *login
	rank   int
	realm  string
	digest *httpauth.DigestChallenge // nil: Basic
}

// answer finds the strongest challenge that a login can answer.
func (w *walk) answer(ctx context.Context, resp *http.Response, p *proof, d *Denied) (*proof, error) {
	again := p.digest != nil && d.stale() && !w.staled
	if (w.answered || p.basic) && !again {
		d.Note = w.afterAnswer(p, d)
		return nil, errNoAnswer
	}
	if again {
		w.staled = true
	}
	list := candidates(resp.Header.Values("Www-Authenticate"), d.Challenges, w.logins)
	for _, c := range list {
		next, err := w.try(ctx, c, w.origin, w.req.Method, w.req.URL.RequestURI(), p)
		if errors.Is(err, errBodyGone) {
			d.gone("the challenge can be answered")
			continue
		}
		if errors.Is(err, errNoAnswer) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w.answered = true
		return w.repeatable(ctx, d, next, "the challenge can be answered now")
	}
	if d.Err == nil {
		d.Note, d.Err = w.unanswered(list, d)
	}
	return nil, errNoAnswer
}

func (w *walk) afterAnswer(p *proof, d *Denied) string {
	if p.digest != nil && d.stale() {
		return "the server calls each nonce stale at once"
	}
	if d.Reason == reason.SchemeUnsupported {
		return "the server does not take the scheme that was sent"
	}
	return "the password was refused and is not sent again"
}

// unanswered says why there was no answer.
func (w *walk) unanswered(list []candidate, d *Denied) (string, error) {
	var asked []string
	for _, c := range d.Challenges {
		asked = append(asked, printable(c.Scheme))
	}
	switch {
	case len(list) > 0:
		return "the password was refused before and is not sent again", nil
	case len(w.logins) == 0:
		return "there is no login for " + w.origin, nil
	case w.noToken != nil:
		return "nobody is logged in for " + w.origin, w.noToken
	case len(d.Challenges) == 0:
		return "the server does not say how to prove who is asking", nil
	}
	if err := w.unusable(d); err != nil {
		d.Retry = reason.RetryFixRequest
		return "the Digest challenge of the server cannot be answered", err
	}
	return "the server asks for " + strings.Join(unique(asked), ", ") + ", and the login has no answer to that", nil
}

// unusable says what is wrong with the Digest challenge where a login would answer
// one.
func (w *walk) unusable(d *Denied) error {
	if !slices.ContainsFunc(w.logins, func(l *login) bool { return l.Digest != nil }) {
		return nil
	}
	for _, c := range d.Challenges {
		var broken *httpauth.DigestError
		if _, err := httpauth.ParseDigestChallenge(c, httpauth.Lenient); c.Is("Digest") && errors.As(err, &broken) {
			return err
		}
	}
	return nil
}

// candidates are the ways to answer, the strongest first.
func candidates(fields []string, challenges []httpauth.Challenge, logins []*login) []candidate {
	var out []candidate
	for _, c := range digestsOf(fields) {
		for _, l := range logins {
			if l.Digest != nil && (l.Digest.Realm == "" || l.Digest.Realm == c.Realm) {
				out = append(out, candidate{l, 10 + c.Algorithm.Strength(), c.Realm, &c})
			}
		}
	}
	for _, c := range challenges {
		realm, _ := c.Param("realm")
		for _, l := range logins {
			if l.Basic != nil && c.Is("Basic") && (l.Basic.Realm == "" || l.Basic.Realm == realm) {
				out = append(out, candidate{login: l, realm: realm})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return b.rank - a.rank })
	return out
}

// try answers a challenge. errNoAnswer says that the password was refused before.
func (w *walk) try(ctx context.Context, c candidate, origin, method, uri string, before *proof) (*proof, error) {
	if c.digest == nil {
		return w.basic(ctx, c.login, origin, c.realm)
	}
	if before != nil && before.digest != nil && c.digest.Nonce == before.digest.creds.Nonce && c.digest.Nonce != "" {
		return nil, errNoAnswer // the nonce that was refused a moment ago
	}
	s, err := newDigestSession(c.login, origin, *c.digest, w.rand)
	if err != nil {
		return nil, err
	}
	pw := passwordOf(origin, c.login.Digest.User, c.login.Digest.Password)
	// Proof of a password that is known to be right needs no permission.
	first, err := w.refusals.begin(ctx, pw, c.realm)
	if err != nil {
		return nil, err
	}
	p := &proof{sent: "Digest", login: c.login, fresh: true, password: pw, realm: c.realm, first: first,
		why: "once more with an answer to the Digest challenge (" + string(c.digest.Algorithm.Canonical()) + ")"}
	if p.digest, err = s.answer(ctx, method, uri, w.body); err != nil {
		w.settle(p, nil, nil)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, errBodyGone) {
			return nil, err
		}
		return nil, errNoAnswer // another challenge may have one
	}
	if c.digest.Stale {
		p.why = "once more with the new nonce: the one before was stale"
	}
	p.value = p.digest.creds.Value()
	return p, nil
}

// basic is the password as it is.
func (w *walk) basic(ctx context.Context, l *login, origin, realm string) (*proof, error) {
	pw := passwordOf(origin, l.Basic.User, l.Basic.Password)
	first, err := w.refusals.begin(ctx, pw, realm)
	if err != nil {
		return nil, err
	}
	value, err := httpauth.EncodeBasic(l.Basic.User, l.Basic.Password)
	if err != nil {
		return nil, err // the login was checked: it cannot be
	}
	return &proof{sent: "Basic", value: value, login: l, basic: true, password: pw, realm: realm, first: first,
		why: "once more with the password, as the Basic challenge asks"}, nil
}
