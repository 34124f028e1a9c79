package certificate_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/certificate"
)

func TestThrowawaySpeaksForThisMachineAlone(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	server, text, err := certificate.Throwaway(now)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Fatalf("not one certificate, or more than that: %s", text)
	}
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !authority.IsCA || server.Leaf.IsCA || server.Leaf.KeyUsage&x509.KeyUsageCertSign != 0 {
		t.Errorf("authority %t, server %t", authority.IsCA, server.Leaf.IsCA)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	for _, tc := range []struct {
		name string
		at   time.Time
		good bool
	}{
		{"localhost", now, true}, {"127.0.0.1", now, true}, {"::1", now, true},
		{"example.com", now, false}, {"127.0.0.2", now, false},
		{"localhost", now.Add(25 * time.Hour), false}, {"localhost", now.Add(-2 * time.Hour), false},
	} {
		_, err := server.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: tc.name, CurrentTime: tc.at})
		if (err == nil) != tc.good {
			t.Errorf("%s at %s: %v", tc.name, tc.at, err)
		}
	}
}
