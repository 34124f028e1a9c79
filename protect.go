package gate401

import (
	"context"
	"net/http"
)

// Protect returns a handler that lets through to next what the gate allows, and
// answers everything else itself. Behind it [IdentityFrom] tells who is asking,
// and [Deny] refuses with the challenges of the request's own rule.
func (g *Gate) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r, d := g.Judge(hr)
		if !d.Allow {
			g.responder().Respond(w, r, d)
			return
		}
		h := w.Header()
		d.writeHeader(h)
		h["X-Request-Id"] = []string{r.ID}
		next.ServeHTTP(w, hr.WithContext(context.WithValue(hr.Context(), passageKey{}, &passage{g, r, &d})))
	})
}

// Judge reads hr, decides and observes: what every surface does before it acts
// on the decision.
func (g *Gate) Judge(hr *http.Request) (*Request, Decision) {
	r, err := g.Intake.Request(hr)
	var d Decision
	if err != nil {
		d = Malformed(r, err)
	} else {
		d = g.Decide(hr.Context(), r)
	}
	if g.Observe != nil {
		g.Observe(r, &d)
	}
	return r, d
}

func (g *Gate) responder() *Responder {
	if g.Responder != nil {
		return g.Responder
	}
	return defaultResponder
}

// defaultResponder holds nothing but prepared bodies.
var defaultResponder = &Responder{}
