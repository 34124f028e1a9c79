package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gate401/gate401/internal/proxy"
)

// What stood in the answer before the proxy was asked is in every final answer:
// behind an informational one, and where the gate answers in place of the API,
// whose own field was chosen.
func TestStrictTransportStays(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/public/hint", "/public/broken":
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			if r.URL.Path == "/public/broken" {
				panic(http.ErrAbortHandler)
			}
		case "/public/refused":
			w.Header().Set("Strict-Transport-Security", "max-age=1")
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, "body")
	}, func(c *proxy.Config) { c.Unauthorized = proxy.UnauthorizedNormalise })
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Strict-Transport-Security"] = []string{"max-age=2"}
		w.Header()["Connection"] = []string{"close"}
		s.proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	for _, tt := range []struct {
		path, want string
		status     int
	}{
		{"/public", "max-age=2", 200},
		{"/public/hint", "max-age=2", 200},
		{"/public/broken", "max-age=2", 502},
		{"/public/refused", "max-age=1", 401},
		{"/private", "max-age=2", 401},
	} {
		res, err := http.Get(front.URL + tt.path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		got := res.Header["Strict-Transport-Security"]
		if res.StatusCode != tt.status || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %d, %q, want %d and %q alone", tt.path, res.StatusCode, got, tt.status, tt.want)
		}
		if !res.Close {
			t.Errorf("%s: the connection stays open", tt.path)
		}
	}
}

// An answer to somebody who was identified is nothing for a cache that others
// share, whatever the upstream, which saw no credential, says of it.
func TestNothingShared(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		for _, v := range r.URL.Query()["cc"] {
			w.Header().Add("Cache-Control", v)
		}
		fmt.Fprint(w, "body")
	}, nil)
	for _, tt := range []struct{ path, query, want string }{
		{"/private", "", ""}, // Authorization is enough
		{"/private", "?cc=max-age=60", "private,max-age=60"},
		{"/private", "?cc=max-age=60,must-revalidate", "private,max-age=60,must-revalidate"},
		{"/private", "?cc=public&cc=max-age=60", "private,max-age=60"},
		{"/private", "?cc=public,S-MaxAge=9", "private"},
		{"/private", "?cc=Private,max-age=60", "Private,max-age=60"},
		{"/private", "?cc=private,s-maxage=9", "private"},
		{"/private", "?cc=no-store", "no-store"},
		{"/private", `?cc=private%3D"x-a"`, `private,private="x-a"`},
		{"/public", "?cc=public,max-age=60", "public,max-age=60"},
	} {
		res, _ := s.raw("GET " + tt.path + tt.query + " HTTP/1.1\nHost: a\nAuthorization: Bearer alice\nConnection: close\n\n")
		if got := res.Header.Get("Cache-Control"); got != tt.want || len(res.Header["Cache-Control"]) > 1 {
			t.Errorf("%s%s: %q, want %q", tt.path, tt.query, res.Header["Cache-Control"], tt.want)
		}
	}
}
