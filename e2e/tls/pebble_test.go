//go:build linux

package tls_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	wire "encoding/binary"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/component"
)

// pebbleVersion is that of the ACME server of Let's Encrypt for tests.
const pebbleVersion = "v2.10.1"

// pebble is a running ACME server, which looks up every name as this machine.
type pebble struct {
	Directory string
	// CA is the file of the authority that the server itself is trusted by.
	CA string
	// Issued are the authorities of the certificates that it gives.
	Issued *x509.CertPool
	// HTTP and TLS are the addresses at which it looks for proofs.
	HTTP, TLS string
	Log       *program.Output
}

// pebbleBinary is Pebble, built once for all runs.
var pebbleBinary = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "gate401-tests", "pebble-"+pebbleVersion)
	path := filepath.Join(dir, "pebble")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/letsencrypt/pebble/v2/cmd/pebble@"+pebbleVersion)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// startPebble runs the server until the test ends; its certificates are good for
// life.
func startPebble(t *testing.T, life time.Duration) *pebble {
	t.Helper()
	server, err := pebbleBinary()
	if err != nil {
		t.Logf("%v\n%s", err, server)
		component.Missing(t, "pebble", "go install github.com/letsencrypt/pebble/v2/cmd/pebble@"+pebbleVersion)
	}
	dir := t.TempDir()
	p := &pebble{HTTP: foreign.FreeAddress(t), TLS: foreign.FreeAddress(t), CA: filepath.Join(dir, "ca.pem"), Log: &program.Output{}}
	listen, manage := foreign.FreeAddress(t), foreign.FreeAddress(t)
	p.Directory = "https://" + listen + "/dir"
	own, authority, err := certificate.Throwaway(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	save(t, p.CA, authority)
	save(t, filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	save(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage,
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": port(t, p.HTTP), "tlsPort": port(t, p.TLS),
		"retryAfter": map[string]int{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
		"profiles": map[string]any{"default": map[string]any{"description": "test", "validityPeriod": int(life.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "config.json"), config)
	cmd := exec.Command(server, "-config", filepath.Join(dir, "config.json"), "-dnsserver", resolver(t))
	// It would wait for some seconds before it looks.
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	cmd.Stdout, cmd.Stderr = p.Log, p.Log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("pebble:\n%s", p.Log)
		}
	})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(tr.CloseIdleConnections)
	client := &http.Client{Transport: tr}
	p.Issued = x509.NewCertPool()
	soon(t, "pebble gives its root", func() bool {
		res, err := client.Get("https://" + manage + "/roots/0")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		root, err := io.ReadAll(res.Body)
		return err == nil && p.Issued.AppendCertsFromPEM(root)
	})
	return p
}

// resolver is a name server that knows every name as 127.0.0.1 (RFC 1035 section
// 4.1), until the test ends.
func resolver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // Pebble asks by TCP
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(program.Patience))
				var size [2]byte
				for {
					if _, err := io.ReadFull(conn, size[:]); err != nil {
						return
					}
					query := make([]byte, wire.BigEndian.Uint16(size[:]))
					if _, err := io.ReadFull(conn, query); err != nil {
						return
					}
					out := answer(query)
					if _, err := conn.Write(append(wire.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

func answer(query []byte) []byte {
	if len(query) < 12 {
		return nil
	}
	end := 12
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end += 5; end > len(query) {
		return nil
	}
	out := append([]byte{}, query[:end]...)
	out[2], out[3] = 0x85, 0x80 // an authoritative answer without error
	copy(out[4:12], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	if wire.BigEndian.Uint16(query[end-4:]) == 1 { // A
		out[7] = 1
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
	}
	return out
}

func save(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
