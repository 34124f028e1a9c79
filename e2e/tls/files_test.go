//go:build linux

package tls_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

const ownFile = "gate: {listen: '127.0.0.1:0', upstream: UPSTREAM}\ntls: {cert: cert.pem, key: key.pem}\n"

// The certificate changes under the feet of connections that are open, and nobody
// notices but who connects anew.
func TestCertificateChanges(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	g := serve(t, dir, ownFile)
	config := &tls.Config{RootCAs: a.pool, ServerName: "api.example.test", MinVersion: tls.VersionTLS12}
	old, err := tls.Dial("tcp", g.address, config)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	_ = old.SetDeadline(time.Now().Add(2 * program.Patience))
	answers := bufio.NewReader(old)
	ask := func(octet string) {
		t.Helper()
		if _, err := io.WriteString(old, octet); err != nil {
			t.Fatal(err)
		}
	}
	// Half of a body, whose other half comes when the certificate is another.
	ask("POST /open/echo HTTP/1.1\r\nHost: api.example.test\r\nContent-Length: 4\r\n\r\nab")
	cert, key := a.pair(t, 101, "api.example.test")
	save(t, filepath.Join(dir, "cert.pem"), cert[:len(cert)/2])
	soon(t, "the half is found", func() bool { return g.Event("the new certificate cannot be used, the one before stays in use") != nil })
	if got := serial(g.address, "api.example.test", a.pool); got != "100" {
		t.Errorf("with half a certificate, %s is in use", got)
	}
	save(t, filepath.Join(dir, "cert.pem"), cert)
	save(t, filepath.Join(dir, "key.pem"), key)
	soon(t, "the new certificate", func() bool { return serial(g.address, "api.example.test", a.pool) == "101" })
	ask("cd")
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "abcd" {
		t.Errorf("%q, %v", body, err)
	}
	ask("GET /open/x HTTP/1.1\r\nHost: api.example.test\r\n\r\n")
	if res, err := http.ReadResponse(answers, nil); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("the next request on the old connection: %v, %v", res, err)
	}
	// The key is nowhere in the log.
	if strings.Contains(g.Stderr.String(), "PRIVATE") {
		t.Error("the log holds a key")
	}
}

// A reload of the file changes which certificates are in use; that it refuses what
// cannot be served, and what needs a restart, leaves the old ones.
func TestReload(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	cert, key := a.pair(t, 200, "shop.example.test")
	save(t, filepath.Join(dir, "shop.pem"), cert)
	save(t, filepath.Join(dir, "shop-key.pem"), key)
	g := serve(t, dir, ownFile)
	if got := serial(g.address, "shop.example.test", a.pool); got != "" {
		t.Errorf("certificate %s for a name that is in none", got)
	}
	upstream := api(t)
	change := func(tls string) {
		t.Helper()
		text := "storage: {records: 'sqlite:gate.db'}\nadmin: {listen: '127.0.0.1:0'}\nlog: {format: json}\nrules: [{path: '/open/**', allow: anyone}]\n" +
			"gate: {listen: '127.0.0.1:0', upstream: '" + upstream + "'}\n" + tls
		save(t, g.file, []byte(text))
		if err := syscall.Kill(g.PID, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	change("tls: {cert: cert.pem, key: key.pem, more: [{cert: shop.pem, key: shop-key.pem}]}\n")
	soon(t, "the second certificate", func() bool { return serial(g.address, "shop.example.test", a.pool) == "200" })
	refused := func(want string) {
		t.Helper()
		soon(t, "the refusal names "+want, func() bool {
			for line := range strings.Lines(g.Stderr.String()) {
				if strings.Contains(line, "configuration refused") && strings.Contains(line, want) {
					return true
				}
			}
			return false
		})
		if got := serial(g.address, "shop.example.test", a.pool); got != "200" {
			t.Errorf("after a refused file %q is in use", got)
		}
	}
	change("tls: {cert: cert.pem, key: shop-key.pem}\n")
	folder := filepath.Dir(g.file)
	refused("tls.key: " + filepath.Join(folder, "shop-key.pem") + ": the key does not belong to the certificate in " + filepath.Join(folder, "cert.pem"))
	change("")
	refused("restart")
	change("tls: {cert: shop.pem, key: shop-key.pem, min_version: 1.3}\n")
	soon(t, "the certificate is the only one", func() bool { return serial(g.address, "api.example.test", a.pool) == "" })
	soon(t, "TLS 1.2 is refused", func() bool {
		conn, err := tls.Dial("tcp", g.address, &tls.Config{RootCAs: a.pool, ServerName: "shop.example.test", MaxVersion: tls.VersionTLS12})
		if err == nil {
			conn.Close()
		}
		return err != nil && strings.Contains(err.Error(), "protocol version")
	})
}

// TLS 1.0 and 1.1, and suites without forward secrecy, are not spoken.
func TestModern(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	g := serve(t, dir, ownFile)
	for _, c := range []struct {
		name string
		min  uint16
		max  uint16
		good bool
	}{
		{"1.3", tls.VersionTLS13, tls.VersionTLS13, true}, {"1.2", tls.VersionTLS12, tls.VersionTLS12, true},
		{"1.1", tls.VersionTLS11, tls.VersionTLS11, false}, {"1.0", tls.VersionTLS10, tls.VersionTLS10, false},
	} {
		conn, err := tls.Dial("tcp", g.address, &tls.Config{RootCAs: a.pool, ServerName: "api.example.test", MinVersion: c.min, MaxVersion: c.max, NextProtos: []string{"h2", "http/1.1"}})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			if s := conn.ConnectionState(); s.NegotiatedProtocol != "h2" {
				t.Errorf("%s: %s", c.name, s.NegotiatedProtocol)
			}
			conn.Close()
		}
	}
	weak := &tls.Config{RootCAs: a.pool, ServerName: "api.example.test", MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}
	if conn, err := tls.Dial("tcp", g.address, weak); err == nil {
		t.Errorf("%x is spoken", conn.ConnectionState().CipherSuite)
		conn.Close()
	}
	// Whoever speaks plain http there is told so.
	res, err := http.Get("http://" + g.address + "/orders")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "HTTPS") {
		t.Errorf("%s %q", res.Status, body)
	}
}

// Faults of the files are found before anything starts, at their place in the file.
func TestFaults(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	_, key := a.pair(t, 101, "api.example.test")
	save(t, filepath.Join(dir, "other.pem"), key)
	for _, c := range []struct{ name, tls, want string }{
		{"no file", "{cert: none.pem, key: key.pem}", "2:13: tls.cert: DIR/none.pem: there is no such file"},
		{"another key", "{cert: cert.pem, key: other.pem}", "2:28: tls.key: DIR/other.pem: the key does not belong to the certificate in DIR/cert.pem"},
		{"exchanged", "{cert: key.pem, key: cert.pem}", "2:13: tls.cert: DIR/key.pem: there is no certificate in it, but a private key"},
		{"in the list", "{cert: cert.pem, key: key.pem, more: [{cert: cert.pem, key: other.pem}]}", "2:66: tls.more[0].key: DIR/other.pem: the key does not belong"},
	} {
		save(t, filepath.Join(dir, "faulty.yaml"), fmt.Appendf(nil, "gate: {upstream: 'http://127.0.0.1:1'}\ntls: %s\n", c.tls))
		for _, command := range [][]string{{"config", "check", "faulty.yaml"}, {"serve", "-c", "faulty.yaml"}} {
			out, code := run(t, dir, command...)
			// Relative paths begin in the folder of the file, and are told whole.
			if want := strings.ReplaceAll(c.want, "DIR", dir); code != 1 || !strings.Contains(out, want) {
				t.Errorf("%s: %v: exit %d, want 1 and %q:\n%s", c.name, command, code, want, out)
			}
		}
	}
}
