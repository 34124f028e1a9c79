package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gate401/gate401/internal/certificate"
)

// demoCA is the file of the certificate that clients of the demo are to trust.
const demoCA = "demo-ca.pem"

// demoTLS is the throw-away certificate of a demo; the zero value is plain http.
type demoTLS struct {
	certificate *tls.Certificate
	file        string // with the certificate of the authority
	roots       *x509.CertPool
}

// newDemoTLS makes the certificate, and the file of its authority in dir. The
// keys are never written.
func newDemoTLS(o DemoOptions, dir string) (demoTLS, error) {
	if !o.TLS {
		return demoTLS{}, nil
	}
	own, authority, err := certificate.Throwaway(time.Now())
	if err != nil {
		return demoTLS{}, err
	}
	d := demoTLS{certificate: &own, roots: x509.NewCertPool()}
	d.roots.AppendCertsFromPEM(authority)
	if d.file, err = filepath.Abs(filepath.Join(dir, demoCA)); err != nil {
		return demoTLS{}, err
	}
	//nolint:gosec // it is what others are to read: a certificate, and no key
	return d, os.WriteFile(d.file, authority, 0o644)
}

// dial reaches the gate, as a client that trusts the authority.
func (d demoTLS) dial(ctx context.Context, address string) (net.Conn, error) {
	if d.certificate == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	own := tls.Dialer{Config: &tls.Config{RootCAs: d.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	return own.DialContext(ctx, "tcp", address)
}
