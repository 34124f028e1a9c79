package web

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Marks says which lines of a message decided: the start line, fields by name,
// and pieces of the body.
type Marks struct {
	Start  bool
	Fields []string
	Body   []string
}

// longValue is the length from which the last word of a field value is set in a
// quieter colour: a token is there to be copied, not to be read.
const longValue = 100

// Wire writes an HTTP/1.1 message as it is on the wire, with the names of its
// fields set off and the deciding lines marked. Line ends are CRLF or LF;
// control characters are made visible.
func Wire(message string, m Marks) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		head, body, _ := strings.Cut(strings.ReplaceAll(message, "\r\n", "\n"), "\n\n")
		var b strings.Builder
		b.WriteString(`<pre class="wire"><code>`)
		for i, line := range strings.Split(strings.TrimSuffix(head, "\n"), "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			writeLine(&b, line, i == 0, m)
		}
		if body = strings.TrimSuffix(body, "\n"); body != "" {
			b.WriteString("\n\n<span class=\"body\">" + markBody(body, m.Body) + "</span>")
		}
		b.WriteString(`</code></pre>`)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// writeLine writes one line of the head.
func writeLine(b *strings.Builder, line string, start bool, m Marks) {
	if start {
		if m.Start {
			b.WriteString("<mark>" + visible(line) + "</mark>")
			return
		}
		b.WriteString(`<span class="start">` + visible(line) + `</span>`)
		return
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		b.WriteString(visible(line))
		return
	}
	long := ""
	// A scheme before the token still counts as what decides.
	if at := strings.LastIndexByte(value, ' ') + 1; len(value)-at > longValue {
		value, long = value[:at], value[at:]
	}
	text := "<b>" + visible(name) + "</b>:" + visible(value)
	if slices.ContainsFunc(m.Fields, func(f string) bool { return strings.EqualFold(f, name) }) {
		text = "<mark>" + text + "</mark>"
	}
	b.WriteString(text)
	if long != "" {
		b.WriteString(`<span class="long">` + visible(long) + `</span>`)
	}
}

// markBody marks the first occurrence of each piece; of pieces that overlap, the
// first.
func markBody(body string, pieces []string) string {
	var b strings.Builder
	for body != "" {
		at, length := len(body), 0
		for _, p := range pieces {
			if i := strings.Index(body, p); p != "" && i >= 0 && i < at {
				at, length = i, len(p)
			}
		}
		b.WriteString(visible(body[:at]))
		if length > 0 {
			found := body[at : at+length]
			b.WriteString("<mark>" + visible(found) + "</mark>")
			pieces = slices.DeleteFunc(slices.Clone(pieces), func(p string) bool { return p == found })
		}
		body = body[at+length:]
	}
	return b.String()
}

// visible escapes s and shows control characters as their pictures.
func visible(s string) string {
	s = strings.ToValidUTF8(s, "�")
	return templ.EscapeString(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20:
			return '␀' + r
		case r == 0x7f:
			return '␡'
		}
		return r
	}, s))
}
