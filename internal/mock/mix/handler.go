package mix

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/wire"
)

// Prefix is where a Handler wants to be.
const Prefix = "/mix/"

// Handler answers below Prefix. The zero value is ready to be used.
type Handler struct {
	// MaxDelay bounds delays; 0 means MaxDelay of the package.
	MaxDelay time.Duration
}

// ServeHTTP answers with what the path says.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), Prefix)
	if path == "" || path+"/" == Prefix {
		help(w)
		return
	}
	a, err := Parse(path, h.MaxDelay)
	var wrong *Error
	if errors.As(err, &wrong) {
		write(w, http.StatusBadRequest, map[string]any{
			"type": "about:blank", "title": "The path cannot be read", "status": http.StatusBadRequest,
			"detail": wrong.Message, "hint": wrong.Hint, "offset": wrong.Offset + len(Prefix), "at": wrong.Caret(path),
		})
		return
	}
	if wire.Preflight(r) {
		wire.Permit(w, r)
		return
	}
	said := slices.ContainsFunc(a.Header, func(f Field) bool { return strings.EqualFold(f.Name, "Access-Control-Allow-Origin") })
	if r.Header.Get("Origin") != "" && !said {
		wire.Share(w, r)
	}
	a.Serve(w, r)
}

func help(w http.ResponseWriter) {
	type line struct {
		Key     string `json:"key"`
		Long    string `json:"long"`
		Explain string `json:"explain"`
		Example string `json:"example"`
	}
	var all []line
	for _, k := range Keys() {
		all = append(all, line{k.Name, k.Long, k.Explain, k.Example})
	}
	write(w, http.StatusOK, map[string]any{"usage": Prefix + "KEY=VALUE/KEY=VALUE/...", "example": Prefix + "s=401/ch=expired/d=500ms", "keys": all})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// The client may be gone; there is nobody left to tell.
	_ = e.Encode(v)
}
