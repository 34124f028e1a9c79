package gate401

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/reason"
)

// Gate decides. Its fields are set before the first request and not changed
// after; everything it does is safe for concurrent use. The zero value refuses
// every request.
type Gate struct {
	// Policy finds the rule of a request; nil refuses everything.
	Policy Policy
	// Guard counts what can be guessed. Without one, guessable credentials are
	// not verified at all (503); see [DangerouslyUnguarded].
	Guard Guard
	// Observe is called once for every decision, before it is acted upon; nil
	// observes nothing. It must not keep r's Header.
	Observe func(r *Request, d *Decision)
	// Intake reads HTTP requests for Protect.
	Intake Intake
	// Responder writes refusals for Protect; nil means a zero Responder.
	Responder *Responder

	flights flights
}

// Decide takes one request through the walk and returns the whole answer. It
// does not write, log or forward anything; a caller that acts on it reports it
// to Observe.
//
// A panic in a policy, a method or the guard refuses (503), instead of taking the
// connection down with an answer half decided.
func (g *Gate) Decide(ctx context.Context, r *Request) (d Decision) {
	defer func() {
		if p := recover(); p != nil {
			d = refuse(Decision{Rule: d.Rule}, r, &Requirement{}, finding{}, StageCheck, nil, fmt.Errorf("panic while deciding: %v", p))
		}
	}()
	if r.Preflight() {
		return g.preflight(r)
	}
	q := g.requirement(r)
	d = Decision{Rule: q.Rule}
	if q.CORS != nil {
		d.Header = q.CORS.header(r, false)
	}
	if q.Blocked {
		return refuse(d, r, &q, finding{}, StageRule, nil, deny(reason.AddressBlocked, fmt.Errorf("%s is blocked", r.Client)))
	}
	if q.Rule == "" || (!q.Open && len(q.Accept) == 0) {
		return refuse(d, r, &q, finding{}, StageRule, nil,
			deny(reason.RuleMissing, errors.New("no rule asks anything that can be answered")))
	}
	if q.Open {
		if err := checkAddress(r, &q); err != nil {
			return refuse(d, r, &q, finding{}, StageCheck, nil, err)
		}
		d.Allow = true
		return d
	}

	f, err := find(r, &q)
	if err == nil && f.chosen == nil {
		d.prepared = q.prepared != nil
		return unproven(d, r, &q)
	}
	if err != nil {
		return refuse(d, r, &q, f, StageFind, nil, err)
	}
	id, stage, err := g.verify(ctx, r, f)
	if err != nil {
		return refuse(d, r, &q, f, stage, nil, err)
	}
	if err := check(r, &q, id); err != nil {
		return refuse(d, r, &q, f, StageCheck, id, err)
	}
	d.Allow, d.Identity = true, id
	return d
}

// requirement asks the policy; without one there is no rule.
func (g *Gate) requirement(r *Request) Requirement {
	if g == nil || g.Policy == nil {
		return Requirement{}
	}
	return g.Policy(r)
}

// preflight answers a CORS preflight from the rule of the request that it asks
// for, or lets it through where the rule wants the upstream to answer.
func (g *Gate) preflight(r *Request) Decision {
	asked := *r
	asked.Method = r.Header["Access-Control-Request-Method"][0]
	q := g.requirement(&asked)
	d := Decision{Rule: q.Rule}
	switch {
	case q.Blocked:
		return refuse(d, r, &q, finding{}, StageRule, nil, deny(reason.AddressBlocked, fmt.Errorf("%s is blocked", r.Client)))
	case q.CORS == nil:
		return Decision{Preflight: true, Rule: q.Rule, Header: http.Header{"Vary": {"Origin"}}}
	case q.CORS.Upstream && !q.Open && len(q.Accept) == 0:
		return refuse(d, r, &q, finding{}, StageRule, nil, deny(reason.RuleMissing, errors.New("the rule lets nobody pass, nor anybody's preflight")))
	case q.CORS.Upstream:
		// It reaches the upstream without proof, but not from where nobody may come.
		if err := checkAddress(r, &q); err != nil {
			return refuse(d, r, &q, finding{}, StageCheck, nil, err)
		}
		d.Allow = true
		return d
	}
	return Decision{Preflight: true, Rule: q.Rule, Header: q.CORS.header(r, true)}
}

// finding is what the methods of a rule found in a request. chosen is nil while
// nothing was found.
type finding struct {
	chosen     Authenticator
	index      int // of chosen in Requirement.Accept
	credential Credential
}

// find runs every method of the rule and chooses one credential: an explicit
// one before an ambient one, then in the order of the rule. The chosen one
// settles it; a refused credential is never retried as another. Nothing is
// chosen where the request carries no credential at all.
func find(r *Request, q *Requirement) (finding, error) {
	// Two Authorization fields are read differently by every server
	// (RFC 9110 section 5.3: it is not a list).
	if len(r.Field("Authorization")) > 1 {
		return finding{}, deny(reason.CredentialsAmbiguous, errors.New("several Authorization fields"))
	}
	var (
		best      finding
		bestErr   error
		found     bool
		isAmbient bool
		others    []Credential // found besides the best
	)
	for i, a := range q.Accept {
		c, ok, err := a.Find(r)
		if !ok && err == nil {
			continue
		}
		// Two different credentials settle nothing, whoever notices them.
		if err != nil && denialOf(err).Reason == reason.CredentialsAmbiguous {
			return finding{}, err
		}
		if c != nil && (differs(c, best.credential) || slices.ContainsFunc(others, func(o Credential) bool { return differs(c, o) })) {
			return finding{}, deny(reason.CredentialsAmbiguous,
				fmt.Errorf("two different credentials for method %s", c.Method()))
		}
		ambient := false
		if c != nil {
			if x, is := c.(Ambient); is {
				ambient = x.Ambient()
			}
		}
		if !found || (isAmbient && !ambient) {
			best, c = finding{a, i, c}, best.credential
			bestErr, found, isAmbient = err, true, ambient
		}
		if c != nil {
			others = append(others, c)
		}
	}
	if !found || isAmbient {
		if err := misdirected(r); err != nil {
			return finding{}, err
		}
	}
	switch {
	case !found:
		return finding{}, nil
	case bestErr != nil:
		return best, bestErr
	case best.credential == nil:
		return best, errors.New("a method found a credential and returned none")
	}
	return best, nil
}

// differs tells whether two credentials of one kind are not the same.
func differs(a, b Credential) bool {
	return a != nil && b != nil && a.Method() == b.Method() && a.Key() != b.Key()
}

// missing is the reason for a request that carries no credential at all.
func missing(q *Requirement) reason.Code {
	var code reason.Code
	for _, a := range q.Accept {
		m, ok := a.(Misser)
		if !ok || (code != "" && m.Missing() != code) {
			return reason.CredentialsMissing
		}
		code = m.Missing()
	}
	return code
}

// verify proves the chosen credential: from memory, which goes on working while
// the database is away, or counted by the guard and then for real. Equal guessable credentials in flight are one attempt. The
// stage tells where it ended.
func (g *Gate) verify(ctx context.Context, r *Request, f finding) (id *Identity, stage Stage, err error) {
	if id, ok, err := recall(r, f); ok {
		return settled(id, err)
	}
	if _, guessable := f.credential.Account(); !guessable {
		return settled(verifySafely(ctx, r, f))
	}
	if g.Guard == nil {
		return nil, StageGuard, errors.New("the gate has no guard, so nothing that can be guessed is verified")
	}
	if _, ok := f.chosen.(Recaller); !ok {
		// Its verdict may depend on the request, so that nobody shares it.
		return g.attempt(ctx, r, f)
	}
	return g.flights.do(ctx, f.credential.Key(), func(ctx context.Context) (*Identity, Stage, error) {
		// It may have been verified and remembered since we looked.
		if id, ok, err := recall(r, f); ok {
			return settled(id, err)
		}
		return g.attempt(ctx, r, f)
	})
}

// attempt counts the credential and verifies it.
func (g *Gate) attempt(ctx context.Context, r *Request, f finding) (*Identity, Stage, error) {
	settle, err := g.Guard.Reserve(ctx, r, f.credential)
	if err != nil {
		return nil, StageGuard, err
	}
	id, stage, err := settled(verifySafely(ctx, r, f))
	settle(err)
	return id, stage, err
}

func recall(r *Request, f finding) (id *Identity, ok bool, err error) {
	if rc, is := f.chosen.(Recaller); is {
		return rc.Recall(r, f.credential)
	}
	return nil, false, nil
}

// settled ends the stage of verification; "neither an identity nor an error" is
// an error.
func settled(id *Identity, err error) (*Identity, Stage, error) {
	if err == nil && (id == nil || id.Subject == "") {
		err = errors.New("a method verified a credential and named nobody")
	}
	if err != nil {
		return nil, StageVerify, err
	}
	return id, StageVerify, nil
}

// verifySafely calls Verify; a panic there refuses (503) instead of taking the
// connection down with an answer half decided.
func verifySafely(ctx context.Context, r *Request, f finding) (id *Identity, err error) {
	defer func() {
		if p := recover(); p != nil {
			id, err = nil, fmt.Errorf("panic in method %s: %v", f.credential.Method(), p)
		}
	}()
	return f.chosen.Verify(ctx, r, f.credential)
}

// check compares what was proved with what the rule asks. All failures but the
// age of the authentication are 403: we know who it is, and no.
func check(r *Request, q *Requirement, id *Identity) error {
	if err := checkAddress(r, q); err != nil {
		return err
	}
	if len(id.Paths) > 0 && !slices.ContainsFunc(id.Paths, func(at string) bool { return below(at, r.Path) }) {
		return &Denial{Reason: reason.TokenAudienceWrong, Subject: id.Subject,
			Err: fmt.Errorf("the token is for %q alone, this is %q", id.Paths, r.Path)}
	}
	switch {
	case q.MaxAge > 0 && id.AuthTime.IsZero():
		return deny(reason.AuthenticationTooOld, fmt.Errorf("nobody knows when the person authenticated, at most %s ago is wanted", q.MaxAge))
	case q.MaxAge > 0 && r.Time.Sub(id.AuthTime) > q.MaxAge:
		return deny(reason.AuthenticationTooOld, fmt.Errorf("authenticated at %s, at most %s ago is wanted",
			id.AuthTime.UTC().Format("2006-01-02T15:04:05Z"), q.MaxAge))
	}
	if q.Owned && (q.Owner == "" || id.Subject != q.Owner || id.Issuer != q.OwnerIssuer) {
		return notOwner(q, id)
	}
	if len(q.Groups) > 0 && !slices.ContainsFunc(q.Groups, id.InGroup) {
		return groupMissing(q, id)
	}
	for _, s := range q.Scopes {
		if !id.HasScope(s) {
			return scopeInsufficient(q, id)
		}
	}
	return nil
}

// below tells whether path is at, or one of those below it.
func below(at, path string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(at, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

func checkAddress(r *Request, q *Requirement) error {
	if len(q.Addresses) > 0 && !within(q.Addresses, r.Client) {
		return deny(reason.AddressBlocked, fmt.Errorf("the rule does not admit %s", r.Client))
	}
	return nil
}
