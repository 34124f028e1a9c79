package httpauth

// The limits keep time and memory small whatever a peer sends. A Kerberos
// token fills most of MaxFieldSize; nothing else comes near it.
const (
	// MaxFieldSize is the longest field value, in octets, that is read.
	MaxFieldSize = 64 << 10
	// MaxFields is the largest number of field lines that are read together.
	MaxFields = 32
	// MaxChallenges is the largest number of challenges in one response.
	MaxChallenges = 64
	// MaxParams is the largest number of parameters in one challenge.
	MaxParams = 64
	// MaxFindings bounds a report; what ends the reading of a field is reported even beyond it.
	MaxFindings = 100
)

type octetClass uint8

const (
	classToken   octetClass = 1 << iota // tchar, RFC 9110 section 5.6.2
	classToken68                        // token68 without "=", RFC 9110 section 11.2
	classQuoted                         // qdtext, RFC 9110 section 5.6.4
	classEscaped                        // what may follow a backslash, RFC 9110 section 5.6.4
	classControl                        // never allowed in a field value, RFC 9110 section 5.5
)

var octets = classify()

func classify() (t [256]octetClass) {
	for i := range t {
		c := byte(i)
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if alnum || contains("!#$%&'*+-.^_`|~", c) {
			t[i] |= classToken
		}
		if alnum || contains("-._~+/", c) {
			t[i] |= classToken68
		}
		text := c == '\t' || c >= ' ' && c != 0x7f
		switch {
		case !text:
			t[i] |= classControl
		case c != '"' && c != '\\':
			t[i] |= classQuoted | classEscaped
		default:
			t[i] |= classEscaped
		}
	}
	return t
}

func contains(set string, c byte) bool {
	for i := range len(set) {
		if set[i] == c {
			return true
		}
	}
	return false
}

func is(c byte, class octetClass) bool { return octets[c]&class != 0 }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// span returns the end of the run of octets of a class that starts at i.
func span(s string, i int, class octetClass) int {
	for i < len(s) && octets[s[i]]&class != 0 {
		i++
	}
	return i
}

func isToken(s string) bool { return s != "" && span(s, 0, classToken) == len(s) }

// token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
// (RFC 9110 section 11.2)
func isToken68(s string) bool { return s != "" && endToken68(s, 0) == len(s) }

// endToken68 returns the end of the token68 at i, or i.
func endToken68(s string, i int) int {
	j := span(s, i, classToken68)
	if j == i {
		return i
	}
	for j < len(s) && s[j] == '=' {
		j++
	}
	return j
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// equalFold compares ASCII only: strings.EqualFold would take the Kelvin sign
// for a "k" and so let a name through that another reader does not know.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix)
}
