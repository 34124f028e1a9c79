//go:build linux

package tls_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
)

const year = 365 * 24 * time.Hour

func acmeFile(p *pebble, listen, redirect string) string {
	file := fmt.Sprintf("gate: {listen: %q, upstream: UPSTREAM}\ntls:\n  acme: {hosts: [api.example.test, shop.example.test], email: ops@example.com, directory: %q, ca_file: %q}\n",
		listen, p.Directory, p.CA)
	if redirect != "" {
		file += fmt.Sprintf("  redirect: %q\n", redirect)
	}
	return file
}

// A certificate for each host comes from a real ACME server, by either challenge,
// and a restart asks for none.
func TestACME(t *testing.T) {
	for _, c := range []struct {
		name     string
		https    func(p *pebble) string
		redirect func(p *pebble) string
	}{
		// Where the one challenge looks, the other finds nobody.
		{"tls-alpn-01", func(p *pebble) string { return p.TLS }, func(*pebble) string { return "" }},
		{"http-01", func(*pebble) string { return "127.0.0.1:0" }, func(p *pebble) string { return p.HTTP }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startPebble(t, year)
			dir := t.TempDir()
			file := acmeFile(p, c.https(p), c.redirect(p))
			g := serve(t, dir, file)
			first := map[string]string{}
			for _, host := range []string{"api.example.test", "shop.example.test"} {
				soon(t, "a certificate for "+host, func() bool { first[host] = serial(g.address, host, p.Issued); return first[host] != "" })
			}
			// No stranger gets one, whatever he asks for.
			if s := serial(g.address, "evil.example.test", nil); s != "" {
				t.Error("a certificate for a name that is not in the file")
			}
			res, err := client(t, g.address, p.Issued, true).Get("https://api.example.test/orders")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized || res.Proto != "HTTP/2.0" || res.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("%s %s %v", res.Proto, res.Status, res.Header)
			}
			for range 2 { // the record of an order is not the record of a certificate
				if err := g.Stop(); err != nil {
					t.Fatal(err)
				}
				// Nothing secret stands in the records in clear.
				for _, name := range []string{"gate.db", "gate.db-wal"} {
					if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && strings.Contains(string(data), "PRIVATE KEY") {
						t.Errorf("%s holds a private key in clear", name)
					}
				}
				orders := p.orders()
				g = serve(t, dir, file)
				for host, want := range first {
					soon(t, "the listener", func() bool { return serial(g.address, host, p.Issued) != "" })
					if got := serial(g.address, host, p.Issued); got != want {
						t.Errorf("%s: the certificate was %s, and is %s after a restart", host, want, got)
					}
				}
				if n := len(p.orders()); n != len(orders) {
					t.Errorf("%d orders after a restart, %d before", n, len(orders))
				}
			}
		})
	}
}

var ordered = regexp.MustCompile(`Added order "?([A-Za-z0-9_-]+)`)

// orders are those that the server has taken.
func (p *pebble) orders() []string { return ordered.FindAllString(p.Log.String(), -1) }

// Certificates that soon expire are renewed while the gate runs.
func TestACMERenewal(t *testing.T) {
	t.Parallel()
	p := startPebble(t, 10*time.Second)
	g := serve(t, t.TempDir(), acmeFile(p, p.TLS, ""))
	var first string
	soon(t, "a certificate", func() bool { first = serial(g.address, "api.example.test", p.Issued); return first != "" })
	soon(t, "another certificate", func() bool {
		now := serial(g.address, "api.example.test", p.Issued)
		return now != "" && now != first
	})
}

// Of two gates on one store one orders, and both have the certificate.
func TestACMETwoGates(t *testing.T) {
	t.Parallel()
	p := startPebble(t, year)
	dir := t.TempDir()
	file := strings.ReplaceAll(acmeFile(p, p.TLS, ""), ", shop.example.test", "")
	one := serve(t, dir, file)
	other := serve(t, dir, strings.Replace(file, p.TLS, foreign.FreeAddress(t), 1))
	serials := map[string]bool{}
	for _, g := range []*gate{one, other} {
		var s string
		soon(t, "a certificate", func() bool { s = serial(g.address, "api.example.test", p.Issued); return s != "" })
		serials[s] = true
	}
	if len(serials) != 1 || len(p.orders()) != 1 {
		t.Errorf("%d certificates by %d orders, want one", len(serials), len(p.orders()))
	}
}
