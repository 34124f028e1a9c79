package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/client"
)

// spy is a server that notes which secrets reach it.
type spy struct {
	*httptest.Server
	seen []string
	then func(w http.ResponseWriter, r *http.Request)
}

func newSpy(t *testing.T, start func(http.Handler) *httptest.Server) *spy {
	t.Helper()
	s := new(spy)
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			for _, v := range values {
				if strings.Contains(v, "secret") || strings.Contains(v, "OnNlY3JldA") || name == "Authorization" || name == "X-Api-Key" {
					s.seen = append(s.seen, name)
				}
			}
		}
		if strings.Contains(r.RequestURI, "secret") {
			s.seen = append(s.seen, "query")
		}
		slices.Sort(s.seen)
		s.then(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func challengeAll(w http.ResponseWriter, _ *http.Request) {
	w.Header().Add("WWW-Authenticate", `Basic realm="r"`)
	w.Header().Add("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
	w.Header().Add("WWW-Authenticate", `Bearer realm="r"`)
	w.WriteHeader(http.StatusUnauthorized)
}

func TestNothingCrossesOver(t *testing.T) {
	plain, tls := httptest.NewServer, httptest.NewTLSServer
	tests := []struct {
		name     string
		from, to func(http.Handler) *httptest.Server
		location func(to string) string
		own      http.Header // that the caller sets
	}{
		{"key in the query", plain, plain, nil, http.Header{":query": {"api_key=secret"}}},
		{"key in the query, between https", tls, tls, nil, http.Header{":query": {"api_key=secret"}}},
		{"other port", plain, plain, nil, nil},
		{"down to http", tls, plain, nil, nil},
		{"up to https", plain, tls, nil, nil},
		{"other name of the same machine", plain, plain, func(to string) string { return strings.Replace(to, "127.0.0.1", "localhost", 1) }, nil},
		{"password in the address", plain, plain, func(to string) string { return strings.Replace(to, "://", "://eve:secret@", 1) }, nil},
		{"own fields", plain, plain, nil, http.Header{"Authorization": {"Bearer secret"}, "X-Api-Key": {"secret"}}},
		{"own fields down to http", tls, plain, nil, http.Header{"Authorization": {"Bearer secret"}, "X-Api-Key": {"secret"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := newSpy(t, test.from), newSpy(t, test.to)
			b.then = challengeAll
			location := b.URL
			if test.location != nil {
				location = test.location(b.URL)
			}
			a.then = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, location+"/x", http.StatusTemporaryRedirect)
			}
			base := &http.Transport{TLSClientConfig: a.Client().Transport.(*http.Transport).TLSClientConfig}
			if base.TLSClientConfig == nil {
				base.TLSClientConfig = b.Client().Transport.(*http.Transport).TLSClientConfig
			}
			defer base.CloseIdleConnections()
			login := alice(a.URL)[0]
			login.Basic.Password, login.Digest.Password, login.Basic.Preemptive = "secret", "secret", []string{"/"}
			login.Source = client.Static("secret")
			login.Key = &client.Key{Value: "secret", Header: "X-Api-Key", Query: "key"}
			c := &http.Client{Transport: &client.Transport{Base: base, Logins: []client.Login{login}}}
			req := get(t, a.URL)
			for name, v := range test.own {
				if name == ":query" {
					req.URL.RawQuery = v[0]
					continue
				}
				req.Header[name] = v
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if len(a.seen) == 0 || len(b.seen) != 0 {
				t.Errorf("the origin saw %q, the other %q", a.seen, b.seen)
			}
			if strings.Contains(fmt.Sprint(resp.Request.URL, resp.Request.Header), "secret") && test.own == nil && test.location == nil {
				t.Error("the response's request holds a secret")
			}
		})
	}
}

// A link must not log in as somebody else, not even at home.
func TestRedirectWithPassword(t *testing.T) {
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		if r.URL.Path == "/" {
			http.Redirect(w, r, "http://eve:secret@"+r.Host+"/x", http.StatusFound)
		}
	}))
	defer srv.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	for want, logins := range map[string][]client.Login{
		"":            nil,
		"Bearer mine": {{Origins: []string{srv.URL}, Source: client.Static("mine")}},
	} {
		seen = nil
		resp, err := (&http.Client{Transport: &client.Transport{Base: base, Logins: logins}}).Do(get(t, srv.URL))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(seen) != 2 || seen[0] != want || seen[1] != want {
			t.Errorf("seen %q, want %q", seen, want)
		}
	}
}

func TestBadLogins(t *testing.T) {
	tests := []struct {
		login client.Login
		want  string
	}{
		{client.Login{}, "no origin"},
		{client.Login{Origins: []string{"http://api.example.com"}}, client.ErrCleartext.Error()},
		{client.Login{Origins: []string{"http://localhost.example.com"}}, client.ErrCleartext.Error()},
		{client.Login{Origins: []string{"api.example.com"}}, "want scheme and host"},
		{client.Login{Origins: []string{"https://u:secret@api.example.com"}}, "a user and a password do not belong there"},
		{client.Login{Origins: []string{api + "/v1"}}, "no path"},
		{client.Login{Origins: []string{api}, Key: &client.Key{}}, "the key is empty"},
		{client.Login{Origins: []string{api}, Key: &client.Key{Value: "secret\r\nX: y"}}, "no field can hold"},
		{client.Login{Origins: []string{api}, Basic: &client.Basic{User: "a:b", Password: "secret"}}, "colon"},
	}
	for _, test := range tests {
		sent := false
		tr := &client.Transport{Logins: []client.Login{test.login}, Base: direct{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent = true })}}
		_, err := tr.RoundTrip(get(t, api))
		if err == nil || sent || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", test.login.Origins, err)
		}
	}
	for _, origin := range []string{"http://127.0.0.9:80", "http://[::1]", "http://localhost:1", "https://API.example.com:443/"} {
		tr := &client.Transport{Logins: []client.Login{{Origins: []string{origin}}}, Base: direct{http.NotFoundHandler()}}
		if _, err := tr.RoundTrip(get(t, api)); err != nil {
			t.Errorf("%s: %v", origin, err)
		}
	}
	tr := &client.Transport{Logins: []client.Login{{Origins: []string{"http://api.example.com"}, DangerouslyAllowCleartext: true}}, Base: direct{http.NotFoundHandler()}}
	if _, err := tr.RoundTrip(get(t, api)); err != nil {
		t.Error(err)
	}
}

func TestOriginsAreNotSpelling(t *testing.T) {
	s := newIssuer()
	tr := &client.Transport{Base: direct{s}, Logins: []client.Login{{Origins: []string{"https://API.Example.com:443"}, Source: s}}}
	if resp, err := tr.RoundTrip(get(t, api+"/x")); err != nil || resp.StatusCode != 200 {
		t.Errorf("got %v %v", resp, err)
	}
}

func TestRequestIsNotChanged(t *testing.T) {
	s := newIssuer()
	s.expire()
	req := get(t, "https://bob:pw@api.example.com/x?y=z")
	req.Header.Set("Accept", "text/plain")
	before := fmt.Sprintf("%v %v %p", req.URL, req.Header, req.Body)
	logins := transport(s).Logins
	logins[0].Key = &client.Key{Value: "k", Query: "key"}
	tr := &client.Transport{Base: direct{s}, Logins: logins}
	resp, err := tr.RoundTrip(req)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if after := fmt.Sprintf("%v %v %p", req.URL, req.Header, req.Body); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

func TestErrors(t *testing.T) {
	tr := &client.Transport{Errors: true, Base: direct{http.HandlerFunc(challengeAll)}}
	_, err := (&http.Client{Transport: tr}).Do(get(t, api+"/x?token=secret"))
	var d *client.Denied
	if !errors.As(err, &d) || d.Status != 401 || len(d.Challenges) != 3 || strings.Contains(d.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// Nobody is between us and this machine; names below localhost are asked for on the
// network.
func TestLoopbackOrigins(t *testing.T) {
	for origin, fine := range map[string]bool{
		"http://0.0.0.0:8080": true, "http://[::]:8080": true, "http://LOCALHOST": true, "http://LOCALHOST.": false, "http://api.localhost": false, "http://[::ffff:127.0.0.1]": true,
		"http://localhost.example.com": false, "http://10.0.0.1": false, "http://1.2.3.4.": false, "http://notlocalhost": false,
	} {
		tr := &client.Transport{Base: nothing{}, Logins: []client.Login{{Origins: []string{origin}, Source: client.Static("t")}}}
		resp, err := tr.RoundTrip(get(t, "https://other.example/"))
		if err == nil {
			_ = resp.Body.Close()
		}
		if errors.Is(err, client.ErrCleartext) == fine {
			t.Errorf("%s: %v", origin, err)
		}
	}
}
