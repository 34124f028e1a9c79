package mock

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/internal/nearest"
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
	rest := strings.TrimPrefix(r.URL.Path, worldPrefix)
	if !s.preset(w, r, rest) {
		return
	}
	id, path, _ := strings.Cut(rest, "/")
	if !ownOfWorld(path) && s.documents.HasBelow(worldPrefix+id, r) {
		if one, err := s.worlds.For(id, baseOf(r)); err == nil {
			w.Header().Set("Date", one.Date())
			s.documents.Below(worldPrefix+id, w, r)
			return
		}
	}
	s.worlds.ServeHTTP(w, r)
}

// ownOfWorld tells whether a path is one by which a world is known, and not one
// of the many that it would answer anyway.
func ownOfWorld(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "", "login", "token", "revoke", "jwks.json", ".well-known":
		return true
	case "api":
		second, _, _ := strings.Cut(strings.TrimPrefix(path, "api/"), "/")
		return path == "api" || second == "orders" || second == "admin" || second == "payments"
	}
	return false
}

// preset makes the world of a session that was not used yet, where its settings
// are known. rest begins with the id. It answers, and returns false, where the id
// names a scenario that there is not: in a world in which everything works, a test
// of the misspelt scenario would pass and mean nothing.
func (s *Server) preset(w http.ResponseWriter, r *http.Request, rest string) bool {
	id, _, _ := strings.Cut(rest, "/")
	if _, err := s.worlds.Get(id); err == nil {
		return true
	}
	spec := world.Spec{ID: id, Base: baseOf(r)}
	if settings, ok := s.presets[id]; ok {
		spec.Settings = settings
	} else if name := scenario.OfSession(id); name != "" {
		spec.Scenario = name
	} else {
		return true
	}
	if _, err := s.worlds.New(spec); errors.Is(err, world.ErrScenario) {
		s.noScenario(w, id, spec.Scenario)
		return false
	}
	// Somebody may be faster, or there may be too many: Worlds says what is to be
	// said.
	return true
}

// noScenario answers for the session id, which names a scenario without a world.
func (s *Server) noScenario(w http.ResponseWriter, id, name string) {
	detail := "There is no scenario " + name + " with a world. What stands before two dashes in a session names one"
	if one, ok := scenario.Lookup(name); ok {
		wire.ProblemWith(w, http.StatusNotFound, detail+"; this one is played at "+one.Path+".", "nearest", []string{one.Path})
		return
	}
	word := strings.TrimPrefix(id, name)
	near := []string{}
	for _, n := range s.nearestLives(name, 3) {
		near = append(near, worldPrefix+n+word+"/")
	}
	if len(near) > 0 {
		detail += ": did you mean " + near[0] + "?"
	} else {
		detail += "; `gate401 mock --list` has them."
	}
	wire.ProblemWith(w, http.StatusNotFound, detail+" For a world in which everything works, take a session without two dashes.", "nearest", near)
}

// nearestLives are the names of scenarios with a world that come closest to a name,
// at most n: those that end with it first.
func (s *Server) nearestLives(name string, n int) []string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	far := map[string]int{}
	for one := range s.lives {
		d := nearest.Slips(name, one)
		if strings.HasSuffix(one, "-"+name) {
			d = 0
		}
		if d <= max(2, len(name)/3) {
			far[one] = d
		}
	}
	names := slices.SortedFunc(maps.Keys(far), func(a, b string) int { return cmp.Or(cmp.Compare(far[a], far[b]), strings.Compare(a, b)) })
	return names[:min(len(names), n)]
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

// login judges the token of a request to a document below a session: those of the
// session's logins are good there too.
func (s *Server) login(ctx context.Context, r *gate401.Request, token string) (*gate401.Identity, bool, error) {
	one, err := s.worlds.Get(journal.NoteOf(ctx).Session)
	if err != nil {
		return nil, false, nil //nolint:nilerr // a request of no session has the token of no session
	}
	return one.Identify(ctx, r, token)
}
