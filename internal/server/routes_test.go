package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The inspector is below the prefix, whatever it is, and the guide leads to it.
func TestInspectorRoute(t *testing.T) {
	for _, prefix := range []string{"/auth", "/-/login"} {
		routes := newRoutes(prefix, nil, http.NotFoundHandler())
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			routes.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
			return w
		}
		if w := get(prefix + "/problems/"); !strings.Contains(w.Body.String(), `href="`+prefix+`/inspect"`) {
			t.Errorf("%s: the guide does not lead to the inspector", prefix)
		}
		w := get(prefix + "/inspect")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Token inspector") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "connect-src 'none'") {
			t.Errorf("%s: %d %v", prefix, w.Code, w.Header())
		}
	}
}
