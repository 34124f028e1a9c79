package capture_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/cputime"
)

// Nothing that is made on purpose takes long: the time grows with the length.
func TestHostileInputEnds(t *testing.T) {
	const size = 1 << 20
	fill := func(prefix, part string) string { return prefix + strings.Repeat(part, (size-len(prefix))/len(part)) }
	doubled := func(first, format string) string {
		var b strings.Builder
		b.WriteString(first)
		for i := range 60 {
			fmt.Fprintf(&b, format, i+1, i, i)
		}
		return b.String()
	}
	raw := func(s string) error { _, err := capture.Raw(s); return err }
	har := func(s string) error { _, err := capture.HAR([]byte(s)); return err }
	postman := func(s string) error { _, err := capture.Postman([]byte(s), nil); return err }
	curl := func(s string) error { _, err := capture.Curl(s); return err }
	for _, tt := range []struct {
		name string
		read func(string) error
		in   string
	}{
		{"variables", curl, fill("curl x.example -d ", "$a")},
		{"other variables", curl, fill("curl x.example ", `"$a1$b2$c3" `)},
		{"doubling variables", curl, doubled("a0=xxxxxxxxxx\n", "a%d=$a%d$a%d\n") + "curl x.example -d $a60"},
		{"substitutions", curl, fill("curl x.example ", "$(")},
		{"backticks", curl, fill("curl x.example ", "`")},
		{"here-documents", curl, fill("curl x.example ", "<<a\n")},
		{"fields", curl, fill("curl x.example ", "-H a:b ")},
		{"URLs", curl, fill("curl ", "a ")},
		{"carets", curl, fill("curl ^\"x^\" ", "^^\" ")},
		{"backslashes", curl, fill("curl ^\"x^\" ", `\ `)},
		{"percents", curl, fill("curl ^\"x^\" ", "%a")},
		{"braces of PowerShell", curl, fill("Invoke-WebRequest x ", "@{a=")},
		{"parentheses of PowerShell", curl, fill("Invoke-WebRequest x ", "(")},
		{"commas of PowerShell", curl, fill("Invoke-WebRequest x ", ",")},
		{"commas of curl.exe", curl, fill("curl.exe 'x' ", ",")},
		{"words in parentheses", curl, fill("Invoke-WebRequest x (", "a 'b' ")},
		{"doubling tables", curl, doubled("$a0 = @{x='y'}\n", "$a%d = @{x=$a%d;y=$a%d}\n") + "Invoke-WebRequest x.example -Body ($a60 | ConvertTo-Json)"},
		{"typographic quotes", curl, fill("curl x.example ", "“a ")},
		{"typographic and plain quotes", curl, fill("curl x.example ", "”a\" ")},
		{"typographic quotes that close", curl, fill("curl x.example \"", "a” ")},
		{"long dashes", curl, fill("curl x.example ", "–")},
		{"long dashes apart", curl, fill("curl x.example ", "–a ")},
		{"no-break spaces", curl, fill("curl x.example ", "\u00a0")},
		{"typographic quotes of PowerShell", curl, fill("irm x ", "“a ")},
		{"here-strings of PowerShell", curl, fill("irm x ", "@“\n")},
		{"typographic quotes of JavaScript", curl, fill("fetch(“x”", "+‘a")},
		{"braces of JavaScript", curl, fill("fetch(", "{a:")},
		{"brackets of JavaScript", curl, fill("fetch(", "[")},
		{"calls of JavaScript", curl, fill("fetch('x', {a: ", "b(")},
		{"closed calls of JavaScript", curl, fill("fetch('x', {a: [", "b(),")},
		{"sums of JavaScript", curl, fill("fetch('x'", "+'y'")},
		{"constants", curl, fill("fetch('x') ", "const a='")},
		{"doubling objects", curl, doubled("const a0={x:'y'}\n", "const a%d={x:a%d,y:a%d}\n") + "fetch('x', {body: JSON.stringify(a60)})"},
		{"calls of fetch", curl, fill("", "fetch(")},
		{"fields of axios", raw, fill("AxiosError\n  config: {\n    url: 'https://x.example/',\n    method: 'get',\n    headers: {\n", "      a: 'b',\n")},
		{"members of axios", raw, fill("AxiosError\n  config: {\n", "    a: {b: {c: [1]}},\n")},
		{"objects of axios", raw, fill("AxiosError\n", "  config: {\n  response: {\n")},
		{"literals of Python", raw, fill("reply: ''\n", "send: b'\\x41\n")},
		{"variables of a file", raw, fill("GET https://x.example/\n\n###\n", "@a=b\n")},
		{"doubling variables of a file", raw, doubled("@a0=xxxxxxxxxx\n", "@a%d={{a%d}}{{a%d}}\n") + "GET https://x.example/" + strings.Repeat("{{a60}}", 1000) + "\nX: {{a60}}{{a60}}\n"},
		{"braces of a file", raw, fill("GET https://x.example/\nA: ", "{{")},
		{"lines without a backslash", curl, fill("curl x.example ", "\n-H a:b")},
		{"folded lines", raw, fill("GET / HTTP/1.1\na: b\n", " c\n")},
		{"lines without a colon", raw, fill("GET / HTTP/1.1\n", "c\n")},
		{"chunks", raw, fill("HTTP/1.1 401 x\nTransfer-Encoding: chunked\n\n", "1\nx\n")},
		{"marks", raw, fill("> GET / HTTP/1.1\n> \n< HTTP/1.1 200 x\n< \n", "* x\n")},
		{"messages", raw, fill("", "HTTP/1.1 401 x\n\n")},
		{"brackets of HAR", har, fill(`{"log":{"entries":[`, "[")},
		{"entries", har, fill(`{"log":{"entries":[`, `{"request":{"url":"x"}},`)},
		{"lines of HAR", har, fill(`{"log":{"entries":[{"request":{"url":"x","headers":[{"name":"a","value":"`, `\n`)},
		{"folders", postman, fill("", `{"info":{},"item":[`)},
		{"doubling variables of Postman", postman, `{"info":{},"item":[{"request":"{{a0}}"}],"variable":[` +
			strings.TrimSuffix(doubled("", `{"key":"a%[2]d","value":"{{a%[1]d}}{{a%[1]d}}"},`), ",") + `]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := cputime.Spent()
			_ = tt.read(tt.in)
			if took := cputime.Spent() - begin; took > 10*time.Second {
				t.Errorf("%d octets took %v", len(tt.in), took)
			} else if took > 300*time.Millisecond {
				t.Logf("%d octets took %v", len(tt.in), took)
			}
		})
	}
}
