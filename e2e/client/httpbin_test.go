//go:build linux

package client_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

func TestHttpbin(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(httpbin.New())
	t.Cleanup(srv.Close)
	p := somebody(t, "GATE401_PASSWORD=pw")
	at := func(path string) string { return srv.URL + path }
	elsewhere := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/bearer"
	away := at("/redirect-to?url=" + url.QueryEscape(elsewhere))
	for _, row := range []called{
		{"digest MD5", nil, []string{"--digest", "u", at("/digest-auth/auth/u/pw/MD5")}, "401, Digest 200", "", ""},
		{"digest SHA-256", nil, []string{"--digest", "u", at("/digest-auth/auth/u/pw/SHA-256")}, "401, Digest 200", "", ""},
		{"digest wrong", nil, []string{"--digest", "u", at("/digest-auth/auth/u/other")}, "401, Digest 401", "credentials-invalid digest-refused", ""},
		{"basic", nil, []string{"--basic", "u", at("/basic-auth/u/pw")}, "Basic 200", "", ""},
		{"basic wrong", nil, []string{"--basic", "u", at("/basic-auth/u/other")}, "Basic 401", "credentials-invalid basic-refused", ""},
		{"hidden", nil, []string{"--basic", "u", at("/hidden-basic-auth/u/pw")}, "Basic 200", "", ""},
		{"bearer", nil, []string{"--bearer", "t", at("/bearer")}, "Bearer 200", "", `"status": 200`},
		{"bearer, nothing", nil, []string{at("/bearer")}, "401", "credentials-missing credentials-missing", "the server takes Bearer"},
		{"401", nil, []string{at("/status/401")}, "401", "credentials-missing credentials-missing", ""},
		{"403", nil, []string{at("/status/403")}, "403", "access-denied forbidden-without-credentials", "Send a credential"},
		{"403 for a token", nil, []string{"--bearer", "t", at("/status/403")}, "Bearer 403", "access-denied access-denied", ""},
		{"407", nil, []string{at("/status/407")}, "407", "credentials-missing proxy-authentication-required", "there is no login for this proxy"},
		{"429", nil, []string{"--bearer", "t", at("/status/429")}, "Bearer 429", "rate-limited rate-limited", "Wait with growing pauses"},
		{"redirect", nil, []string{"-L", "--bearer", "t", at("/redirect-to?url=/bearer")}, "Bearer 302, Bearer 200", "", ""},
		{"redirect not followed", nil, []string{"--bearer", "t", at("/redirect-to?url=/bearer")}, "Bearer 302", "", ""},
		{"redirect to another host", nil, []string{"-L", "--bearer", "t", away}, "Bearer 302, 401", "credentials-missing credentials-missing", "there is no login for http://localhost"},
		{"redirect of a field", nil, []string{"-L", "-H", "Authorization: Bearer t", away}, "Bearer 302, 401", "credentials-missing credentials-missing", ""},
	} {
		row.test(t, p)
	}
	for path, want := range map[string]string{"/status/500": "500 Internal Server Error", "/hidden-basic-auth/u/other": "404 Not Found"} {
		p.run(t, "call", "--basic", "u", at(path)).says(t, 1, "gate401: error: the server answered "+want)
	}
	for _, row := range []explained{
		{"basic for digest", []string{"-u", "u:pw", at("/digest-auth/auth/u/pw")}, "scheme-mismatch scheme-unsupported client likely", "digest-param-must-be-quoted", "--digest"},
		{"digest", []string{at("/digest-auth/auth/u/pw/SHA-256")}, "credentials-missing credentials-missing client certain", "digest-param-must-be-quoted", "--digest"},
		{"hidden", []string{at("/hidden-basic-auth/u/pw")}, "not-found-may-hide not-found-may-hide client possible", "", ""},
		{"bare bearer", []string{at("/bearer")}, "credentials-missing credentials-missing client certain", "bare-bearer", "Bearer $TOKEN"},
		{"lower-case bearer", []string{"-H", "Authorization: bearer t", at("/bearer")}, "scheme-case scheme-case server possible", "", ""},
		{"variable", []string{"-H", "Authorization: Bearer $TOKEN", at("/status/401")}, "variable-unresolved authorization-malformed client certain", "", ""},
		{"403", []string{at("/status/403")}, "forbidden-without-credentials credentials-missing server likely", "", ""},
		{"403 for a token", []string{"-H", "Authorization: Bearer t", at("/status/403")}, "access-denied access-denied client likely", "", ""},
		{"407", []string{at("/status/407")}, "proxy-authentication-required proxy-authentication-required client certain", "", ""},
		{"429", []string{at("/status/429")}, "rate-limited rate-limited client certain", "", ""},
		{"500", []string{at("/status/500")}, "server-failed server-failed server certain", "", ""},
		{"418", []string{at("/status/418")}, "unknown", "", ""},
		{"redirect", []string{"-L", "-H", "Authorization: Bearer t", at("/redirect-to?url=/bearer")}, "fine", "", ""},
		{"redirect to another host", []string{"-L", "-H", "Authorization: Bearer t", away}, "authorization-lost-cross-host credentials-missing between certain", "", elsewhere},
		{"cacheable 401", []string{at("/status/401")}, "credentials-missing credentials-missing client certain", "", "-u "},
	} {
		row.test(t, p)
	}
	if r := p.explain(t, at("/status/503")); strings.Contains(r.Fix.Command, "$TOKEN") || strings.Contains(r.Fix.Text, "credentials") {
		t.Errorf("nothing was sent, and it is about credentials: %v", r.ran)
	}
}
