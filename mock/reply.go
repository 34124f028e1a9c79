package mock

import (
	"encoding/json"
	"net/http"
)

// problem writes an RFC 9457 document that is no entry of the catalogue.
func problem(w http.ResponseWriter, status int, detail string) {
	f := w.Header()
	f.Set("Content-Type", "application/problem+json")
	f.Set("Cache-Control", "no-store")
	f.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	writeBody(w, map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}

func reply(w http.ResponseWriter, v any) {
	f := w.Header()
	f.Set("Content-Type", "application/json")
	f.Set("Cache-Control", "no-store")
	f.Set("X-Content-Type-Options", "nosniff")
	writeBody(w, v)
}

func writeBody(w http.ResponseWriter, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// The client may be gone; there is nobody left to tell.
	_ = e.Encode(v)
}

// nothing answers for a path that nobody made.
func nothing(w http.ResponseWriter, r *http.Request) {
	problem(w, http.StatusNotFound, "Nobody made this path. Look at /__mock/ for what there is, or try /status/401, /basic-auth/user/passwd, /scenario/token-expired/.")
}
