package build

import (
	"crypto/x509"
	"errors"
	"os"

	"github.com/gate401/gate401/internal/config"
)

// authorities tries the files by which https servers behind the gate are
// trusted.
func authorities(cfg *config.File) config.Faults {
	var faults config.Faults
	for _, u := range cfg.Upstreams {
		if u.TLS.CAFile == "" {
			continue
		}
		text, err := os.ReadFile(u.TLS.CAFile)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
			err = errors.New("the file holds no certificate")
		}
		if err != nil {
			faults = append(faults, unusable(cfg, "upstreams."+u.Name+".tls.ca_file", err, "the file is in PEM: -----BEGIN CERTIFICATE-----")...)
		}
	}
	return faults
}
