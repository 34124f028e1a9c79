package build

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/config"
)

// certificates tries the files that tls names.
func certificates(cfg *config.File) config.Faults {
	var faults config.Faults
	for _, p := range pairs(cfg) {
		if p.pair.Cert == "" || p.pair.Key == "" {
			continue // the file is at fault, and says so
		}
		_, _, err := p.pair.Load(time.Now())
		var at *certificate.FileError
		if !errors.As(err, &at) {
			continue
		}
		path := p.path + ".cert"
		if at.Path == p.pair.Key && at.Path != p.pair.Cert {
			path = p.path + ".key"
		}
		faults = append(faults, cfg.Fault(path, err.Error(), at.Help))
	}
	if file := cfg.TLS.ACME.CAFile; file != "" {
		data, err := os.ReadFile(file)
		switch {
		case err != nil:
			faults = append(faults, unusable(cfg, "tls.acme.ca_file", err, "")...)
		case !x509.NewCertPool().AppendCertsFromPEM(data):
			faults = append(faults, cfg.Fault("tls.acme.ca_file", file+": there is no certificate in it", "it must be PEM, which begins with -----BEGIN CERTIFICATE-----"))
		}
	}
	return faults
}

// pathed is a pair and the key of the file at which it stands.
type pathed struct {
	path string
	pair certificate.Pair
}

func pairs(cfg *config.File) []pathed {
	var all []pathed
	for i, p := range cfg.TLS.Pairs() {
		path := "tls"
		if cfg.TLS.Cert == "" {
			path = fmt.Sprintf("tls.more[%d]", i)
		} else if i > 0 {
			path = fmt.Sprintf("tls.more[%d]", i-1)
		}
		all = append(all, pathed{path, certificate.Pair(p)})
	}
	return all
}

// CertificateDoubts says what is wrong with certificates that can be used, such as
// one that has expired, and with how the names of an ACME server are reached.
func CertificateDoubts(cfg *config.File) []string {
	var list []string
	for _, p := range pairs(cfg) {
		if _, doubts, err := p.pair.Load(time.Now()); err == nil {
			list = append(list, doubts...)
		}
	}
	if t := cfg.TLS; len(t.ACME.Hosts) > 0 && !ends(cfg.Gate.Listen, "443") && !ends(t.Redirect, "80") {
		list = append(list, "tls.acme: the ACME server looks for the proof at port 443 of each host, and at port 80 if there is tls.redirect: one of them must lead here")
	}
	return list
}

// ends tells whether an address has that port.
func ends(address, port string) bool {
	n := len(address) - len(port) - 1
	return n >= 0 && address[n:] == ":"+port
}
