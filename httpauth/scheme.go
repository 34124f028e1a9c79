package httpauth

// knownScheme is one scheme that a name can be compared with.
type knownScheme struct {
	name       string
	registered bool
	hint       string // what to write instead
}

const meantBearer = "for OAuth 2 and JWT access tokens the registered scheme is Bearer"

// schemes is the IANA registry of HTTP authentication schemes (RFC 9110
// section 16.4.1), and after it the unregistered names that are met in practice.
var schemes = [...]knownScheme{
	{"Basic", true, ""},         // RFC 7617
	{"Bearer", true, ""},        // RFC 6750
	{"Concealed", true, ""},     // RFC 9729
	{"Digest", true, ""},        // RFC 7616
	{"DPoP", true, ""},          // RFC 9449
	{"GNAP", true, ""},          // RFC 9635
	{"HOBA", true, ""},          // RFC 7486
	{"Mutual", true, ""},        // RFC 8120
	{"Negotiate", true, ""},     // RFC 4559
	{"OAuth", true, ""},         // RFC 5849
	{"PrivateToken", true, ""},  // RFC 9577
	{"SCRAM-SHA-1", true, ""},   // RFC 7804
	{"SCRAM-SHA-256", true, ""}, // RFC 7804
	{"vapid", true, ""},         // RFC 8292
	{"NTLM", false, ""},
	{"Token", false, meantBearer},
	{"JWT", false, meantBearer},
	{"ApiKey", false, ""},
	{"Api-Key", false, ""},
	{"Key", false, ""},
	{"AWS4-HMAC-SHA256", false, ""},
	{"Hawk", false, ""},
	{"Session", false, ""},
	{"OAuth2", false, meantBearer},
	{"Access-Token", false, meantBearer},
}

func findScheme(name string) (knownScheme, bool) {
	for _, k := range schemes {
		if equalFold(k.name, name) {
			return k, true
		}
	}
	return knownScheme{}, false
}

// CutScheme splits a field value behind its auth-scheme (RFC 9110 section
// 11.1), which compares case-insensitively. ok is false if the value does not
// start with a token that the end of the value or white space follows.
func CutScheme(value string) (scheme, rest string, ok bool) {
	i := span(value, 0, classToken)
	if i == 0 || i < len(value) && !isSpace(value[i]) {
		return "", "", false
	}
	return value[:i], value[skipSpace(value, i):], true
}
