package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/reason"
	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

func alice(origin string) []client.Login {
	return []client.Login{{
		Origins: []string{origin},
		Basic:   &client.Basic{User: "alice", Password: "hunter2"},
		Digest:  &client.Digest{User: "alice", Password: "hunter2"},
	}}
}

func TestGoHTTPBin(t *testing.T) {
	srv := httptest.NewServer(httpbin.New())
	t.Cleanup(srv.Close)
	tests := []struct {
		path string
		want int
	}{
		{"/basic-auth/alice/hunter2", 200},
		{"/basic-auth/alice/other", 401},
		{"/hidden-basic-auth/alice/hunter2", 404},
		{"/digest-auth/auth/alice/hunter2", 200},
		{"/digest-auth/auth/alice/hunter2/MD5", 200},
		{"/digest-auth/auth/alice/hunter2/SHA-256", 200},
		{"/digest-auth/auth/alice/other/SHA-256", 401},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			tr := &client.Transport{Logins: alice(srv.URL)}
			defer tr.CloseIdleConnections()
			resp, err := tr.RoundTrip(get(t, srv.URL+test.path))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != test.want {
				t.Errorf("status %d, want %d: %v", resp.StatusCode, test.want, client.Check(resp))
			}
		})
	}
}

// passwords is a server with Basic that counts what it is sent.
type passwords struct {
	mu     sync.Mutex
	right  string
	realm  func(*http.Request) string
	sent   []string // realm, colon, password
	bare   int
	wrong  int
	delay  time.Duration
	answer int // of a right password
}

func (s *passwords) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	realm := "one"
	if s.realm != nil {
		realm = s.realm(r)
	}
	_, password, ok := r.BasicAuth()
	if ok {
		s.sent = append(s.sent, realm+":"+password)
	} else {
		s.bare++
	}
	if ok && password != s.right {
		s.wrong++
	}
	if !ok || password != s.right {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+realm+`"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(max(s.answer, 200))
}

func TestPasswordNeverTwice(t *testing.T) {
	for _, preemptive := range [][]string{nil, {"/"}, {"/7"}} {
		t.Run(fmt.Sprint(preemptive), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &passwords{right: "other", delay: time.Millisecond}
				logins := alice(api)
				logins[0].Basic.Preemptive = preemptive
				tr := &client.Transport{Base: direct{s}, Logins: logins}
				var wg sync.WaitGroup
				for i := range 50 {
					wg.Go(func() {
						d := refusal(t, tr, get(t, fmt.Sprint(api, "/", i)))
						if d.Reason != reason.CredentialsInvalid && d.Reason != reason.CredentialsMissing {
							t.Errorf("got %v", d)
						}
					})
				}
				wg.Wait()
				for i := range 3 {
					refusal(t, tr, get(t, fmt.Sprint(api, "/", 5+i)))
				}
				// One unasked and one asked may pass each other; after a refusal none
				// is sent.
				if n := len(s.sent); n == 0 || n > 2 || preemptive == nil && n != 1 {
					t.Errorf("the password was sent %d times", n)
				}
			})
		})
	}
}

func TestRefusedElsewhereIsNotSentUnasked(t *testing.T) {
	s := &passwords{right: "other"}
	logins := alice(api)
	logins[0].Basic.Preemptive = []string{"/unasked"}
	tr := &client.Transport{Base: direct{s}, Logins: logins}
	refusal(t, tr, get(t, api+"/asked"))
	refusal(t, tr, get(t, api+"/unasked"))
	if len(s.sent) != 1 {
		t.Errorf("sent %q", s.sent)
	}
}

func TestInventedRealms(t *testing.T) {
	var n atomic.Int64
	s := &passwords{right: "other", realm: func(*http.Request) string { return fmt.Sprint(n.Add(1)) }}
	tr := &client.Transport{Base: direct{s}, Logins: alice(api)}
	for range 100 {
		refusal(t, tr, get(t, api))
	}
	if len(s.sent) > 16 {
		t.Errorf("the password was sent %d times to a server that makes realms up", len(s.sent))
	}
}

func TestPreemptive(t *testing.T) {
	s := &passwords{right: "hunter2"}
	logins := alice(api)
	logins[0].Basic.Preemptive = []string{"/private/"}
	tr := &client.Transport{Base: direct{s}, Logins: logins}
	tests := []struct {
		path string
		bare int
	}{
		{"/private/x", 0}, {"/private", 0}, {"/privateer", 1}, {"/private/../x", 1}, {"/private/%2e%2e/x", 1}, {"/", 1},
	}
	for _, test := range tests {
		s.bare = 0
		resp, err := tr.RoundTrip(get(t, api+test.path))
		if err != nil || resp.StatusCode != 200 || s.bare != test.bare {
			t.Errorf("%s: %v %v, %d without password, want %d", test.path, resp, err, s.bare, test.bare)
		}
	}
}

func TestStrongestChallenge(t *testing.T) {
	const nonce = `realm="r", nonce="n", qop="auth"`
	tests := []struct {
		name   string
		fields []string
		want   string // beginning or part of the answer
	}{
		{"digest before basic", []string{`Basic realm="r"`, `Digest ` + nonce}, "Digest "},
		{"one field", []string{`Negotiate, Basic realm="r", Digest algorithm=SHA-256, ` + nonce}, "algorithm=SHA-256"},
		{"sha-512-256 before sha-256", []string{"Digest algorithm=MD5, " + nonce, "Digest algorithm=SHA-256, " + nonce, "Digest algorithm=SHA-512-256, " + nonce}, "algorithm=SHA-512-256"},
		{"unknown algorithm", []string{"Digest algorithm=SHA3, " + nonce, `Basic realm="r"`}, "Basic "},
		{"parameter twice", []string{`Digest nonce="a", ` + nonce, `Basic realm="r"`}, "Basic "},
		{"parameter twice in another", []string{`Digest nonce="a", ` + nonce, "Digest " + nonce}, "Digest "},
		{"lower case", []string{`basic realm="r"`}, "Basic "},
		{"no realm", []string{`Basic`}, "Basic "},
		{"nothing known", []string{`Negotiate`}, ""},
		{"unreadable", []string{`Digest realm="r`}, ""},
		{"none", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var sent []string
			tr := &client.Transport{Logins: alice(api), Base: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent = append(sent, r.Header.Get("Authorization"))
				if len(sent) == 1 {
					w.Header()["Www-Authenticate"] = test.fields
					w.WriteHeader(401)
				}
			})}}
			resp, err := tr.RoundTrip(get(t, api))
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" {
				if len(sent) != 1 || client.Check(resp) == nil {
					t.Errorf("sent %q", sent)
				}
			} else if len(sent) != 2 || !strings.Contains(sent[1], test.want) {
				t.Errorf("sent %q, want %q", sent, test.want)
			}
		})
	}
}

func TestDigestAloneNeverBasic(t *testing.T) {
	s := &passwords{right: "hunter2"}
	logins := alice(api)
	logins[0].Basic = nil
	d := refusal(t, &client.Transport{Base: direct{s}, Logins: logins}, get(t, api))
	if len(s.sent) != 0 || d.Reason != reason.CredentialsMissing || !strings.Contains(d.Note, "Basic") {
		t.Errorf("got %v, sent %q", d, s.sent)
	}
}
