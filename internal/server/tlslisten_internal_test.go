package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// handshakes serves over a listener whose certificate somebody looks up, and
// returns it with a client of it.
func handshakes(t *testing.T, look func() error) (*tlsListener, *http.Client, *lines) {
	t.Helper()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	donor := httptest.NewTLSServer(http.NotFoundHandler())
	defer donor.Close()
	var said lines
	config := &tls.Config{NextProtos: []string{"h2", "http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return &donor.TLS.Certificates[0], look()
	}}
	l := newTLSListener(raw, config, log.New(&said, "", 0))
	s := &http.Server{TLSConfig: config.Clone(), ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.TLS.NegotiatedProtocol)
	})}
	rememberHeads(s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: donor.Client().Transport.(*http.Transport).TLSClientConfig.Clone(), ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
	return l, client, &said
}

func TestTLSListener(t *testing.T) {
	asked := 0
	var mu sync.Mutex
	l, client, said := handshakes(t, func() error {
		mu.Lock()
		defer mu.Unlock()
		switch asked++; asked {
		case 1:
			panic("no certificate")
		case 2:
			return errors.New("not yet")
		}
		return nil
	})
	url := "https://" + l.Addr().String()
	for _, want := range []string{"", "", "HTTP/2.0 h2", "HTTP/2.0 h2"} {
		res, err := client.Get(url)
		got := ""
		if err == nil {
			b, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			got = string(b)
		}
		if got != want {
			t.Errorf("got %q, want %q: %v", got, want, err)
		}
	}
	// HTTP/1.1 by name, and by a client that names nothing.
	for _, names := range [][]string{{"http/1.1"}, nil} {
		tr := client.Transport.(*http.Transport).Clone()
		tr.ForceAttemptHTTP2, tr.TLSNextProto, tr.TLSClientConfig.NextProtos = false, map[string]func(string, *tls.Conn) http.RoundTripper{}, names
		res, err := (&http.Client{Timeout: time.Minute, Transport: tr}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if want := strings.TrimSpace("HTTP/1.1 " + strings.Join(names, "")); strings.TrimSpace(string(b)) != want {
			t.Errorf("got %q, want %q", b, want)
		}
	}
	// Whoever speaks plain http is told so.
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	b, _ := io.ReadAll(c)
	_ = c.Close()
	if !strings.HasPrefix(string(b), "HTTP/1.0 400 ") {
		t.Errorf("got %q", b)
	}
	for _, want := range []string{"panic: no certificate", "not yet", "client sent an HTTP request"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, said)
		}
	}
}

// A client that says nothing holds up neither the others nor the end.
func TestTLSListenerEnds(t *testing.T) {
	l, client, said := handshakes(t, func() error { return nil })
	for range 20 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	res, err := client.Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	began := time.Now()
	_ = l.Close()
	if took := time.Since(began); took >= headerTimeout {
		t.Errorf("the end took %s", took)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
	if said.String() != "" {
		t.Errorf("the log has %q", said)
	}
}

// flaky has an error before each connection.
type flaky struct {
	net.Listener
	odd bool
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.odd = !f.odd; f.odd {
		return nil, errTooMany
	}
	return f.Listener.Accept()
}

var errTooMany = errors.New("too many open files")

// Errors of accepting reach whoever serves, who waits a while and goes on.
func TestTLSListenerErrors(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newTLSListener(&flaky{Listener: raw}, &tls.Config{}, log.New(io.Discard, "", 0))
	defer func() { _ = l.Close() }()
	for range 2 {
		if _, err := l.Accept(); !errors.Is(err, errTooMany) {
			t.Fatalf("got %v, want %v", err, errTooMany)
		}
		c, err := net.Dial("tcp", raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
}
