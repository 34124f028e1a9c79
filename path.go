package gate401

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// CanonicalPath returns the one spelling of a path that is both judged and
// forwarded, from the raw, percent-encoded path of a request target. What may
// stand in a segment as it is (pchar, RFC 3986 section 3.3) is decoded, and other
// triplets are written in upper case, so that two spellings that a server reads
// as one path compare equal. That goes further than RFC 3986 section 6.2.2.2,
// which decodes unreserved characters only: a rule for /v1/x:export must not be
// passed by as /v1/x%3Aexport.
//
// A path that servers are known to read in different ways is an error, because
// a gate that guesses how the upstream reads it can be talked past: dot segments
// in any spelling, empty segments, backslashes, ";" parameters, control
// characters, broken triplets, and an encoded slash, backslash, percent sign,
// semicolon, question mark or number sign.
func CanonicalPath(raw string) (string, error) {
	if raw == "" || raw[0] != '/' {
		return "", fmt.Errorf("path does not begin with a slash")
	}
	plain := true
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\':
			return "", fmt.Errorf("backslash at offset %d", i)
		case c == ';':
			return "", fmt.Errorf("path parameter (;) at offset %d", i)
		case c == '#' || c == '?':
			return "", fmt.Errorf("%q inside the path at offset %d", c, i)
		case c <= ' ' || c == 0x7f:
			return "", fmt.Errorf("control character or space at offset %d", i)
		case c == '%' || c >= 0x80 || needsEncoding(c):
			plain = false
		case c == '/' && i+1 < len(raw) && raw[i+1] == '/':
			return "", fmt.Errorf("empty segment at offset %d", i)
		}
	}
	path := raw
	if !plain {
		var err error
		if path, err = normalise(raw); err != nil {
			return "", err
		}
	}
	if !plain {
		if decoded, err := url.PathUnescape(path); err != nil || !utf8.ValidString(decoded) {
			// Overlong forms of "." and "/" are among what is not UTF-8.
			return "", errors.New("the path is not UTF-8")
		}
	}
	if i := dotSegment(path); i >= 0 {
		return "", fmt.Errorf("dot segment at offset %d", i)
	}
	if !plain && disguised(path) {
		return "", errors.New("a segment that some servers read as a dot segment")
	}
	return path, nil
}

// disguised finds dot segments that are none on the wire: with spaces before the
// dots, which some servers trim, or made of characters that look like dots and
// slashes, which some servers replace by them when they convert text (NFKC, the
// "best fit" of Windows). The characters by themselves are fine: names hold them.
func disguised(path string) bool {
	if strings.Contains(path, "%E2%") || strings.Contains(path, "%EF%") {
		path = strings.NewReplacer(
			"%E2%80%A4", ".", "%E2%80%A5", "..", "%EF%B9%92", ".", "%EF%BC%8E", ".",
			"%E2%81%84", "/", "%E2%88%95", "/", "%EF%BC%8F", "/", "%EF%B9%A8", "/", "%EF%BC%BC", "/", "%E2%88%96", "/",
		).Replace(path)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if dots := strings.ReplaceAll(segment, "%20", ""); dots == "." || dots == ".." {
			return true
		}
	}
	return false
}

// dotSegment finds a segment "." or ".." in a path whose dots are decoded. Spaces
// and dots behind it count as part of it: some file systems drop them.
func dotSegment(path string) int {
	for i := 0; ; {
		j := strings.Index(path[i:], "/.")
		if j < 0 {
			return -1
		}
		i += j + 1
		segment, _, _ := strings.Cut(path[i:], "/")
		if dots := strings.ReplaceAll(segment, "%20", ""); dots == "." || dots == ".." {
			return i
		}
	}
}

// normalise rewrites every octet of raw in its one spelling.
func normalise(raw string) (string, error) {
	var b strings.Builder
	b.Grow(len(raw) + 8)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return "", fmt.Errorf("broken percent-encoding at offset %d", i)
			}
			c = unhex(raw[i+1])<<4 | unhex(raw[i+2])
			switch {
			case strings.IndexByte(`/\%;?#`, c) >= 0:
				// A server that decodes before it splits, or decodes twice,
				// would see another path behind each of these.
				return "", fmt.Errorf("encoded %q at offset %d", c, i)
			case c < ' ' || c == 0x7f:
				return "", fmt.Errorf("encoded control character at offset %d", i)
			}
			i += 2
			if !isPlain(c) {
				b.WriteByte('%')
				b.WriteByte(upperHex[c>>4])
				b.WriteByte(upperHex[c&15])
				continue
			}
			b.WriteByte(c)
			continue
		}
		if c >= 0x80 || needsEncoding(c) {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

const upperHex = "0123456789ABCDEF"

// isPlain is pchar without triplets and ";" (RFC 3986 section 3.3).
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~!$&'()*+,=:@", c) >= 0
}

// needsEncoding tells which printable octets may not stand in a path as they
// are (RFC 3986 section 3.3, pchar).
func needsEncoding(c byte) bool {
	switch c {
	case '"', '<', '>', '^', '`', '{', '|', '}', '[', ']':
		return true
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
