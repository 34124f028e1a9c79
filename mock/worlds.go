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

// lives are the settings of all scenarios that a world can play.
func lives() map[string]world.Settings {
	all := map[string]world.Settings{}
	for _, s := range scenario.All() {
		if settings, ok := s.Settings(); ok {
			all[s.Name] = settings
		}
	}
	return all
}

// life are the settings of one scenario.
func (s *Server) life(name string) (world.Settings, bool) {
	settings, ok := s.lives[name]
	return settings, ok
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
	if _, err := s.worlds.Get(id); err == nil {
		return
	}
	spec := world.Spec{ID: id, Base: baseOf(r)}
	if settings, ok := s.presets[id]; ok {
		spec.Settings = settings
	} else if name := scenario.OfSession(id); name != "" {
		spec.Scenario = name
	} else {
		return
	}
	// Somebody may be faster, there may be too many, or no such scenario: Worlds
	// says what is to be said.
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
