package forward_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
)

// The same request gets the same decision in the proxy and through every
// gateway: reason, rule, who it was, from where, and what a client is answered.
func TestSameAsTheProxy(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer api.Close()
	upstream, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t, shop())
	g.Intake.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	var d gate401.Decision
	var r *gate401.Request
	g.Observe = func(request *gate401.Request, decision *gate401.Decision) { r, d = request, *decision }
	front, err := proxy.New(proxy.Config{Gate: g, Upstream: upstream})
	if err != nil {
		t.Fatal(err)
	}
	s := newSurface(t, g, ring(t))
	piece := rapid.SampledFrom([]string{"/", "open", "orders", "admin", "near", "users", "alice", "bob", "write", "host", "cors", "x", "..", ".", "%2e", "%2E%2e", "%2f", "%5c", "\\", ";", "%3b",
		"//", "?", "?a=/open/x", "%", "%zz", "#", "%23", "%00", "é", "%C3%A9", "%c3%a9", "%ff", "*", "@", "%40", "a:b", "%3A", "+"})
	rapid.Check(t, func(t *rapid.T) {
		target := "/"
		for _, p := range rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces") {
			target += p
		}
		method := rapid.SampledFrom([]string{"GET", "HEAD", "POST", "OPTIONS", "DELETE", "get"}).Draw(t, "method")
		host := rapid.SampledFrom([]string{"api.example.com", "only.example", "ONLY.example.", "only.example:8443", "a,b"}).Draw(t, "host")
		client := rapid.SampledFrom([]string{"192.0.2.1", "10.0.0.1", "127.0.0.1, 10.0.0.1", "::ffff:10.0.0.2"}).Draw(t, "client")
		fields := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {client}}
		for name, values := range map[string][]string{
			"Authorization": {"", "Bearer right", "Bearer old", "Bearer away", "Basic YTpi", "Bearer"}, "Accept": {"", "text/html"}, "Origin": {"", "https://shop.example", "https://other.example"},
			"Access-Control-Request-Method": {"", "PUT"}, "Sec-Fetch-Mode": {"", "cors", "navigate"},
		} {
			if v := rapid.SampledFrom(values).Draw(t, name); v != "" {
				fields[name] = []string{v}
			}
		}
		parsed, err := url.ParseRequestURI(target)
		if err != nil {
			t.Skip("no server would take it")
		}
		in := &http.Request{Method: method, RequestURI: target, URL: parsed, Host: host, Header: fields.Clone(), RemoteAddr: "127.0.0.1:50000", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}
		w := httptest.NewRecorder()
		front.ServeHTTP(w, in)
		wantStatus, want, wantRequest := w.Code, d, r
		for _, path := range []string{"/auth/check/caddy", "/auth/check/traefik", "/auth/check/nginx", "/auth/check/nginx/sealed", "/auth/check/envoy" + target} {
			ask := &http.Request{Method: "GET", RequestURI: path, URL: &url.URL{Path: path}, Host: "127.0.0.1:8401", Header: fields.Clone(), RemoteAddr: "127.0.0.1:50000", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}
			h := ask.Header
			switch path {
			case "/auth/check/caddy", "/auth/check/traefik":
				h["X-Forwarded-Method"], h["X-Forwarded-Uri"], h["X-Forwarded-Host"] = []string{method}, []string{target}, []string{host}
			case "/auth/check/nginx", "/auth/check/nginx/sealed":
				h["X-Original-Method"], h["X-Original-Uri"], h["X-Forwarded-Host"] = []string{method}, []string{target}, []string{host}
			default:
				ask.Method, ask.Host = method, host
			}
			d = gate401.Decision{}
			got := httptest.NewRecorder()
			s.ServeHTTP(got, ask)
			// Two hosts are ambiguous to both, each in its own words.
			if d.Allow != want.Allow || d.Preflight != want.Preflight || d.Reason() != want.Reason() || d.Rule != want.Rule || d.Subject() != want.Subject() {
				t.Fatalf("%s: %+v\nproxy: %+v", path, d, want)
			}
			if d.Reason() != "request-malformed" && (r.Path != wantRequest.Path || r.Client != wantRequest.Client || r.URL.String() != wantRequest.URL.String() || r.Host != wantRequest.Host) {
				t.Fatalf("%s: judged %+v\nproxy: %+v", path, r, wantRequest)
			}
			switch {
			case d.Allow:
				if got.Code != 200 {
					t.Fatalf("%s: allowed and answered with %d", path, got.Code)
				}
				for _, name := range []string{"Gate401-Subject", "Gate401-Groups", "Remote-Email"} {
					if got.Header()[name] == nil {
						t.Fatalf("%s: no %s", path, name)
					}
				}
			default:
				status := strconv.Itoa(got.Code)
				if carried := got.Header().Get("Gate401-Status"); carried != "" {
					status = carried
				}
				if got.Code == 200 || status != strconv.Itoa(wantStatus) {
					t.Fatalf("%s: %d %v, proxy %d", path, got.Code, got.Header(), wantStatus)
				}
			}
		}
	})
}
