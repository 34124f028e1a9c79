package mock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
)

const adminToken = "a token of thirty-two characters"

func newServer(t *testing.T, c mock.Config) *mock.Server {
	t.Helper()
	s, err := mock.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ask makes a request from a client at an address.
func ask(h http.Handler, method, target, from string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = from
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The admin API is for this machine and for who has the token, and for no page
// that the mock did not serve.
func TestAdmin(t *testing.T) {
	const here, there = "127.0.0.1:5000", "192.0.2.7:5000"
	open, guarded := newServer(t, mock.Config{}), newServer(t, mock.Config{AdminToken: adminToken})
	for _, tt := range []struct {
		name, from  string
		header      []string
		open, token int // status without and with a configured token
	}{
		{"a program here", here, []string{"Host", "127.0.0.1:8403"}, 200, 200},
		{"localhost", here, []string{"Host", "localhost:8403"}, 200, 200},
		{"LOCALHOST.", here, []string{"Host", "LOCALHOST.:8403"}, 200, 200},
		{"IPv6", "[::1]:5000", []string{"Host", "[::1]:8403"}, 200, 200},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:5000", []string{"Host", "127.0.0.1"}, 200, 200},
		{"the mock's own page", here, []string{"Host", "127.0.0.1:8403", "Origin", "http://127.0.0.1:8403", "Sec-Fetch-Site", "same-origin"}, 200, 200},
		{"typed into the browser", here, []string{"Host", "127.0.0.1:8403", "Sec-Fetch-Site", "none"}, 200, 200},
		{"another machine", there, []string{"Host", "127.0.0.1:8403"}, 403, 401},
		{"another name", here, []string{"Host", "evil.example:8403"}, 403, 401},
		{"a name that looks like it", here, []string{"Host", "localhost.evil.example"}, 403, 401},
		{"no name", here, []string{"Host", ""}, 403, 401},
		{"another port of this machine", here, []string{"Host", "127.0.0.1:8403", "Origin", "http://127.0.0.1:3000", "Sec-Fetch-Site", "same-site"}, 403, 401},
		{"another site", here, []string{"Host", "127.0.0.1:8403", "Sec-Fetch-Site", "cross-site"}, 403, 401},
		{"an old browser", here, []string{"Host", "127.0.0.1:8403", "Origin", "https://evil.example"}, 403, 401},
		{"a sandboxed page of the mock", here, []string{"Host", "127.0.0.1:8403", "Origin", "null"}, 403, 401},
		{"https is not http", here, []string{"Host", "127.0.0.1:8403", "Origin", "https://127.0.0.1:8403"}, 403, 401},
		{"a proxy here", here, []string{"Host", "127.0.0.1:8403", "X-Forwarded-For", "192.0.2.7"}, 403, 401},
		{"a proxy here, by the standard", here, []string{"Host", "127.0.0.1:8403", "Forwarded", "for=192.0.2.7"}, 403, 401},
		{"the token", there, []string{"Host", "mock.example", "Authorization", "Bearer " + strings.ReplaceAll(adminToken, " ", "-")}, 403, 401},
	} {
		for i, s := range []*mock.Server{open, guarded} {
			want := []int{tt.open, tt.token}[i]
			w := ask(s, http.MethodGet, "/__mock/api/scenarios", tt.from, tt.header...)
			if w.Code != want {
				t.Errorf("%s: %d, want %d", tt.name, w.Code, want)
			}
			if (w.Code == http.StatusUnauthorized) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("%s: %d with %v", tt.name, w.Code, w.Header())
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: shared with other origins", tt.name)
			}
		}
	}
}

func TestAdminToken(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	s := newServer(t, mock.Config{AdminToken: token})
	for value, want := range map[string]int{"Bearer " + token: 200, "bearer " + token: 200, "Bearer " + token[1:]: 401, "Basic " + token: 401, "": 401} {
		if w := ask(s, http.MethodGet, "/__mock/api/journal", "192.0.2.7:1", "Host", "mock.example", "Authorization", value); w.Code != want {
			t.Errorf("%q: %d, want %d", value, w.Code, want)
		}
	}
}

// Every way into the admin API is guarded, also the ones that make endpoints.
func TestAdminEverywhere(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, path := range []string{"scenarios", "endpoints", "endpoints/x", "endpoints/reset", "journal", "journal.har", "journal/stream", "openapi", "sessions", "sessions/x/do", "", "x"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			if w := ask(s, method, "/__mock/api/"+path, "192.0.2.7:1", "Host", "127.0.0.1"); w.Code != http.StatusForbidden {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if w := ask(s, http.MethodPost, "/__mock/new?path=/x&answer=401", "192.0.2.7:1", "Host", "127.0.0.1"); w.Code != http.StatusForbidden {
		t.Errorf("new: %d", w.Code)
	}
}
