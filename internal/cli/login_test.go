package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gate401/gate401/client/oauth/oauthtest"
)

// browse is a browser whose person says yes.
func browse() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if _, _, err := oauthtest.Approve(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestLogin runs the scripts about logins, each with a server of its own: ISSUER,
// with an API at API. The command "server WORD" makes it do something.
func TestLogin(t *testing.T) {
	type key struct{}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/login",
		Setup: func(env *testscript.Env) error {
			s := oauthtest.New(t)
			env.Values[key{}] = &misbehaving{Server: s}
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ISSUER", s.URL)
			env.Setenv("API", s.API())
			env.Setenv("SECRET", s.Secret)
			env.Setenv("BROWSER", "browse")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": exit, "field": field,
			"server": func(ts *testscript.TestScript, _ bool, args []string) {
				if s, ok := ts.Value(key{}).(*misbehaving); !ok || len(args) < 1 || !s.do(args) {
					ts.Fatalf("usage: server WORD")
				}
			},
		},
	})
}

// misbehaving is a server that scripts steer.
type misbehaving struct {
	*oauthtest.Server
}

func (s *misbehaving) do(args []string) bool {
	switch args[0] {
	case "denies":
		s.Set(func(e *oauthtest.Errs) {
			e.Answer = func(q url.Values) {
				q.Del("code")
				q.Set("error", "access_denied")
				q.Set("error_description", "not today")
			}
		})
	case "polls":
		s.Set(func(e *oauthtest.Errs) { e.Polls = args[1:] })
	case "registers-nobody":
		s.Set(func(e *oauthtest.Errs) {
			e.Metadata = func(m map[string]any) { delete(m, "registration_endpoint") }
		})
	case "logs-nobody-in":
		s.Set(func(e *oauthtest.Errs) {
			e.Metadata = func(m map[string]any) {
				delete(m, "authorization_endpoint")
				delete(m, "device_authorization_endpoint")
			}
		})
	case "gives":
		body := fmt.Sprintf(`{"access_token":"access-few","token_type":"Bearer","expires_in":3600,"scope":%q}`, strings.Join(args[1:], " "))
		s.Set(func(e *oauthtest.Errs) {
			e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(body))
				}
				return r.URL.Path == "/token"
			}
		})
	case "is-the-api":
		body := fmt.Sprintf(`{"resource":%q,"authorization_servers":[%q]}`, s.URL+"/", s.URL)
		s.Set(func(e *oauthtest.Errs) {
			e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/.well-known/oauth-protected-resource" {
					_, _ = w.Write([]byte(body))
					return true
				}
				return false
			}
		})
	case "expires":
		s.Expire()
	case "revokes-nothing":
		s.Set(func(e *oauthtest.Errs) {
			e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/revoke" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				return r.URL.Path == "/revoke"
			}
		})
	case "revoked":
		if len(args) > 1 {
			return fmt.Sprint(len(s.Revoked())) == args[1]
		}
		return len(s.Revoked()) > 0
	case "renewed":
		n := 0
		for _, f := range s.Forms() {
			if f.Get("grant_type") == "refresh_token" {
				n++
			}
		}
		return fmt.Sprint(n) == strings.Join(args[1:], " ")
	default:
		return false
	}
	return true
}
