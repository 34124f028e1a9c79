package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func TestBrowser(t *testing.T) {
	set := func(name, v string) func(url.Values) { return func(q url.Values) { q.Set(name, v) } }
	for _, tt := range []struct {
		name   string
		answer func(url.Values)
		want   string // in the error
		code   string // of an *Error
	}{
		{"fine", nil, "", ""},
		{"refused", func(q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "<b>no</b>\x1b[31m")
		}, "access_denied (<b>no</b> [31m)", "access_denied"},
		{"another issuer", set("iss", "https://evil.example"), "from another issuer", ""},
		{"no issuer", func(q url.Values) { q.Del("iss") }, "does not say its issuer", ""},
		{"another code", set("code", "x"), "invalid_grant (the code is not good)", "invalid_grant"},
		{"nothing", func(q url.Values) { q.Del("code") }, "neither a code nor an error", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			s.Set(func(e *oauthtest.Errs) { e.Answer = tt.answer })
			tokens, page, err := login(t, newClient(t, s))
			if tt.want == "" {
				if err != nil || tokens.Access == "" || tokens.Refresh == "" || !slices.Equal(tokens.Scopes, []string{"openid", "offline_access"}) ||
					tokens.Expiry.Sub(tokens.Obtained) != time.Hour || !strings.Contains(page, "You are logged in") {
					t.Errorf("%+v, %v\n%s", tokens, err, page)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || codeOf(err) != tt.code || !strings.Contains(page, "did not work") {
				t.Errorf("%v, want %q\n%s", err, tt.want, page)
			}
			if strings.Contains(page, "<b>") || strings.Contains(page, "\x1b") {
				t.Errorf("what the server said is in the page as it is:\n%s", page)
			}
		})
	}
}

// Whoever is in the browser besides cannot end the login, nor answer it.
func TestBrowserIsNotDisturbed(t *testing.T) {
	s := oauthtest.New(t)
	c := newClient(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan string, 1)
	_, err := c.Browser(ctx, func(address string) {
		go func() {
			u, _ := url.Parse(address)
			redirect, state := u.Query().Get("redirect_uri"), u.Query().Get("state")
			var log []string
			for _, q := range []string{"?code=x", "?code=x&state=y", "?error=access_denied", "?code=a&code=b&state=" + state, "?%zz&state=" + state} {
				status, _, err := oauthtest.Approve(ctx, redirect+q)
				log = append(log, fmt.Sprint(status, err))
			}
			status, _, _ := oauthtest.Approve(ctx, strings.TrimSuffix(redirect, "/callback"))
			log = append(log, fmt.Sprint(status))
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, redirect+"?code=x&state="+state, http.NoBody)
			req.Host = "evil.example"
			if resp, err := http.DefaultClient.Do(req); err == nil {
				log = append(log, fmt.Sprint(resp.StatusCode))
				_ = resp.Body.Close()
			}
			_, _, _ = oauthtest.Approve(ctx, address)
			done <- strings.Join(log, ", ")
		}()
	})
	if got, want := <-done, strings.Repeat("400 <nil>, ", 5)+"404, 400"; got != want || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestBrowserCannot(t *testing.T) {
	s := oauthtest.New(t)
	s.Set(func(e *oauthtest.Errs) {
		e.Metadata = func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} }
	})
	if _, err := newClient(t, s).Browser(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "does not take S256") {
		t.Errorf("plain: %v", err)
	}
	s.Set(func(e *oauthtest.Errs) {
		e.Metadata = func(m map[string]any) { delete(m, "authorization_endpoint") }
	})
	if _, err := newClient(t, s).Browser(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no authorization_endpoint") {
		t.Errorf("none: %v", err)
	}
	s.Set(func(e *oauthtest.Errs) { e.Metadata = nil })
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := newClient(t, s).Browser(ctx, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

func TestDevice(t *testing.T) {
	for _, tt := range []struct {
		name  string
		polls []string
		want  string // code of the *Error
		slept string
	}{
		{"at once", nil, "", "1s"},
		{"pending", []string{"authorization_pending", "authorization_pending"}, "", "1s 1s 1s"},
		{"slow down", []string{"slow_down", "authorization_pending"}, "", "1s 6s 6s"},
		{"away", []string{"503", "503"}, "", "1s 2s 4s"},
		{"denied", []string{"authorization_pending", "access_denied"}, "access_denied", "1s 1s"},
		{"expired there", []string{"expired_token"}, "expired_token", "1s"},
		{"expired here", slices.Repeat([]string{"503"}, 20), "expired_token", "1s 2s 4s 8s 16s 32s 1m4s 2m0s 2m0s 2m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			s.Set(func(e *oauthtest.Errs) { e.Polls = tt.polls })
			c := newClient(t, s)
			now := time.Now()
			var slept []string
			c.Now = func() time.Time { return now }
			c.Sleep = func(_ context.Context, d time.Duration) error {
				slept, now = append(slept, d.String()), now.Add(d)
				return nil
			}
			var shown oauth.DeviceCode
			tokens, err := c.Device(t.Context(), func(d oauth.DeviceCode) { shown = d })
			if codeOf(err) != tt.want || (err == nil) != (tt.want == "") || (tokens.Access != "") != (err == nil) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if got := strings.Join(slept, " "); got != tt.slept {
				t.Errorf("slept %s, want %s", got, tt.slept)
			}
			if shown.UserCode != "WDJB-MJHT" || shown.VerificationURI != s.URL+"/activate" || !strings.HasSuffix(shown.Complete, "MJHT") {
				t.Errorf("shown %+v", shown)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	s := oauthtest.New(t)
	c := newClient(t, s)
	if _, err := c.Credentials(t.Context()); err == nil || !strings.Contains(err.Error(), "without a secret") {
		t.Errorf("no secret: %v", err)
	}
	for _, where := range []string{"client_secret_basic", "client_secret_post"} {
		s.Set(func(e *oauthtest.Errs) {
			e.Metadata = func(m map[string]any) { m["token_endpoint_auth_methods_supported"] = []string{where} }
		})
		c := newClient(t, s)
		c.ID, c.Secret, c.Scopes, c.Resources = "robot:1", s.Secret, []string{"a", "b"}, []string{"https://x.example/", "https://y.example/"}
		tokens, err := c.Credentials(t.Context())
		if err != nil || tokens.Refresh != "" || strings.Join(tokens.Scopes, " ") != "a b" {
			t.Errorf("%s: %v, %v", where, tokens.Scopes, err)
		}
		forms := s.Forms()
		last := forms[len(forms)-1]
		if inBody := last.Get("client_secret") != ""; inBody != (where == "client_secret_post") || len(last["resource"]) != 2 {
			t.Errorf("%s: sent %v", where, last)
		}
		c.Secret = "wrong-secret"
		if _, err := c.Credentials(t.Context()); codeOf(err) != "invalid_client" || strings.Contains(err.Error(), "wrong-secret") {
			t.Errorf("%s, wrong: %v", where, err)
		}
	}
}

func TestTokenAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, typ, body string
		status          int
		want            string
	}{
		{"html", "text/html", "<html>", 200, "the answer is no JSON"},
		{"no token", "application/json", "{}", 200, "no access_token"},
		{"dpop", "application/json", `{"access_token":"a","token_type":"DPoP"}`, 200, `type "DPoP"`},
		{"line end", "application/json", `{"access_token":"a\r\nX: y","token_type":"Bearer"}`, 200, "cannot be sent"},
		{"error with 200", "application/json", `{"error":"bad_verification_code"}`, 200, "bad_verification_code"},
		{"html error", "text/html", "<html>", 502, "with status 502 and no error code"},
		{"redirect", "text/html", "", 307, "with status 307"},
		{"large", "application/json", strings.Repeat(" ", 2<<20), 200, "larger than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := oauthtest.New(t)
			c := newClient(t, s)
			s.Set(func(e *oauthtest.Errs) {
				e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/elsewhere" {
						t.Error("followed a redirect with a secret")
					}
					w.Header().Set("Content-Type", tt.typ)
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.body))
					return true
				}
			})
			if _, err := c.Renew(t.Context(), "refresh-secret"); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "refresh-secret") {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	for life, want := range map[string]time.Duration{`"60"`: time.Minute, "": 0, "-5": 0, "1e300": 100 * 365 * 24 * time.Hour, "null": 0} {
		s := oauthtest.New(t)
		s.Set(func(e *oauthtest.Errs) { e.Life = life })
		tokens, _, err := login(t, newClient(t, s))
		if got := tokens.Expiry.Sub(tokens.Obtained); err != nil || tokens.Expiry.IsZero() != (want == 0) || want > 0 && got != want {
			t.Errorf("expires_in %s: %v, %v", life, got, err)
		}
	}
}

func TestRegister(t *testing.T) {
	s := oauthtest.New(t)
	c := newClient(t, s)
	if id, err := oauth.Register(t.Context(), nil, c.Server, "gate401"); id != "public" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	c.Server.RegistrationEndpoint = ""
	if _, err := oauth.Register(t.Context(), nil, c.Server, "gate401"); !errors.Is(err, oauth.ErrNoRegistration) {
		t.Error(err)
	}
}
