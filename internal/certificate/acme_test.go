package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// With a real ACME server it is tested in e2e/tls; here is what that one does not do.

func ring(t *testing.T, master byte) *seal.Ring {
	t.Helper()
	r, err := seal.New(bytes.Repeat([]byte{master}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func client(t *testing.T, set *store.Set, directory string) *certificate.ACME {
	t.Helper()
	a := &certificate.ACME{Hosts: []string{"a.example", "b.example"}, Directory: directory, Records: set.Certificates, Sealer: ring(t, 1)}
	if err := a.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// keep stores a certificate as the client does.
func keep(t *testing.T, set *store.Set, id string, cert, key []byte, expires time.Time) {
	t.Helper()
	sealed, err := ring(t, 1).Seal("certificate", id, append(append([]byte{}, key...), cert...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Certificates.CreateCertificate(t.Context(), store.Certificate{ID: id, Sealed: sealed, Expires: expires}); err != nil {
		t.Fatal(err)
	}
}

func TestACMEOfTheStore(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer set.Close()
	cert, key := fresh(t, "a.example")
	keep(t, set, "acme/ca.example/dir#cert/a.example", cert, key, time.Now().Add(time.Hour))
	a := client(t, set, "https://ca.example/dir")
	for name, want := range map[string]string{
		"a.example": "a.example", "A.Example.": "a.example", "": "a.example",
		"b.example": "no certificate for b.example yet", "c.example": "a name that is not one of the gate's",
	} {
		if got := served(t, a.GetCertificate, name); got != want {
			t.Errorf("%q gets %q, want %q", name, got, want)
		}
	}
	if err := a.Ready(); err == nil || !strings.Contains(err.Error(), "b.example") {
		t.Errorf("ready: %v", err)
	}
	// That of a server for tests is not in use with the real one.
	if err := client(t, set, "https://other.example/dir").Ready(); err == nil || !strings.Contains(err.Error(), "a.example") {
		t.Errorf("ready: %v", err)
	}
	if _, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: "a.example", SupportedProtos: []string{"acme-tls/1"}}); err == nil {
		t.Error("a proof that nobody asked for")
	}
	// Sealed by another master key, or swapped for another's record: an error, and
	// not a new order.
	b := &certificate.ACME{Hosts: []string{"a.example"}, Directory: "https://ca.example/dir", Records: set.Certificates, Sealer: ring(t, 2)}
	if err := b.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("another master key: %v", err)
	}
	wrong, key := fresh(t, "evil.example")
	keep(t, set, "acme/swap.example/dir#cert/a.example", wrong, key, time.Time{})
	c := &certificate.ACME{Hosts: []string{"a.example"}, Directory: "https://swap.example/dir", Records: set.Certificates, Sealer: ring(t, 1)}
	if err := c.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("another name: %v", err)
	}
}

func TestChallengeOfNobody(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer set.Close()
	a := client(t, set, "https://ca.example/dir")
	sealed, err := ring(t, 1).Seal("certificate", "acme/ca.example/dir#token/tok-en_1", []byte("tok-en_1.thumbprint"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = set.Certificates.CreateCertificate(t.Context(), store.Certificate{ID: "acme/ca.example/dir#token/tok-en_1", Sealed: sealed, Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, path string
		want       int
	}{
		{"a.example", "/.well-known/acme-challenge/tok-en_1", 200}, {"B.example:80", "/.well-known/acme-challenge/tok-en_1", 200},
		{"c.example", "/.well-known/acme-challenge/tok-en_1", 404}, {"a.example", "/.well-known/acme-challenge/other", 404},
		{"a.example", "/.well-known/acme-challenge/", 404}, {"a.example", "/.well-known/acme-challenge/../cert/a.example", 404},
		{"a.example", "/.well-known/acme-challenge/" + strings.Repeat("a", 300), 404},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Host, r.URL.Path = c.host, c.path
		w := httptest.NewRecorder()
		a.Challenge(w, r)
		if w.Code != c.want || c.want == 200 && w.Body.String() != "tok-en_1.thumbprint" {
			t.Errorf("%s %s: %d %q", c.host, c.path, w.Code, w.Body)
		}
	}
}

// A server that cannot be used is asked rarely, by all processes together, and
// after a restart as well.
func TestACMEPauses(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many orders"}`, http.StatusForbidden)
	}))
	defer s.Close()
	set := memory.Open(memory.Options{})
	defer set.Close()
	log := &lines{}
	for range 3 {
		a := &certificate.ACME{
			Hosts: []string{"a.example"}, Directory: s.URL + "/dir", Records: set.Certificates, Sealer: ring(t, 1), Log: log.logger(),
			Roots: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		}
		if err := a.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		before := log.String()
		go func() { defer close(done); a.Run(ctx) }()
		eventually(t, "a line about it", func() bool { return len(log.String()) > len(before) })
		cancel()
		<-done
	}
	if n := strings.Count(log.String(), "no certificate was given"); n != 1 || !strings.Contains(log.String(), "waits, since the ones before failed") {
		t.Errorf("%d orders:\n%s", n, log)
	}
	if asked.Load() == 0 {
		t.Error("the server was never asked")
	}
}
