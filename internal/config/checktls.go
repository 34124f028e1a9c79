package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// maxHosts bounds how many certificates are got by ACME: each is an order, and
// the servers limit these.
const maxHosts = 100

// tls judges how https is spoken. It is called with what the rest of the file
// says of the listeners known.
func (c *checker) tls() {
	t := &c.f.TLS
	switch {
	case t.Cert != "" && t.Key == "":
		c.fault("tls.cert", "key: the PEM file with the private key; if it is in the same file, name that twice", "the key of the certificate is missing")
	case t.Key != "" && t.Cert == "":
		c.fault("tls.key", "cert: the PEM file with the certificate and its chain", "the certificate of the key is missing")
	case len(t.ACME.Hosts) > 0 && len(t.Pairs()) > 0:
		c.fault("tls.acme", "remove one of the two", "there are certificates in files and by ACME")
	}
	on := t.On() || t.Key != ""
	if !on && !c.about("tls.acme") {
		for _, x := range []struct {
			path string
			set  bool
		}{{"tls.redirect", t.Redirect != ""}, {"tls.min_version", t.MinVersion != ""}} {
			if x.set {
				c.fault(x.path, "give cert and key, or acme with hosts", "the gate has no certificate, so it speaks no https")
			}
		}
	}
	if t.On() {
		c.https()
	}
	if len(t.ACME.Hosts) > 0 {
		c.acme(&t.ACME)
	}
	c.strict(t.HSTS)
}

// https judges what other keys say where the gate speaks https itself.
func (c *checker) https() {
	g, t := &c.f.Gate, &c.f.TLS
	if g.DangerouslyPlainHTTP {
		c.fault("gate.dangerously_plain_http", "remove it", "the gate has a certificate and speaks no plain http at gate.listen")
	}
	if u, err := url.Parse(g.PublicURL); err == nil && u.Scheme == "http" {
		c.fault("gate.public_url", "write https://"+u.Host, "the gate speaks https, and its URL begins with http://")
	}
	if t.Redirect == "" {
		return
	}
	c.listen("tls.redirect", t.Redirect)
	for _, x := range []struct{ name, address string }{{"the gate", g.Listen}, {"the admin listener", c.f.Admin.Listen}} {
		if t.Redirect == x.address && !strings.HasSuffix(t.Redirect, ":0") {
			c.fault("tls.redirect", "", "%s listens on %s already", x.name, c.quote("tls.redirect", t.Redirect))
		}
	}
}

// acme judges from whom certificates are got, and for what.
func (c *checker) acme(a *ACME) {
	if len(a.Hosts) > maxHosts {
		c.fault("tls.acme.hosts", "", "%d hosts are more than %d", len(a.Hosts), maxHosts)
		return
	}
	seen := map[string]bool{}
	for i, h := range a.Hosts {
		path := indexed("tls.acme.hosts", i)
		if seen[h] {
			c.fault(path, "", "%s is there twice", c.quote(path, h))
		}
		seen[h] = true
		c.acmeHost(path, h, a.Directory == "")
	}
	if e := a.Email; e != "" {
		name, domain, ok := strings.Cut(e, "@")
		if !ok || name == "" || domain == "" || strings.ContainsAny(e, " <>,;:\"") || strings.ContainsFunc(e, isControl) {
			c.fault("tls.acme.email", "write it as in ops@example.com", "%s is no address", c.quote("tls.acme.email", e))
		}
	}
	if a.Directory != "" {
		u, err := url.Parse(a.Directory)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			c.fault("tls.acme.directory", "write it as in "+LetsEncrypt, "this is no https URL (RFC 8555 section 6.1)")
		}
	} else if a.CAFile != "" {
		c.fault("tls.acme.ca_file", "name the directory of the private authority, or remove it", "Let's Encrypt is trusted without it")
	}
	if c.f.Storage.Records == "memory" {
		c.fault("tls.acme", "use storage.records: sqlite:gate401.db",
			"the records are in memory, so every start would order new certificates, and the servers soon refuse that")
	}
}

// acmeHost judges one name. public tells that it must be one that a server on the
// internet can look up.
func (c *checker) acmeHost(path, h string, public bool) {
	_, err := netip.ParseAddr(strings.Trim(h, "[]"))
	_, _, port := net.SplitHostPort(h)
	switch {
	case strings.Contains(h, "*"):
		c.fault(path, "name every host, or get the certificate elsewhere and name it with cert and key",
			"a certificate for %s needs the DNS challenge (RFC 8555 section 8.4), which the gate cannot answer", c.quote(path, h))
	case err == nil:
		c.fault(path, "write the name that clients use", "%s is an address and no name", c.quote(path, h))
	case strings.Contains(h, "://") || strings.Contains(h, "/"):
		c.fault(path, "write the name alone, as in api.example.com", "%s is more than a name", c.quote(path, h))
	case port == nil:
		c.fault(path, "write the name alone, as in api.example.com", "%s has a port", c.quote(path, h))
	case h != strings.ToLower(h):
		c.fault(path, "write it as "+strings.ToLower(h), "names have small letters here")
	case strings.ContainsFunc(h, func(r rune) bool { return r > 0x7e }):
		c.fault(path, "write it as in xn--bcher-kva.example (RFC 5890)", "%s is not ASCII", c.quote(path, h))
	case !isHostName(h):
		c.fault(path, "write it as in api.example.com", "%s is no name of a host", c.quote(path, h))
	case public && privateName(h):
		c.fault(path, "name the directory of a private ACME server, or use cert and key",
			"nobody on the internet can look up %s, so Let's Encrypt gives no certificate for it", c.quote(path, h))
	}
}

// isHostName tells whether s is a name in the preferred syntax (RFC 1034 section
// 3.5, RFC 1123 section 2.1), in small letters.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if b := label[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
				return false
			}
		}
	}
	return true
}

// privateName tells whether a name is of no use outside (RFC 6761, RFC 6762, RFC
// 8375, and internal, which ICANN keeps for this).
func privateName(h string) bool {
	if !strings.Contains(h, ".") {
		return true
	}
	for _, end := range [...]string{".localhost", ".local", ".internal", ".home.arpa", ".test", ".invalid", ".onion"} {
		if strings.HasSuffix(h, end) {
			return true
		}
	}
	return false
}

// strict judges HSTS.
func (c *checker) strict(h HSTS) {
	age := h.MaxAge
	if age == 0 {
		age = Year
	}
	switch {
	case age < time.Second || age > 10*Year:
		c.fault("tls.hsts.max_age", "", "%s is not between 1s and ten years", short(age))
	case h.Preload && !h.IncludeSubdomains:
		c.fault("tls.hsts.preload", "include_subdomains: true", "browsers build in only what holds for all names below the host (hstspreload.org)")
	case h.Preload && age < Year:
		c.fault("tls.hsts.preload", "max_age: 8760h", "browsers build in only what holds for at least a year (hstspreload.org)")
	}
}

// about tells whether the file has something at path.
func (c *checker) about(path string) bool {
	if c.src == nil {
		return false
	}
	_, ok := c.src.places[path]
	return ok
}
