package mock

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
)

// worldPrefix is where the worlds of sessions are.
const worldPrefix = "/s/"

// worldOf are the settings of a scenario with a life.
func worldOf(name string) (world.Settings, bool) {
	s, ok := scenario.Lookup(name)
	if !ok || s.World == nil {
		return world.Settings{}, false
	}
	return *s.World, true
}

// world answers below /s/{session}/. The first request of a session makes its
// world: by the scenario that its id names, by the file, or one in which
// everything works.
func (s *Server) world(w http.ResponseWriter, r *http.Request) {
	s.preset(strings.TrimPrefix(r.URL.Path, worldPrefix), r)
	s.worlds.ServeHTTP(w, r)
}

// preset makes the world of a session that was not used yet, where its settings
// are known. rest begins with the id.
func (s *Server) preset(rest string, r *http.Request) {
	id, _, _ := strings.Cut(rest, "/")
	spec := world.Spec{ID: id, Base: baseOf(r)}
	if settings, ok := s.presets[id]; ok {
		spec.Settings = settings
	} else if name, ok := scenario.OfSession(id); ok {
		spec.Scenario = name
	} else {
		return
	}
	if _, err := s.worlds.Get(id); err == nil {
		return
	}
	// Somebody may be faster, or there may be too many; Worlds says so itself.
	_, _ = s.worlds.New(spec)
}

// baseOf is the scheme and host by which the client called; empty, for Worlds to
// find out, where what it sent is no host.
func baseOf(r *http.Request) string {
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	if parsed, err := url.Parse(u.String()); err != nil || parsed.Host != r.Host || parsed.Hostname() == "" {
		return "http://localhost"
	}
	return u.String()
}

// sessionsAPI is the API of the sessions. What was made for a session ends with
// it.
func (s *Server) sessionsAPI(w http.ResponseWriter, r *http.Request) {
	s.sessions.ServeHTTP(w, r)
	if r.Method == http.MethodDelete {
		_, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, ownPrefix+"api/"), "/")
		s.endpoints.EndSession(id)
	}
}
