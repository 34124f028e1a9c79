package session_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/session"
)

// What is found is what net/http finds, wherever that reads the cookie at all; two
// values are none.
func FuzzCookieValue(f *testing.F) {
	const secret = "g401s_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, s := range []string{"__Host-g401=" + secret, "a=b;__Host-g401=" + secret + " ;c", "", "__Host-g401=x", "a=b; __Host-g401=x;", "__Host-g401=x; __Host-g401=y", ";;=;__Host-g401", `__Host-g401="x"`, " __Host-g401 =x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		h := &house{clock: time.Unix(0, 0)}
		r := h.request(field)
		value, found := session.CookieValue(r, session.CookieName)
		if !found && value != "" {
			t.Fatalf("%q: %q was not found", field, value)
		}
		if _, ok := session.SecretHash(value); !ok {
			return // nobody's
		}
		theirs := (&http.Request{Header: r.Header}).CookiesNamed("__Host-g401")
		if len(theirs) == 0 {
			t.Fatalf("%q: %q, and net/http finds none", field, value)
		}
		for _, c := range theirs {
			if c.Value != value {
				t.Fatalf("%q: %q, and net/http finds %q", field, value, c.Value)
			}
		}
	})
}
