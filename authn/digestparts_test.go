package authn_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

func TestDigestChallenges(t *testing.T) {
	m, _ := newDigest()
	var got []string
	for _, c := range m.Challenges(nil, nil, nil) {
		n, _ := c.Param("nonce")
		got = append(got, strings.Replace(c.String(), n, "N", 1))
	}
	want := []string{
		`Digest realm="orders", nonce="N", algorithm=SHA-512-256-sess, qop="auth, auth-int", charset=UTF-8, userhash=true`,
		`Digest realm="orders", nonce="N", algorithm=SHA-256, qop="auth, auth-int", charset=UTF-8, userhash=true`,
		`Digest realm="orders", nonce="N", algorithm=MD5, qop="auth, auth-int", charset=UTF-8, userhash=true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	plain := (&authn.Digest{Realm: "r"}).Challenges(nil, nil, nil)
	if c := plain[0].String(); len(plain) != 1 || !strings.HasSuffix(c, `, algorithm=SHA-256, qop="auth", charset=UTF-8`) {
		t.Errorf("%v", plain)
	}
	// Rules that are prepared at load must not freeze a nonce.
	q := gate401.Requirement{Rule: "r", Accept: []gate401.Authenticator{m}}
	q.Prepare()
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
	one, two := g.Decide(t.Context(), request("/")), g.Decide(t.Context(), request("/"))
	a, _ := one.Challenges[0].Param("nonce")
	b, _ := two.Challenges[0].Param("nonce")
	if a == "" || a == b {
		t.Errorf("nonces %q and %q", a, b)
	}
}

func TestDigestBody(t *testing.T) {
	body := func(text string, err error) func(int64) ([]byte, error) {
		return func(limit int64) ([]byte, error) { return []byte(text)[:min(int64(len(text)), limit)], err }
	}
	for _, tt := range []struct {
		name string
		sent func(int64) ([]byte, error)
		want reason.Code
	}{
		{"the same", body("12345678", nil), ""},
		{"another", body("12345679", nil), reason.PasswordWrong},
		{"none", nil, reason.PasswordWrong},
		{"too large", body("123456789", nil), reason.RequestMalformed},
		{"broken off", body("", errors.New("reset")), reason.RequestMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := newDigest()
			m.MaxBody = 8
			c := asked(t, m, "SHA-256", nil)
			got, err := c.Answer(httpauth.DigestAnswer{Username: "alice", Password: "correct horse", Method: "GET", URI: "/", CNonce: "c",
				QOP: httpauth.DigestAuthInt, BodyHash: c.Algorithm.Hash([]byte("12345678"))})
			if err != nil {
				t.Fatal(err)
			}
			r := request("/", "Authorization", got.Value())
			r.Body = tt.sent
			if _, code := try(t, m, r); code != tt.want {
				t.Errorf("%q, want %q", code, tt.want)
			}
		})
	}
}

func TestDigestInfo(t *testing.T) {
	m, _ := newDigest()
	c := asked(t, m, "SHA-256", nil)
	sent := answer(t, c, "/", "alice", "correct horse", 1)
	ha1 := httpauth.DigestHA1("SHA-256", "alice", "orders", "correct horse")
	r := request("/", "Authorization", sent.Value())
	info, ok, err := m.Info(t.Context(), r, nil)
	if !ok || err != nil || !info.Is(sent, ha1, "") || info.NextNonce != "" {
		t.Errorf("%v, %t, %v", info.Info(), ok, err)
	}
	if info.Is(sent, httpauth.DigestHA1("SHA-256", "alice", "orders", "x"), "") {
		t.Error("anybody's password proves it")
	}
	r.Time = noon.Add(authn.DefaultNonceLife/2 + time.Second)
	info, _, _ = m.Info(t.Context(), r, nil)
	next := c
	next.Nonce = info.NextNonce
	again := request("/", "Authorization", answer(t, next, "/", "alice", "correct horse", 1).Value())
	again.Time = r.Time
	if _, code := try(t, m, again); code != "" || info.NextNonce == c.Nonce {
		t.Errorf("with the next nonce %q: %q", info.NextNonce, code)
	}
	integrity, err := c.Answer(httpauth.DigestAnswer{Username: "alice", Password: "correct horse", Method: "GET", URI: "/", CNonce: "c", QOP: "auth-int"})
	if err != nil {
		t.Fatal(err)
	}
	r = request("/", "Authorization", integrity.Value())
	if info, ok, err := m.Info(t.Context(), r, nil); ok || err != nil || info.RspAuth != "" {
		t.Errorf("without the body: %v, %t, %v", info.Info(), ok, err)
	}
	if info, ok, err := m.Info(t.Context(), r, []byte("out")); !ok || err != nil || !info.Is(integrity, ha1, c.Algorithm.Hash([]byte("out"))) {
		t.Errorf("with the body: %v, %t, %v", info.Info(), ok, err)
	}
}

// To forget never lets an answer in twice.
func TestNonceMemoryForgets(t *testing.T) {
	m := &authn.NonceMemory{Entries: 2}
	id := func(n byte) authn.NonceID {
		at := noon.Add(time.Duration(n) * time.Second)
		return authn.NonceID{ID: [12]byte{n}, Issued: at, Ends: at.Add(time.Minute)}
	}
	used := authn.NonceState{High: 1, Window: 1}
	swap := func(n byte, old, next authn.NonceState) (bool, error) {
		return m.SwapNonceState(t.Context(), id(n), old, next)
	}
	for _, n := range []byte{2, 1} {
		if ok, err := swap(n, authn.NonceState{}, used); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if ok, _ := swap(1, authn.NonceState{}, used); ok {
		t.Error("swapped what was no longer old")
	}
	if ok, err := swap(3, authn.NonceState{}, used); !ok || err != nil || m.Len() != 2 {
		t.Errorf("%t, %v, %d kept", ok, err, m.Len())
	}
	if _, err := m.NonceState(t.Context(), id(1)); !errors.Is(err, authn.ErrNonceForgotten) {
		t.Errorf("the forgotten one: %v", err)
	}
	if s, err := m.NonceState(t.Context(), id(2)); s != used || err != nil {
		t.Errorf("the kept one: %v, %v", s, err)
	}
	if ok, _ := swap(100, authn.NonceState{}, used); !ok || m.Len() != 1 {
		t.Errorf("what ended is kept: %d", m.Len())
	}
}

// lost is a shared memory that others always win.
type lost struct{ authn.NonceMemory }

func (*lost) SwapNonceState(context.Context, authn.NonceID, authn.NonceState, authn.NonceState) (bool, error) {
	return false, nil
}

func TestNoncesNeedTheirMemory(t *testing.T) {
	m, _ := newDigest()
	m.Nonces = &authn.Nonces{Counts: &lost{}}
	r := request("/", "Authorization", answer(t, asked(t, m, "MD5", nil), "/", "alice", "correct horse", 1).Value())
	if _, code := try(t, m, r); code != reason.CheckFailed {
		t.Errorf("%q", code)
	}
	m, _ = newDigest()
	m.Nonces = &authn.Nonces{Counts: &authn.NonceMemory{Entries: 1}}
	first := asked(t, m, "MD5", nil)
	for range 3 {
		try(t, m, request("/", "Authorization", answer(t, asked(t, m, "MD5", nil), "/", "alice", "correct horse", 1).Value()))
	}
	if _, code := try(t, m, request("/", "Authorization", answer(t, first, "/", "alice", "correct horse", 1).Value())); code != reason.DigestStale {
		t.Errorf("a nonce of which nothing is known: %q", code)
	}
}

func TestNoncesInParallel(t *testing.T) {
	m, _ := newDigest()
	c := asked(t, m, "SHA-256", nil)
	var wg sync.WaitGroup
	for n := range uint32(60) {
		wg.Go(func() {
			if _, code := try(t, m, request("/", "Authorization", answer(t, c, "/", "alice", "correct horse", n+1).Value())); code != "" {
				t.Errorf("nc=%d: %q", n+1, code)
			}
		})
	}
	wg.Wait()
}

func TestDigestSharedKey(t *testing.T) {
	one, _ := newDigest()
	two, _ := newDigest()
	counts := &authn.NonceMemory{}
	one.Nonces, two.Nonces = &authn.Nonces{Key: []byte("key"), Counts: counts}, &authn.Nonces{Key: []byte("key"), Counts: counts}
	r := request("/", "Authorization", answer(t, asked(t, one, "SHA-256", nil), "/", "alice", "correct horse", 1).Value())
	if _, code := try(t, two, r); code != "" {
		t.Errorf("at the other: %q", code)
	}
	if _, code := try(t, one, r); code != reason.DigestReplayed {
		t.Errorf("again: %q", code)
	}
	r.Time = noon.Add(-time.Hour)
	if _, code := try(t, one, r); code != reason.DigestStale {
		t.Errorf("from the future: %q", code)
	}
}

// Whatever is sent, Find answers with a credential, nothing or a refusal, and
// nobody gets in without the password.
func FuzzDigest(f *testing.F) {
	m, _ := newDigest()
	c := asked(f, m, "SHA-256", nil)
	f.Add(answer(f, c, "/", "alice", "not her password", 1).Value(), "/")
	f.Add(`Digest username*=UTF-8''a, realm="orders", nonce="`+c.Nonce+`", uri="/?", response="`+strings.Repeat("0", 64)+`", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=""`, "/?")
	f.Add("Digest", "*")
	f.Fuzz(func(t *testing.T, field, target string) {
		r := request("/", "Authorization", field)
		r.Target = target
		c, ok, err := m.Find(r)
		if ok != (c != nil) || ok && err != nil {
			t.Fatalf("%t, %v, %v", ok, c, err)
		}
		var d *gate401.Denial
		if err != nil && !errors.As(err, &d) {
			t.Fatal(err)
		}
		if ok {
			if id, err := m.Verify(t.Context(), r, c); err == nil {
				t.Errorf("%q lets in %v", field, id)
			}
		}
	})
}
