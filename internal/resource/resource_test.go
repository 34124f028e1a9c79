package resource_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/resource"
)

// rig is a gate and the metadata about what it protects.
type rig struct {
	gate     *gate401.Gate
	metadata *resource.Handler
}

// methods knows tokens of two issuers, own tokens, keys and passwords. They
// verify nothing here.
func methods(names []string) ([]gate401.Authenticator, error) {
	var out []gate401.Authenticator
	var bearer *authn.Bearer
	ask := func() *authn.Bearer {
		if bearer == nil {
			bearer = &authn.Bearer{Realm: "orders"}
			out = append(out, bearer)
		}
		return bearer
	}
	for _, n := range names {
		switch n {
		case "own":
			ask().Tokens = append(bearer.Tokens, authn.TokenVerifier{Issuer: "https://gate.example", Own: true})
		case "key":
			out = append(out, &authn.APIKey{Realm: "orders"})
		case "password":
			out = append(out, gate401.NewFunc("basic", "Basic", "orders", nil))
		default:
			ask().Tokens = append(bearer.Tokens, authn.TokenVerifier{Issuer: n})
		}
	}
	return out, nil
}

func newRig(t testing.TB, rules ...access.Rule) *rig {
	t.Helper()
	const idp = "https://idp.example"
	perURL := &gate401.Resource{Secret: func(name, _ string) bool { return name == "key" }}
	rules = append(rules,
		access.Rule{Path: "/health", Anyone: true},
		access.Rule{Path: "/closed/**", Nobody: true},
		access.Rule{Path: "/orders", Verbs: []string{"GET"}, Scopes: []string{"orders:read"}, Methods: []string{"own", idp}, Resource: perURL},
		access.Rule{Path: "/orders", Scopes: []string{"orders:write", "orders:read"}, Methods: []string{idp, "https://other.example"}, Resource: perURL},
		access.Rule{Path: "/keys/**", Methods: []string{"key"}, Resource: perURL},
		access.Rule{Path: "/passwords/**", Methods: []string{"password"}, Resource: perURL},
		access.Rule{Path: "/names/**", Methods: []string{"not-a-url"}, Resource: perURL},
		access.Rule{Host: "shop.example", Path: "/**", Scopes: []string{"shop"}, Methods: []string{idp}, Resource: perURL},
		access.Rule{Path: "/mcp/**", Scopes: []string{"mcp:use"}, Methods: []string{idp}, Resource: &gate401.Resource{URL: "http://api.example/mcp"}},
		access.Rule{Path: "/mcp/admin", Scopes: []string{"mcp:admin"}, Methods: []string{idp}, Resource: &gate401.Resource{URL: "http://api.example/mcp"}},
		access.Rule{Path: "/all/**", Methods: []string{idp}, Resource: &gate401.Resource{URL: "http://named.example/"}},
		access.Rule{Path: "/tenant/**", Methods: []string{idp}, Resource: &gate401.Resource{URL: "http://api.example/tenant?id=1"}},
	)
	policy, err := access.Compile(rules, access.Rule{Methods: []string{idp}, Resource: perURL}, methods)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate401.Gate{Policy: defend.Blocklist{netip.MustParsePrefix("203.0.113.0/24")}.Wrap(policy.Requirement)}
	h, err := resource.New(resource.Config{Gate: g, All: policy.All(), Every: policy.Every, Name: "orders", Documentation: "https://gate.example/auth/problems/"})
	if err != nil {
		t.Fatal(err)
	}
	return &rig{g, h}
}

func (s *rig) get(target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.metadata.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, http.NoBody))
	return w
}

// follow refuses a request as a gate does, and gets what the challenge leads to.
func (s *rig) follow(t testing.TB, target string) (link string, got *httptest.ResponseRecorder) {
	t.Helper()
	w := httptest.NewRecorder()
	s.gate.Protect(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, http.NoBody))
	_, rest, ok := strings.Cut(w.Header().Get("Www-Authenticate"), `resource_metadata="`)
	link, _, _ = strings.Cut(rest, `"`)
	if w.Code != http.StatusUnauthorized || !ok {
		t.Fatalf("%s: %d %v", target, w.Code, w.Header())
	}
	return link, s.get(link)
}

func TestDocuments(t *testing.T) {
	const at = "http://api.example/.well-known/oauth-protected-resource"
	about := func(url string, d resource.Document) resource.Document {
		d.Resource, d.BearerMethods, d.ResourceName, d.Documentation = url, []string{"header"}, "orders", "https://gate.example/auth/problems/"
		return d
	}
	idp := []string{"https://idp.example"}
	s := newRig(t)
	for _, tt := range []struct {
		name, target string
		want         resource.Document
	}{
		{"what any verb asks", at + "/orders", about("http://api.example/orders", resource.Document{
			AuthorizationServers: []string{"https://idp.example", "https://other.example"}, ScopesSupported: []string{"orders:write", "orders:read"}})},
		{"another spelling", at + "/%6frders", about("http://api.example/%6frders", resource.Document{
			AuthorizationServers: []string{"https://idp.example", "https://other.example"}, ScopesSupported: []string{"orders:write", "orders:read"}})},
		{"with a slash", at + "/orders/", about("http://api.example/orders/", resource.Document{
			AuthorizationServers: []string{"https://idp.example", "https://other.example"}, ScopesSupported: []string{"orders:write", "orders:read"}})},
		{"a query", at + "/a/b?page=2", about("http://api.example/a/b?page=2", resource.Document{AuthorizationServers: idp})},
		{"keys alone: nobody has them to give", at + "/keys/x", about("http://api.example/keys/x", resource.Document{})},
		{"an issuer that is no URL", at + "/names/x", about("http://api.example/names/x", resource.Document{})},
		{"no path", at, about("http://api.example", resource.Document{AuthorizationServers: idp})},
		{"no path, a query", at + "?x=1", about("http://api.example?x=1", resource.Document{AuthorizationServers: idp})},
		{"the root", at + "/", about("http://api.example/", resource.Document{AuthorizationServers: idp})},
		{"another host", "http://shop.example:8401/.well-known/oauth-protected-resource/orders", about("http://shop.example:8401/orders", resource.Document{AuthorizationServers: idp, ScopesSupported: []string{"shop"}})},
		{"a named resource of two rules", at + "/mcp", about("http://api.example/mcp", resource.Document{AuthorizationServers: idp, ScopesSupported: []string{"mcp:use", "mcp:admin"}})},
		{"a named resource with a query", at + "/tenant?id=1", about("http://api.example/tenant?id=1", resource.Document{AuthorizationServers: idp})},
		{"a named host", "http://named.example/.well-known/oauth-protected-resource", about("http://named.example/", resource.Document{AuthorizationServers: idp})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := s.get(tt.target)
			var got resource.Document
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%d %v %s", w.Code, err, w.Body)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/json", "Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*",
				"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
	// What has no value is left out (section 3.2).
	if body := s.get(at + "/keys/x").Body.String(); strings.Contains(body, "null") || strings.Contains(body, "scopes_supported") {
		t.Errorf("%s", body)
	}
}

// Nothing is said of what asks for no token, and what is not there looks alike.
func TestNoDocument(t *testing.T) {
	const at = "http://api.example/.well-known/oauth-protected-resource"
	s := newRig(t)
	for _, tt := range []struct {
		name, target string
		status       int
		detail       string
	}{
		{"open", at + "/health", 404, "No rule"},
		{"closed", at + "/closed/x", 404, "No rule"},
		{"passwords", at + "/passwords/x", 404, "No rule"},
		{"within a named resource", at + "/mcp/tools", 404, "part of the resource http://api.example/mcp, whose metadata is at " + at + "/mcp."},
		{"a named resource with another query", at + "/tenant?id=2", 404, "http://api.example/tenant?id=1"},
		{"a named resource of another host", "http://else.example/.well-known/oauth-protected-resource/mcp", 404, "http://api.example/mcp"},
		{"dot segments", at + "/a/../b", 400, "no URL"},
		{"encoded dot segments", at + "/%2e%2e/b", 400, "no URL"},
		{"an encoded slash", at + "/a%2fb", 400, "no URL"},
		{"two slashes", at + "//evil.example", 400, "no URL"},
		{"a semicolon", at + "/a;b", 400, "no URL"},
		{"the name in another spelling", "http://api.example/.well-known/oauth%2Dprotected-resource/orders", 400, "no URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := s.get(tt.target)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) || w.Header().Get("Cache-Control") != "no-store" ||
				w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
			}
		})
	}
	blocked := httptest.NewRequest(http.MethodGet, at+"/orders", http.NoBody)
	blocked.RemoteAddr = "203.0.113.9:1000"
	w := httptest.NewRecorder()
	s.metadata.ServeHTTP(w, blocked)
	if w.Code != http.StatusForbidden {
		t.Errorf("a blocked address: %d %s", w.Code, w.Body)
	}
}

func TestVerbs(t *testing.T) {
	s := newRig(t)
	for verb, want := range map[string]int{"GET": 200, "HEAD": 200, "OPTIONS": 204, "POST": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(verb, "http://api.example/.well-known/oauth-protected-resource/orders", http.NoBody)
		r.Header.Set("Origin", "https://app.example")
		s.metadata.ServeHTTP(w, r)
		if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "*" || (want > 200 && w.Header().Get("Allow") != "GET, HEAD, OPTIONS") {
			t.Errorf("%s: %d %v", verb, w.Code, w.Header())
		}
		if verb == "OPTIONS" && (w.Header().Get("Access-Control-Allow-Headers") != "*" || w.Body.Len() > 0) {
			t.Errorf("preflight: %v", w.Header())
		}
	}
}

func TestOwns(t *testing.T) {
	for path, want := range map[string]bool{
		"/.well-known/oauth-protected-resource": true, "/.well-known/oauth-protected-resource/": true, "/.well-known/oauth-protected-resource/x": true,
		"/.well-known/oauth-protected-resources": false, "/.well-known/oauth-authorization-server": false, "/": false, "": false,
	} {
		if resource.Owns(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// Followed from a challenge, the resource is the URL that was called (section
// 3.3), and the address is that URL with the well-known part put in (section 3).
func TestFollowedResourceIsWhatWasCalled(t *testing.T) {
	s := newRig(t)
	segment := rapid.StringMatching(`([a-zA-Z0-9._~!$&'()*+,=:@-]|%20|%c3%bc|%C3%9C|%2D|%7e|\||\^|\{|"){1,8}`)
	query := rapid.StringMatching(`[a-z0-9/?:@!$'()*+,=&.~_-]{0,20}(%20|%c3|%22)?`)
	rapid.Check(t, func(rt *rapid.T) {
		target := ""
		for _, seg := range rapid.SliceOfN(segment, 0, 4).Draw(rt, "path") {
			target += "/" + seg
		}
		if target == "" || rapid.Bool().Draw(rt, "slash") {
			target += "/"
		}
		if q := query.Draw(rt, "query"); q != "" {
			target += "?" + q
		}
		u, err := url.ParseRequestURI(target)
		if err != nil {
			rt.Skip("no target")
		}
		if _, err := gate401.CanonicalPath(u.EscapedPath()); err != nil || strings.HasPrefix(target, "//") {
			rt.Skip("refused")
		}
		hr := httptest.NewRequest(http.MethodGet, "http://api.example/", http.NoBody)
		hr.URL, hr.RequestURI = u, target
		w := httptest.NewRecorder()
		s.gate.Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
		_, rest, ok := strings.Cut(w.Header().Get("Www-Authenticate"), `resource_metadata="`)
		link, _, _ := strings.Cut(rest, `"`)
		if !ok {
			if w.Code == http.StatusUnauthorized && strings.Contains(w.Header().Get("Www-Authenticate"), "Bearer") {
				rt.Fatalf("%s: no metadata: %v", target, w.Header())
			}
			return
		}
		var doc resource.Document
		got := s.get(link)
		if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil || got.Code != http.StatusOK {
			rt.Fatalf("%s: %s: %d %s", target, link, got.Code, got.Body)
		}
		// A client never has octets in its URL that it cannot send as they are.
		called := "http://api.example" + strings.ReplaceAll(target, `"`, "%22")
		if doc.Resource != called && (u.RawQuery == "" || link != "http://api.example"+gate401.MetadataPath+strings.SplitN(called[len("http://api.example"):], "?", 2)[0]) {
			rt.Fatalf("called %s\nlink %s\nresource %s", called, link, doc.Resource)
		}
	})
	for _, called := range []string{"http://api.example/orders", "http://api.example/orders?page=2", "http://api.example/", "http://shop.example/a%20b/"} {
		link, got := s.follow(t, called)
		var doc resource.Document
		if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil || doc.Resource != called {
			t.Errorf("%s: %s: %v %s", called, link, err, got.Body)
		}
	}
	// A credential in the URL goes no further.
	if link, got := s.follow(t, "http://api.example/orders?key=1"); link != "http://api.example/.well-known/oauth-protected-resource/orders" || got.Code != 200 {
		t.Errorf("%s %d", link, got.Code)
	}
	// A named resource is what it is, whatever was called below it.
	if _, got := s.follow(t, "http://api.example/mcp/tools?x=1"); !strings.Contains(got.Body.String(), `"resource": "http://api.example/mcp"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := resource.New(resource.Config{}); err == nil {
		t.Error("a handler without a gate")
	}
}

// FuzzDescribe: no target makes it fail, and what it publishes is what was asked
// for.
func FuzzDescribe(f *testing.F) {
	for _, seed := range []string{"", "/", "/orders", "/orders?x=%zz", "/%2e%2e/x", "//x", "/mcp", "?x"} {
		f.Add(seed)
	}
	s := newRig(f)
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := url.ParseRequestURI(gate401.MetadataPath + rest)
		if err != nil {
			return
		}
		hr := (&http.Request{Method: "GET", Host: "api.example", URL: u, RequestURI: gate401.MetadataPath + rest, Header: http.Header{}}).WithContext(context.Background())
		d, err := s.metadata.Describe(hr)
		if (d == nil) == (err == nil) {
			t.Fatalf("%v %v", d, err)
		}
		if d != nil && !strings.HasPrefix(d.Resource, "http://api.example") {
			t.Fatalf("%q: %s", rest, d.Resource)
		}
	})
}
