package oauth_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What a person or an operator does to end a login is felt by the client that has
// it: at the API, and at the token endpoint.
func TestWhatEndsALogin(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name     string
		commands []string
		api      string // status and code
		refresh  string // status and error
		after    []string
		apiAfter string
	}{
		{"nothing", nil, "200 ", "200 ", nil, ""},
		{"suspended, and resumed", []string{"user suspend alice"}, "403 account-suspended", "400 invalid_grant", []string{"user resume alice"}, "200 "},
		{"another password", []string{"user passwd alice --password-stdin"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"removed", []string{"user remove alice --yes"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"removed, and made again", []string{"user remove alice --yes", "user add alice --scope orders:read --password-stdin"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"the account", []string{"token revoke --account alice"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"the client's tokens", []string{"token revoke --client app"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"everything", []string{"token revoke --all"}, "401 token-revoked", "400 invalid_grant", nil, ""},
		{"the client suspended", []string{"client suspend app"}, "401 token-revoked", "401 invalid_client", []string{"client resume app"}, "200 "},
		{"the client removed", []string{"client remove app"}, "401 token-revoked", "401 invalid_client", nil, ""},
		{"another client", []string{"client remove other", "token revoke --client other"}, "200 ", "200 ", nil, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "")
			g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
			g.client("other", "--public", "--redirect-uri", callback)
			l := g.login("app")
			if x.name == "everything" {
				// Times in tokens are whole seconds.
				time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
			}
			for _, c := range x.commands {
				cmd := exec.CommandContext(t.Context(), binary, strings.Fields(c)...)
				cmd.Dir, cmd.Stdin = g.dir, strings.NewReader("another "+password+"\n")
				if out, err := cmd.CombinedOutput(); err != nil {
					if !strings.Contains(c, "--client other") { // which is gone
						t.Fatalf("%s: %v\n%s", c, err, out)
					}
				}
			}
			api := func(want string) {
				t.Helper()
				got := ""
				defer func() {
					if got != want {
						t.Errorf("the API answers %q, want %q", got, want)
					}
				}()
				soon(t, "the API answers "+want, func() bool {
					a := g.call("/orders", l.access)
					got = fmt.Sprint(a.status, " ", a.member("code"))
					return got == want
				})
			}
			api(x.api)
			a := g.post("/auth/token", "app", "", renewal(l.refresh))
			if got := fmt.Sprint(a.status, " ", a.member("error")); got != x.refresh {
				t.Errorf("the token endpoint answers %q, want %q", got, x.refresh)
			}
			for _, c := range x.after {
				g.run(strings.Fields(c)...)
			}
			if x.after != nil {
				api(x.apiAfter)
				soon(t, "the login goes on", func() bool { return g.post("/auth/token", "app", "", renewal(l.refresh)).status == http.StatusOK })
			}
		})
	}
}
