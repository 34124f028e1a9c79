package endpoint

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// filler puts values where {name} stands for one: the parameters of the path,
// now, uuid, request.header.NAME and request.query.NAME. What is none of them
// stays as it is, so that JSON needs no escapes.
type filler struct {
	request *http.Request
	params  map[string]string
	now     func() time.Time
	rand    io.Reader
	query   url.Values
}

// maxName bounds what is looked at between braces.
const maxName = 128

// fill replaces the names in s, each value after escape.
func (f *filler) fill(s string, escape func(string) string) string {
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), maxName)], '}')
		if end < 0 {
			b.WriteByte('{')
			s = s[1:]
			continue
		}
		value, ok := f.value(s[1:end])
		if !ok {
			b.WriteByte('{')
			s = s[1:]
			continue
		}
		b.WriteString(escape(value))
		s = s[end+1:]
		if b.Len() > 2*MaxBody { // values are of the client's making
			break
		}
	}
	b.WriteString(s)
	return b.String()
}

func (f *filler) value(name string) (string, bool) {
	if v, ok := f.params[name]; ok {
		return v, true
	}
	switch name {
	case "now":
		return f.now().UTC().Format(time.RFC3339), true
	case "uuid":
		return uuid(f.rand), true
	}
	if header, ok := strings.CutPrefix(name, "request.header."); ok && isToken(header) {
		if strings.EqualFold(header, "host") {
			return f.request.Host, true
		}
		return f.request.Header.Get(header), true
	}
	if param, ok := strings.CutPrefix(name, "request.query."); ok && param != "" {
		if f.query == nil {
			f.query, _ = url.ParseQuery(f.request.URL.RawQuery)
		}
		return f.query.Get(param), true
	}
	return "", false
}

// uuid is a random one (RFC 9562 section 5.4).
func uuid(r io.Reader) string {
	var b [16]byte
	if r == nil {
		r = rand.Reader
	}
	if _, err := io.ReadFull(r, b[:]); err != nil {
		_, _ = rand.Read(b[:]) // never fails
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// inJSON is s inside a string of JSON.
func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil || len(b) < 2 {
		return ""
	}
	return string(b[1 : len(b)-1])
}

// inField is s inside a field value: a client must not add fields to the answer.
func inField(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// escaping is how values go into a body of a media type. HTML is escaped because
// the page of the mock, which may do more, has the same origin.
func escaping(contentType string) func(string) string {
	t := strings.ToLower(contentType)
	switch {
	case strings.Contains(t, "json"):
		return inJSON
	case strings.Contains(t, "html") || strings.Contains(t, "xml"):
		return html.EscapeString
	}
	return func(s string) string { return s }
}
