//go:build linux

package tls_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// soon waits until ok, for as long as a busy machine may need.
func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(program.Patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// gate is a running gate with an API behind it.
type gate struct {
	*program.Process
	file    string
	address string // at which it listens
}

// api is what stands behind the gates of this package.
func api(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/open/hsts":
			w.Header().Set("Strict-Transport-Security", "max-age=1")
		case "/open/trailer":
			w.Header().Set("Trailer", "X-Sum")
			defer w.Header().Set("X-Sum", "42")
		case "/open/echo":
			_, _ = io.Copy(w, r.Body)
			return
		}
		fmt.Fprintf(w, "%s %s\n", r.Header.Get("X-Forwarded-Proto"), r.URL.Path)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// serve starts a gate in dir with what file says beside the usual.
func serve(t *testing.T, dir, file string) *gate {
	t.Helper()
	text := "storage: {records: 'sqlite:gate.db'}\nadmin: {listen: '127.0.0.1:0'}\nlog: {format: json}\n" +
		"rules: [{path: '/open/**', allow: anyone}]\n" + strings.ReplaceAll(file, "UPSTREAM", api(t))
	f, err := os.CreateTemp(dir, "gate401-*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	save(t, f.Name(), []byte(text))
	p := program.Start(t, binary, dir, "serve", "-c", f.Name())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("gate:\n%s%s", p.Stdout, p.Stderr)
		}
	})
	return &gate{p, f.Name(), p.Ready["listen"].(string)}
}

// client reaches address whatever name it asks for, and trusts pool.
func client(t *testing.T, address string, pool *x509.CertPool, h2 bool) *http.Client {
	t.Helper()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: h2,
	}
	if !h2 {
		tr.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: program.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// serial is the number of the certificate that a new connection gets, "" for none.
func serial(address, name string, pool *x509.CertPool) string {
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12}}
	ctx, cancel := context.WithTimeout(context.Background(), program.Patience)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return ""
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// run runs the program to its end and returns what it printed and its status.
func run(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
