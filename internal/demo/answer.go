package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// answer writes JSON. Its length is stated, so that it reaches the client as
// one piece.
func answer(w http.ResponseWriter, status int, v any) {
	write(w, status, "application/json", v)
}

// problem writes a problem document (RFC 9457) of the application. Its type is
// about:blank, which may be left out: the gate's own problems have addresses.
func problem(w http.ResponseWriter, status int, detail string) {
	write(w, status, "application/problem+json", struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
}

func write(w http.ResponseWriter, status int, media string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	body = append(body, '\n')
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// echo tells what of the request reached the application.
func (o *Orders) echo(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		problem(w, http.StatusRequestEntityTooLarge, "The echo reads at most "+strconv.Itoa(maxBody)+" bytes.")
		return
	}
	answer(w, http.StatusOK, struct {
		Method    string      `json:"method"`
		Path      string      `json:"path"`
		Query     string      `json:"query,omitempty"`
		Host      string      `json:"host"`
		Header    http.Header `json:"header"`
		BodyBytes int64       `json:"body_bytes"`
	}{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, r.Header, n})
}
