//go:build linux

package client_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"github.com/gate401/gate401/e2e/foreign"
)

func TestSquid(t *testing.T) {
	t.Parallel()
	nginx := foreign.Nginx(t, "")
	echo := httptest.NewServer(httpbin.New())
	t.Cleanup(echo.Close)
	tls := httptest.NewTLSServer(httpbin.New())
	t.Cleanup(tls.Close)
	open, closed := nginx.URL+"/open/ok.txt", nginx.URL+"/basic/ok.txt"
	right, wrong := "GATE401_PROXY_PASSWORD="+foreign.PlainPassword, []string{"GATE401_PROXY_PASSWORD=wrong"}
	for _, scheme := range []string{"Basic", "Digest"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			proxy := foreign.Squid(t, strings.ToLower(scheme)).URL
			p := somebody(t, right, "GATE401_PASSWORD="+foreign.PlainPassword)
			via := func(args ...string) []string {
				return append([]string{"-x", proxy, "--proxy-user", foreign.User}, args...)
			}
			for _, row := range []called{
				{"right", nil, via(open), "407, 200", "", ""},
				{"with a body", nil, via("-d", "a=b", echo.URL+"/post"), "407, 200", "", ""},
				{"right for both", nil, via("--basic", foreign.User, closed), "Basic 407, Basic 200", "", ""},
				{"wrong for the server", []string{"GATE401_PASSWORD=wrong"}, via("--basic", foreign.User, closed), "Basic 407, Basic 401", "credentials-invalid basic-refused", "401 Unauthorized"},
				{"wrong", wrong, via(open), "407, 407", "credentials-invalid proxy-authentication-required", "the password for the proxy was refused and is not sent again"},
				{"nobody", nil, []string{"-x", proxy, open}, "407", "credentials-missing proxy-authentication-required", "the proxy takes " + scheme},
				{"only for the server", nil, []string{"-x", proxy, "--basic", foreign.User, closed}, "Basic 407", "credentials-missing proxy-authentication-required", "the proxy takes " + scheme},
			} {
				row.test(t, p)
			}
			p.run(t, append([]string{"call", "-v"}, via(open)...)...).says(t, 0, "407 Proxy Authentication Required", "asks: "+scheme+" realm=", "sent: to the proxy "+scheme, "ok open")
			// A tunnel is refused before there is a request.
			for _, row := range []called{
				{"tunnel", nil, via("-k", tls.URL+"/get"), "407, 200", "", ""},
				{"tunnel, wrong", wrong, via("-k", tls.URL+"/get"), "407, 407", "credentials-invalid proxy-authentication-required", "the password for the proxy was refused and is not sent again"},
				{"tunnel, only for the server", nil, []string{"-k", "-x", proxy, "--basic", "u", tls.URL + "/get"}, "Basic 407", "credentials-missing proxy-authentication-required", "the proxy takes " + scheme},
			} {
				row.test(t, p)
			}
			curl := func(args ...string) []string { return append([]string{"--", "curl", "-x", proxy}, args...) }
			for _, row := range []explained{
				{"nobody", curl(open), "proxy-authentication-required proxy-authentication-required client certain", "", "-x " + proxy},
				{"nobody, tunnel", curl("-k", tls.URL+"/get"), "proxy-authentication-required proxy-authentication-required client certain", "", "-x " + proxy},
				{"wrong", curl("-U", "alice:wrong", open), "proxy-authentication-required proxy-authentication-required client certain", "", "--proxy-user"},
				{"only for the server", curl("-u", "alice:"+foreign.PlainPassword, closed), "proxy-authentication-required proxy-authentication-required client certain", "", "--proxy-user"},
			} {
				row.test(t, p)
			}
			r := p.explain(t, curl("-U", foreign.User+":"+foreign.PlainPassword, open)...)
			if scheme == "Basic" && r.Outcome != "fine" ||
				scheme == "Digest" && (!strings.Contains(r.Cause.Note, "told by Basic, and asks for Digest") || !strings.Contains(r.Fix.Command, "--proxy-digest")) {
				t.Error(r.ran)
			}
			r = p.explain(t, curl("-U", "alice:not-this-one", open)...)
			if r.Cause.Actual == "no such field" || strings.Contains(r.ran.String(), "not-this-one") || strings.Contains(r.ran.String(), "YWxpY2U6") {
				t.Error(r.ran)
			}
			if scheme == "Basic" {
				r = p.explain(t, curl("-U", foreign.User+":"+foreign.PlainPassword, closed)...)
				if r.Cause.Rule != "credentials-missing" || !strings.Contains(r.Cause.Note, "The server asks for Basic") {
					t.Error(r.ran)
				}
			}
		})
	}
}
