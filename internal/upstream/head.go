package upstream

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// draft is the head of a request while it is written. It is used again.
type draft struct {
	text   []byte
	fields []field
}

type field struct {
	name   string
	values []string
}

// maxDraft bounds the buffers that are kept.
const maxDraft = 64 << 10

// write makes the head of r as http.Transport would write it, octet by octet. It
// returns false for whatever needs a second look: the caller leaves that to
// http.Transport, which repairs it or says what is wrong.
func (d *draft) write(r *http.Request) bool {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	b, ok := appendTarget(append(append(d.text[:0], r.Method...), ' '), r.URL)
	if !ok || !plainHost(host) {
		return false
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	d.fields = d.fields[:0]
	agent, told := "Go-http-client/1.1", false
	for name, values := range r.Header {
		switch name {
		case "Content-Length":
			if len(values) != 1 || !allOf(values[0], digits, 0) {
				return false
			}
			continue
		case "User-Agent":
			if len(values) != 1 {
				return false
			}
			agent, told = values[0], true
			continue
		case "Host", "Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Expect", "Keep-Alive", "Proxy-Connection":
			return false
		}
		d.fields = append(d.fields, field{name, values})
	}
	if !told || agent != "" {
		if b, ok = appendField(append(b, "\r\nUser-Agent: "...), agent); !ok {
			return false
		}
	}
	switch r.Method {
	case "POST", "PUT", "PATCH":
		b = append(b, "\r\nContent-Length: 0"...)
	}
	// In the same order each time: whoever compares two captures, or two
	// answers of a server that depend on it, should not be surprised.
	slices.SortFunc(d.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	for _, f := range d.fields {
		if !isToken(f.name) {
			return false
		}
		for _, v := range f.values {
			b = append(append(append(b, "\r\n"...), f.name...), ": "...)
			if b, ok = appendField(b, v); !ok {
				return false
			}
		}
	}
	d.text = append(b, "\r\n\r\n"...)
	return true
}

// forget keeps no string of the request alive.
func (d *draft) forget() {
	clear(d.fields)
	if cap(d.text) > maxDraft {
		d.text = nil
	}
}

// appendTarget adds the origin form (RFC 9112 section 3.2.1). A path that was
// encoded in an unusual way is taken apart and compared, as url.URL does it.
func appendTarget(b []byte, u *url.URL) ([]byte, bool) {
	switch {
	case u.RawPath != "" && u.RawPath == u.Path && allOf(u.Path, pathLow, pathHigh):
		b = append(b, u.Path...)
	default:
		path := u.EscapedPath()
		if path == "" {
			path = "/"
		}
		b = append(b, path...)
	}
	if !u.ForceQuery && u.RawQuery == "" {
		return b, true
	}
	b = append(b, '?')
	n := len(b)
	b = append(b, u.RawQuery...)
	// A space would end the target early.
	return b, visible(b[n:]) && strings.IndexByte(u.RawQuery, ' ') < 0
}

// appendField adds a field value without the space around it, if it is one (RFC
// 9110 section 5.5).
func appendField(b []byte, value string) ([]byte, bool) {
	value = strings.Trim(value, " \t")
	n := len(b)
	b = append(b, value...)
	return b, visible(b[n:])
}

// plainHost tells whether host is ASCII that needs no repair.
func plainHost(host string) bool { return host != "" && allOf(host, hostLow, hostHigh) }

func isToken(name string) bool { return name != "" && allOf(name, tokenLow, tokenHigh) }

// Sets of ASCII characters, one bit each: those below 64 and those above.
const (
	digits  = 1<<'9' + (1<<'9' - 1<<'0')
	letters = (1<<26 - 1) << ('A' - 64)
	lower   = (1<<26 - 1) << ('a' - 64)

	// RFC 9110 section 5.6.2.
	tokenLow  = digits | 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.'
	tokenHigh = letters | lower | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)

	// What url.URL leaves alone in a path, "%" excepted.
	pathLow  = digits | 1<<'!' | 1<<'$' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' | 1<<';' | 1<<'=' | 1<<':' | 1<<'-' | 1<<'.' | 1<<'/'
	pathHigh = letters | lower | 1<<('@'-64) | 1<<('['-64) | 1<<(']'-64) | 1<<('_'-64) | 1<<('~'-64)

	hostLow  = digits | 1<<':' | 1<<'-' | 1<<'.'
	hostHigh = letters | lower | 1<<('['-64) | 1<<(']'-64) | 1<<('_'-64)
)

func allOf(s string, low, high uint64) bool {
	for i := range len(s) {
		// A shift by 64 or more, and c-64 wraps around, gives 0.
		if c := s[i]; (1<<c)&low|(1<<(c-64))&high == 0 {
			return false
		}
	}
	return true
}

// visible tells whether b has no control character but tabs.
func visible(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		// Eight octets at once: less than a space borrows from the top bit, and
		// so does DEL once it was made zero.
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*ones
		if ((x-' '*ones)&^x|(del-ones)&^del)&tops != 0 && !visibleEach(b[:8]) {
			return false
		}
		b = b[8:]
	}
	return visibleEach(b)
}

func visibleEach(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
