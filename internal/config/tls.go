package config

import (
	"net"
	"net/url"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// TLS says how the gate speaks https. With cert and key, or acme, it speaks
// nothing else at gate.listen.
type TLS struct {
	// The certificate and its chain, a PEM file; read again when it changes.
	Cert string `yaml:"cert,omitempty"`
	// The private key of the certificate, a PEM file.
	Key string `yaml:"key,omitempty"`
	// Further certificates; a client gets the one for the name that it asks for.
	More []KeyPair `yaml:"more,omitempty" jsonschema:"minItems=1"`
	// Certificates from an ACME server such as Let's Encrypt, instead of files.
	ACME ACME `yaml:"acme,omitempty"`
	// The least version of TLS: 1.2 or 1.3; 1.2 if not given.
	MinVersion TLSVersion `yaml:"min_version,omitempty"`
	// An address and port for plain http, such as ":80", where requests are told to come by https.
	Redirect string `yaml:"redirect,omitempty"`
	// Tells browsers to come by https alone (RFC 6797): a year if not given; or none.
	HSTS HSTS `yaml:"hsts,omitempty"`
}

// KeyPair is a certificate with its key.
type KeyPair struct {
	// The certificate and its chain, a PEM file.
	Cert string `yaml:"cert,omitempty" jsonschema:"required"`
	// The private key of the certificate, a PEM file.
	Key string `yaml:"key,omitempty" jsonschema:"required"`
}

// ACME says from whom certificates are got (RFC 8555). To name hosts is to agree
// to the terms of that server.
type ACME struct {
	// The names for which certificates are got: exactly these, and no others.
	Hosts []string `yaml:"hosts,omitempty" jsonschema:"required,minItems=1"`
	// Where the server may write to.
	Email string `yaml:"email,omitempty"`
	// The directory of the server, an https URL; that of Let's Encrypt if not given.
	Directory string `yaml:"directory,omitempty"`
	// The certificates of a private authority that the directory is to be trusted by, a PEM file.
	CAFile string `yaml:"ca_file,omitempty"`
}

// LetsEncrypt is the directory that is asked if the file names no other.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// DirectoryURL is the directory that is asked.
func (a ACME) DirectoryURL() string {
	if a.Directory == "" {
		return LetsEncrypt
	}
	return a.Directory
}

// TLSVersion is "1.2" or "1.3"; empty means 1.2.
type TLSVersion string

// HSTS tells browsers to come by https alone.
type HSTS struct {
	// None is set by "hsts: none": the gate sends no such field.
	None bool `yaml:"-"`
	// How long browsers remember it; a year if not given.
	MaxAge time.Duration `yaml:"max_age,omitempty"`
	// It is for all names below the host too.
	IncludeSubdomains bool `yaml:"include_subdomains,omitempty"`
	// Browsers may come with it built in; needs include_subdomains and at least a year.
	Preload bool `yaml:"preload,omitempty"`
}

// Year is how long browsers remember HSTS if the file does not say.
const Year = 365 * 24 * time.Hour

// GivesHSTS tells whether the file says anything about HSTS. What it says
// outranks the API, and the year that holds otherwise does not.
func (f *File) GivesHSTS() bool { return f.TLS.HSTS != HSTS{} && !f.impliedHSTS }

// On tells whether the gate itself speaks https.
func (t TLS) On() bool { return t.Cert != "" || len(t.More) > 0 || len(t.ACME.Hosts) > 0 }

// Pairs are the certificates that are files, the first of them for clients that
// ask for no name or for one that no certificate has.
func (t TLS) Pairs() []KeyPair {
	var all []KeyPair
	if t.Cert != "" {
		all = append(all, KeyPair{Cert: t.Cert, Key: t.Key})
	}
	return append(all, t.More...)
}

// Public is the scheme and host at which clients reach the gate: what the file
// says, or else the address listen at which it listens.
func (f *File) Public(listen string) (*url.URL, error) {
	if f.Gate.PublicURL != "" {
		return url.Parse(f.Gate.PublicURL)
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		// Every address of the machine; no client can open "[::]".
		host = "localhost"
	}
	if !f.TLS.On() {
		return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}, nil
	}
	if hosts := f.TLS.ACME.Hosts; len(hosts) > 0 {
		host = hosts[0]
	}
	u := &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}
	if port == "443" {
		// As clients write it, and as tokens name their issuer.
		u.Host = u.Host[:len(u.Host)-len(":443")]
	}
	return u, nil
}

// Read tells whether it was read from a file: that of the defaults was not, so that
// it says nothing that somebody meant.
func (f *File) Read() bool { return f.source != nil }

// version reads 1.2, in quotes or without.
func (d *decoder) version(n *yaml.Node, path string, to *TLSVersion) {
	s := n.Value
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!float" {
		var ok bool
		if s, ok = d.text(n, path); !ok {
			return
		}
	}
	switch s {
	case "1.2", "1.3":
		*to = TLSVersion(s)
	case "1.0", "1.1":
		d.fault(at(n), path, `write "1.2"`, "TLS %s is not spoken any more (RFC 8996)", s)
	default:
		d.fault(at(n), path, `write "1.2" or "1.3"`, "%s is none of 1.2, 1.3", d.src.quote(path, s))
	}
}

// hsts reads "none" or what browsers are told.
func (d *decoder) hsts(n *yaml.Node, path string, to *HSTS) {
	if n.Kind != yaml.ScalarNode {
		d.mapping(n, path, reflect.ValueOf(to).Elem())
		return
	}
	s, ok := d.text(n, path)
	switch {
	case !ok:
	case s == "none":
		*to = HSTS{None: true}
	default:
		d.fault(at(n), path, "write a mapping with max_age, or none", `%s is neither "none" nor a mapping`, d.src.quote(path, s))
	}
}
