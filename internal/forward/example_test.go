package forward_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/forward"
	"github.com/gate401/gate401/internal/seal"
)

func Example() {
	key, err := seal.New([]byte(strings.Repeat("k", seal.KeySize)))
	if err != nil {
		fmt.Println(err)
	}
	gate := &gate401.Gate{Policy: func(r *gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "health", Open: r.Path == "/health"}
	}}
	s, err := forward.New(forward.Config{Gate: gate, From: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Sealer: key})
	if err != nil {
		fmt.Println(err)
	}
	for _, path := range []string{"/health", "/orders"} {
		r := httptest.NewRequest(http.MethodGet, "/auth/check/caddy", http.NoBody)
		r.RemoteAddr = "127.0.0.1:50000"
		for name, value := range map[string]string{"Method": "GET", "Uri": path, "Proto": "https", "Host": "api.example.com", "For": "192.0.2.1"} {
			r.Header.Set("X-Forwarded-"+name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		fmt.Println(path, w.Code)
	}
	// Output:
	// /health 200
	// /orders 403
}
