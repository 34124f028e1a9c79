package token_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
)

func TestRemoteKeysBadAnswers(t *testing.T) {
	a := generate(token.EdDSA)
	good, err := token.PublicKeySet(a)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := newIDP(t, a)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		says    string
	}{
		{"404", http.NotFound, "status 404"},
		{"redirect to another origin", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}, "another origin"},
		{"redirects without end", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusFound)
		}, "too many redirects"},
		{"login page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "bad JSON"},
		{"endless body", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(good[:len(good)-1])
			for range 200 {
				_, _ = w.Write([]byte(strings.Repeat(" ", 16<<10)))
			}
		}, "longer than 1048576"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(good)
		}, "EOF"},
		{"too many keys", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[` + strings.Repeat("{},", 1000) + `{}]}`))
		}, "1001 keys"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newIDP(t, a)
			s.serve(test.handler)
			r := remote(t, s, newClock())
			_, err := r.Keys(t.Context(), a.ID(), token.EdDSA)
			if err == nil || errors.Is(err, token.ErrKeyUnknown) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an ordinary error with %q", err, test.says)
			}
		})
	}
	t.Run("redirect on the same origin", func(t *testing.T) {
		s := newIDP(t, a)
		s.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/moved" {
				http.Redirect(w, r, "/moved", http.StatusFound)
				return
			}
			_, _ = w.Write(good)
		})
		ask(t, remote(t, s, newClock()), a, found)
	})
}

func TestRemoteKeysWhere(t *testing.T) {
	tests := []struct {
		name string
		keys *token.RemoteKeys
		says string
	}{
		{"nowhere", &token.RemoteKeys{}, "exactly one"},
		{"twice", &token.RemoteKeys{URL: "https://a.example", Issuer: "https://a.example"}, "exactly one"},
		{"plain http", &token.RemoteKeys{URL: "http://idp.example.com/jwks"}, "https is required"},
		{"plain http, issuer", &token.RemoteKeys{Issuer: "http://idp.example.com"}, "https is required"},
		{"a name like loopback", &token.RemoteKeys{URL: "http://127.0.0.1.evil.example/jwks"}, "https is required"},
		{"file", &token.RemoteKeys{URL: "file:///etc/passwd"}, "https is required"},
		{"issuer with a query", &token.RemoteKeys{Issuer: "https://idp.example.com?x=1"}, "without query"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.keys.Refresh(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q in it", err, test.says)
			}
			_ = test.keys.Close()
		})
	}
}

func TestDiscovery(t *testing.T) {
	a := generate(token.EdDSA)
	set, err := token.PublicKeySet(a)
	if err != nil {
		t.Fatal(err)
	}
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	tests := []struct {
		name, path string            // of the issuer
		docs       map[string]string // %s is the server
		says       string            // of the error; empty means found
	}{
		{"OpenID", "", map[string]string{oidc: `{"issuer":"%s","jwks_uri":"%[1]s/keys"}`}, ""},
		{"OpenID, slash at the end", "/", map[string]string{oidc: `{"issuer":"%s/","jwks_uri":"%[1]s/keys"}`}, ""},
		{"OpenID, path", "/realms/x", map[string]string{"/realms/x" + oidc: `{"issuer":"%s/realms/x","jwks_uri":"%[1]s/keys"}`}, ""},
		{"RFC 8414", "", map[string]string{oauth: `{"issuer":"%s","jwks_uri":"%[1]s/keys"}`}, ""},
		{"RFC 8414, path", "/realms/x", map[string]string{oauth + "/realms/x": `{"issuer":"%s/realms/x","jwks_uri":"%[1]s/keys"}`}, ""},
		{"none", "", nil, "status 404"},
		{"another issuer", "", map[string]string{oidc: `{"issuer":"https://evil.example","jwks_uri":"%s/keys"}`}, "names the issuer"},
		{"a slash more", "", map[string]string{oidc: `{"issuer":"%s/","jwks_uri":"%[1]s/keys"}`}, "names the issuer"},
		{"no issuer", "", map[string]string{oidc: `{"jwks_uri":"%s/keys"}`}, "names the issuer"},
		{"issuer in capitals", "", map[string]string{oidc: `{"ISSUER":"%s","jwks_uri":"%[1]s/keys"}`}, "names the issuer"},
		{"issuer twice", "", map[string]string{oidc: `{"issuer":"x","issuer":"%s","jwks_uri":"%[1]s/keys"}`}, "twice"},
		{"no jwks_uri", "", map[string]string{oidc: `{"issuer":"%s"}`}, "no jwks_uri"},
		{"jwks_uri in clear", "", map[string]string{oidc: `{"issuer":"%s","jwks_uri":"http://idp.example.com/keys"}`}, "https is required"},
		{"jwks_uri relative", "", map[string]string{oidc: `{"issuer":"%s","jwks_uri":"/keys"}`}, "not a URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newIDP(t)
			s.serve(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/keys" {
					_, _ = w.Write(set)
				} else if doc, ok := test.docs[r.URL.Path]; ok {
					_, _ = fmt.Fprintf(w, doc, s.URL)
				} else {
					http.NotFound(w, r)
				}
			})
			r := &token.RemoteKeys{Issuer: s.URL + test.path, Now: newClock().Now}
			defer func() { _ = r.Close() }()
			_, err := r.Keys(t.Context(), a.ID(), token.EdDSA)
			switch {
			case test.says == "" && err != nil:
				t.Error(err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) || errors.Is(err, token.ErrKeyUnknown)):
				t.Errorf("got %v, want an ordinary error with %q", err, test.says)
			}
		})
	}
}

// The metadata may go away while the keys stay where they were.
func TestDiscoveryGoesAway(t *testing.T) {
	a := generate(token.EdDSA)
	set, err := token.PublicKeySet(a)
	if err != nil {
		t.Fatal(err)
	}
	s := newIDP(t)
	var broken atomic.Bool
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/keys":
			_, _ = w.Write(set)
		case broken.Load():
			w.WriteHeader(http.StatusInternalServerError)
		default:
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+"/keys")
		}
	})
	c := newClock()
	r := &token.RemoteKeys{Issuer: s.URL, Now: c.Now}
	defer func() { _ = r.Close() }()
	ask(t, r, a, found)
	broken.Store(true)
	c.add(2 * time.Hour)
	if err := r.Refresh(t.Context()); err != nil {
		t.Errorf("known keys are not fetched while the metadata is away: %v", err)
	}
}

// A remote issuer does not lead us to what listens on this machine, however it
// writes the address, and not over https either.
func TestDiscoveryNotHere(t *testing.T) {
	for _, where := range []string{
		"http://127.0.0.1:9/k", "https://localhost/k", "https://LOCALHOST./k", "https://x.localhost/k", "https://0.0.0.0/k", "https://[::1]/k", "https://[::ffff:127.0.0.1]/k",
		"https://127.1/k", "https://0x7f.0.0.1/k", "https://ip6-localhost/k",
	} {
		far := &faraway{doc: `{"issuer":"https://idp.example.com","jwks_uri":"` + where + `"}`}
		r := &token.RemoteKeys{Issuer: "https://idp.example.com", Client: &http.Client{Transport: far}, DangerouslyAllowHTTP: true}
		if err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "points to this machine") {
			t.Errorf("%s: %v", where, err)
		}
		for _, host := range far.asked {
			if host != "idp.example.com" {
				t.Errorf("%s: %s was asked", where, host)
			}
		}
		_ = r.Close()
	}
}

// faraway answers every request with one document.
type faraway struct {
	doc   string
	asked []string
}

func (f *faraway) RoundTrip(r *http.Request) (*http.Response, error) {
	f.asked = append(f.asked, r.URL.Host)
	h := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader(f.doc)), Request: r}, nil
}
