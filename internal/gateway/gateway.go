package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Setup is what a configuration is made of.
type Setup struct {
	// Public is the scheme and host that clients call.
	Public *url.URL
	// Listen is the address and port of the gateway; empty for the port of
	// Public, on this machine alone where its host is one of this machine.
	Listen string
	// Cert and Key are the PEM files of the certificate, for https; empty for
	// places to fill in. Caddy gets its own.
	Cert, Key string
	// Upstream is the API: scheme and host.
	Upstream *url.URL
	// Gate is the address and port of the gate, and Prefix that of its own
	// endpoints, such as /auth.
	Gate, Prefix string
	// Identity are the names of the fields that tell the API who is asking.
	Identity []string
	// Credentials are the names of fields that the API is not to see.
	Credentials []string
	// Cookies tells that the gate knows people or programs by a cookie, so that it
	// says what is left for the API.
	Cookies bool
	// Issuer tells that the gate issues tokens, so that its metadata is asked for.
	Issuer bool
	// CORS tells that rules say what pages of other origins may do.
	CORS bool
}

// Names are the gateways that Write knows.
func Names() []string { return []string{"nginx", "traefik", "caddy", "envoy"} }

// Write is the configuration of the gateway of that name.
func Write(name string, s Setup) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	s.Identity = slices.Sorted(slices.Values(s.Identity))
	switch name {
	case "nginx":
		return s.nginx(), nil
	case "caddy":
		return s.caddy(), nil
	case "traefik":
		return s.traefik(), nil
	case "envoy":
		return s.envoy(), nil
	}
	return "", fmt.Errorf("%q is none of %s", name, strings.Join(Names(), ", "))
}

// check keeps everything out that would end a word of one of the languages.
func (s *Setup) check() error {
	for what, u := range map[string]*url.URL{"public URL": s.Public, "upstream": s.Upstream} {
		switch {
		case u == nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return fmt.Errorf("the %s is no URL with scheme and host", what)
		case u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
			return fmt.Errorf("the %s has more than scheme and host", what)
		}
	}
	for what, values := range map[string][]string{
		"host": {s.Public.Host, s.Upstream.Host}, "address": {s.Gate, s.Listen}, "prefix": {s.Prefix}, "file": {s.Cert, s.Key},
	} {
		for _, v := range values {
			if i := strings.IndexFunc(v, func(r rune) bool { return !plain(r) && !strings.ContainsRune(".:[]/-_~+@", r) }); i >= 0 {
				return fmt.Errorf("the %s %q holds a character that cannot stand in a configuration", what, v)
			}
		}
	}
	for _, name := range slices.Concat(s.Identity, s.Credentials) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) && r != '-' }) {
			return fmt.Errorf("the field %q has more than letters, digits and hyphens in its name, which not every gateway passes on", name)
		}
	}
	if _, _, err := net.SplitHostPort(s.Gate); err != nil {
		return fmt.Errorf("the gate's address %q has no host and port", s.Gate)
	}
	if s.Listen != "" {
		_, port, err := net.SplitHostPort(s.Listen)
		if err != nil {
			return fmt.Errorf("the address to listen on, %q, has no port: write it as in :8080", s.Listen)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("the address to listen on, %q, has no port between 1 and 65535", s.Listen)
		}
	}
	if s.https() && (s.Cert == "") != (s.Key == "") {
		return errors.New("a certificate needs its key, and a key its certificate")
	}
	return nil
}

func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func (s *Setup) https() bool { return s.Public.Scheme == "https" }

// listen is where the gateway listens; host is empty for every address.
func (s *Setup) listen() (host, port string) {
	if s.Listen != "" {
		// check looked at it.
		host, port, _ = net.SplitHostPort(s.Listen)
		return host, port
	}
	host, port = s.Public.Hostname(), s.Public.Port()
	if port == "" {
		port = "80"
		if s.https() {
			port = "443"
		}
	}
	switch ip := net.ParseIP(host); {
	case host == "localhost":
		return "127.0.0.1", port
	case ip != nil && ip.IsLoopback():
		return host, port
	}
	return "", port
}

// certificate is where the files are, or where they could be.
func (s *Setup) certificate() (cert, key string) {
	if s.Cert != "" {
		return s.Cert, s.Key
	}
	return "/etc/ssl/gate401/" + s.Public.Hostname() + ".pem", "/etc/ssl/gate401/" + s.Public.Hostname() + ".key"
}

// port is the port of an address or of a URL's scheme, as a number.
func port(u *url.URL) int {
	n, err := strconv.Atoi(u.Port())
	if err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// own are the fields of the gate that no client may send, beside those of the
// configuration.
func own() []string {
	return []string{
		"Gate401-Subject", "Gate401-Method", "Gate401-Name", "Gate401-Issuer", "Gate401-Credential",
		"Gate401-Groups", "Gate401-Scopes", "Gate401-Request-Id", "Gate401-Rule", "Gate401-Token",
	}
}

// Unbelieved are fields that many upstreams believe although anybody can send
// them: who is asking, from where, with which certificate, and for which URL or
// method. The proxy drops the same by itself.
func Unbelieved() []string {
	return []string{
		"Forwarded", "X-Forwarded", "Forwarded-For", "X-Forward-For", "X-Original-Forwarded-For",
		"X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "Proxy-Client-IP", "WL-Proxy-Client-IP",
		"X-Remote-IP", "X-Remote-Addr", "X-Originating-IP",
		"CF-Connecting-IP", "Fastly-Client-IP", "X-Azure-ClientIP", "X-Envoy-External-Address",
		"X-Original-URL", "X-Original-URI", "X-Original-Method", "X-Original-Host", "X-Rewrite-URL", "X-Host",
		"X-HTTP-Host-Override", "X-Envoy-Original-Path", "X-Scheme", "X-URL-Scheme", "Front-End-Https",
		"X-Remote-User", "X-Remote-Group", "X-Remote-Groups",
		"X-WebAuth-User", "X-WebAuth-Groups", "X-WebAuth-Role", "X-WebAuth-Email", "X-WebAuth-Name",
		"X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-Request-Preferred-Username",
		"Client-Cert", "Client-Cert-Chain",
		"X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override",
		"X-Forwarded-User", "X-Forwarded-Groups", "X-Forwarded-Email", "X-Forwarded-Preferred-Username",
		"X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server",
		"Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name", "Proxy",
	}
}

// told are the fields of the request to the API that the gate writes.
func (s *Setup) told() []string {
	if !s.Cookies {
		return s.Identity
	}
	return append(slices.Clone(s.Identity), "Cookie")
}

// others are the fields to take out that the configuration does not set.
func (s *Setup) others() []string {
	var out []string
	for _, name := range slices.Concat(own(), Unbelieved()) {
		if !slices.ContainsFunc(s.Identity, func(i string) bool { return strings.EqualFold(i, name) }) {
			out = append(out, name)
		}
	}
	return out
}

// aliases are the other spellings of names that upstreams read as the same:
// those that make variables of names have no hyphens and no dots. Of the fields
// of the identity, which somebody believes for sure, they are all there; of the
// others those that mix hyphens with underscores, and that with dots alone.
func aliases(identity, others []string) []string {
	var all []string
	for _, name := range identity {
		all = append(all, spellings(name, "-", "_", ".")...)
	}
	for _, name := range others {
		all = append(all, spellings(name, "-", "_")...)
		if dotted := strings.ReplaceAll(name, "-", "."); dotted != name {
			all = append(all, dotted)
		}
	}
	return all
}

// spellings are those of name with any of the separators in each place, but for
// name itself, which has the first one in all of them.
func spellings(name string, separators ...string) []string {
	out := []string{""}
	for i, word := range strings.Split(name, "-") {
		var next []string
		for _, head := range out {
			if i == 0 {
				next = append(next, word)
				continue
			}
			for _, sep := range separators {
				next = append(next, head+sep+word)
			}
		}
		out = next
	}
	return out[1:]
}

// corsFields are the fields of CORS in an answer.
func corsFields() []string {
	return []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"}
}

// issuerPaths are where clients look for what an authorization server is (RFC
// 8414 section 3, OpenID Connect Discovery 1.0 section 4).
func (s *Setup) issuerPaths() []string {
	if !s.Issuer {
		return nil
	}
	return []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"}
}

// fill replaces @WORDS@ of a text, and indents what comes in several lines as
// the word is.
func fill(text string, words map[string]string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for word, value := range words {
			at := "@" + word + "@"
			if strings.TrimSpace(line) == at {
				indent, _, _ := strings.Cut(line, at)
				line = ""
				for l := range strings.Lines(value) {
					line += indent + l
				}
				break
			}
			line = strings.ReplaceAll(line, at, value)
		}
		b.WriteString(line)
	}
	return b.String()
}

// lines prints one line for each item.
func lines(items []string, format func(item string) string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(format(item) + "\n")
	}
	return b.String()
}
