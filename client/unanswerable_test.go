package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Whoever gave the right login must not be told to say who is asking: it is the
// challenge of the server that cannot be answered, or the body that is gone.
func TestUnanswerable(t *testing.T) {
	for _, c := range []struct {
		name, challenge string
		body            io.Reader
		note, todo      string
		retry           reason.Retry
	}{
		{name: "no nonce", challenge: `Digest realm="x", qop="auth"`, note: "parameter nonce", todo: "whoever runs the server", retry: reason.RetryFixRequest},
		{name: "algorithm", challenge: `Digest realm="x", nonce="n", qop="auth", algorithm=FOO`, note: "parameter algorithm", todo: "whoever runs the server", retry: reason.RetryFixRequest},
		{name: "qop", challenge: `Digest realm="x", nonce="n", qop="foo"`, note: "parameter qop", todo: "whoever runs the server", retry: reason.RetryFixRequest},
		{name: "body", challenge: `Digest realm="x", nonce="n", qop="auth-int"`, body: io.MultiReader(strings.NewReader("once")), note: "cannot be repeated", todo: "sent twice", retry: reason.RetryRepeat},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("WWW-Authenticate", c.challenge)
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer srv.Close()
			tr := &client.Transport{Logins: []client.Login{{Origins: []string{srv.URL}, Digest: &client.Digest{User: "u", Password: "p"}}}}
			defer tr.Close()
			d := denied(t, tr, srv.URL+"/", c.body)
			if strings.Count(d.Error(), c.note) != 1 || !strings.Contains(d.WhatToDo(), c.todo) || d.Retry != c.retry {
				t.Errorf("%q, to do %q, retry %q", d.Error(), d.WhatToDo(), d.Retry)
			}
			var broken *httpauth.DigestError
			if errors.As(d.Err, &broken) == (c.body != nil) {
				t.Errorf("cause %v", d.Err)
			}
		})
	}
}

// denied posts a body and is refused.
func denied(t *testing.T, tr *client.Transport, target string, body io.Reader) *client.Denied {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var d *client.Denied
	if !errors.As(client.Check(resp), &d) {
		t.Fatalf("%d is no refusal", resp.StatusCode)
	}
	return d
}

// What a proxy asks that cannot be answered is the answer of the proxy, and no
// broken connection.
func TestUnanswerableProxy(t *testing.T) {
	for _, c := range []struct {
		name, challenge string
		login           client.Login
		note            string
	}{
		{"body", `Digest realm="x", nonce="n", qop="auth-int"`, client.Login{Digest: &client.Digest{User: "u", Password: "p"}}, "cannot be repeated"},
		{"nobody", `Basic realm="x"`, client.Login{}, "there is no login for this proxy"},
		{"scheme", `Negotiate`, client.Login{Digest: &client.Digest{User: "u", Password: "p"}}, "no answer to what it asks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Proxy-Authenticate", c.challenge)
				w.WriteHeader(http.StatusProxyAuthRequired)
			}))
			defer proxy.Close()
			u, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			c.login.Origins = []string{proxy.URL}
			tr := &client.Transport{Base: &http.Transport{Proxy: http.ProxyURL(u)}, Proxies: []client.Login{c.login}}
			defer tr.Close()
			if d := denied(t, tr, "http://target.example/", io.MultiReader(strings.NewReader("once"))); !strings.Contains(d.Note, c.note) {
				t.Errorf("%+v", d)
			}
		})
	}
}

// A proxy that forbids a tunnel is not taken for the server.
func TestTunnelForbidden(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := &client.Transport{Base: &http.Transport{Proxy: http.ProxyURL(u)}, Proxies: []client.Login{{Origins: []string{proxy.URL}}}}
	defer tr.Close()
	resp, err := (&http.Client{Transport: tr}).Get("https://target.example/")
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("there was an answer")
	}
	if !strings.Contains(err.Error(), "the proxy refused the tunnel: 403 Forbidden") {
		t.Error(err)
	}
}
