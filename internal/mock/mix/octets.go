package mix

import (
	"net/http"
	"strings"
)

// isToken: token = 1*tchar (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue: no control character but HTAB; what is not ASCII may stand there
// (RFC 9110 section 5.5).
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// framing tells whether a field says where the message ends: a false one would
// let a cache or proxy see a second message where there is none.
func framing(name, value string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Length", "Transfer-Encoding", "Trailer", "Upgrade", "Te":
		return true
	case "Connection":
		return !strings.EqualFold(value, "close")
	}
	return false
}
