package mock

import (
	"net/http"
	"strings"

	"github.com/gate401/gate401/internal/inspector"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/wire"
)

// own answers below /__mock/.
func (s *Server) own(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(ownPrefix, "/")), "/")
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "api":
		if s.admit(w, r) {
			s.api(w, r, rest)
		}
	case "new":
		if s.admit(w, r) {
			s.making.ServeHTTP(w, r)
		}
	case "token":
		inspector.Handler{}.ServeHTTP(w, r)
	case "", "-":
		s.page.ServeHTTP(w, r)
	default:
		wire.Problem(w, http.StatusNotFound, "There is no such page.")
	}
}

// api answers the admin API; path is below /__mock/api/.
func (s *Server) api(w http.ResponseWriter, r *http.Request, path string) {
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "scenarios":
		if !only(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		wire.Pretty(w, http.StatusOK, scenario.All())
	case "endpoints":
		s.making.ServeHTTP(w, r)
	case "sessions":
		s.sessionsAPI(w, r)
	case "openapi":
		s.describe.ServeHTTP(w, r)
	case "journal", "journal.har":
		s.history.ServeHTTP(w, r)
	case "verdict":
		judge.Handler(s.journal).ServeHTTP(w, r)
	default:
		wire.Problem(w, http.StatusNotFound, "The admin API has scenarios, endpoints, openapi, journal, journal.har, verdict and sessions.")
	}
}

// only refuses other methods.
func only(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	allow := strings.Join(methods, ", ")
	w.Header().Set("Allow", allow)
	wire.Problem(w, http.StatusMethodNotAllowed, "Only "+allow+" are understood here.")
	return false
}
