package inspector

import (
	"net/http"
	"strconv"
)

// Handler serves the page, at whatever path. The zero value is ready.
type Handler struct{}

var _ http.Handler = Handler{}

// ServeHTTP answers GET and HEAD. The page is kept nowhere, so that a cache of
// many users is no place from which it could be replaced.
func (Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// A tool of this gate, which no search should offer to strangers.
	h.Set("X-Robots-Tag", "noindex")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = w.Write([]byte("Only GET and HEAD are understood here. Nothing is ever sent to the inspector.\n"))
		return
	}
	page := assemble().page
	h.Set("Content-Security-Policy", Policy())
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "geolocation=(), camera=(), microphone=()")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(page)
	}
}
