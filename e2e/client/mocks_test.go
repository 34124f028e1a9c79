//go:build linux

package client_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

// testdata is a path that another program finds too.
func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Prism sends no challenge for a key, and schemes that are not registered.
func TestPrism(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	srv := foreign.Serve(t, foreign.NodeTool(t, "prism", "mock", "-p", port, "-h", "127.0.0.1", testdata(t, "prism.yaml")), address)
	p := somebody(t, "GATE401_PASSWORD=pw")
	at := func(path string) string { return srv.URL + path }
	for _, row := range []called{
		{"basic", nil, []string{"--basic", "alice", at("/basic")}, "Basic 200", "", ""},
		// Prism takes no password with a colon.
		{"basic, colon", []string{"GATE401_PASSWORD=p:w"}, []string{"--basic", "alice", at("/basic")}, "Basic 401", "credentials-invalid", "the password was refused and is not sent again"},
		{"oauth", nil, []string{"--bearer", "t", at("/oauth")}, "Bearer 200", "", ""},
		{"oauth, nothing", nil, []string{at("/oauth")}, "401", "credentials-missing credentials-missing", "the server takes OAuth2"},
		{"key", nil, []string{"--key", "k", "--key-header", "X-Shop-Key", at("/key")}, "X-Shop-Key 200", "", ""},
		{"key, nothing", nil, []string{at("/key")}, "401", "credentials-missing credentials-missing", "the server does not tell how"},
		{"key, elsewhere", nil, []string{"--key", "k", at("/key")}, "X-Api-Key 401", "api-key-invalid", "the server does not say how to prove who is asking"},
		{"either", nil, []string{"--basic", "alice", at("/either")}, "Basic 200", "", ""},
	} {
		row.test(t, p)
	}
	missing := "credentials-missing credentials-missing client certain"
	for _, row := range []explained{
		{"basic, nothing", []string{at("/basic")}, missing, "", "-u "},
		{"basic, no colon", []string{"-H", "Authorization: Basic YWJj", at("/basic")}, "basic-colon-missing basic-malformed client certain", "challenge-missing", ""},
		{"basic, colon", []string{"-u", "alice:p:w", at("/basic")}, "challenge-missing challenge-missing server possible", "", ""},
		{"oauth, nothing", []string{at("/oauth")}, missing, "scheme-unregistered", ""},
		{"oauth, another scheme", []string{"-H", "Authorization: Token t", at("/oauth")}, "scheme-mismatch scheme-unsupported client likely", "scheme-unregistered", ""},
		{"openid, nothing", []string{at("/oidc")}, missing, "scheme-unregistered", ""},
		{"bearer, nothing", []string{at("/bearer")}, missing, "bare-bearer", "Bearer $TOKEN"},
		{"bearer, lower case", []string{"-H", "Authorization: bearer t", at("/bearer")}, "scheme-case scheme-case server possible", "bare-bearer", ""},
		{"digest, nothing", []string{at("/digest")}, missing, "digest-qop-missing", "--digest"},
		{"key, nothing", []string{at("/key")}, missing, "challenge-missing", ""},
		{"key, a token", []string{"-H", "Authorization: Bearer t", at("/key")}, "challenge-missing challenge-missing server possible", "", ""},
		{"key, another field", []string{"-H", "X-API-Key: k", at("/key")}, "api-key-refused api-key-invalid client possible", "challenge-missing", ""},
		{"a 401 of the document", []string{at("/own")}, missing, "challenge-missing", ""},
		{"fine", []string{"-H", "X-Shop-Key: k", at("/key")}, "fine", "", ""},
	} {
		row.test(t, p)
	}
}

func TestMockoon(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	srv := foreign.Serve(t, foreign.NodeTool(t, "mockoon-cli", "start", "--data", testdata(t, "mockoon.json"), "-p", port, "-l", "127.0.0.1", "--disable-log-to-file", "--disable-admin-api"), address)
	p := somebody(t)
	at := func(path string) string { return srv.URL + path }
	for _, row := range []called{
		{"good", nil, []string{"--bearer", "good", at("/orders")}, "Bearer 200", "", ""},
		{"bad", nil, []string{"--bearer", "bad", at("/orders")}, "Bearer 401", "token-invalid", "get another token"},
		{"nothing", nil, []string{at("/orders")}, "401", "credentials-missing credentials-missing", "the server does not tell how"},
		{"unreadable", nil, []string{"--bearer", "bad", at("/broken")}, "Bearer 401", "token-invalid challenge-malformed", "The closing quote is missing"},
		{"302", nil, []string{"--bearer", "good", at("/app")}, "Bearer 302", "session-missing redirect-to-login", ""},
		{"200", nil, []string{at("/soft")}, "200", "", ""},
	} {
		row.test(t, p)
	}
	for _, row := range []explained{
		{"good", []string{"-H", "Authorization: Bearer good", at("/orders")}, "fine", "", ""},
		{"bad", []string{"-H", "Authorization: Bearer bad", at("/orders")}, "challenge-missing challenge-missing server possible", "", ""},
		{"nothing", []string{at("/orders")}, "credentials-missing credentials-missing client certain", "challenge-missing", ""},
		{"200 with an error", []string{"-H", "Authorization: Bearer bad", at("/soft")}, "success-with-error success-with-error server likely", "", ""},
		{"302", []string{at("/app")}, "redirect-to-login session-missing server likely", "", ""},
		{"unreadable", []string{"-H", "Authorization: Bearer bad", at("/broken")}, "challenge-malformed challenge-malformed server likely", "", ""},
		{"unreadable, nothing sent", []string{at("/broken")}, "credentials-missing credentials-missing client certain", "quoted-string-unterminated", ""},
	} {
		row.test(t, p)
	}
}
