package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gate401/gate401/client"
)

// FuzzRefusal gives a transport whatever a server may say, and looks at what
// comes of it: a few requests, a text for one line, and the body as it was.
func FuzzRefusal(f *testing.F) {
	f.Add(401, `Digest realm="r", nonce="n", qop="auth"`, `Basic realm="r"`, "application/problem+json", `{"code":"token-expired","retry":"wait"}`, "5")
	f.Add(401, `Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-256-sess, userhash=true, stale=true, domain="/ http://x"`, "", "", "", "")
	f.Add(403, `Bearer error="insufficient_scope", scope="a b"`, "", "application/json", `{"error":"x","message":"y","code":403}`, "Fri, 31 Dec 1999 23:59:59 GMT")
	f.Add(407, `Basic`, "", "", "\xff", "-1")
	f.Add(429, "", "", "application/json", "[", "99999999999999999999")
	f.Fuzz(func(t *testing.T, status int, one, two, kind, body, after string) {
		if status < 200 || status > 599 {
			return
		}
		n := 0
		login := alice(api)[0]
		login.Key = &client.Key{Value: "k"}
		tr := &client.Transport{Logins: []client.Login{login}, Base: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			h := w.Header()
			h["Www-Authenticate"], h["Proxy-Authenticate"] = []string{one, two}, []string{two}
			h["Content-Type"], h["Retry-After"] = []string{kind}, []string{after}
			h["Authentication-Info"] = []string{one}
			w.WriteHeader(status)
			if status != 204 && status != 304 {
				_, _ = io.WriteString(w, body)
			}
		})}}
		resp, err := tr.RoundTrip(get(t, api+"/x"))
		if n > 3 {
			t.Errorf("%d requests", n)
		}
		if err != nil {
			if !errors.Is(err, client.ErrServerUnproven) {
				t.Error(err)
			}
			return
		}
		var d *client.Denied
		if errors.As(client.Check(resp), &d) {
			text := d.Error() + d.WhatToDo() + d.Realm + d.Scope + d.Detail
			if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "hunter2") || d.Reason == "" || d.RetryAfter < 0 || d.RetryAfter > 400*24*time.Hour {
				t.Errorf("bad text: %q (%v)", text, d.RetryAfter)
			}
		}
		if got, err := io.ReadAll(resp.Body); err != nil && !errors.Is(err, client.ErrServerUnproven) || err == nil && status != 204 && status != 304 && string(got) != body {
			t.Errorf("got %q %v, want %q", got, err, body)
		}
	})
}
