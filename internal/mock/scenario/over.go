package scenario

import (
	"maps"
	"net/http"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/world"
)

// Settings are those of the world that plays the scenario: its own life, or one
// in which everything works but the refusals of the resources, which are the
// scenario's. ok is false for scenarios that are about something else.
func (s Scenario) Settings() (settings world.Settings, ok bool) {
	switch {
	case s.World != nil:
		return *s.World, true
	case s.refusal != nil:
		a := *s.refusal
		return world.Settings{Answer: func(api http.Handler) http.Handler { return instead(api, a) }}, true
	}
	return world.Settings{}, false
}

// instead answers with a where api answers 401.
func instead(api http.Handler, a mix.Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, header: maps.Clone(w.Header())}
		api.ServeHTTP(e, r)
		if e.refused {
			a.Serve(w, r)
			return
		}
		e.WriteHeader(http.StatusOK) // an answer without a body
	})
}

// exchange holds a refusal back.
type exchange struct {
	http.ResponseWriter
	header           http.Header
	written, refused bool
}

// Header is kept apart until it is clear whose answer is sent.
func (e *exchange) Header() http.Header { return e.header }

// WriteHeader sends every answer but 401.
func (e *exchange) WriteHeader(status int) {
	switch {
	case e.written:
		return
	case status == http.StatusUnauthorized:
		e.written, e.refused = true, true
		return
	}
	e.written = status >= 200
	maps.Copy(e.ResponseWriter.Header(), e.header)
	e.ResponseWriter.WriteHeader(status)
}

func (e *exchange) Write(b []byte) (int, error) {
	e.WriteHeader(http.StatusOK)
	if e.refused {
		return len(b), nil
	}
	return e.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }
