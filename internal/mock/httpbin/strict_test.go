package httpbin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/httpbin"
)

// call asks a handler; the target is also the request line's.
func call(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestStrict(t *testing.T) {
	h := &httpbin.Handler{Strict: true}
	const (
		basic  = `Basic realm="mock", charset="UTF-8"`
		bearer = `Bearer realm="mock"`
	)
	for _, tt := range []struct {
		name, target  string
		authorization []string
		status        int
		challenge     string
		noStore       bool
	}{
		{"basic asks", "/basic-auth/u/p", nil, 401, basic, true},
		{"basic right", "/basic-auth/u/p", []string{"Basic dTpw"}, 200, "", true},
		{"basic scheme in lower case", "/basic-auth/u/p", []string{"basic dTpw"}, 200, "", true},
		{"basic wrong", "/basic-auth/u/p", []string{"Basic dTpx"}, 401, basic, true},
		{"basic twice", "/basic-auth/u/p", []string{"Basic dTpw", "Basic dTpw"}, 401, basic, true},
		{"basic not base64", "/basic-auth/u/p", []string{"Basic u:p"}, 401, basic, true},
		{"hidden", "/hidden-basic-auth/u/p", nil, 404, "", true},
		{"hidden right", "/hidden-basic-auth/u/p", []string{"Basic dTpw"}, 200, "", true},
		{"bearer asks without an error", "/bearer", nil, 401, bearer, true},
		{"bearer in lower case", "/bearer", []string{"bearer abc"}, 200, "", true},
		{"bearer cannot be read", "/bearer", []string{"Bearer a b"}, 400, bearer + `, error="invalid_request"`, true},
		{"bearer another scheme", "/bearer", []string{"Basic dTpw"}, 401, bearer, true},
		{"one token", "/bearer/abc", []string{"Bearer abc"}, 200, "", true},
		{"another token", "/bearer/abc", []string{"Bearer abd"}, 401, bearer + `, error="invalid_token"`, true},
		{"status", "/status/401", nil, 401, basic, true},
		{"digest quality", "/digest-auth/best/u/p", nil, 400, "", true},
		{"digest algorithm", "/digest-auth/auth/u/p/CRC-32", nil, 400, "", true},
		{"digest stale after", "/digest-auth/auth/u/p/MD5/0", nil, 400, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			for _, v := range tt.authorization {
				header = append(header, "Authorization", v)
			}
			w := call(h, http.MethodGet, tt.target, "", header...)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			got := w.Header().Get("WWW-Authenticate")
			if !strings.HasPrefix(got, tt.challenge) || (tt.challenge == "") != (got == "") {
				t.Errorf("challenge %q, want %q", got, tt.challenge)
			}
			if tt.noStore != (w.Header().Get("Cache-Control") == "no-store") {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if strings.Contains(w.Header().Get("Access-Control-Allow-Origin"), "*") {
				t.Error("any origin, and credentials too")
			}
		})
	}
}

// digester answers Digest challenges as a client does.
type digester struct {
	t        *testing.T
	h        http.Handler
	user     string
	password string
	count    uint32
}

func (d *digester) answer(c httpauth.DigestChallenge, method, target, body string, qop httpauth.DigestQOP) *httptest.ResponseRecorder {
	d.t.Helper()
	d.count++
	cred, err := c.Answer(httpauth.DigestAnswer{
		Username: d.user, Password: d.password, Method: method, URI: target, CNonce: "0123456789", Count: d.count, QOP: qop, BodyHash: c.Algorithm.Hash([]byte(body)),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return call(d.h, method, target, body, "Authorization", cred.Value())
}

func asked(t *testing.T, w *httptest.ResponseRecorder) []httpauth.DigestChallenge {
	t.Helper()
	res := httpauth.ParseChallenges(w.Header().Values("WWW-Authenticate"), httpauth.Strict)
	var all []httpauth.DigestChallenge
	for _, c := range res.Challenges {
		d, err := httpauth.ParseDigestChallenge(c, httpauth.Strict)
		if err != nil && !strings.Contains(c.String(), "SHA-512,") {
			t.Errorf("%s: %v", c, err)
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		t.Fatalf("no challenge: %d %s %v", w.Code, w.Body, res.Findings)
	}
	return all
}

func TestStrictDigest(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := &httpbin.Handler{Strict: true, Now: func() time.Time { return now }}
	for _, tt := range []struct {
		name, target, body string
		qop                httpauth.DigestQOP
		algorithm          httpauth.DigestAlgorithm
	}{
		{"strongest first", "/digest-auth/auth/u/p", "", "auth", httpauth.DigestSHA256},
		{"md5", "/digest-auth/auth/u/p/MD5", "", "auth", httpauth.DigestMD5},
		{"sess", "/digest-auth/auth/u/p/SHA-256-sess", "", "auth", httpauth.DigestSHA256Sess},
		{"sha-512-256", "/digest-auth/auth/u/p/SHA-512-256", "", "auth", httpauth.DigestSHA512256},
		{"body", "/digest-auth/auth-int/u/p/SHA-256", "hello", "auth-int", httpauth.DigestSHA256},
		{"one of two", "/digest-auth/auth,auth-int/u/p/SHA-256", "hello", "auth-int", httpauth.DigestSHA256},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := asked(t, call(h, http.MethodPost, tt.target, tt.body))[0]
			if c.Algorithm != tt.algorithm || c.Realm != "mock" {
				t.Errorf("asked for %+v", c)
			}
			d := &digester{t: t, h: h, user: "u", password: "p"}
			w := d.answer(c, http.MethodPost, tt.target, tt.body, tt.qop)
			if w.Code != http.StatusOK || w.Header().Get("Authentication-Info") == "" {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			// The same answer again is a replay, and a new count is none.
			d.count--
			if w := d.answer(c, http.MethodPost, tt.target, tt.body, tt.qop); w.Code != http.StatusUnauthorized || !asked(t, w)[0].Stale {
				t.Errorf("replayed: %d %v", w.Code, w.Header())
			}
			if w := d.answer(c, http.MethodPost, tt.target, tt.body, tt.qop); w.Code != http.StatusOK {
				t.Errorf("count 2: %d %v", w.Code, w.Header())
			}
			wrong := &digester{t: t, h: h, user: "u", password: "x", count: 10}
			if w := wrong.answer(c, http.MethodPost, tt.target, tt.body, tt.qop); w.Code != http.StatusUnauthorized || asked(t, w)[0].Stale {
				t.Errorf("wrong password: %d %v", w.Code, w.Header())
			}
		})
	}
}

// A nonce is stale after as many uses as the path says, also where the handler
// is not strict.
func TestStaleAfter(t *testing.T) {
	for _, strict := range []bool{true, false} {
		h := &httpbin.Handler{Strict: strict}
		const target = "/digest-auth/auth/u/p/MD5/2"
		c := asked(t, call(h, http.MethodGet, target, ""))[0]
		d := &digester{t: t, h: h, user: "u", password: "p"}
		for i, want := range []int{200, 200, 401, 401} {
			w := d.answer(c, http.MethodGet, target, "", "auth")
			if w.Code != want {
				t.Fatalf("strict %v: use %d: %d, want %d", strict, i+1, w.Code, want)
			}
			if want == 401 && !asked(t, w)[0].Stale {
				t.Error("not stale")
			}
		}
		d.count = 0
		if w := d.answer(asked(t, call(h, http.MethodGet, target, ""))[0], http.MethodGet, target, "", "auth"); w.Code != 200 {
			t.Errorf("a new nonce: %d", w.Code)
		}
	}
}
