package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/internal/yamldoc"
)

// checker judges values that are of the right kind.
type checker struct {
	f      *File
	src    *source
	faults Faults
	known  []string // methods that the file names, even where they are faulty
	before int      // faults that were there at the beginning
	exists map[string]bool
	single []Method // methods of which a request carries one credential per type
}

func (c *checker) check() {
	c.before = len(c.faults)
	c.gate()
	c.forward()
	c.tls()
	c.storage()
	c.methods()
	c.login()
	c.providers()
	c.rules()
	c.upstreams()
	c.drain()
	c.streams()
	c.issuer()
	c.identity()
	c.rest()
}

// fault reports something at path, unless what is there was not even understood:
// then it would only be a consequence.
func (c *checker) fault(path, hint, format string, args ...any) {
	switch n := len(c.faults); {
	case n == maxFaults:
		c.faults = append(c.faults, c.src.more())
		return
	case n > maxFaults:
		return
	}
	for _, f := range c.faults[:c.before] {
		if follows(path, f.Path) {
			return
		}
	}
	c.faults = append(c.faults, c.src.fault(c.src.find(path), path, fmt.Sprintf(format, args...), hint))
}

// follows tells whether what is found at path may only be a consequence of a fault
// at before. Most keys of a rule can be judged by themselves.
func follows(path, before string) bool {
	if unit(path) != unit(before) {
		return false
	}
	rule, key, _ := strings.Cut(path, "].")
	if !strings.HasPrefix(rule, "rules[") || key == "methods" || key == "resource" {
		return true
	}
	return within(path, before) || within(before, path) || key == "owner" && within(before, rule+"].path")
}

// within tells whether path is that of part, or leads to it.
func within(part, path string) bool {
	rest, ok := strings.CutPrefix(part, path)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// unit is the part of a path that is understood as a whole.
func unit(path string) string {
	switch {
	case strings.HasPrefix(path, "methods."):
		parts := strings.SplitN(path, ".", 3)
		return parts[0] + "." + parts[1]
	case strings.HasPrefix(path, "rules["):
		head, _, _ := strings.Cut(path, ".")
		return head
	}
	return path
}

func (c *checker) quote(path, value string) string { return c.src.quote(path, value) }

func (c *checker) gate() {
	g := &c.f.Gate
	if c.listen("gate.listen", g.Listen) && !c.f.TLS.On() && c.f.TLS.Key == "" && !c.about("tls.acme") && !g.DangerouslyPlainHTTP {
		c.fault("gate.listen", "give the gate a certificate (tls.cert and tls.key, or tls.acme), listen on 127.0.0.1 behind something that speaks TLS, or set gate.dangerously_plain_http: true",
			"others can reach %s, and plain http would show them every password and token", c.quote("gate.listen", g.Listen))
	}
	// Another word than for the gate: something in front that adds TLS to the
	// gate does nothing for this one.
	if c.listen("admin.listen", c.f.Admin.Listen) && !c.f.Admin.DangerouslyOpen {
		c.fault("admin.listen", "listen on 127.0.0.1, or, where a network keeps everyone but operators and probes away, set admin.dangerously_open: true",
			"others can reach %s, and it asks for no credential: they would read traces, with names, addresses and paths", c.quote("admin.listen", c.f.Admin.Listen))
	}
	if g.Listen == c.f.Admin.Listen && !strings.HasSuffix(g.Listen, ":0") {
		c.fault("admin.listen", "", "the gate listens on %s already", c.quote("admin.listen", g.Listen))
	}
	if g.PublicURL != "" {
		c.origin("gate.public_url", g.PublicURL, "write the address that clients use, as in "+publicExample(g.PublicURL))
	}
	if g.Realm == "" || len(g.Realm) > 200 || strings.ContainsFunc(g.Realm, isControl) {
		c.fault("gate.realm", "", "a realm has 1 to 200 octets and no control characters")
	}
	if !isPrefix(g.Prefix) {
		c.fault("gate.prefix", "write it as in /auth", "%s is no prefix: segments of letters, digits, - and _, no slash at the end", c.quote("gate.prefix", g.Prefix))
	}
	for i, p := range g.TrustedProxies {
		if p.Bits() == 0 {
			c.fault(indexed("gate.trusted_proxies", i), "name the networks of the proxies alone", "this trusts everyone, so any client could choose its address")
		}
	}
}

// listen checks an address to listen on, and tells whether others can reach it:
// that needs a word from whoever knows what is in front.
func (c *checker) listen(path, value string) (reached bool) {
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		c.fault(path, "write it as in 127.0.0.1:8401", "%s is no address and port", c.quote(path, value))
		return false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		c.fault(path, "a port is a number from 0 to 65535, and 0 picks a free one", "%s is no port", c.quote(path, port))
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			c.fault(path, "listen on an address, as in 127.0.0.1:8401", "%s is no IP address", c.quote(path, host))
			return false
		}
	}
	return !loopback.Only(host)
}

// publicExample is the URL that a bare host was probably meant to be.
func publicExample(value string) string {
	host, _, _ := strings.Cut(value, ":")
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		}) {
			return "https://api.example.com"
		}
	}
	if !strings.Contains(host, ".") {
		return "https://api.example.com"
	}
	return "https://" + host
}

// origin checks a URL of scheme, host and port alone.
func (c *checker) origin(path, value, hint string) *url.URL {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		// The error of net/url holds the whole value.
		c.fault(path, hint, "this is no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		c.fault(path, hint, "the URL begins neither with http:// nor with https://")
	case u.Hostname() == "":
		c.fault(path, hint, "the URL has no host")
	case u.User != nil:
		c.fault(path, hint, "the URL holds a name or password")
	case u.Path != "" && u.Path != "/":
		c.fault(path, hint, "the URL has a path: what the gate judges is what it sends, so it cannot be put below another path")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.Contains(value, "#"):
		c.fault(path, hint, "the URL has a query or a fragment")
	default:
		if p := u.Port(); p != "" {
			if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
				c.fault(path, hint, "the URL has no valid port")
				return nil
			}
		}
		return u
	}
	return nil
}

func isPrefix(s string) bool {
	if len(s) < 2 || s[0] != '/' {
		return false
	}
	for part := range strings.SplitSeq(s[1:], "/") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}

func (c *checker) storage() {
	s := &c.f.Storage
	scheme, rest, ok := strings.Cut(s.Records, ":")
	switch {
	case s.Records == "memory":
	case ok && scheme == "sqlite" && rest != "":
		// Of the name alone: the folder is where it is.
		if strings.ContainsAny(filepath.Base(rest), "?#") || strings.ContainsFunc(rest, isControl) {
			c.fault("storage.records", "write it as in sqlite:gate401.db", "the name of the file holds a character that it must not hold")
		}
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		c.fault("storage.records", "use sqlite:gate401.db or memory", "postgres is not available in this version")
	default:
		// It may be a URL with a password.
		c.fault("storage.records", "use sqlite:gate401.db or memory", "this is no place for records")
	}
	scheme, _, _ = strings.Cut(s.Shared, ":")
	switch {
	case s.Shared == "memory":
	case scheme == "redis" || scheme == "rediss" || scheme == "valkey":
		c.fault("storage.shared", "use memory", "%s is not available in this version", scheme)
	default:
		c.fault("storage.shared", "use memory", "this is no place for what replicas share")
	}
}

// rest checks the short sections.
func (c *checker) rest() {
	if s := c.f.Errors.Support; s != "" {
		u, err := url.Parse(s)
		if err != nil || strings.ContainsFunc(s, isControl) ||
			(u.Scheme != "mailto" || u.Opaque == "") && (u.Scheme != "https" || u.Host == "") {
			c.fault("errors.support", "write it as in mailto:help@example.com", "%s is no mailto: or https: URL", c.quote("errors.support", s))
		}
	}
	for _, x := range []struct {
		path  string
		limit Limit
	}{
		{"defend.account", c.f.Defend.Account},
		{"defend.address", c.f.Defend.Address},
		{"defend.address_account", c.f.Defend.AddressAccount},
	} {
		if x.limit.Attempts < 1 || x.limit.Attempts > 1_000_000 {
			c.fault(x.path+".attempts", "", "%d is not between 1 and 1000000", x.limit.Attempts)
		}
		if x.limit.Window < time.Second || x.limit.Window > 366*24*time.Hour {
			c.fault(x.path+".window", "", "%s is not between 1s and a year", x.limit.Window)
		}
	}
	for i, p := range c.f.Defend.Block {
		if p.Bits() == 0 {
			c.fault(indexed("defend.block", i), "", "this blocks everyone")
		}
	}
	for _, x := range []struct {
		path, value string
		known       []string
	}{
		{"errors.format", c.f.Errors.Format, []string{"problem", "simple"}},
		{"log.level", c.f.Log.Level, []string{"debug", "info", "warn", "error"}},
		{"log.format", c.f.Log.Format, []string{"auto", "json", "text"}},
	} {
		if !slices.Contains(x.known, x.value) {
			c.fault(x.path, yamldoc.Similar(x.value, x.known), "%s is none of %s", c.quote(x.path, x.value), strings.Join(x.known, ", "))
		}
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
