package gate401

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/reason"
)

// Intake is the only door through which an HTTP request becomes a [Request].
// The zero value trusts no proxy.
type Intake struct {
	// TrustedProxies are the peers whose X-Forwarded-For, -Proto and -Host are
	// believed. From anyone else these fields are ignored.
	TrustedProxies []netip.Prefix
	// PublicURL is the external scheme and host, where they are known for sure;
	// nil takes them from the request.
	PublicURL *url.URL
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Request reads hr. The error is a *Denial with reason request-malformed for a
// request that servers could read in different ways; the Request is usable for
// the answer even then.
func (in *Intake) Request(hr *http.Request) (*Request, error) {
	c := &carrier{}
	return &c.Request, in.read(c, hr)
}

// carrier is what every request needs, in one allocation.
type carrier struct {
	Request
	url      url.URL
	decision Decision
}

func (in *Intake) read(c *carrier, hr *http.Request) error {
	r := &c.Request
	r.Method, r.Target, r.Header, r.TLS, r.sent = hr.Method, hr.RequestURI, hr.Header, hr.TLS, marks(hr.Header)
	r.InboundID = inboundID(r.Field("X-Request-Id"))
	if in.Now != nil {
		r.Time = in.Now()
	} else {
		r.Time = time.Now()
	}
	r.ID = newRequestID(r.Time)
	if hr.Body != nil && hr.Body != http.NoBody {
		r.Body = bodyReader(hr)
	}

	r.Client = peerOf(hr.RemoteAddr)
	scheme, authority := "http", hr.Host
	if hr.TLS != nil {
		scheme = "https"
	}
	if within(in.TrustedProxies, r.Client) {
		if s := lastElement(hr.Header["X-Forwarded-Proto"]); s == "http" || s == "https" {
			scheme = s
		}
		if h := lastElement(hr.Header["X-Forwarded-Host"]); h != "" {
			authority = h
		}
		r.Client = clientBehind(in.TrustedProxies, r.Client, hr.Header["X-Forwarded-For"])
	}
	if in.PublicURL != nil {
		scheme, authority = in.PublicURL.Scheme, in.PublicURL.Host
	}

	host, err := canonicalHost(authority)
	r.Host = host
	c.url = url.URL{Scheme: scheme, Host: authority, Path: "/"}
	r.URL = &c.url
	if err != nil {
		r.URL.Host = ""
		r.Path = "/"
		return deny(reason.RequestMalformed, err)
	}
	if hr.URL == nil || hr.Method == http.MethodConnect || hr.URL.Opaque != "" {
		r.Path = "/"
		return deny(reason.RequestMalformed, errors.New("request target is neither origin-form nor absolute-form"))
	}
	// HTTP/1.1 with two hosts net/http refuses; HTTP/2 has them in :authority and
	// in the field (RFC 9113 section 8.3.1).
	if second := hr.Header["Host"]; hr.ProtoMajor >= 2 && (len(second) > 1 || len(second) == 1 && !sameHost(hr, second[0])) {
		r.Path = "/"
		return deny(reason.RequestMalformed, errors.New("the Host field names another host than the :authority of the request"))
	}
	// Methods are case-sensitive (RFC 9110 section 9.1) and all that are
	// registered have capital letters. Some servers take "delete" for DELETE, so
	// that a rule about DELETE would be passed by.
	if strings.ToUpper(hr.Method) != hr.Method {
		r.Path = "/"
		return deny(reason.RequestMalformed, errors.New("the request method has lower-case letters"))
	}
	// A fragment is not part of a request target (RFC 9112 section 3.2).
	if strings.IndexByte(hr.RequestURI, '#') >= 0 {
		r.Path = "/"
		return deny(reason.RequestMalformed, errors.New("fragment in the request target"))
	}
	r.Path, err = CanonicalPath(hr.URL.EscapedPath())
	if err != nil {
		r.Path = "/"
		return deny(reason.RequestMalformed, err)
	}
	r.URL.RawQuery = hr.URL.RawQuery
	if r.URL.Path, err = url.PathUnescape(r.Path); err != nil {
		return deny(reason.RequestMalformed, err)
	}
	if r.URL.Path != r.Path {
		r.URL.RawPath = r.Path
	}
	return nil
}

// sameHost tells whether a Host field names the authority of its request; the port
// that the scheme has anyway may be left out (RFC 9113 section 8.3.1, RFC 3986
// section 6.2.3).
func sameHost(hr *http.Request, field string) bool {
	usual := ":80"
	if hr.TLS != nil {
		usual = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(field, usual), strings.TrimSuffix(hr.Host, usual))
}

// peerOf is the address of "address:port".
func peerOf(remote string) netip.Addr {
	if i := strings.LastIndexByte(remote, ':'); i > 0 {
		if a, err := netip.ParseAddr(remote[:i]); err == nil && a.Is4() {
			return a
		}
	}
	peer, _ := netip.ParseAddrPort(remote)
	return peer.Addr().Unmap()
}

// canonicalHost is the host in lower case, without port and trailing dot, so
// that no spelling of one host finds another rule. What is no host and port is an
// error: of a:80:80 and a.. some servers take a, for which there may be a rule.
func canonicalHost(authority string) (string, error) {
	if strings.HasPrefix(authority, "[") {
		return canonicalIPv6(authority)
	}
	host, port, _ := strings.Cut(authority, ":")
	if !digits(port) {
		return "", errors.New("the host is followed by something else than a port")
	}
	if strings.HasPrefix(host, ".") || strings.Contains(host, "..") {
		return "", errors.New("the host has an empty label")
	}
	host = strings.TrimSuffix(host, ".")
	for i := range len(host) {
		c := host[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' {
			continue
		}
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"#%/<>?@[\]^`+"`{|},", c) >= 0 {
			return "", fmt.Errorf("host holds the octet %q", c)
		}
	}
	return strings.ToLower(host), nil
}

// canonicalIPv6 is the address alone, in its one spelling (RFC 5952): with a port
// and without, it has brackets (RFC 3986 section 3.2.2).
func canonicalIPv6(authority string) (string, error) {
	inner, after, ok := strings.Cut(authority[1:], "]")
	port, colon := strings.CutPrefix(after, ":")
	addr, err := netip.ParseAddr(inner)
	if !ok || err != nil || !addr.Is6() || addr.Zone() != "" || !colon && after != "" || !digits(port) {
		return "", errors.New("the host begins with a bracket and is no IPv6 address")
	}
	return addr.String(), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// clientBehind walks X-Forwarded-For from the right, where our own proxies
// write, and stops at the first address that is not ours: everything left of it
// may be invented by the client.
func clientBehind(proxies []netip.Prefix, peer netip.Addr, fields []string) netip.Addr {
	client := peer
	for i := len(fields) - 1; i >= 0; i-- {
		list := strings.Split(fields[i], ",")
		for j := len(list) - 1; j >= 0; j-- {
			addr, ok := forwardedAddr(strings.TrimSpace(list[j]))
			if !ok {
				return client
			}
			client = addr
			if !within(proxies, addr) {
				return client
			}
		}
	}
	return client
}

// forwardedAddr reads an address with or without a port.
func forwardedAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// lastElement is what the nearest proxy wrote.
func lastElement(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	last := fields[len(fields)-1]
	if i := strings.LastIndexByte(last, ','); i >= 0 {
		last = last[i+1:]
	}
	return strings.TrimSpace(last)
}

// bodyReader lets a decision look at the beginning of a body that the upstream
// will read again.
func bodyReader(hr *http.Request) func(int64) ([]byte, error) {
	return func(limit int64) ([]byte, error) {
		read, err := io.ReadAll(io.LimitReader(hr.Body, limit))
		hr.Body = replay{io.MultiReader(bytes.NewReader(read), hr.Body), hr.Body}
		return read, err
	}
}

type replay struct {
	io.Reader
	io.Closer
}
