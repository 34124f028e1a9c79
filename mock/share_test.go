package mock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
)

// sharedAPI is a document whose path exists for GET and POST.
const sharedAPI = `openapi: 3.0.3
info: {title: Shared, version: "1"}
security: [{b: []}]
components: {securitySchemes: {b: {type: http, scheme: bearer}}}
paths:
  /pets:
    get: {responses: {'200': {description: ok}}}
    post: {responses: {'201': {description: made}}}
  /own:
    options: {security: [], responses: {'200': {description: its own}}}
    get: {responses: {'200': {description: ok}}}
`

// A page of another origin is how most people try a mock: what was made, described
// or written into the address must be readable for it, and its preflight uses up
// no answer of an order (Fetch, "CORS protocol").
func TestPagesOfOtherOrigins(t *testing.T) {
	s, err := mock.NewServer(mock.Config{Documents: []mock.Document{{Name: "shared.yaml", Data: []byte(sharedAPI)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ask := func(method, target string, fields ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1:8403"
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			r.Header.Add(name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for _, made := range []string{"path=/orders&answer=401,200", "path=/put&method=PUT&answer=200", "path=/refuses&method=OPTIONS&answer=401", "path=/refuses&answer=200",
		"path=/strict&answer=200&header=Access-Control-Allow-Origin:%20https://app.example"} {
		if w := ask(http.MethodPost, "/__mock/new?"+made); w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", made, w.Code, w.Body)
		}
	}
	const page = "http://localhost:3000"
	preflight := func(target, method string) *httptest.ResponseRecorder {
		return ask(http.MethodOptions, target, "Origin: "+page, "Access-Control-Request-Method: "+method, "Access-Control-Request-Headers: authorization")
	}
	for _, c := range []struct {
		target, method string
		status         int // of the preflight
	}{
		{"/orders", http.MethodGet, http.StatusNoContent},
		{"/orders", http.MethodGet, http.StatusNoContent},
		{"/s/mine/orders", http.MethodDelete, http.StatusNoContent},
		{"/put", http.MethodPut, http.StatusNoContent},
		{"/pets", http.MethodPost, http.StatusNoContent},
		{"/s/mine/pets", http.MethodGet, http.StatusNoContent},
		{"/mix/s=401/ch=basic", http.MethodGet, http.StatusNoContent},
		// Whoever says what a preflight gets is taken at the word.
		{"/refuses", http.MethodGet, http.StatusUnauthorized},
		{"/own", http.MethodGet, http.StatusOK},
	} {
		w := preflight(c.target, c.method)
		h := w.Header()
		if w.Code != c.status {
			t.Errorf("preflight of %s: %d, want %d: %s", c.target, w.Code, c.status, w.Body)
		}
		if c.status == http.StatusNoContent && (h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != c.method || h.Get("Access-Control-Allow-Headers") != "authorization") {
			t.Errorf("preflight of %s: %v", c.target, h)
		}
	}
	for _, c := range []struct {
		target string
		status int
		origin string
	}{
		{"/orders", http.StatusUnauthorized, page}, // the first answer is still there
		{"/orders", http.StatusOK, page},
		{"/pets", http.StatusUnauthorized, page},
		{"/s/mine/pets", http.StatusUnauthorized, page},
		{"/mix/s=401/ch=basic", http.StatusUnauthorized, page},
		{"/mix/s=200/h=Access-Control-Allow-Origin:https%3A%2F%2Fapp.example", http.StatusOK, "https://app.example"},
		{"/strict", http.StatusOK, "https://app.example"},
	} {
		w := ask(http.MethodGet, c.target, "Origin: "+page)
		h := w.Header()
		if got := h.Values("Access-Control-Allow-Origin"); w.Code != c.status || len(got) != 1 || got[0] != c.origin {
			t.Errorf("%s: %d %q, want %d %q", c.target, w.Code, got, c.status, c.origin)
		}
		if w.Code == http.StatusUnauthorized && !strings.Contains(h.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
			t.Errorf("%s: the page cannot read the challenge: %v", c.target, h)
		}
	}
	// Who is no page gets nothing of it.
	if w := ask(http.MethodGet, "/orders"); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", w.Header())
	}
}
