//go:build linux

package client_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"github.com/gate401/gate401/e2e/foreign"
)

func TestNginx(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(httpbin.New())
	defer upstream.Close()
	srv := foreign.Nginx(t, upstream.URL)
	p := somebody(t, "GATE401_PASSWORD="+foreign.PlainPassword)
	wrong := []string{"GATE401_PASSWORD=wrong"}
	basic, page := srv.URL+"/basic/ok.txt", srv.URL+"/app/orders"
	for _, row := range []called{
		{"right", nil, []string{"--basic", foreign.User, basic}, "Basic 200", "", ""},
		{"wrong", wrong, []string{"--basic", foreign.User, basic}, "Basic 401", "credentials-invalid basic-refused", "the same ones are not sent again"},
		{"nothing", nil, []string{basic}, "401", "credentials-missing credentials-missing", "the server takes Basic"},
		{"a token", nil, []string{"--bearer", "abc", basic}, "Bearer 401", "scheme-unsupported scheme-mismatch", ""},
		{"open", nil, []string{"--basic", foreign.User, srv.URL + "/open/ok.txt"}, "Basic 200", "", ""},
		{"login page", nil, []string{page}, "302", "session-missing redirect-to-login", "The request was redirected to a login (session-missing)"},
		{"login page, followed", nil, []string{"-L", page}, "302, 200", "session-missing redirect-to-login", "it sees nobody logged in"},
		{"login page, asked for", nil, []string{"-L", srv.URL + "/login/"}, "302, 200", "", ""},
		{"stripped", nil, []string{"--basic", "u", srv.URL + "/proxied/basic-auth/u/" + foreign.PlainPassword}, "Basic 401", "credentials-invalid basic-refused", ""},
	} {
		row.test(t, p)
	}
	for _, row := range []explained{
		{"nothing sent", []string{basic}, "credentials-missing credentials-missing client certain", "", "-u "},
		{"right password", []string{"-u", foreign.User + ":" + foreign.PlainPassword, basic}, "fine", "", ""},
		{"wrong password", []string{"-u", foreign.User + ":wrong", basic}, "basic-refused credentials-invalid client likely", "", "-u alice"},
		{"another scheme", []string{"-H", "Authorization: Bearer abc", basic}, "scheme-mismatch scheme-unsupported client likely", "", "-u "},
		{"no scheme", []string{"-H", "Authorization: abc", basic}, "scheme-missing authorization-malformed client certain", "", ""},
		{"misspelt", []string{"-H", "Authorisation: Basic YTpi", basic}, "authorization-misspelt authorization-misspelt client certain", "", ""},
		{"login page", []string{page}, "redirect-to-login session-missing server likely", "", ""},
		{"login page, followed", []string{"-L", page}, "redirect-to-login session-missing server likely", "", ""},
		{"login page for JSON", []string{"-L", "-H", "Accept: application/json", page}, "redirect-to-login session-missing server likely", "", ""},
		{"login page for a browser", []string{"-H", "Sec-Fetch-Mode: navigate", "-H", "Sec-Fetch-Dest: document", page}, "redirect-to-login session-missing client likely", "", ""},
		{"login page at once", []string{"-H", "Accept: application/json", srv.URL + "/sign-in.html"}, "login-page-instead session-missing server likely", "", ""},
		{"stripped", []string{"-u", "u:p", srv.URL + "/proxied/basic-auth/u/p"}, "basic-refused credentials-invalid client likely", "", ""},
		{"too large", []string{"-H", "Authorization: Bearer " + large(9000), basic}, "header-too-large header-too-large client likely", "", ""},
	} {
		row.test(t, p)
	}
	// A server that takes any token asks as if none had come.
	r := p.explain(t, "-H", "Authorization: Bearer abc", srv.URL+"/proxied/bearer")
	if r.Outcome != "unknown" || r.ran.code != 1 || !strings.Contains(strings.Join(r.Unknown, " "), "Whether the token arrived") {
		t.Error(r.ran)
	}
}

func TestCaddy(t *testing.T) {
	t.Parallel()
	srv := foreign.Caddy(t)
	p := somebody(t, "GATE401_PASSWORD="+foreign.PlainPassword)
	f := before(t, srv.URL)
	called{"right", nil, []string{"--basic", foreign.User, f.URL + "/basic"}, "Basic 200", "", ""}.test(t, p)
	called{"wrong", []string{"GATE401_PASSWORD=wrong"}, []string{"--basic", foreign.User, f.URL + "/basic"}, "Basic 401", "credentials-invalid basic-refused", ""}.test(t, p)
	if got := f.credentials(); got != "Basic Basic" {
		t.Errorf("the server saw %s", got)
	}
	for _, row := range []explained{
		{"nothing sent", []string{srv.URL + "/basic"}, "credentials-missing credentials-missing client certain", "", "-u "},
		{"another scheme", []string{"-H", "Authorization: Bearer abc", srv.URL + "/basic"}, "scheme-mismatch scheme-unsupported client likely", "", "-u "},
		{"wrong password", []string{"-u", foreign.User + ":wrong", srv.URL + "/basic"}, "basic-refused credentials-invalid client likely", "", ""},
		{"open", []string{srv.URL + "/open"}, "fine", "", ""},
	} {
		row.test(t, p)
	}
}
