package capture_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

// What chats and word processors make of a command is read as it was meant, and
// the first character that the shell takes otherwise is named.
func TestMisprints(t *testing.T) {
	get := func(header string) request { return request{"GET", "https://x.example/a", header, ""} }
	quote, dash, space := capture.MisprintQuote, capture.MisprintDash, capture.MisprintSpace
	for _, tt := range []struct {
		name, in string
		want     request
		wrong    capture.Misprint
	}{
		{"double quotes", "curl -H “A: b c” “https://x.example/a”", get("A: b c"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 9, Text: "-H “…", At: 3}},
		{"single quotes", "curl ‘https://x.example/a’ -H ‘A: b’", get("A: b"), capture.Misprint{Kind: quote, Rune: '‘', Line: 1, Octet: 6, Text: "curl ‘https://…", At: 5}},
		{"German quotes", "curl -H „A: b“ https://x.example/a", get("A: b"), capture.Misprint{Kind: quote, Rune: '„', Line: 1, Octet: 9, Text: "-H „…", At: 3}},
		{"the wrong way round", "curl -H ”A: b” https://x.example/a", get("A: b"), capture.Misprint{Kind: quote, Rune: '”', Line: 1, Octet: 9, Text: "-H ”…", At: 3}},
		{"in the second line", "curl https://x.example/a \\\n  -H “Authorization: Bearer abc”", get("Authorization: Bearer abc"), capture.Misprint{Kind: quote, Rune: '“', Line: 2, Octet: 6, Text: "-H “Authorization: …", At: 3}},
		{"one typographic, one plain", "curl -H “A: b c\" https://x.example/a", get("A: b c"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 9, Text: "-H “…", At: 3}},
		{"one plain, one typographic", "curl -H \"A: b c” https://x.example/a", get("A: b c"), capture.Misprint{Kind: quote, Rune: '”', Line: 1, Octet: 16, Text: "…”…", At: 3}},
		{"quotes within quotes", "curl ‘https://x.example/a’ -X GET -d ‘{“n”:“it’s”}’", request{"GET", "https://x.example/a", "Content-Type: application/x-www-form-urlencoded", `{"n":"it's"}`}, capture.Misprint{Kind: quote, Rune: '‘', Line: 1, Octet: 6, Text: "curl ‘https://…", At: 5}},
		{"escaped within quotes", `curl https://x.example/a -X GET -d “{\”n\”:1}”`, request{"GET", "https://x.example/a", "Content-Type: application/x-www-form-urlencoded", `{"n":1}`}, capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 36, Text: "-d “…", At: 3}},
		{"glued to the option", "curl -H“A: b” https://x.example/a", get("A: b"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 8, Text: "-H“…", At: 2}},
		{"one without another", "curl https://x.example/a” -H 'A: b'", get("A: b"), capture.Misprint{Kind: quote, Rune: '”', Line: 1, Octet: 25, Text: "…”…", At: 3}},
		{"a dash for one", "curl –H 'A: b' https://x.example/a", get("A: b"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 6, Text: "curl –H …", At: 5}},
		{"a dash for two", "curl —header 'A: b' https://x.example/a", get("A: b"), capture.Misprint{Kind: dash, Rune: '—', Line: 1, Octet: 6, Text: "curl —header …", At: 5}},
		{"two dashes", "curl ––header 'A: b' https://x.example/a", get("A: b"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 6, Text: "curl –…", At: 5}},
		{"half of two dashes", "curl -–header 'A: b' https://x.example/a", get("A: b"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 7, Text: "…–header …", At: 3}},
		{"letters that stand together", "curl –sSH 'A: b' https://x.example/a", get("A: b"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 6, Text: "curl –…", At: 5}},
		{"a no-break space", "curl -H 'A: b'\u00a0https://x.example/a", get("A: b"), capture.Misprint{Kind: space, Rune: '\u00a0', Line: 1, Octet: 15, Text: "…\u00a0https://…", At: 3}},
		{"nothing that can be seen", "curl -H 'A: b' \u200bhttps://x.example/a", get("A: b"), capture.Misprint{Kind: space, Rune: '\u200b', Line: 1, Octet: 16, Text: "… \u200bhttps://…", At: 4}},
		{"a line without a backslash", "curl https://x.example/a\n-H 'A: b'", get("A: b"), capture.Misprint{Kind: capture.MisprintLine, Rune: '\n', Line: 1, Octet: 25, Text: "…\n…", At: 3}},
		{"a space behind the backslash", "curl https://x.example/a \\ \n-H 'A: b'", get("A: b"), capture.Misprint{Kind: capture.MisprintLine, Rune: '\\', Line: 1, Octet: 26, Text: "… \\…", At: 4}},
		{"HTTPie", "http https://x.example/a “A:b c”", get("A: b c"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 26, Text: "… “…", At: 4}},
		{"fetch", "fetch(“https://x.example/a”, {headers: {‘A’: “b”}})", get("A: b"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 7, Text: "…“https://…", At: 3}},
		{"cmd.exe", "C:\\> curl -H “A: b” https://x.example/a", get("A: b"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 9, Text: "-H “…", At: 3}},
		{"a secret is not repeated", "curl –ualice:secret https://x.example/a", get("Authorization: Basic YWxpY2U6c2VjcmV0"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 6, Text: "curl –…", At: 5}},
		{"plain quotes around others", "curl 'https://x.example/a' -A 'it’s' -H “A: b”", get("A: b"), capture.Misprint{Kind: quote, Rune: '“', Line: 1, Octet: 43, Text: "-H “…", At: 3}},
		{"curl.exe gets a dash from PowerShell", "curl.exe –H “A: b” “https://x.example/a”", get("A: b"), capture.Misprint{Kind: dash, Rune: '–', Line: 1, Octet: 10, Text: "curl.exe –H …", At: 9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil || len(c.Exchanges) != 1 {
				t.Fatal(c, err)
			}
			if diff := cmp.Diff(tt.want, shown(c.Exchanges[0])); diff != "" {
				t.Error(diff)
			}
			if c.Misprint == nil {
				t.Fatal("nothing is said")
			}
			if diff := cmp.Diff(tt.wrong, *c.Misprint); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// PowerShell takes such quotes and dashes for plain ones.
func TestPowerShellTakesTypographicQuotes(t *testing.T) {
	want := request{"GET", "https://x.example/a", "A: it’s “b” c", ""}
	for _, in := range []string{
		"Invoke-WebRequest –Uri “https://x.example/a” –Headers @{ “A” = \"it’s ““b”” c” }",
		"$h = @{ ‘A’ = ‘it’’s “b” c' }\nirm ―Uri ’https://x.example/a‛ —Headers $h",
		"$h=@{}\u00a0\n$h[„A“]=@’\nit’s “b” c\n'@\nInvoke-RestMethod –Uri https://x.example/a -Headers $h",
		"curl –Uri „https://x.example/a“ -Headers @{A=“it’s ““b““ c”}",
		"curl.exe -H ‘A: it’’s “b” c’ “https://x.example/a”",
	} {
		c, err := capture.Curl(in)
		if err != nil || len(c.Exchanges) != 1 {
			t.Errorf("%s: %v, %v", in, c.Exchanges, err)
			continue
		}
		got := shown(c.Exchanges[0])
		got.Header = strings.ReplaceAll(got.Header, "““", "“")
		if in[:5] == "curl " {
			got.Header = strings.ReplaceAll(got.Header, "b“ c", "b” c")
		}
		if diff := cmp.Diff(want, got); diff != "" || c.Misprint != nil {
			t.Errorf("%s: %v\n%s", in, c.Misprint, diff)
		}
	}
}

// A block of Markdown is no part of the command, nor a reason to take it for one
// of PowerShell.
func TestFenced(t *testing.T) {
	for _, fence := range []string{"```", "```sh", "```bash"} {
		c, err := capture.Curl(fence + "\ncurl -H \"A: $B\" \\\n  'https://x.example/a'\n```\n")
		if err != nil || len(c.Exchanges) != 1 || c.Source != "curl command" || c.Misprint != nil {
			t.Errorf("%s: %+v, %v", fence, c, err)
		}
	}
}

// A shell has cut at the spaces within typographic quotes before.
func TestMisprintsInArguments(t *testing.T) {
	c, err := capture.CurlArgs([]string{"curl", "–H", "“Authorization:", "Bearer", "abc”", "-d", `{"a": “b”}`, "https://x.example/a"})
	if err != nil || len(c.Exchanges) != 1 {
		t.Fatal(c, err)
	}
	want := request{"POST", "https://x.example/a", "Authorization: Bearer abc\nContent-Type: application/x-www-form-urlencoded", `{"a": “b”}`}
	if diff := cmp.Diff(want, shown(c.Exchanges[0])); diff != "" {
		t.Error(diff)
	}
	if c.Misprint == nil || c.Misprint.Kind != capture.MisprintDash || c.Misprint.Octet != 0 {
		t.Errorf("%+v", c.Misprint)
	}
}

// What stands within plain quotes is meant, and apostrophes are no quotes.
func TestNoMisprints(t *testing.T) {
	for _, in := range []string{
		`curl 'https://x.example/a' -d '{"n": "it’s – “so”"}'`, "# here’s – the “command”\ncurl https://x.example/a", "curl https://x.example/a -d @- <<EOF\n“x” – y\nEOF\n",
		"curl https://x.example/a \\\n  -H 'A: b'", "curl https://x.example/a \\\r\n  -H 'A: b'\r\n", "curl -d 'a\n-b' https://x.example/a", "curl https://x.example/a | jq .\n- x", "curl https://x.example/a\n---\n",
		"curl https://x.example/don’t", "curl https://x.example/a-–-b", "fetch('https://x.example/', {body: '“x”'}) // it’s",
	} {
		c, err := capture.Curl(in)
		if err != nil || c.Misprint != nil {
			t.Errorf("%s: %+v, %v", in, c.Misprint, err)
		}
	}
}
