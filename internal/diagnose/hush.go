package diagnose

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/secretname"
)

// hush knows the secrets of a capture and takes them out of every text of a
// report. It is the last line: texts are made without secrets in the first
// place, but a server may echo what it was sent.
type hush struct {
	open    bool
	windows map[uint64]struct{}
	total   int
	short   []string // secrets of less than a window
}

const (
	// window is how many octets in a row give a secret away.
	window = 12
	// maxSecrets bounds what is remembered of a capture.
	maxSecrets = 256 << 10
	// maxPieces bounds what is taken apart of one credential.
	maxPieces = 4 << 10
)

func newHush(s *scene) *hush {
	h := &hush{open: s.o.Open, windows: map[uint64]struct{}{}}
	if h.open {
		return h
	}
	h.exchange(s.x)
	for i := range s.c.Exchanges {
		if i != s.n && h.total < maxSecrets {
			h.exchange(&s.c.Exchanges[i])
		}
	}
	return h
}

func (h *hush) exchange(x *capture.Exchange) {
	for _, f := range x.Request.Header {
		f.Value = withoutVariables(x, f.Value)
		h.field(f)
	}
	h.url(x.Request.URL)
	h.body(x.Request.Body)
	for _, user := range [...]string{x.Request.Options.User, x.Request.Options.ProxyUser} {
		name, password, ok := strings.Cut(withoutVariables(x, user), ":")
		if !ok {
			password = user
		}
		h.add(password)
		if secretUser(name, password) {
			h.add(name)
		}
	}
	if x.Response != nil {
		for _, f := range x.Response.Header {
			h.field(f)
		}
		h.body(x.Response.Body)
	}
}

func (h *hush) field(f capture.Field) {
	switch name := strings.ToLower(strings.TrimSpace(f.Name)); {
	case name == "authorization", name == "proxy-authorization", misspelt(f.Name, "authorization"):
		if !strings.EqualFold(name, "www-authenticate") {
			h.credential(f.Value)
		}
	case name == "cookie":
		for pair := range strings.SplitSeq(f.Value, ";") {
			_, value, ok := strings.Cut(pair, "=")
			if !ok {
				value = pair
			}
			h.add(strings.TrimSpace(value))
		}
	case name == "set-cookie":
		pair, _, _ := strings.Cut(f.Value, ";")
		_, value, ok := strings.Cut(pair, "=")
		if !ok {
			value = pair
		}
		h.add(strings.TrimSpace(value))
	case secretname.Is(name), isKeyField(name):
		h.add(f.Value)
		h.pieces(f.Value)
	case name == "location", name == "referer":
		if u, err := url.Parse(f.Value); err == nil {
			h.url(u)
		}
	}
}

// credential takes the secret parts of an Authorization value.
func (h *hush) credential(value string) {
	trimmed := strings.TrimSpace(value)
	scheme, rest, ok := strings.Cut(trimmed, " ")
	if ok && !knownScheme(scheme) {
		h.add(trimmed) // there is no scheme: all of it may be the secret
	}
	if !ok {
		rest = trimmed
	}
	if strings.EqualFold(scheme, "Basic") {
		// In either alphabet, and with any padding: it was written wrong, and is
		// a password.
		text, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(rest), "=")))
		if err == nil {
			name, password, found := strings.Cut(string(text), ":")
			if !found {
				password = string(text)
			}
			if secretUser(name, password) {
				h.add(name)
			}
			h.add(password)
			h.pieces(password)
		}
	}
	if c, err := httpauth.ParseAuthorization(trimmed); err == nil && len(c.Params) > 0 && paramScheme(scheme) {
		for _, p := range c.Params {
			if secretAuthParam(p.Name) {
				h.add(p.Value)
			}
		}
		return
	}
	if looksLikeJWT(strings.Trim(rest, "\"'<> ")) {
		// The signature makes it a credential; the rest is what it says.
		h.add(rest[strings.LastIndexByte(rest, '.')+1:])
		return
	}
	h.add(rest)
	h.pieces(trimmed)
}

// pieces remembers the words of a credential that is not written as it should be:
// the secret is one of them. Where there are several, only those count that are
// no words of a language.
func (h *hush) pieces(value string) {
	words := strings.FieldsFunc(value[:min(len(value), maxPieces)], func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'<>{}()[],;:=.?%&$\\", r) || r > 0x7f })
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 4 || knownScheme(w) || scriptValue(w) || secretname.Is(w) })
	for _, w := range words[:min(len(words), 20)] {
		if len(words) == 1 || strings.ContainsAny(w, "0123456789") {
			h.add(w)
		}
		for _, scheme := range [...]string{"Bearer", "Basic", "undefined", "null"} {
			// Glued to what it stands before.
			if rest := w[min(len(scheme), len(w)):]; len(rest) >= 4 && strings.EqualFold(w[:len(scheme)], scheme) {
				h.add(rest)
			}
		}
	}
}

// secretUser knows keys and tokens that are sent as a name: payment services and
// code hosts take them so, with no password or a word in its place.
func secretUser(name, password string) bool {
	return looksLikeJWT(name) || noPassword(password) && (len(name) >= 20 && !strings.ContainsAny(name, " @") || keyEnvironment(name) != "")
}

// noPassword knows what is sent beside such a name, as there is no password.
func noPassword(password string) bool {
	return slices.Contains([]string{"", "x", "x-oauth-basic", "api_token", "unused"}, strings.ToLower(password))
}

// paramScheme tells schemes whose credentials are parameters: of those, some are
// no secret.
func paramScheme(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "digest", "oauth", "hawk", "aws4-hmac-sha256", "signature", "mutual", "hoba", "vapid":
		return true
	}
	return false
}

func secretAuthParam(name string) bool {
	switch strings.ToLower(name) {
	case "realm", "nonce", "uri", "qop", "nc", "algorithm", "username", "opaque", "userhash", "username*":
		return false
	}
	return true
}

func (h *hush) url(u *url.URL) {
	if u == nil {
		return
	}
	if u.User != nil {
		password, ok := u.User.Password()
		if ok {
			h.add(password)
		}
		if name := u.User.Username(); secretUser(name, password) {
			h.add(name)
		}
	}
	if name, from, to := pathSecret(u); name != "" {
		h.add(u.Path[from:to])
	}
	for _, raw := range [...]string{u.RawQuery, u.Fragment} {
		for part := range strings.SplitSeq(raw, "&") {
			name, value, _ := strings.Cut(part, "=")
			if plain, err := url.QueryUnescape(name); err == nil && secretname.Is(plain) {
				h.add(value)
				if plain, err := url.QueryUnescape(value); err == nil {
					h.add(plain)
				}
			}
		}
	}
}

func (h *hush) body(body []byte) {
	if len(body) > 256<<10 {
		return
	}
	text := strings.TrimSpace(string(body))
	var v any
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &v) == nil {
		h.value("", v)
		return
	}
	if strings.Contains(text, "=") && !strings.ContainsAny(text, " \n<") {
		h.url(&url.URL{RawQuery: text})
	}
}

func (h *hush) value(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			h.value(name, inner)
		}
	case []any:
		for _, inner := range v {
			h.value(name, inner)
		}
	case string:
		if secretname.Is(name) && (name != "code" || len(v) > 30) {
			h.add(v)
		}
	}
}

// add remembers the windows of a secret. Shorter ones cannot be told from words,
// and are taken out of what the server says only.
func (h *hush) add(secret string) {
	secret = strings.Trim(secret, " \t\r\n\"'<>")
	if placeholder(secret) || scriptValue(secret) || h.total > maxSecrets {
		return
	}
	// What cannot be seen is written out in texts, which cuts the secret in parts.
	if parts := strings.FieldsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }); len(parts) > 1 && len(parts) <= 20 {
		for _, part := range parts {
			h.add(part)
		}
	}
	if len(secret) < window {
		if len(secret) >= 4 && len(h.short) < 200 && !knownScheme(secret) && !slices.Contains(h.short, secret) {
			h.short = append(h.short, secret)
		}
		return
	}
	if len(secret) > maxSecrets {
		secret = secret[:maxSecrets]
	}
	h.total += len(secret)
	for i := 0; i+window <= len(secret); i++ {
		h.windows[sum(secret[i:i+window])] = struct{}{}
	}
}

func sum(s string) uint64 {
	f := fnv.New64a()
	_, _ = f.Write([]byte(s)) // never fails
	return f.Sum64()
}

// text masks what gives a secret away; the length stays the same, so that
// offsets do too.
func (h *hush) text(t string) string {
	if h == nil || h.open || len(h.windows) == 0 || len(t) < window {
		return t
	}
	var out []byte
	for i := 0; i+window <= len(t); i++ {
		if _, bad := h.windows[sum(t[i:i+window])]; !bad {
			continue
		}
		if out == nil {
			out = []byte(t)
		}
		for j := i; j < i+window; j++ {
			out[j] = '*'
		}
	}
	if out == nil {
		return t
	}
	return string(out)
}

// echo masks short secrets in what a server says: it may repeat a password.
func (h *hush) echo(t string) string {
	if h == nil || h.open {
		return t
	}
	for _, secret := range h.short {
		t = strings.ReplaceAll(t, secret, strings.Repeat("*", len(secret)))
	}
	return t
}

// placeholder tells values that stand for a secret and are none.
func placeholder(v string) bool {
	v = strings.Trim(v, " \"'")
	switch {
	case strings.HasPrefix(v, "{{") && strings.HasSuffix(v, "}}"), strings.HasPrefix(v, "${") && strings.HasSuffix(v, "}"),
		strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">") && !strings.ContainsAny(v, "0123456789."),
		strings.HasPrefix(v, "%") && strings.HasSuffix(v, "%") && len(v) > 2:
		return len(v) < 60
	case strings.HasPrefix(v, "$") && variableName(v[1:]):
		return true
	case strings.HasPrefix(v, "[object "):
		return len(v) < 30
	}
	return false
}

// variableName is the shape of a variable of a shell; small letters could be a
// password.
func variableName(v string) bool {
	if v == "" || len(v) > 40 || '0' <= v[0] && v[0] <= '9' {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// knownScheme tells scheme names from secrets that were put in their place.
func knownScheme(word string) bool {
	if httpauth.Credentials(httpauth.Challenge{Scheme: word}).String() != "[redacted]" {
		return true
	}
	switch strings.ToLower(word) {
	case "token", "jwt", "ssws", "apikey", "api-key", "key", "hawk", "aws4-hmac-sha256", "signature", "sharedkey", "ntlm", "oauth", "access_token",
		"authorization:", "authorization", "bearer:", "basic:", "bearer,", "basic,", "access-token", "session":
		return true
	}
	return false
}
