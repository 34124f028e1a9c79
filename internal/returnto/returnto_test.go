package returnto_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/returnto"
)

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"root", "/", "/"},
		{"path", "/orders/42", "/orders/42"},
		{"query", "/orders?from=2026-01-01&x=a%20b+c", "/orders?from=2026-01-01&x=a%20b+c"},
		{"a URL in the query", "/go?to=https://evil.example/", "/go?to=https://evil.example/"},
		{"empty query", "/orders?", "/orders?"},
		{"slashes in the query", "/o?//evil.example", "/o?//evil.example"},
		{"fragment", "/orders?x=1#line-3", "/orders?x=1#line-3"},
		{"route of a page", "/app#/orders/42?tab=a", "/app#/orders/42?tab=a"},
		{"letters of the world", "/caf%C3%A9", "/caf%C3%A9"},
		{"needless encoding", "/%6frders", "/orders"},
		{"at sign", "/@evil.example", "/@evil.example"},
		{"colon", "/x:y", "/x:y"},
		{"slash at the end", "/orders/", "/orders/"},
		{"the authorization endpoint", "/auth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb", "/auth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := returnto.Parse(tt.in); !ok || got != tt.want {
				t.Errorf("Parse(%q) = %q, %v; want %q", tt.in, got, ok, tt.want)
			}
		})
	}
}

// What gateways were talked into following: the tests and advisories of
// mod_auth_openidc (CVE-2021-32786, CVE-2021-39191, CVE-2022-23527) and oauth2-proxy
// (GHSA-4mf2, GHSA-5m6c, GHSA-qqxw, GHSA-j7px), and what browsers make of strange
// addresses.
func TestOtherSites(t *testing.T) {
	for _, in := range []string{
		"", "evil.example", "orders", "./orders", "../orders", "?x", "#x", " /orders", "\t/orders",
		"http://evil.example", "https://evil.example/", "HTTPS://evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example",
		"http:/\\evil.example", "//evil.example", "///evil.example", "////evil.example", "//evil.example/%2f..", "//evil.example:80", "//user@evil.example",
		"//[::1]/", "///\t/evil.example", "/\\evil.example", "/\\/evil.example", "\\/evil.example", "\\\\evil.example", "/\\\\evil.example", "\\evil.example",
		"/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/\v/evil.example", "/\f/evil.example", "/\x00/evil.example", "/ /evil.example",
		"/\u00a0/evil.example", "/\u2028/evil.example", "/\ufeff/evil.example", "\u00a0//evil.example", "/\u3000/evil.example",
		"/%09/evil.example", "/%0a/evil.example", "/%0d/evil.example", "/%0d%0aLocation:%20https://evil.example", "/%00/evil.example",
		"/%2fevil.example", "/%2Fevil.example", "/%2f/evil.example", "%2f%2fevil.example", "/%5cevil.example", "/%5Cevil.example", "/%5c%5cevil.example",
		"/%252fevil.example", "/%255cevil.example", "/./evil/..//evil.example", "/.//evil.example", "/..//evil.example", "/x/..//evil.example", "/x/../../evil",
		"/%2e%2e//evil.example", "/%2e/%2e", "/;//evil.example", "/orders;x=1", "/orders//x",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x", "view-source:x", "about:blank",
		"evil.example/orders", "@evil.example", ".evil.example", ":80", "0://evil.example", "/\u2044/evil.example", "\uff0f\uff0fevil.example", "/\uff0fevil.example/\xff",
		"/caf\xe9", "/café", "/x?y=\r\nSet-Cookie:a=b", "/x?y=\\", "/x y", "/%zz", "/x#%zz", "*", "/x\x7f", "//", "/\\",
		"/" + strings.Repeat("x", returnto.MaxLength), "http://%00", "///%2fevil.example", "/..%2f/evil.example", "/%c0%afevil.example", "/x%00",
	} {
		if got, ok := returnto.Parse(in); ok || got != "" {
			t.Errorf("Parse(%q) = %q, %v; want nothing", in, got, ok)
		}
	}
}

func TestOf(t *testing.T) {
	for _, tt := range []struct{ target, want string }{
		{"/orders/42?x=1&y=%20z", "/orders/42?x=1&y=%20z"},
		{"/%6frders/caf%c3%a9", "/orders/caf%C3%A9"},
		{`/o?a=\x`, "/o?a=%5Cx"},
		{"/o?q=caf\xc3\xa9", "/o?q=caf%C3%A9"},
		{"/o?next=//evil.example", "/o?next=//evil.example"},
		{"/o?" + strings.Repeat("x", returnto.MaxLength), ""},
	} {
		hr := httptest.NewRequest(http.MethodGet, "/", nil)
		path, query, _ := strings.Cut(tt.target, "?")
		hr.URL = &url.URL{Path: path, RawQuery: query}
		if decoded, err := url.PathUnescape(path); err == nil && decoded != path {
			hr.URL.Path, hr.URL.RawPath = decoded, path
		}
		r, err := (&gate401.Intake{}).Request(hr)
		if err != nil {
			t.Fatalf("%s: %v", tt.target, err)
		}
		if got, ok := returnto.Of(r); got != tt.want || ok != (tt.want != "") {
			t.Errorf("Of(%.60q) = %.60q, %v; want %.60q", tt.target, got, ok, tt.want)
		}
	}
	if _, ok := returnto.Of(&gate401.Request{}); ok {
		t.Error("a request without an address leads somewhere")
	}
}

// Whatever is accepted stays on this site: by Go's reading, and by that of
// browsers, which drop some characters and take a backslash for a slash.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/", "/a?b#c", "//evil", `/\evil`, "/\t/evil", "/%2fevil", "/x/../..//evil", "/a%25b", "/#//x", "/?//x", "/" + strings.Repeat(`"`, returnto.MaxLength/2)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		to, ok := returnto.Parse(s)
		if !ok {
			if to != "" {
				t.Fatalf("Parse(%q) refuses and returns %q", s, to)
			}
			return
		}
		base := &url.URL{Scheme: "https", Host: "gate.example", Path: "/auth/login"}
		u, err := base.Parse(to)
		if err != nil || u.Scheme != "https" || u.Host != "gate.example" || u.User != nil {
			t.Fatalf("Parse(%q) = %q, which leads to %v, %v", s, to, u, err)
		}
		browser := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.Trim(to, "\x00 \t\n\r\f\v"))
		if browser != to || strings.HasPrefix(browser, "//") || browser[0] != '/' {
			t.Fatalf("Parse(%q) = %q, which a browser reads as %q", s, to, browser)
		}
		for _, c := range []byte(to) {
			if c <= ' ' || c >= 0x7f {
				t.Fatalf("Parse(%q) = %q, with the octet %#x", s, to, c)
			}
		}
		if again, ok := returnto.Parse(to); !ok || again != to {
			t.Fatalf("Parse(%q) = %q, and again %q, %v", s, to, again, ok)
		}
	})
}
