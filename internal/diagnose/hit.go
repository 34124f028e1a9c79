package diagnose

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/secretname"
	"github.com/gate401/gate401/reason"
)

// hit is what a rule found in a scene.
type hit struct {
	sure             Certainty
	note             string
	expected, actual string
	at               []Evidence
	fix              Fix
	fault            Fault       // in place of that of the rule
	reason           reason.Code // in place of that of the rule
	title            string      // in place of that of the rule
}

// cut shortens what is repeated in a text.
func cut(v string, n int) string {
	if len(v) <= n {
		return v
	}
	for n > 0 && !utf8.RuneStart(v[n]) {
		n--
	}
	return v[:n] + "…"
}

// q quotes a value in a sentence.
func q(v string) string { return `"` + explain.Visible(cut(v, 80)) + `"` }

// words quotes a sentence of a server; its stop is ours.
func words(v string) string { return q(strings.TrimRight(v, ".")) }

func list(words []string, last string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// fingerprint tells a secret from another without telling it. It is for random
// values only: of a password, even a short digest can be tried against guesses.
func fingerprint(v string) string {
	if len(v) < 20 {
		return octets(len(v))
	}
	digest := sha256.Sum256([]byte(v))
	return octets(len(v)) + ", sha256 " + hex.EncodeToString(digest[:4])
}

func octets(n int) string {
	if n == 1 {
		return "1 octet"
	}
	return fmt.Sprintf("%d octets", n)
}

// inField is a place in a field of the request or, with in "response", of the
// response.
func (s *scene) inField(in, name, value string, offset, length int) Evidence {
	shown := s.show(in, name, value, offset, length)
	return Evidence{Exchange: s.n + 1, In: in, Field: name, Value: shown, Offset: offset, Length: length}
}

// inAuth is a place in the Authorization field.
func (s *scene) inAuth(offset, length int) Evidence {
	return s.inField("request", s.auth.name, s.auth.value, offset, length)
}

// inScheme marks the scheme of the Authorization field.
func (s *scene) inScheme() Evidence {
	at := len(s.auth.value) - len(strings.TrimLeft(s.auth.value, " \t"))
	return s.inAuth(at, len(s.scheme))
}

// inToken marks the token in the Authorization field.
func (s *scene) inToken() Evidence { return s.inAuth(s.tokAt, len(s.tok)) }

// inAnswer marks a part of a field of the response; the whole value if the part
// is not there.
func (s *scene) inAnswer(name, part string) Evidence {
	if s.status == http.StatusProxyAuthRequired && name == "WWW-Authenticate" {
		name = "Proxy-Authenticate"
	}
	for _, v := range s.resp.Header.Values(name) {
		if i := strings.Index(strings.ToLower(v), strings.ToLower(part)); i >= 0 {
			return s.inField("response", name, v, i, len(part))
		}
	}
	v := s.resp.Header.Get(name)
	return s.inField("response", name, v, 0, len(v))
}

func (s *scene) inStatus() Evidence {
	v := fmt.Sprintf("%d %s", s.status, http.StatusText(s.status))
	return Evidence{Exchange: s.n + 1, In: "response", Field: "status", Value: strings.TrimSpace(v), Offset: 0, Length: 3}
}

// inBody quotes what the body says.
func (s *scene) inBody(text string) Evidence {
	return Evidence{Exchange: s.n + 1, In: "response", Field: "body", Value: explain.Visible(cut(text, 120)), Offset: -1, Length: -1}
}

// inURL marks a part of the URL.
func (s *scene) inURL(part string) Evidence {
	u := s.shownURL(s.req.URL)
	at := strings.Index(u, part)
	if part == "" || at < 0 {
		at, part = 0, u
	}
	return Evidence{Exchange: s.n + 1, In: "request", Field: "url", Value: u, Offset: at, Length: len(part)}
}

// inLine stands for a field that is missing: the request line.
func (s *scene) inLine() Evidence {
	return Evidence{Exchange: s.n + 1, In: "request", Field: "request", Value: s.req.Method + " " + s.shownURL(s.req.URL), Offset: -1, Length: -1}
}

// inClaim shows one claim of the token, and nothing else of it.
func (s *scene) inClaim(name string) Evidence { return s.inPart("token payload", s.jwt.Payload, name) }

// inHeader shows one member of the token's header.
func (s *scene) inHeader(name string) Evidence { return s.inPart("token header", s.jwt.Header, name) }

func (s *scene) inPart(part, text, name string) Evidence {
	e := Evidence{Exchange: s.n + 1, In: "request", Field: part, Offset: -1, Length: -1}
	at := strings.Index(text, `"`+name+`"`)
	if at < 0 {
		return e
	}
	rest := text[at:]
	colon := strings.IndexByte(rest[len(name)+2:], ':')
	if colon < 0 {
		return e
	}
	from := len(name) + 2 + colon + 1
	for from < len(rest) && rest[from] == ' ' {
		from++
	}
	to := valueEnd(rest, from)
	value := cut(rest[:to], 200)
	e.Value, e.Offset, e.Length = value, min(from, len(value)), max(len(value)-from, 0)
	return e
}

// valueEnd is where the JSON value at i ends.
func valueEnd(text string, i int) int {
	depth, quoted := 0, false
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return i
		case c == ']' || c == '}':
			depth--
		}
	}
	return len(text)
}

// show is a field value without its secrets, octet for octet.
func (s *scene) show(in, name, value string, offset, length int) string {
	if s.o.Open {
		return value
	}
	if in == "response" && !strings.EqualFold(name, "Set-Cookie") {
		return s.hush.echo(value)
	}
	lower := strings.ToLower(name)
	var shown []byte
	switch {
	case lower == "authorization" || lower == "proxy-authorization" || s.auth.ok && name == s.auth.name || misspelt(name, "authorization"):
		shown = maskCredential(value)
	case isKeyField(lower) || lower == "dpop" || lower == "x-csrf-token" || lower == "x-xsrf-token":
		shown = maskCredential(value)
	case lower == "cookie":
		shown = maskPairs(value, ';')
	case lower == "set-cookie":
		end := strings.IndexByte(value, ';')
		if end < 0 {
			end = len(value)
		}
		shown = append(maskPairs(value[:end], ';'), value[end:]...)
	case name == userOption:
		shown = maskUser(value)
	case strings.HasPrefix(name, "?"):
		shown = stars(value)
	default:
		return value
	}
	if in == "request" {
		s.unmask(shown, value)
	}
	// The guilty octet itself is shown: it is what nobody sees. A letter or digit
	// everybody sees, and in base64 it is a part of the password.
	if length > 0 && length <= 4 && offset >= 0 && offset+length <= len(value) && (length > 1 || !alphanumeric(value[offset])) {
		copy(shown[offset:], value[offset:offset+length])
	}
	return string(shown)
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func stars(v string) []byte { return []byte(strings.Repeat("*", len(v))) }

// maskPairs masks the values of name=value pairs.
func maskPairs(value string, separator byte) []byte {
	out := []byte(value)
	masked := !strings.Contains(value, "=")
	for i := range out {
		switch {
		case out[i] == separator:
			masked = false
		case masked && out[i] != ' ':
			out[i] = '*'
		case out[i] == '=':
			masked = true
		}
	}
	return out
}

// maskCredential keeps the shape of a credential: known schemes, spaces, what
// stands around a word, and the dots of a token.
func maskCredential(value string) []byte {
	out := []byte(value)
	if first, rest, ok := strings.Cut(strings.TrimLeft(value, " "), " "); ok && paramScheme(first) && strings.Contains(rest, "=") {
		maskParams(out, value)
		return out
	}
	for at := 0; at < len(value); {
		end := at
		for end < len(value) && value[end] != ' ' && value[end] != '\t' && value[end] != '\r' && value[end] != '\n' {
			end++
		}
		maskWord(out[at:end], value[at:end])
		at = end + 1
	}
	return out
}

func maskWord(out []byte, word string) {
	if word == "" || knownScheme(word) || placeholder(word) || scriptValue(word) {
		return
	}
	from, to := 0, len(word)
	for from < to && strings.IndexByte(`"'<>[](){}`, word[from]) >= 0 {
		from++
	}
	for to > from && strings.IndexByte(`"'<>[](){},`, word[to-1]) >= 0 {
		to--
	}
	if n := gluedScheme(word); n > 0 {
		from = n
	}
	dots := strings.Count(word, ".") <= 4
	for i := from; i < to; i++ {
		if word[i] != '.' || !dots {
			out[i] = '*'
		}
	}
}

// gluedScheme is how much of a word is a scheme that lost its space.
func gluedScheme(word string) int {
	for _, scheme := range [...]string{"Authorization:", "Bearer", "Basic", "Digest", "DPoP", "Token"} {
		if len(word) > len(scheme) && strings.EqualFold(word[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// scriptValue knows what programs write for a value that is not there.
func scriptValue(word string) bool {
	switch strings.Trim(word, `"'`) {
	case "undefined", "null", "None", "nil", "NaN", "[object", "Object]", "Promise]", "false", "true", "token", "your_token", "your-token",
		"YOUR_TOKEN", "access_token", "YOUR_ACCESS_TOKEN", "<token>", "xxx":
		return true
	}
	return false
}

// maskParams masks the values of secret parameters.
func maskParams(out []byte, value string) {
	for i := 0; i < len(value); {
		eq := strings.IndexByte(value[i:], '=')
		if eq < 0 {
			return
		}
		eq += i
		start := strings.LastIndexAny(value[:eq], " ,") + 1
		end := eq + 1
		if end < len(value) && value[end] == '"' {
			for end++; end < len(value) && value[end] != '"'; end++ {
				if value[end] == '\\' {
					end++
				}
			}
		} else {
			for end < len(value) && value[end] != ',' && value[end] != ' ' {
				end++
			}
		}
		end = min(end, len(value))
		if secretAuthParam(strings.TrimSpace(value[start:eq])) {
			for j := eq + 1; j < end; j++ {
				if value[j] != '"' {
					out[j] = '*'
				}
			}
		}
		i = max(end, eq+1)
	}
}

// maxURL is how long a URL may be to be shown whole: as long as everybody should
// take one (RFC 9110 section 4.1). Of a longer one its beginning is shown and how
// long it is, and in commands it is a variable.
const maxURL = 8000

// shownURL is a URL without the secrets in it, cut where it is very long.
func (s *scene) shownURL(u *url.URL) string {
	return shortened(s.starredURL(u))
}

func shortened(address string) string {
	if len(address) <= maxURL {
		return address
	}
	return fmt.Sprintf("%s (%d octets in all)", cut(address, maxURL/8), len(address))
}

// starredURL is a URL with stars in place of its secrets.
func (s *scene) starredURL(u *url.URL) string {
	return s.urlWith(u, func(_, value string) string { return strings.Repeat("*", min(len(value), 8)) })
}

// urlWith is a URL with something else in place of its secrets.
func (s *scene) urlWith(u *url.URL, instead func(name, value string) string) string {
	if u == nil {
		return ""
	}
	if s.o.Open {
		return s.written(u.String())
	}
	plain := *u
	if plain.User != nil {
		plain.User = url.User(plain.User.Username())
	}
	withoutPathSecret(&plain, instead)
	mask := func(raw string) string {
		parts := strings.Split(raw, "&")
		for i, part := range parts {
			name, value, ok := strings.Cut(part, "=")
			if decoded, err := url.QueryUnescape(name); ok && (err != nil || secretname.Is(decoded)) && !placeholder(value) {
				if from, _ := s.unfilled(value); from < 0 {
					parts[i] = name + "=" + instead(name, value)
				}
			}
		}
		return strings.Join(parts, "&")
	}
	plain.RawQuery = mask(plain.RawQuery)
	if strings.Contains(plain.Fragment, "=") {
		plain.Fragment, plain.RawFragment = "", ""
	}
	return s.written(strings.ReplaceAll(plain.String(), "%2A", "*"))
}

// lastOf finds the latest exchange before this one that fits.
func (s *scene) lastOf(fits func(*capture.Exchange) bool) (*capture.Exchange, int) {
	for i := s.n - 1; i >= 0; i-- {
		if fits(&s.c.Exchanges[i]) {
			return &s.c.Exchanges[i], i
		}
	}
	return nil, -1
}
