package world

import (
	"net/http"

	"github.com/gate401/gate401/internal/mock/wire"
)

// allow tells whether the method is one of those, and answers it if not.
func allow(rw http.ResponseWriter, hr *http.Request, methods ...string) bool {
	list := ""
	for _, m := range methods {
		if hr.Method == m || hr.Method == http.MethodHead && m == http.MethodGet {
			return true
		}
		if list != "" {
			list += ", "
		}
		list += m
	}
	rw.Header().Set("Allow", list)
	wire.Problem(rw, http.StatusMethodNotAllowed, "Use "+list+" here.")
	return false
}

// clip shortens what a stranger wrote before it is repeated.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
