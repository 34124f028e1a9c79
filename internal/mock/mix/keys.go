package mix

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
)

// Key is something that may stand in a path.
type Key struct {
	Name, Long string
	Explain    string
	Example    string
	set        func(m *maker, value string) (message, hint string)
}

// Keys lists what may stand in a path.
func Keys() []Key {
	return []Key{
		{"s", "status", "the status, 200 to 599", "s=401", (*maker).status},
		{"h", "header", "a field; any number of them", "h=Retry-After:5", (*maker).header},
		{"ch", "challenge", "a challenge: " + strings.Join(shortcuts(), ", ") + ", or raw:VALUE; the status becomes 401", "ch=expired", (*maker).challenge},
		{"c", "cookie", "a cookie, with its attributes", "c=sid=1; Path=/", (*maker).cookie},
		{"d", "delay", "how long to wait, such as 500ms or 2s", "d=500ms", (*maker).delay},
		{"b", "body", "the body, as text", "b=no", (*maker).body},
		{"b64", "base64", "the body, in base64 of either alphabet", "b64=bm8", (*maker).base64},
		{"j", "json", "the body, as JSON", `j={"error":"no"}`, (*maker).json},
		{"t", "type", "the Content-Type", "t=text/html", (*maker).contentType},
		{"r", "redirect", "where to go; the status becomes 302", "r=http://localhost/", (*maker).redirect},
		{"f", "fault", "what happens to the connection: close, reset, truncate, garbage", "f=reset", (*maker).fault},
	}
}

func shortcuts() []string {
	return []string{"bearer", "expired", "insufficient", "basic", "digest", "bare", "empty", "two", "unknown", "unterminated"}
}

// shortcut is what a word after ch= stands for.
func shortcut(word string) (values []string, ok bool) {
	param := func(name, value string) httpauth.Param { return httpauth.Param{Name: name, Value: value} }
	bearer := httpauth.Bearer("mock").String()
	basic := httpauth.Basic("mock").String()
	switch word {
	case "bearer":
		return []string{bearer}, true
	case "expired":
		return []string{httpauth.Bearer("mock", param("error", "invalid_token"), param("error_description", "The access token expired")).String()}, true
	case "insufficient":
		return []string{httpauth.Bearer("mock", param("error", "insufficient_scope"), param("scope", "orders:write")).String()}, true
	case "basic":
		return []string{basic}, true
	case "digest":
		// Nobody handed the nonce out: an answer to it is refused, as the path
		// has no memory. /digest-auth/ is the one that can be answered.
		return []string{httpauth.DigestChallenge{Realm: "mock", Nonce: "bWl4IGhhcyBubyBtZW1vcnk", Algorithm: httpauth.DigestSHA256,
			QOP: []httpauth.DigestQOP{httpauth.DigestAuth}}.Challenge().String()}, true
	case "bare":
		return []string{"Bearer"}, true
	case "empty":
		return []string{""}, true
	case "two":
		return []string{bearer, basic}, true
	case "unknown":
		return []string{`Mock401 realm="mock"`}, true
	case "unterminated":
		return []string{`Bearer realm="mock`}, true
	}
	return nil, false
}

func (m *maker) status(v string) (string, string) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 200 || n > 599 {
		return "the status is no number from 200 to 599", "s=401"
	}
	m.answer.Status, m.stated = n, true
	return "", ""
}

func (m *maker) header(v string) (string, string) {
	name, value, ok := strings.Cut(v, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !ok || !isToken(name):
		return "a field is NAME:VALUE, and NAME a word of letters, digits and -", "h=Retry-After:5"
	case !isFieldValue(value):
		return "a control character in the value of a field would end it", ""
	case framing(name, value):
		return "the field " + http.CanonicalHeaderKey(name) + " frames the message, so the server sets it", "f=truncate gives a Content-Length that is too large"
	}
	m.add(name, value)
	return "", ""
}

func (m *maker) challenge(v string) (string, string) {
	values, ok := shortcut(v)
	if raw, is := strings.CutPrefix(v, "raw:"); is {
		if !isFieldValue(raw) {
			return "a control character in the value of a field would end it", ""
		}
		values, ok = []string{raw}, true
	}
	if !ok {
		return "there is no such challenge", "one of " + strings.Join(shortcuts(), ", ") + ", or raw:VALUE for one of your own"
	}
	m.challenges = append(m.challenges, values...)
	return "", ""
}

func (m *maker) cookie(v string) (string, string) {
	name, _, ok := strings.Cut(v, "=")
	if !ok || !isToken(name) || !isFieldValue(v) {
		return "a cookie is NAME=VALUE, with attributes behind semicolons", "c=sid=1; Path=/; Max-Age=60"
	}
	m.add("Set-Cookie", v)
	return "", ""
}

func (m *maker) delay(v string) (string, string) {
	d, err := time.ParseDuration(v)
	if err != nil {
		seconds, bad := strconv.ParseFloat(v, 64)
		if bad != nil || !(seconds >= 0 && seconds < 1e6) {
			return "the delay is no duration", "d=500ms or d=2s"
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	if d < 0 || d > m.maxDelay {
		return "the delay is not between 0 and " + m.maxDelay.String(), ""
	}
	m.answer.Delay = d
	return "", ""
}

func (m *maker) body(v string) (string, string) { return m.setBody([]byte(v)) }

func (m *maker) setBody(b []byte) (string, string) {
	if m.answer.Body != nil {
		return "there is a body already", "one of b, b64 and j"
	}
	m.answer.Body = b
	return "", ""
}

func (m *maker) base64(v string) (string, string) {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(v, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "this is no base64", ""
	}
	return m.setBody(b)
}

func (m *maker) json(v string) (string, string) {
	if !json.Valid([]byte(v)) {
		return "this is no JSON", `j={"error":"no"}`
	}
	m.fallbackType = "application/json"
	return m.setBody([]byte(v))
}

func (m *maker) contentType(v string) (string, string) {
	if v == "" || !isFieldValue(v) {
		return "this is no type", "t=text/html"
	}
	m.add("Content-Type", v)
	return "", ""
}

func (m *maker) redirect(v string) (string, string) {
	if _, err := url.Parse(v); err != nil || v == "" || !isFieldValue(v) {
		return "this is no URL", "r=%2Fstatus%2F200, with %2F for each slash"
	}
	m.add("Location", v)
	m.redirected = true
	return "", ""
}

func (m *maker) fault(v string) (string, string) {
	for _, f := range Faults() {
		if string(f) == v {
			m.answer.Fault = f
			return "", ""
		}
	}
	return "there is no such fault", "f=close, f=reset, f=truncate or f=garbage"
}
