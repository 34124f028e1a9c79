package proxy

import "strings"

// fold writes name as servers may come to see it: they map "-", "_", "." and
// other punctuation to one character (CGI, RFC 3875 section 4.1.18, and those
// that learned from it) and ignore case. The longest name that matters is short;
// what does not fit is cut, so that it can match a prefix at most.
func fold(buf *[64]byte, name string) []byte {
	n := min(len(name), len(buf))
	for i := range n {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			c = '-'
		}
		buf[i] = c
	}
	return buf[:n]
}

// ownPrefix is where all fields of the gate begin.
const ownPrefix = "gate401-"

const forwardedPrefix = "x-forwarded-"

// dropped are fields that an upstream may believe although anybody can send
// them: who the client is, which URL or method was meant, who was identified in
// front of it, with which certificate (RFC 9440 section 4), and, for httpoxy
// (CVE-2016-5385), which proxy to use.
var dropped = [...]string{
	"forwarded", "x-forwarded", "forwarded-for", "x-forward-for", "x-original-forwarded-for",
	"x-real-ip", "x-client-ip", "client-ip", "true-client-ip", "x-cluster-client-ip", "proxy-client-ip", "wl-proxy-client-ip",
	"x-remote-ip", "x-remote-addr", "x-originating-ip",
	"cf-connecting-ip", "fastly-client-ip", "x-azure-clientip", "x-envoy-external-address",
	"x-original-url", "x-original-uri", "x-original-method", "x-original-host", "x-rewrite-url", "x-host",
	"x-http-host-override", "x-envoy-original-path", "x-scheme", "x-url-scheme", "front-end-https",
	"x-request-id", "remote-user", "remote-groups", "remote-email", "remote-name",
	"x-remote-user", "x-remote-group", "x-remote-groups",
	"x-webauth-user", "x-webauth-groups", "x-webauth-role", "x-webauth-email", "x-webauth-name",
	"x-auth-request-user", "x-auth-request-email", "x-auth-request-groups", "x-auth-request-preferred-username",
	"client-cert", "client-cert-chain", "proxy",
}

// delimiting are fields that say where a message ends and for whom it is. They are
// handled by their own names; in any other spelling that a server may take for
// them, they are dropped.
var delimiting = [...]string{
	"content-length", "transfer-encoding", "host", "connection", "keep-alive", "proxy-connection", "upgrade", "te", "trailer", "expect",
}

// filter decides which inbound fields are dropped.
type filter struct {
	names map[string]bool // false for those of the framing
	// lengths of the names by their first character, so that most fields cost one
	// look and no hash.
	lengths [256]uint64
}

func newFilter(names ...string) *filter {
	f := &filter{names: make(map[string]bool)}
	for _, n := range dropped {
		f.add(n)
	}
	for _, n := range names {
		f.add(n)
	}
	for _, n := range delimiting {
		f.add(n)
		f.names[n] = false
	}
	return f
}

func (f *filter) add(name string) {
	var buf [64]byte
	folded := string(fold(&buf, name))
	if folded != "" {
		f.names[folded] = true
		f.lengths[folded[0]] |= 1 << (len(folded) - 1)
	}
}

func (f *filter) drops(name string) bool {
	if name == "" {
		return true
	}
	first := name[0]
	switch {
	case 'A' <= first && first <= 'Z':
		first += 'a' - 'A'
	case !isAlnum(first):
		first = '-'
	}
	listed := f.lengths[first]&(1<<(min(len(name), 64)-1)) != 0
	if !listed && first != ownPrefix[0] && first != forwardedPrefix[0] {
		return false
	}
	var buf [64]byte
	folded := fold(&buf, name)
	if dropped, known := f.names[string(folded)]; listed && known {
		// Of the framing the name itself stays.
		return dropped || !strings.EqualFold(name, string(folded))
	}
	return strings.HasPrefix(string(folded), ownPrefix) || strings.HasPrefix(string(folded), forwardedPrefix)
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isOwn tells whether a response field pretends to be the gate's.
func isOwn(name string) bool {
	if name == "" || name[0]|0x20 != 'g' || len(name) < len(ownPrefix) {
		return false
	}
	var buf [64]byte
	return strings.HasPrefix(string(fold(&buf, name)), ownPrefix)
}
