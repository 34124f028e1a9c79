package forward_test

import (
	"net/http/httptest"
	"testing"
)

// What the gate adds to a request behind a gateway, without the connection.
func BenchmarkCheck(b *testing.B) {
	for _, x := range []struct {
		name, target string
		fields       []string
		status       int
	}{
		{"allowed", "/auth/check/caddy", caddyAsks("GET", "/orders", "Authorization", "Bearer right"), 200},
		{"refused", "/auth/check/caddy", caddyAsks("GET", "/orders"), 401},
		{"refused, sealed for nginx", "/auth/check/nginx/sealed", nginxAsks("GET", "/orders"), 403},
		{"a page, sealed for nginx", "/auth/check/nginx/sealed", nginxAsks("GET", "/orders", "Accept", "text/html"), 403},
	} {
		b.Run(x.name, func(b *testing.B) {
			s := newSurface(b, newGate(b, shop()), ring(b))
			r := asked(x.target, x.fields...)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code != x.status {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
