package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// throwawayLife is how long a throw-away certificate is good.
const throwawayLife = 24 * time.Hour

// Throwaway makes an authority and a certificate of it for localhost, 127.0.0.1
// and ::1, good for a day from now on. authority is what clients are to trust, as
// PEM. The key of the authority is forgotten before Throwaway returns, and
// whoever trusts it trusts it for this machine alone (RFC 5280 section 4.2.1.10).
func Throwaway(now time.Time) (server tls.Certificate, authority []byte, err error) {
	root := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"gate401"}, CommonName: "gate401 throw-away authority"},
		IsCA:    true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 1).To4(), Mask: net.CIDRMask(32, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	leaf := &x509.Certificate{
		Subject:  pkix.Name{Organization: []string{"gate401"}, CommonName: "localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	signer, err := issue(root, nil, now)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	server, err = issue(leaf, &signer, now)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signer.Certificate[0]}), nil
}

// issue makes a key and a certificate for it; without a signer it signs itself.
func issue(template *x509.Certificate, signer *tls.Certificate, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(throwawayLife)
	parent, by := template, any(key)
	if signer != nil {
		parent, by = signer.Leaf, signer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		return tls.Certificate{}, err
	}
	made := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	made.Leaf, err = x509.ParseCertificate(der)
	return made, err
}
