package gate401

import (
	"context"
	"net/http"
	"net/url"
)

// Protect returns a handler that lets through to next what the gate allows, and
// answers everything else itself. Behind it [IdentityFrom] tells who is asking,
// and [Deny] refuses with the challenges of the request's own rule.
//
// next sees the path in the spelling that was judged, see [CanonicalPath].
func (g *Gate) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r, d := g.Judge(hr)
		if !d.Allow {
			g.responder().Refuse(w, hr, r, d)
			return
		}
		h := w.Header()
		d.writeHeader(h)
		h["X-Request-Id"] = []string{r.ID}
		judged := hr.WithContext(g.Admit(hr.Context(), r, &d))
		judged.URL = judgedURL(hr.URL, r)
		next.ServeHTTP(w, judged)
	})
}

// Admit returns the context for what runs behind the gate where [Gate.Protect]
// does not fit, such as an RPC: with it, [IdentityFrom] tells who is asking. It
// returns ctx as it is for a decision that refuses.
func (g *Gate) Admit(ctx context.Context, r *Request, d *Decision) context.Context {
	if !d.Allow {
		return ctx
	}
	return context.WithValue(ctx, passageKey{}, &passage{g, r, d})
}

// judgedURL is u with the path in its one spelling. Many routers match the raw
// path: /%70ublic/x would be judged by the rule of /public/** and reach the
// handler of /{tenant}/x.
func judgedURL(u *url.URL, r *Request) *url.URL {
	if u.EscapedPath() == r.Path && (u.RawPath == "" || u.RawPath == r.Path) {
		return u
	}
	own := *u
	own.Path, own.RawPath = r.URL.Path, ""
	if own.EscapedPath() != r.Path {
		own.RawPath = r.Path
	}
	return &own
}

// Judge reads hr, decides and observes: what every surface does before it acts
// on the decision.
func (g *Gate) Judge(hr *http.Request) (*Request, Decision) {
	c := &carrier{}
	r, d := &c.Request, &c.decision
	if err := g.Intake.read(c, hr); err != nil {
		*d = Malformed(r, err)
	} else {
		*d = g.Decide(hr.Context(), r)
	}
	if g.Observe != nil {
		g.Observe(r, d)
	}
	return r, *d
}

func (g *Gate) responder() *Responder {
	if g.Responder != nil {
		return g.Responder
	}
	return defaultResponder
}

// defaultResponder holds nothing but prepared bodies.
var defaultResponder = &Responder{}
