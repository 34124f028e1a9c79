package certificate

import (
	"crypto/x509"
	"net"
	"strings"
)

// speaksFor tells whether a certificate is for host: a name, of which the first
// label may be covered by an asterisk (RFC 9525 section 6.3), or an address.
func speaksFor(leaf *x509.Certificate, host string) bool {
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		for _, a := range leaf.IPAddresses {
			if a.Equal(ip) {
				return true
			}
		}
		return false
	}
	// VerifyHostname reads other spellings of addresses too, and this is asked
	// before a client is sent somewhere.
	return host != "" && leaf.VerifyHostname(host) == nil
}
