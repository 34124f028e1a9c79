package watch

import (
	"bytes"
	"io"
)

// Strangers write what they like into paths, hosts and names: the API key that
// belongs into a field, the token that was meant for another parameter. What a
// log keeps, many can read, so that secrets of known forms are taken out of all
// that is written, wherever they came from.

const redacted = "[redacted]"

// Limits of what is an API key, see package token. Display shows four characters
// of the secret, which are to stay.
const (
	maxEnvironment = 16
	maxShown       = 4
)

// suspicious tells, in a few nanoseconds, whether there may be a secret in b.
func suspicious(b []byte) bool {
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], '_')
		if n < 0 {
			break
		}
		if i += n; keyAt(b, i) {
			return true
		}
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], 'J')
		if n < 0 {
			return false
		}
		if i += n; tokenAt(b, i) {
			return true
		}
	}
}

// keyAt tells whether "g401_", in any case, ends with the "_" at i.
func keyAt(b []byte, i int) bool {
	return i >= 4 && b[i-1] == '1' && b[i-2] == '0' && b[i-3] == '4' && b[i-4]|0x20 == 'g'
}

// tokenAt tells whether "eyJ" ends with the "J" at i: so begins every JSON object
// in base64, as the header of a JWT is.
func tokenAt(b []byte, i int) bool { return i >= 2 && b[i-1] == 'y' && b[i-2] == 'e' }

// mask returns b, or a copy without its secrets.
func mask(b []byte) []byte {
	if !suspicious(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(redacted))
	from := 0   // of what is not in out yet
	dotted := 0 // before it there is no dot any more, so no token
	for i := 0; i < len(b); i++ {
		var start, end int
		switch {
		case b[i] == '_' && keyAt(b, i):
			start, end = secretOf(b, i+1)
		case b[i] == 'J' && i >= from+2 && i >= dotted && tokenAt(b, i):
			if end = skip(b, i, isToken); bytes.IndexByte(b[i:end], '.') < 0 {
				dotted = end
				continue
			}
			start = i - 2
		}
		if end == 0 {
			continue
		}
		out = append(append(out, b[from:start]...), redacted...)
		from, i = end, end-1
	}
	return append(out, b[from:]...)
}

// secretOf finds the secret of the key whose environment begins at i; end is 0
// if there is none, as in a prefix that somebody writes about.
func secretOf(b []byte, i int) (start, end int) {
	end = skip(b, i, isKey)
	switch n := bytes.IndexByte(b[i:end], '_'); {
	case n >= 0 && n <= maxEnvironment:
		start = i + n + 1
		if end-start <= maxShown {
			return 0, 0
		}
	case end-i > maxEnvironment:
		start = i // the environment was forgotten
	default:
		return 0, 0
	}
	if bytes.Contains(b[start:end], []byte("eyJ")) {
		end = skip(b, end, isToken)
	}
	return start, end
}

func skip(b []byte, i int, is func(byte) bool) int {
	for i < len(b) && is(b[i]) {
		i++
	}
	return i
}

// isKey is more than keys are made of, for the sake of mistyped and escaped ones.
func isKey(c byte) bool { return isToken(c) && c != '.' || c == '%' || c == '+' || c == '~' }

// isToken is what JWTs are made of (RFC 7515 section 7.1).
func isToken(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '-' || c == '.'
}

// masking hides the secrets in what is written, line by line.
type masking struct{ w io.Writer }

func (m masking) Write(p []byte) (int, error) {
	if _, err := m.w.Write(mask(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
