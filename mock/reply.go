package mock

import (
	"encoding/json"
	"net/http"
)

// problem writes an RFC 9457 document that is no entry of the catalogue.
func problem(w http.ResponseWriter, status int, detail string) {
	writeProblem(w, status, problemDocument(status, detail))
}

func problemDocument(status int, detail string) map[string]any {
	return map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
}

func writeProblem(w http.ResponseWriter, status int, doc map[string]any) {
	f := w.Header()
	f.Set("Content-Type", "application/problem+json")
	f.Set("Cache-Control", "no-store")
	f.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	writeBody(w, doc)
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
