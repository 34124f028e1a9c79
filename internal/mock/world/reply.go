package world

import (
	"encoding/json"
	"net/http"
)

// reply writes a JSON document.
func reply(rw http.ResponseWriter, status int, v any) {
	write(rw, "application/json", status, v)
}

// problem writes an RFC 9457 document about what is no reason of the catalogue.
func problem(rw http.ResponseWriter, status int, detail string, faults ...string) {
	doc := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
	if len(faults) > 0 {
		doc["errors"] = faults
	}
	write(rw, "application/problem+json", status, doc)
}

func write(rw http.ResponseWriter, media string, status int, v any) {
	h := rw.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.WriteHeader(status)
	e := json.NewEncoder(rw)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// The client may be gone; there is nobody left to tell.
	_ = e.Encode(v)
}

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
	problem(rw, http.StatusMethodNotAllowed, "Use "+list+" here.")
	return false
}

// clip shortens what a stranger wrote before it is repeated.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
