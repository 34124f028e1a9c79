// Package wire is how the parts of a mock answers programs: JSON that nobody
// keeps, and problems (RFC 9457) that are no reason of the catalogue.
//
// Start with [JSON] and [Problem].
//
// It does not write refusals; those are written by what refuses.
package wire

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// JSON writes v, in as few octets as it takes.
func JSON(w http.ResponseWriter, status int, v any) {
	write(w, "application/json", status, v, "")
}

// Pretty is JSON for people, who look at it with curl.
func Pretty(w http.ResponseWriter, status int, v any) {
	write(w, "application/json", status, v, indent)
}

const indent = "  "

// Problem writes an RFC 9457 document.
func Problem(w http.ResponseWriter, status int, detail string) {
	write(w, "application/problem+json", status, document(status, detail), indent)
}

// ProblemWith is Problem with one member more (RFC 9457 section 3.2), such as
// errors.
func ProblemWith(w http.ResponseWriter, status int, detail, name string, value any) {
	doc := document(status, detail)
	doc[name] = value
	write(w, "application/problem+json", status, doc, indent)
}

func document(status int, detail string) map[string]any {
	return map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
}

func write(w http.ResponseWriter, media string, status int, v any, indent string) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	// The client may be gone; there is nobody left to tell.
	_ = e.Encode(v)
}

const (
	// maxRead is how much of a request is read, for the journal, and readTime how
	// long that may take.
	maxRead  = 1 << 20
	readTime = 10 * time.Second
)

// Drain reads the request as servers do that answer after it.
func Drain(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	c := http.NewResponseController(w)
	bounded := c.SetReadDeadline(time.Now().Add(readTime)) == nil
	// The answer is the same whether the client sends all of it or not.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxRead))
	if bounded {
		_ = c.SetReadDeadline(time.Time{})
	}
}
