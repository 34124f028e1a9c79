package httpbin

import (
	"encoding/json"
	"net/http"
)

const (
	jsonType = "application/json; charset=utf-8"
	textType = "text/plain; charset=utf-8"
)

// authResult is what the Basic and Digest endpoints say.
type authResult struct {
	Authenticated bool   `json:"authenticated"`
	User          string `json:"user"`
	Authorized    bool   `json:"authorized"`
}

type problem struct {
	StatusCode int    `json:"status_code"`
	Error      string `json:"error"`
	Detail     string `json:"detail,omitempty"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	encode(w, v)
}

func encode(w http.ResponseWriter, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// The client may be gone; there is nobody left to tell.
	_ = e.Encode(v)
}

// refuse answers with the JSON that go-httpbin writes for every error.
func refuse(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, problem{StatusCode: status, Error: http.StatusText(status), Detail: detail})
}

// private keeps an answer that depends on credentials out of caches: a 401 may
// be kept with explicit fields only, but 404 is cacheable by default (RFC 9110
// section 15.1).
func (h *Handler) private(w http.ResponseWriter) {
	if h.Strict {
		w.Header().Set("Cache-Control", "no-store")
	}
}
