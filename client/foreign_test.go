//go:build linux

package client_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/reason"
)

// watched counts the exchanges of a transport.
func watched(tr *client.Transport) *[]string {
	var all []string
	tr.Observe = func(e client.Event) {
		status := 0
		if e.Response != nil {
			status = e.Response.StatusCode
		}
		all = append(all, fmt.Sprint(e.Sent, " ", status))
	}
	return &all
}

func fetch(t *testing.T, tr *client.Transport, url string, want int, text string) {
	t.Helper()
	resp, err := tr.RoundTrip(get(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want || !strings.Contains(string(body), text) {
		t.Fatalf("got %d %q %v: %v", resp.StatusCode, body, err, client.Check(resp))
	}
}

func TestApache(t *testing.T) {
	srv := foreign.Apache(t)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	tr := &client.Transport{Base: base, Logins: []client.Login{{
		Origins: []string{srv.URL},
		Basic:   &client.Basic{User: foreign.User, Password: foreign.Password},
		Digest:  &client.Digest{User: foreign.User, Password: foreign.PlainPassword, Mutual: true},
	}}}
	seen := watched(tr)
	fetch(t, tr, srv.URL+"/basic/ok.txt", 200, "ok basic")
	fetch(t, tr, srv.URL+"/digest/ok.txt", 200, "ok digest")
	fetch(t, tr, srv.URL+"/digest/ok.txt?again=%20", 200, "ok digest")
	// Its nonces live for one second, by the clock of another process.
	time.Sleep(2100 * time.Millisecond)
	fetch(t, tr, srv.URL+"/digest/ok.txt", 200, "ok digest")
	// On a machine that has others to serve, the second is over earlier, too.
	want := regexp.MustCompile(`^ 401, Basic 200,  401, Digest 200, (Digest 401, )?Digest 200, Digest 401, Digest 200$`)
	if got := strings.Join(*seen, ", "); !want.MatchString(got) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	wrong := &client.Transport{Base: base, Logins: alice(srv.URL)}
	d := refusal(t, wrong, get(t, srv.URL+"/digest/ok.txt"))
	if d.Reason != reason.CredentialsInvalid || d.Realm != foreign.DigestRealm {
		t.Errorf("got %v", d)
	}
}

func TestSquid(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(ok))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(ok))
	defer secure.Close()
	for _, scheme := range []string{"basic", "digest"} {
		t.Run(scheme, func(t *testing.T) {
			srv := foreign.Squid(t, scheme)
			proxy, err := url.Parse(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			base := func() *http.Transport {
				return &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
			}
			login := client.Login{Origins: []string{srv.URL}}
			if scheme == "basic" {
				login.Basic = &client.Basic{User: foreign.User, Password: foreign.PlainPassword}
			} else {
				login.Digest = &client.Digest{User: foreign.User, Password: foreign.PlainPassword}
			}
			tr := &client.Transport{Base: base(), Proxies: []client.Login{login}}
			defer tr.CloseIdleConnections()
			seen := watched(tr)
			for range 2 {
				fetch(t, tr, plain.URL+"/a?b", 200, "fine")
			}
			fetch(t, tr, secure.URL+"/c", 200, "fine")
			tr.CloseIdleConnections() // the next one needs a new tunnel
			fetch(t, tr, secure.URL+"/d", 200, "fine")
			if len(*seen) != 5 {
				t.Errorf("exchanges: %q", *seen)
			}
			// A tunnel as the first thing.
			fresh := &client.Transport{Base: base(), Proxies: []client.Login{login}}
			defer fresh.CloseIdleConnections()
			seen = watched(fresh)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, secure.URL, io.NopCloser(strings.NewReader("a body that can be read once")))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := fresh.RoundTrip(req)
			if err != nil || resp.StatusCode != 200 || len(*seen) != 2 {
				t.Fatal(resp, err, *seen)
			}
			resp.Body.Close()
			for _, target := range []string{plain.URL, secure.URL} {
				wrong := &client.Transport{Base: base(), Proxies: alice(srv.URL)}
				defer wrong.CloseIdleConnections()
				seen = watched(wrong)
				for _, want := range []reason.Code{reason.CredentialsInvalid, reason.CredentialsMissing} { // the second time it is not sent
					d := refusal(t, wrong, get(t, target))
					if d.Status != 407 || d.Reason != want || (d.Sent == "") == (want == reason.CredentialsInvalid) {
						t.Errorf("%s: got %v, sent %q", target, d, d.Sent)
					}
				}
				if len(*seen) != 3 {
					t.Errorf("%s: exchanges: %q", target, *seen)
				}
			}
			none := &client.Transport{Base: base()}
			defer none.CloseIdleConnections()
			if d := refusal(t, none, get(t, plain.URL)); d.Status != 407 || d.Reason != reason.CredentialsMissing {
				t.Errorf("got %v", d)
			}
		})
	}
}

// ok fails where a proxy's credentials reach the server.
func ok(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Proxy-Authorization") != "" || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "fine")
}

func TestProxyNeedsItsTransport(t *testing.T) {
	tr := &client.Transport{Base: direct{http.NotFoundHandler()}, Proxies: alice("http://127.0.0.1:3128")}
	if _, err := tr.RoundTrip(get(t, api)); err == nil || errors.Is(err, client.ErrCleartext) {
		t.Errorf("got %v", err)
	}
}
