package journal

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/secretname"
)

const hidden = "[redacted]"

// shaped finds what looks like a token of a known form wherever it stands: a JWT,
// one of our own keys.
var shaped = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*|(?i:g401_)[A-Za-z0-9]{0,16}_?[A-Za-z0-9_~+%-]{5,}`)

// redacted is a copy of e without its secrets.
func redacted(e *Entry) *Entry {
	out := *e
	out.Target = redactTarget(e.Target)
	out.Header = redactHeader(e.Header)
	out.ResponseHeader = redactHeader(e.ResponseHeader)
	out.Body = redactBody(mediaType(e.Header), e.Body)
	out.ResponseBody = redactBody(mediaType(e.ResponseHeader), e.ResponseBody)
	return &out
}

// redactHeader hides whole values of secret fields, and of Authorization all but
// the scheme, which is what people look at.
func redactHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		v := make([]string, len(values))
		for i, value := range values {
			v[i] = redactField(name, value)
		}
		out[name] = v
	}
	return out
}

func redactField(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization":
		scheme, rest, ok := httpauth.CutScheme(value)
		// Without a rest, the scheme may be a token that nobody put one before.
		if known := (httpauth.Credentials{Scheme: scheme}).String(); ok && rest != "" && known != hidden {
			return known
		}
		return hidden
	case "Cookie":
		parts := strings.Split(value, ";")
		for i, part := range parts {
			n, _, ok := strings.Cut(part, "=")
			if parts[i] = n + "=" + hidden; !ok {
				parts[i] = hidden
			}
		}
		return strings.Join(parts, ";")
	case "Set-Cookie":
		pair, attributes, more := strings.Cut(value, ";")
		n, v, _ := strings.Cut(pair, "=")
		if v != "" { // an empty value deletes the cookie
			pair = n + "=" + hidden
		}
		if more {
			pair += ";" + attributes
		}
		return pair
	case "Location", "Content-Location", "Referer", "Refresh":
		return redactTarget(value)
	case "Www-Authenticate", "Proxy-Authenticate":
		return shaped.ReplaceAllString(value, hidden)
	}
	if secretname.Is(name) {
		return hidden
	}
	return shaped.ReplaceAllString(value, hidden)
}

// redactTarget hides the values of secret parameters, in the fragment too.
func redactTarget(s string) string {
	path, rest, ok := strings.Cut(s, "?")
	if !ok {
		if path, rest, ok = strings.Cut(s, "#"); !ok {
			return shaped.ReplaceAllString(s, hidden)
		}
		return shaped.ReplaceAllString(path, hidden) + "#" + redactForm(rest)
	}
	q, fragment, ok := strings.Cut(rest, "#")
	out := shaped.ReplaceAllString(path, hidden) + "?" + redactForm(q)
	if ok {
		out += "#" + redactForm(fragment)
	}
	return out
}

func redactForm(s string) string {
	parts := strings.Split(s, "&")
	for i, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		if ok && value != "" && secretname.Is(unescaped(name)) {
			parts[i] = name + "=" + hidden
			continue
		}
		parts[i] = shaped.ReplaceAllString(part, hidden)
	}
	return strings.Join(parts, "&")
}

// redactBody hides the secrets of forms and of JSON. A JSON body that was cut
// off, or is broken, cannot be read, so that nothing of it is shown.
func redactBody(media string, b []byte) []byte {
	switch {
	case len(b) == 0:
		return b
	case media == "application/x-www-form-urlencoded":
		return []byte(redactForm(string(b)))
	case media == "application/json" || strings.HasSuffix(media, "+json") || b[0] == '{' || b[0] == '[':
		return redactJSON(b)
	case strings.HasPrefix(media, "multipart/"):
		return []byte(hidden)
	}
	return shaped.ReplaceAll(b, []byte(hidden))
}

func redactJSON(b []byte) []byte {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil || dec.More() {
		return []byte(hidden)
	}
	changed := false
	v = redactValue(v, &changed)
	if changed {
		if out, err := json.Marshal(v); err == nil {
			b = out
		}
	}
	return shaped.ReplaceAll(b, []byte(hidden))
}

func redactValue(v any, changed *bool) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			_, text := member.(string)
			_, list := member.([]any)
			// "code": 401 and "status": ... are no secrets: secrets are texts.
			if (text || list) && secretname.Is(name) && !reasonLike(name, member) {
				v[name] = hidden
				*changed = true
				continue
			}
			v[name] = redactValue(member, changed)
		}
	case []any:
		for i := range v {
			v[i] = redactValue(v[i], changed)
		}
	}
	return v
}

// reasonLike tells whether a member called code is a code of the catalogue or of
// an error, as in every problem, and not an authorization code.
func reasonLike(name string, member any) bool {
	s, ok := member.(string)
	return ok && strings.EqualFold(name, "code") && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
