package authn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	icholy "github.com/icholy/digest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/authn/authntest"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// digestPeople are accounts for Digest that can be away.
type digestPeople struct {
	authn.DangerouslyClear
	away      atomic.Bool
	suspended string
}

func (p *digestPeople) DigestAccount(ctx context.Context, name, realm string, a httpauth.DigestAlgorithm) (authn.DigestAccount, error) {
	if p.away.Load() {
		return authn.DigestAccount{}, errAway
	}
	out, err := p.DangerouslyClear.DigestAccount(ctx, name, realm, a)
	out.Suspended = name == p.suspended
	return out, err
}

func newDigest() (*authn.Digest, *digestPeople) {
	p := &digestPeople{DangerouslyClear: authn.DangerouslyClear{"alice": "correct horse", "bob": "battery staple", "jäsøn doe": "secret", "sus": "x"}, suspended: "sus"}
	return &authn.Digest{Name: "digest", Realm: "orders", Accounts: p, Names: p, Nonces: &authn.Nonces{},
		Algorithms: []httpauth.DigestAlgorithm{"MD5", "SHA-256", "SHA-512-256-sess"},
		QOP:        []httpauth.DigestQOP{"auth", "auth-int"}}, p
}

// asked is the method's challenge for an algorithm at noon.
func asked(t testing.TB, m *authn.Digest, algorithm string, d *gate401.Denial) httpauth.DigestChallenge {
	t.Helper()
	for _, c := range m.Challenges(request("/"), nil, d) {
		got, err := httpauth.ParseDigestChallenge(c, httpauth.Lenient)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Algorithm) == algorithm {
			return got
		}
	}
	t.Fatalf("no challenge for %s", algorithm)
	return httpauth.DigestChallenge{}
}

// answer answers a challenge for GET.
func answer(t testing.TB, c httpauth.DigestChallenge, uri, user, pass string, count uint32) httpauth.DigestCredentials {
	t.Helper()
	got, err := c.Answer(httpauth.DigestAnswer{Username: user, Password: pass, Method: "GET", URI: uri, CNonce: "cnonce", Count: count})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// try verifies credentials for a target, and returns the reason of the refusal.
func try(t testing.TB, m *authn.Digest, r *gate401.Request) (*gate401.Identity, reason.Code) {
	t.Helper()
	c, ok, err := m.Find(r)
	var id *gate401.Identity
	if err == nil && !ok {
		return nil, "nothing found"
	}
	if err == nil {
		id, err = m.Verify(t.Context(), r, c)
	}
	var d *gate401.Denial
	switch {
	case errors.As(err, &d):
		return nil, d.Reason
	case err != nil:
		return nil, reason.CheckFailed
	}
	return id, ""
}

func TestDigestConformance(t *testing.T) {
	authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
		m, p := newDigest()
		c := asked(t, m, "SHA-256", nil)
		plain := c
		plain.UserHash = false
		field := func(c httpauth.DigestCredentials) *gate401.Request {
			return request("/x?y=z", "Authorization", c.Value())
		}
		one, two := answer(t, c, "/x?y=z", "alice", "correct horse", 1), answer(t, plain, "/x?y=z", "bob", "battery staple", 2)
		wrong, nobody := answer(t, plain, "/x?y=z", "alice", "not her password", 3), answer(t, plain, "/x?y=z", "carol", "not her password", 4)
		return authntest.Sample{
			Method: m, Once: true,
			Valid: []*gate401.Request{field(one), field(two)},
			None:  []*gate401.Request{request("/"), request("/", "Authorization", "Basic x"), request("/", "Authorization", "Digests x")},
			Malformed: []authntest.Refusal{
				{Request: request("/", "Authorization", "Digest"), Reason: reason.AuthorizationMalformed},
				{Request: request("/", "Authorization", `Digest:username="a"`), Reason: reason.AuthorizationMisspelt},
				{Request: request("/", "Authorization", `Digest username="`+nobody.Response), Reason: reason.DigestMalformed},
				{Request: request("/other", "Authorization", one.Value()), Reason: reason.DigestURIMismatch},
			},
			Refused: []authntest.Refusal{
				{Request: field(wrong), Reason: reason.PasswordWrong},
				{Request: field(nobody), Reason: reason.AccountUnknown},
			},
			Away:    func() { p.away.Store(true) },
			Secrets: []string{one.Response, two.Response, wrong.Response, nobody.Response, "correct horse"},
		}
	}})
}

func TestDigestReasons(t *testing.T) {
	type edit = func(*httpauth.DigestCredentials)
	tests := []struct {
		name, user, pass string
		algorithm        string
		edit             edit // before the response is computed anew
		after            edit // after that
		want             reason.Code
	}{
		{"right", "alice", "correct horse", "SHA-256", nil, nil, ""},
		{"right, md5", "alice", "correct horse", "MD5", nil, nil, ""},
		{"right, session", "alice", "correct horse", "SHA-512-256-sess", nil, nil, ""},
		{"right, no algorithm", "alice", "correct horse", "MD5", func(c *httpauth.DigestCredentials) { c.Algorithm = "" }, nil, ""},
		{"right, another name", "jäsøn doe", "secret", "SHA-256", nil, nil, ""},
		{"wrong", "alice", "x", "SHA-256", nil, nil, reason.PasswordWrong},
		{"unknown", "carol", "x", "SHA-256", nil, nil, reason.AccountUnknown},
		{"suspended", "sus", "x", "SHA-256", nil, nil, reason.AccountSuspended},
		{"suspended and wrong", "sus", "y", "SHA-256", nil, nil, reason.PasswordWrong},
		{"nonce of nobody", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.Nonce = "x" }, nil, reason.DigestStale},
		{"nonce of nobody, wrong", "alice", "x", "SHA-256", func(c *httpauth.DigestCredentials) { c.Nonce = "x" }, nil, reason.PasswordWrong},
		{"forged nonce", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.Nonce = "A" + c.Nonce[1:47] + "A" }, nil, reason.DigestStale},
		{"count changed", "alice", "correct horse", "SHA-256", nil, func(c *httpauth.DigestCredentials) { c.NC = "00000002" }, reason.PasswordWrong},
		{"count zero", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.NC = "00000000" }, nil, reason.DigestMalformed},
		{"realm", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.Realm = "other" }, nil, reason.DigestMalformed},
		{"algorithm not offered", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.Algorithm = "SHA-256-sess" }, nil, reason.DigestMalformed},
		{"without qop", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.QOP = "" }, nil, reason.DigestMalformed},
		{"uri", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "/a?b=d" }, nil, reason.DigestURIMismatch},
		{"uri without query", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "/a" }, nil, reason.DigestURIMismatch},
		{"uri empty", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "" }, nil, reason.DigestURIMismatch},
		{"uri absolute", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "https://API.example.com/a?b=c" }, nil, ""},
		{"uri of another host", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "https://evil.example/a?b=c" }, nil, reason.DigestURIMismatch},
		{"uri encoded", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.URI = "/%61?b=c" }, nil, ""},
		{"auth-int without body", "alice", "correct horse", "SHA-256", func(c *httpauth.DigestCredentials) { c.QOP = "auth-int" }, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := newDigest()
			c := asked(t, m, tt.algorithm, nil)
			got := answer(t, c, "/a?b=c", tt.user, tt.pass, 1)
			if tt.edit != nil {
				tt.edit(&got)
				body := ""
				if got.QOP == "auth-int" {
					body = got.Algorithm.Hash(nil)
				}
				got.Response = got.Compute(httpauth.DigestHA1(got.Algorithm, tt.user, got.Realm, tt.pass), "GET", body)
			}
			if tt.after != nil {
				tt.after(&got)
			}
			id, code := try(t, m, request("/a?b=c", "Authorization", got.Value()))
			if code != tt.want || code == "" && (id.Subject != tt.user || id.Method != "digest" || id.Name != "digest") {
				t.Errorf("got %+v, %q, want %q", id, code, tt.want)
			}
		})
	}
}

func TestDigestCountsAreUsedOnce(t *testing.T) {
	m, _ := newDigest()
	c := asked(t, m, "SHA-256", nil)
	for i, step := range []struct {
		count uint32
		want  reason.Code
	}{
		{1, ""}, {1, reason.DigestReplayed}, {4, ""}, {3, ""}, {2, ""}, {3, reason.DigestReplayed},
		{100, ""}, {37, ""}, {36, reason.DigestReplayed}, {99, ""}, {99, reason.DigestReplayed}, {0xffffffff, ""}, {100, reason.DigestReplayed},
	} {
		_, code := try(t, m, request("/", "Authorization", answer(t, c, "/", "alice", "correct horse", step.count).Value()))
		if code != step.want {
			t.Errorf("step %d, nc=%d: %q, want %q", i, step.count, code, step.want)
		}
	}
}

func TestDigestStale(t *testing.T) {
	m, _ := newDigest()
	c := asked(t, m, "SHA-256", nil)
	late := request("/", "Authorization", answer(t, c, "/", "alice", "correct horse", 1).Value())
	late.Time = noon.Add(authn.DefaultNonceLife)
	if _, code := try(t, m, late); code != reason.DigestStale {
		t.Errorf("at its end: %q", code)
	}
	late.Time = noon.Add(authn.DefaultNonceLife - time.Microsecond)
	if _, code := try(t, m, late); code != "" {
		t.Errorf("before its end: %q", code)
	}
	for _, code := range []reason.Code{reason.DigestStale, reason.DigestReplayed, reason.PasswordWrong, reason.DigestMalformed} {
		want := code == reason.DigestStale || code == reason.DigestReplayed
		if got := asked(t, m, "MD5", &gate401.Denial{Reason: code}); got.Stale != want {
			t.Errorf("%s: stale %t", code, got.Stale)
		}
	}
}

// Through a gate and a client that was written by others.
func TestDigestThroughAGate(t *testing.T) {
	for _, algorithm := range []string{"MD5", "SHA-256", "SHA-512-256", "SHA-512"} {
		for _, qop := range []string{"auth", "auth-int"} {
			t.Run(algorithm+" "+qop, func(t *testing.T) {
				m, _ := newDigest()
				m.Algorithms, m.QOP = []httpauth.DigestAlgorithm{httpauth.DigestAlgorithm(algorithm)}, []httpauth.DigestQOP{httpauth.DigestQOP(qop)}
				var asks atomic.Int32
				nonces := make(chan string, 16)
				g := gate(gate401.DangerouslyUnguarded{}, m)
				g.Observe = func(_ *gate401.Request, d *gate401.Decision) {
					if len(d.Challenges) > 0 {
						asks.Add(1)
						n, _ := d.Challenges[0].Param("nonce")
						nonces <- n
					}
				}
				server := httptest.NewServer(g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					id, _ := gate401.IdentityFrom(r.Context())
					_, _ = fmt.Fprintf(w, "%s %s", id.Subject, body)
				})))
				defer server.Close()
				client := &http.Client{Transport: &icholy.Transport{Username: "alice", Password: "correct horse", Transport: server.Client().Transport}}
				for range 3 {
					resp, err := client.Post(server.URL+"/a%20b?c=d,e", "text/plain", strings.NewReader("the body"))
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if string(body) != "alice the body" {
						t.Errorf("%d %s", resp.StatusCode, body)
					}
				}
				if asks.Load() != 1 {
					t.Errorf("asked %d times for three requests", asks.Load())
				}
				wrong := &http.Client{Transport: &icholy.Transport{Username: "alice", Password: "no", Transport: server.Client().Transport}}
				resp, err := wrong.Get(server.URL)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if f := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 || strings.Contains(f, "stale") {
					t.Errorf("%d %s", resp.StatusCode, f)
				}
				close(nonces)
				seen := map[string]bool{}
				for n := range nonces {
					if seen[n] {
						t.Error("a nonce was given out twice")
					}
					seen[n] = true
				}
			})
		}
	}
}
