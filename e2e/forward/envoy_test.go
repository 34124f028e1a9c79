//go:build linux

package forward_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/e2e/foreign"
)

// standIn asks and answers as the documentation of Envoy's ext_authz over HTTP
// says, with the settings of a printed file. It is no Envoy: it shows that both
// sides of the contract fit, and not that Envoy takes the file.
type standIn struct {
	gate, api, prefix        string
	asked, upstream, answers []string // allowed_headers, allowed_upstream_headers, allowed_client_headers_on_success
	remove                   []string // request_headers_to_remove
	statusOnError            int
}

// find calls found with the value of every key of that name.
func find(v any, key string, found func(any)) {
	switch x := v.(type) {
	case map[string]any:
		for k, value := range x {
			if k == key {
				found(value)
			}
			find(value, key, found)
		}
	case []any:
		for _, value := range x {
			find(value, key, found)
		}
	}
}

func newStandIn(t *testing.T, file, gate, api string) *standIn {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(file), &v); err != nil {
		t.Fatal(err)
	}
	s := &standIn{gate: gate, api: api}
	for key, into := range map[string]*[]string{"allowed_headers": &s.asked, "allowed_upstream_headers": &s.upstream, "allowed_client_headers_on_success": &s.answers} {
		find(v, key, func(list any) {
			find(list, "exact", func(name any) { *into = append(*into, name.(string)) })
		})
		if len(*into) == 0 {
			t.Fatalf("no %s", key)
		}
	}
	find(v, "request_headers_to_remove", func(list any) {
		for _, name := range list.([]any) {
			s.remove = append(s.remove, name.(string))
		}
	})
	find(v, "path_prefix", func(p any) { s.prefix = p.(string) })
	find(v, "status_on_error", func(code any) {
		if fmt.Sprint(code) == "map[code:ServiceUnavailable]" {
			s.statusOnError = http.StatusServiceUnavailable
		}
	})
	return s
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	for name := range r.Header { // headers_with_underscores_action: REJECT_REQUEST
		if strings.Contains(name, "_") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	// use_remote_address
	if before := r.Header.Get("X-Forwarded-For"); before != "" {
		host = before + "," + host
	}
	r.Header.Set("X-Forwarded-For", host)
	r.Header.Set("X-Forwarded-Proto", "http")
	// Fields that come twice are joined.
	for name, values := range r.Header {
		r.Header[name] = []string{strings.Join(values, ",")}
	}
	check, err := http.NewRequestWithContext(r.Context(), r.Method, s.gate+s.prefix+r.RequestURI, http.NoBody)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	check.URL.Opaque = s.prefix + r.RequestURI // as it came
	check.Host = r.Host
	for name, values := range r.Header {
		if name == "Authorization" || slices.Contains(s.asked, strings.ToLower(name)) {
			check.Header[name] = values
		}
	}
	res, err := http.DefaultTransport.RoundTrip(check)
	if err != nil || res.StatusCode >= 500 {
		w.WriteHeader(s.statusOnError)
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		copyTo(w, res)
		return
	}
	for name, values := range res.Header {
		if slices.Contains(s.upstream, strings.ToLower(name)) {
			r.Header[name] = values
		}
		if slices.Contains(s.answers, strings.ToLower(name)) {
			w.Header()[name] = values
		}
	}
	for _, name := range s.remove {
		r.Header.Del(name)
	}
	on, err := http.NewRequestWithContext(r.Context(), r.Method, s.api+r.RequestURI, r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	on.Header = r.Header
	if res, err = http.DefaultTransport.RoundTrip(on); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer res.Body.Close()
	res.Header.Del("X-Request-Id")
	copyTo(w, res)
}

func copyTo(w http.ResponseWriter, res *http.Response) {
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}

func TestEnvoyContract(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	g := newGate(t, "http://"+address, "")
	srv := httptest.NewUnstartedServer(newStandIn(t, g.configuration(t, "envoy"), "http://"+g.address, g.api))
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	defer srv.Close()
	at := srv.URL
	for _, x := range []struct {
		name    string
		lines   []string
		status  int
		code    string
		schemes string
	}{
		{"nothing sent", []string{"GET /orders"}, 401, "credentials-missing", "[Basic Bearer]"},
		{"HEAD", []string{"HEAD /orders"}, 401, "", "[Basic Bearer]"},
		{"two credentials", []string{"GET /orders", alice, "Authorization: Bearer x"}, 401, "", "[Basic Bearer]"},
		{"no right", []string{"GET /admin/x", alice}, 403, "access-denied", "[]"},
		{"dot segment", []string{"GET /open/%2e%2e/orders"}, 400, "request-malformed", "[]"},
		{"preflight", []string{"OPTIONS /cors/x", "Origin: https://shop.example", "Access-Control-Request-Method: PUT"}, 204, "", "[]"},
		{"an alias", []string{"GET /open/x", "Gate401_Subject: root"}, 400, "", "[]"},
	} {
		got := raw(t, at, x.lines...)
		if got.status != x.status || x.code != "" && got.code() != x.code || fmt.Sprint(got.schemes()) != x.schemes {
			t.Errorf("%s: %+v", x.name, got)
		}
	}
	if r := g.forwarded(); r != nil {
		t.Errorf("the API got %s", r.URL)
	}
	got := raw(t, at, "GET /orders/a%3Ab?x=1", alice, "Gate401-Subject: root", "Gate401.Subject: root", "Remote-Email: root", "Remote.Email: root", "X-HTTP-Method-Override: root", "X-Forwarded-User: root")
	r := g.forwarded()
	if got.status != 200 || r == nil || r.RequestURI != "/orders/a%3Ab?x=1" || r.Header.Get("Gate401-Subject") != "alice" || got.header.Get("X-Request-Id") != r.Header.Get("Gate401-Request-Id") {
		t.Fatalf("%+v\n%+v", got, r)
	}
	for name, values := range r.Header {
		if strings.Contains(strings.Join(values, ""), "root") || name == "Authorization" {
			t.Errorf("the API is told %s: %v", name, values)
		}
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	if away := raw(t, at, "GET /orders", alice); away.status != 503 {
		t.Errorf("without the gate: %+v", away)
	}
}
