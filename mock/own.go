package mock

import (
	"net/http"
	"strings"
)

// own answers below /__mock/.
func (s *Server) own(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(ownPrefix, "/"))
	if api, ok := strings.CutPrefix(path, "/api/"); ok {
		if s.admit(w, r) {
			s.api(w, r, api)
		}
		return
	}
	problem(w, http.StatusNotFound, "There is no such page.")
}

// api answers the admin API; path is below /__mock/api/.
func (s *Server) api(w http.ResponseWriter, r *http.Request, path string) {
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "journal", "journal.har":
		s.journalAPI(w, r)
	default:
		problem(w, http.StatusNotFound, "The admin API has scenarios, endpoints, openapi, journal, journal.har and sessions.")
	}
}

func (s *Server) journalAPI(w http.ResponseWriter, r *http.Request) { nothing(w, r) }
