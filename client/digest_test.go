package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// digestServer verifies Digest, and counts every nonce strictly.
type digestServer struct {
	mu        sync.Mutex
	challenge httpauth.DigestChallenge
	password  string
	life      time.Duration // of a nonce, 0: for ever
	next      bool          // nextnonce with every answer
	badProof  bool
	noProof   bool
	forgetful bool // an old nonce is refused without stale

	n        int
	made     map[string]time.Time
	counts   map[string]uint32
	statuses []string
}

func (s *digestServer) nonce() string {
	if s.made == nil {
		s.made, s.counts = map[string]time.Time{}, map[string]uint32{}
	}
	s.n++
	n := fmt.Sprint("nonce", s.n)
	s.made[n] = time.Now()
	return n
}

func (s *digestServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	ask := func(status string, stale bool) {
		s.statuses = append(s.statuses, status)
		c := s.challenge
		c.Nonce, c.Stale = s.nonce(), stale
		w.Header().Set("WWW-Authenticate", c.Challenge().String())
		w.WriteHeader(http.StatusUnauthorized)
	}
	v := r.Header.Get("Authorization")
	if v == "" {
		ask("bare", false)
		return
	}
	c, err := httpauth.ParseDigest(v, httpauth.Lenient)
	if err != nil {
		ask("malformed: "+err.Error(), false)
		return
	}
	a := s.challenge.Algorithm
	user := "alice"
	if s.challenge.UserHash {
		user = httpauth.DigestUserHash(a, user, s.challenge.Realm)
	}
	ha1 := httpauth.DigestHA1(a, "alice", s.challenge.Realm, s.password)
	switch made, known := s.made[c.Nonce]; {
	case c.URI != r.URL.RequestURI() || c.Username != user || c.Opaque != s.challenge.Opaque || c.UserHash != s.challenge.UserHash:
		ask("mismatch", false)
		return
	case !c.Matches(c.Compute(ha1, r.Method, a.Hash(body))):
		ask("wrong", false)
		return
	case !known || s.life > 0 && time.Since(made) >= s.life:
		ask("stale", !s.forgetful)
		return
	case c.QOP != "" && c.Count() != s.counts[c.Nonce]+1:
		ask(fmt.Sprint("count ", c.Count()), true)
		return
	}
	s.counts[c.Nonce]++
	s.statuses = append(s.statuses, "ok")
	const text = "hello"
	info := httpauth.DigestInfo{QOP: c.QOP, CNonce: c.CNonce, NC: c.NC, RspAuth: c.ComputeRspAuth(ha1, a.Hash([]byte(text)))}
	if s.badProof {
		info.RspAuth = c.ComputeRspAuth(ha1+"x", "")
	}
	if s.next {
		delete(s.made, c.Nonce) // stale from now on
		info.NextNonce = s.nonce()
	}
	if !s.noProof && c.QOP != "" {
		w.Header().Set("Authentication-Info", info.Info().String())
	}
	_, _ = io.WriteString(w, text)
}

func (s *digestServer) transport() *client.Transport {
	return &client.Transport{Base: direct{s}, Logins: alice(api)}
}

func (s *digestServer) ask(t *testing.T, tr *client.Transport, path, body string) {
	t.Helper()
	req := get(t, api+path)
	if body != "" {
		var err error
		if req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, api+path, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatalf("%v, the server saw %q", err, s.statuses)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "hello" {
		t.Fatalf("got %d %q %v: %v; the server saw %q", resp.StatusCode, got, err, client.Check(resp), s.statuses)
	}
}

func TestDigestVariants(t *testing.T) {
	for _, a := range []httpauth.DigestAlgorithm{"", "MD5", "md5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess", "SHA-512"} {
		for _, qop := range [][]httpauth.DigestQOP{nil, {"auth"}, {"auth-int"}, {"auth-int", "auth"}} {
			for _, hashed := range []bool{false, true} {
				t.Run(fmt.Sprint(a, qop, hashed), func(t *testing.T) {
					s := &digestServer{password: "hunter2", challenge: httpauth.DigestChallenge{
						Realm: `r "q" \`, Algorithm: a, QOP: qop, UserHash: hashed, UTF8: true, Opaque: "o",
					}}
					tr := s.transport()
					s.ask(t, tr, "/a?b=c%20d", "")
					s.ask(t, tr, "/b", "some text")
					s.ask(t, tr, "/c", "")
					if got := strings.Join(s.statuses, " "); got != "bare ok ok ok" {
						t.Errorf("the server saw %q", got)
					}
				})
			}
		}
	}
}

func auth() httpauth.DigestChallenge {
	return httpauth.DigestChallenge{Realm: "r", Algorithm: "SHA-256", QOP: []httpauth.DigestQOP{"auth"}}
}

func TestDigestLife(t *testing.T) {
	tests := []struct {
		name string
		set  func(*digestServer)
		want string
	}{
		{"one nonce", func(*digestServer) {}, "bare ok ok ok ok"},
		{"one second", func(s *digestServer) { s.life = time.Second }, "bare ok ok stale ok ok"},
		{"forgotten nonce", func(s *digestServer) { s.life, s.forgetful = time.Second, true }, "bare ok ok stale ok ok"},
		{"next nonce", func(s *digestServer) { s.next = true }, "bare ok ok ok ok"},
		{"domain", func(s *digestServer) { s.challenge.Domain = []string{"/a", "https://elsewhere.example/"} }, "bare ok ok ok bare ok"},
		{"domain elsewhere", func(s *digestServer) { s.challenge.Domain = []string{"https://elsewhere.example/"} }, "bare ok bare ok bare ok bare ok"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &digestServer{password: "hunter2", challenge: auth()}
				test.set(s)
				tr := s.transport()
				s.ask(t, tr, "/a", "")
				s.ask(t, tr, "/a/b", "")
				time.Sleep(1500 * time.Millisecond)
				s.ask(t, tr, "/a/c", "")
				s.ask(t, tr, "/d", "")
				if got := strings.Join(s.statuses, " "); got != test.want {
					t.Errorf("the server saw %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestDigestAlwaysStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &digestServer{password: "hunter2", challenge: auth(), life: time.Nanosecond}
		tr := s.transport()
		tr.Base = direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Second); s.ServeHTTP(w, r) })}
		d := refusal(t, tr, get(t, api))
		if got := strings.Join(s.statuses, " "); got != "bare stale stale" || d.Reason != reason.DigestStale || d.Retry != reason.RetryRepeat {
			t.Errorf("the server saw %q: %v", got, d)
		}
	})
}

func TestDigestWrongPassword(t *testing.T) {
	s := &digestServer{password: "other", challenge: auth()}
	tr := s.transport()
	for range 3 {
		d := refusal(t, tr, get(t, api))
		if d.Reason != reason.CredentialsInvalid && d.Reason != reason.CredentialsMissing {
			t.Errorf("got %v", d)
		}
	}
	if got := strings.Join(s.statuses, " "); got != "bare wrong bare bare" {
		t.Errorf("the server saw %q", got)
	}
	// What Digest refused is not tried as Basic either.
	b := &passwords{right: "hunter2", realm: func(*http.Request) string { return "r" }}
	both := &client.Transport{Logins: alice(api), Base: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/basic") {
			b.ServeHTTP(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})}}
	refusal(t, both, get(t, api+"/digest"))
	refusal(t, both, get(t, api+"/basic"))
	if len(b.sent) != 0 {
		t.Errorf("Basic got %q", b.sent)
	}
}

func TestServerProof(t *testing.T) {
	for _, qop := range []httpauth.DigestQOP{"auth", "auth-int"} {
		for _, test := range []struct {
			name                      string
			mutual, badProof, noProof bool
			want                      error
		}{
			{"right", true, false, false, nil},
			{"wrong", false, true, false, client.ErrServerUnproven},
			{"none", false, false, true, nil},
			{"none but wanted", true, false, true, client.ErrServerUnproven},
		} {
			t.Run(string(qop)+" "+test.name, func(t *testing.T) {
				s := &digestServer{password: "hunter2", challenge: auth(), badProof: test.badProof, noProof: test.noProof}
				s.challenge.QOP = []httpauth.DigestQOP{qop}
				tr := s.transport()
				tr.Logins[0].Digest.Mutual = test.mutual
				resp, err := tr.RoundTrip(get(t, api))
				if err == nil {
					_, err = io.ReadAll(resp.Body)
				}
				if !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			})
		}
	}
}

func TestDigestInParallel(t *testing.T) {
	s := &digestServer{password: "hunter2", challenge: auth()}
	s.challenge.QOP = nil // without a strict count
	tr := s.transport()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() { s.ask(t, tr, fmt.Sprint("/", i), "") })
	}
	wg.Wait()
}

func TestNoncesOfTheClientDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		tr := &client.Transport{Logins: alice(api), Base: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := httpauth.ParseDigest(r.Header.Get("Authorization"), httpauth.Strict); err == nil {
				seen[c.CNonce] = true
				return
			}
			w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256`)
			w.WriteHeader(401)
		})}}
		if _, err := tr.RoundTrip(get(t, api)); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d different cnonces of 20", len(seen))
	}
}

// A token that nobody asked for does not stand in the way of an answer to what is
// asked, whatever words the body has.
func TestDigestAfterATokenThatIsNotAskedFor(t *testing.T) {
	s := &digestServer{password: "secret", challenge: httpauth.DigestChallenge{
		Realm: "orders", Algorithm: httpauth.DigestSHA256, QOP: []httpauth.DigestQOP{httpauth.DigestAuth},
	}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_, _ = io.WriteString(w, `{"error":"Unauthorized"}`)
	}))
	defer srv.Close()
	tr := &client.Transport{Logins: []client.Login{{
		Origins: []string{srv.URL}, Source: client.Static("a-token"), Digest: &client.Digest{User: "alice", Password: "secret"},
	}}}
	defer tr.Close()
	res, err := (&http.Client{Transport: tr}).Get(srv.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s: %v; the server saw %q", res.Status, client.Check(res), s.statuses)
	}
}
