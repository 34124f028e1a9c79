package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The listener for plain http is closed after the last configuration is: what
// comes in between is answered.
func TestRedirectAtTheEnd(t *testing.T) {
	h := &house{log: slog.New(slog.DiscardHandler)}
	g, _ := plain(h, 1, nil)
	h.current.Store(g)
	g.retire()
	w := httptest.NewRecorder()
	(&redirect{house: h}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://api.example/", nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Connection") != "close" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}
