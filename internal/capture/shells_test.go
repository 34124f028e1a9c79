package capture_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

// request is the part of a request that a test looks at.
type request struct {
	Method, URL string
	Header      string // the fields that matter, one a line
	Body        string
}

// own are the fields that clients add; tests of quoting do not look at them.
var own = map[string]bool{"host": true, "user-agent": true, "accept": true, "content-length": true, "accept-encoding": true}

func shown(x capture.Exchange) request {
	var lines []string
	for _, f := range x.Request.Header {
		if !own[strings.ToLower(f.Name)] {
			lines = append(lines, f.Name+": "+f.Value)
		}
	}
	return request{x.Request.Method, x.Request.URL.String(), strings.Join(lines, "\n"), string(x.Request.Body)}
}

func about(notes []capture.Note, kind capture.NoteKind) string {
	var out []string
	for _, n := range notes {
		if n.Kind == kind {
			out = append(out, n.About)
		}
	}
	return strings.Join(out, " ")
}

// The quoting of every shell, as browsers write it and as people do.
func TestCurlShells(t *testing.T) {
	tests := []struct {
		name, source, in string
		want             request
		variables        string
	}{
		{
			"Chrome, cmd, newer", "curl command (cmd.exe)",
			"curl ^\"https://api.example.com/orders?a=1^&b=%^20x^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  -H ^\"authorization: Bearer abc.def-ghi^\" ^\r\n" +
				"  -b ^\"sid=a^%^20b^\" ^\r\n  -H ^\"sec-ch-ua: ^\\^\"Chromium^\\^\";v=^\\^\"131^\\^\"^\" ^\r\n  --data-raw ^\"^{^\\^\"name^\\^\":^\\^\"a ^& b ^%^41 c:^\\^\\x^\\^\"^}^\"",
			request{"POST", "https://api.example.com/orders?a=1&b=%20x", "Cookie: sid=a%20b\nauthorization: Bearer abc.def-ghi\nsec-ch-ua: \"Chromium\";v=\"131\"\nContent-Type: application/x-www-form-urlencoded", `{"name":"a & b %41 c:\\x"}`}, "",
		},
		{
			"Chrome, cmd, older: plain quotes outside", "curl command (cmd.exe)",
			"curl \"https://api.example.com/\" ^\r\n  -H \"sec-ch-ua: ^\\^\"Chromium^\\^\";v=^\\^\"99^\\^\"\" ^\r\n  -H \"x: 50^%^\" ^\r\n  --compressed",
			request{"GET", "https://api.example.com/", "sec-ch-ua: \"Chromium\";v=\"99\"\nx: 50%", ""}, "",
		},
		{
			"Chrome, cmd, a body of two lines", "curl command (cmd.exe)",
			"curl ^\"https://api.example.com/^\" ^\n  --data-raw ^\"a^\n\nb^\"",
			request{"POST", "https://api.example.com/", "Content-Type: application/x-www-form-urlencoded", "a\nb"}, "",
		},
		{
			"Firefox, cmd", "curl command (cmd.exe)",
			"curl.exe ^\"https://api.example.com/x^\" ^\r\n  -X PUT ^\r\n  -H ^\"Authorization: Basic YTpi^\" ^\r\n  -H ^\"X-Quote: say \\^\"hi\\^\"^\"",
			request{"PUT", "https://api.example.com/x", "Authorization: Basic YTpi\nX-Quote: say \"hi\"", ""}, "",
		},
		{
			"cmd with a prompt, doubled quotes and a variable", "curl command (cmd.exe)",
			"C:\\Users\\me>curl.exe -H \"Authorization: Bearer %TOKEN%\" -d \"{\"\"a\"\":1}\" https://api.example.com/%41%42 > out.txt",
			request{"POST", "https://api.example.com/%41%42", "Authorization: Bearer %TOKEN%\nContent-Type: application/x-www-form-urlencoded", `{"a":1}`}, "%TOKEN%",
		},
		{
			"curl.exe in PowerShell", "curl command (PowerShell)",
			"curl.exe -X POST `\n  -H 'Authorization: Bearer abc' `\n  -H \"X-T: $env:TOKEN `\"q`\" 100`$\" `\n  -d '{\\\"a\\\":1}' `\n  https://api.example.com/",
			request{"POST", "https://api.example.com/", "Authorization: Bearer abc\nX-T: $env:TOKEN \"q\" 100$\nContent-Type: application/x-www-form-urlencoded", `{"a":1}`}, "$env:TOKEN",
		},
		{
			"variables of PowerShell", "curl command (PowerShell)",
			"$token = 'abc'\ncurl.exe -H \"Authorization: Bearer $token\" 'https://api.example.com/'",
			request{"GET", "https://api.example.com/", "Authorization: Bearer abc", ""}, "",
		},
		{
			"sh: variables and substitutions", "curl command",
			`curl -H "Authorization: Bearer $TOKEN" -H 'X-Literal: $TOKEN' -H "X-Cmd: $(cat file)" "https://${HOST}/a"`,
			request{"GET", "https://$%7BHOST%7D/a", "Authorization: Bearer $TOKEN\nX-Literal: $TOKEN\nX-Cmd: $(cat file)", ""}, "${HOST} $TOKEN $(cat file)",
		},
		{
			"a prompt, sudo and a pipe", "curl command", `$ sudo curl -s https://api.example.com/ | jq '.a'`,
			request{"GET", "https://api.example.com/", "", ""}, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if c.Source != tt.source || len(c.Exchanges) != 1 {
				t.Fatalf("%d exchanges of %q", len(c.Exchanges), c.Source)
			}
			if diff := cmp.Diff(tt.want, shown(c.Exchanges[0])); diff != "" {
				t.Error(diff)
			}
			if got := about(c.Exchanges[0].Notes, capture.NoteVariable); got != tt.variables {
				t.Errorf("variables %q, want %q", got, tt.variables)
			}
		})
	}
}

func TestPowerShell(t *testing.T) {
	tests := []struct {
		name, in string
		want     request
	}{
		{
			"as Chromium copies it",
			"$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"Mozilla/5.0 (X11)\"\n" +
				"$session.Cookies.Add((New-Object System.Net.Cookie(\"sid\", \"a`$b\", \"/\", \"api.example.com\")))\n" +
				"$session.Cookies.Add((New-Object System.Net.Cookie(\"lang\", \"en\", \"/\", \"api.example.com\")))\n" +
				"Invoke-WebRequest -UseBasicParsing -Uri \"https://api.example.com/orders?x=1\" `\n-Method \"POST\" `\n-WebSession $session `\n" +
				"-Headers @{\n\"authority\"=\"api.example.com\"\n  \"authorization\"=\"Bearer abc`\"def\"\n  \"sec-ch-ua\"=\"`\"Chromium`\";v=`\"131`\"\"\n} `\n" +
				"-ContentType \"application/json\" `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":`\"$([char]252)$([char]55357)$([char]56832)`\"}\"))",
			request{"POST", "https://api.example.com/orders?x=1", "authorization: Bearer abc\"def\nsec-ch-ua: \"Chromium\";v=\"131\"\nCookie: sid=a$b; lang=en\nContent-Type: application/json", "{\"a\":\"ü😀\"}"},
		},
		{
			"as people write it",
			"$headers = @{ Authorization = \"Bearer $(Get-Token)\"; 'X-Api-Key' = 'k' }\n$body = @{ name = 'a'; n = 1 } | ConvertTo-Json\n" +
				"$r = Invoke-RestMethod https://api.example.com/orders -Method Post -Headers $headers -Body (@{ name = 'a b' } | ConvertTo-Json) -ContentType application/json",
			request{"POST", "https://api.example.com/orders", "Authorization: Bearer $(Get-Token)\nX-Api-Key: k\nContent-Type: application/json", `{"name":"a b"}`},
		},
		{
			"a form and an index", "$h = @{}\n$h['X-A'] = \"1\"\n$h.Add(\"X-B\", \"2\")\niwr -Uri https://api.example.com/ -Method POST -Headers $h -Body @{a='x y'; b=2}",
			request{"POST", "https://api.example.com/", "X-A: 1\nX-B: 2\nContent-Type: application/x-www-form-urlencoded", "a=x+y&b=2"},
		},
		{
			"curl as an alias", "curl -H @{'X-A'='1'} https://api.example.com/",
			request{"GET", "https://api.example.com/", "X-A: 1", ""},
		},
		{
			"-Authentication Bearer", `Invoke-WebRequest -Uri https://api.example.com/ -Authentication Bearer -Token $t -SkipCertificateCheck`,
			request{"GET", "https://api.example.com/", "Authorization: Bearer $t", ""},
		},
		{
			"a here-string", "Invoke-WebRequest -Uri https://api.example.com/ -Method PUT -ContentType 'application/json' -Body @'\n{\"a\":\n1}\n'@",
			request{"PUT", "https://api.example.com/", "Content-Type: application/json", "{\"a\":\n1}"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Exchanges) != 1 || c.Source != "PowerShell command" {
				t.Fatalf("%d exchanges of %q", len(c.Exchanges), c.Source)
			}
			if diff := cmp.Diff(tt.want, shown(c.Exchanges[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFetch(t *testing.T) {
	tests := []struct {
		name, in   string
		want       request
		incomplete bool
		mode       string
	}{
		{
			"as Chromium copies it",
			"fetch(\"https://api.example.com/orders\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"authorization\": \"Bearer a\\u00fcb\"\n  },\n  \"referrer\": \"https://app.example.com/\",\n" +
				"  \"referrerPolicy\": \"strict-origin-when-cross-origin\",\n  \"body\": \"{\\\"a\\\":1}\",\n  \"method\": \"POST\",\n  \"mode\": \"cors\",\n  \"credentials\": \"include\"\n});",
			request{"POST", "https://api.example.com/orders", "authorization: Bearer aüb\nContent-Type: text/plain;charset=UTF-8\nReferer: https://app.example.com/", `{"a":1}`}, true, "cors",
		},
		{
			"for Node.js", "fetch(\"https://api.example.com/\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"cookie\": \"sid=1\"\n  },\n  \"body\": null,\n  \"method\": \"GET\"\n});",
			request{"GET", "https://api.example.com/", "cookie: sid=1", ""}, false, "",
		},
		{
			"as Firefox copies it", "await fetch(\"https://api.example.com/\", {\n    \"credentials\": \"omit\",\n    \"headers\": {\n        \"Authorization\": \"Basic YTpi\"\n    },\n    \"method\": \"GET\",\n    \"mode\": \"cors\"\n});",
			request{"GET", "https://api.example.com/", "Authorization: Basic YTpi", ""}, true, "cors",
		},
		{
			"as people write it",
			"const token = 'abc'; // secret\nconst res = await fetch('https://api.example.com/orders', {\n  method: 'post',\n  headers: { Authorization: `Bearer ${token}`, 'X-Who': \"a\" + name },\n  body: JSON.stringify({ a: 1, b: ['x', true], c: who() }),\n});",
			request{"POST", "https://api.example.com/orders", "Authorization: Bearer abc\nX-Who: aname\nContent-Type: text/plain;charset=UTF-8", `{"a":1,"b":["x",true],"c":"who()"}`}, true, "",
		},
		{
			"new Headers and URLSearchParams", `fetch("https://api.example.com/", {method: "PATCH", headers: new Headers([["x-a", "1"]]), body: new URLSearchParams({q: "a b"})})`,
			request{"PATCH", "https://api.example.com/", "x-a: 1\nContent-Type: text/plain;charset=UTF-8", "q=a+b"}, true, "",
		},
		{"only a URL", `fetch("https://api.example.com/")`, request{"GET", "https://api.example.com/", "", ""}, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Exchanges) != 1 || c.Source != "fetch call" {
				t.Fatalf("%d exchanges of %q", len(c.Exchanges), c.Source)
			}
			x := c.Exchanges[0]
			if diff := cmp.Diff(tt.want, shown(x)); diff != "" {
				t.Error(diff)
			}
			if x.Request.Incomplete != tt.incomplete || x.Request.Options.Mode != tt.mode {
				t.Errorf("incomplete %v, mode %q", x.Request.Incomplete, x.Request.Options.Mode)
			}
		})
	}
}

// What cannot be taken over is said.
func TestCurlNotes(t *testing.T) {
	tests := []struct {
		name, in string
		kind     capture.NoteKind
		about    string
	}{
		{"nearest option", "curl --hedaer 'A: b' x.example", capture.NoteUnknown, "--hedaer"},
		{"--option=value", "curl --request=POST x.example", capture.NoteUnknown, "--request="},
		{"unknown letter", "curl -ß x.example", capture.NoteUnknown, "-?"},
		{"a file as the body", "curl -d @body.json x.example", capture.NoteIgnored, "--data @body.json"},
		{"a file of fields", "curl -H @fields x.example", capture.NoteIgnored, "-H @fields"},
		{"netrc", "curl -n x.example", capture.NoteIgnored, "--netrc"},
		{"a jar", "curl -b jar.txt x.example", capture.NoteIgnored, "-b"},
		{"password at the terminal", "curl -u alice x.example", capture.NoteVariable, "-u"},
		{"no colon", "curl -H Authorization x.example", capture.NoteMalformed, "-H"},
		{"a missing value", "curl x.example -H", capture.NoteMalformed, "--header"},
		{"and without quotes", "curl https://x.example/a?b=1&c=2 -H 'A: b'", capture.NoteMalformed, "&"},
		{"single quotes in cmd.exe", "C:\\> curl -H 'A: b' https://x.example/", capture.NoteMalformed, "quotes"},
		{"a call in PowerShell", "$h=@{Authorization = \"Basic \" + [Convert]::ToBase64String([Text.Encoding]::ASCII.GetBytes(\"alice:pw\"))}\nirm https://x.example/ -Headers $h", capture.NoteVariable, "[Convert]::ToBase64String(...)"},
		{"space in the URL", "curl 'https://x.example/a b'", capture.NoteMalformed, "URL"},
		{"fetch with a password", "fetch('https://a:b@x.example/')", capture.NoteError, "URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var all []capture.Note
			all = append(all, c.Notes...)
			for _, x := range c.Exchanges {
				all = append(all, x.Notes...)
			}
			if got := about(all, tt.kind); !strings.Contains(got, tt.about) {
				t.Errorf("%s: %q, want %q in %+v", tt.kind, got, tt.about, all)
			}
		})
	}
}

func TestCurlOptions(t *testing.T) {
	tests := []struct {
		in   string
		want capture.Options
	}{
		{"curl -kL x.example", capture.Options{Insecure: true, Follow: true}},
		{"curl --location-trusted -x proxy:8080 -U a:b x.example", capture.Options{Follow: true, FollowTrusted: true, Proxy: "http://proxy:8080", ProxyUser: "a:b"}},
		{"curl --digest --user a:b x.example", capture.Options{Auth: "digest", User: "a:b"}},
		{"curl --digest --basic -u a:b x.example", capture.Options{Auth: "anyauth", User: "a:b"}},
		{"curl --negotiate -u : x.example", capture.Options{Auth: "negotiate", User: ":"}},
		{"curl --socks5-hostname localhost:1080 x.example", capture.Options{Proxy: "socks5h://localhost:1080"}},
		{"curl --aws-sigv4 aws:amz -u k:s x.example", capture.Options{Auth: "aws-sigv4", User: "k:s"}},
		{"curl -L --no-location x.example", capture.Options{}},
	}
	for _, tt := range tests {
		c, err := capture.Curl(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, c.Exchanges[0].Request.Options); diff != "" {
			t.Errorf("%s: %s", tt.in, diff)
		}
	}
}

// Several commands, several URLs and --next are several requests.
func TestCurlSeveral(t *testing.T) {
	for in, want := range map[string]string{
		"curl 'https://a.example/1' ;\ncurl 'https://a.example/2' -H 'A: b'":              "GET /1 GET /2",
		"curl ^\"https://a.example/1^\" &\r\ncurl ^\"https://a.example/2^\"":              "GET /1 GET /2",
		"curl -d x https://a.example/1 https://a.example/2":                               "POST /1 POST /2",
		"curl -d x https://a.example/1 --next https://a.example/2":                        "POST /1 GET /2",
		"fetch(\"https://a.example/1\") ;\nfetch(\"https://a.example/2\")":                "GET /1 GET /2",
		"Invoke-WebRequest -Uri \"https://a.example/1\";\r\nInvoke-WebRequest -Uri a.b/2": "GET /1 GET /2",
	} {
		c, err := capture.Curl(in)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range c.Exchanges {
			got = append(got, x.Request.Method+" "+x.Request.URL.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCurlErrors(t *testing.T) {
	for in, want := range map[string]string{
		"curl":                      "names no URL",
		"wget https://x.example":    "no curl is called",
		"curl 'https://x.example":   "single quote is not closed",
		`curl "https://x.example`:   "double quote is not closed",
		"fetch(\"https://x.example": "string is not closed",
		"Invoke-WebRequest -Method": "no Invoke-WebRequest or Invoke-RestMethod with a URL",
	} {
		_, err := capture.Curl(in)
		var syntax *capture.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
	if _, err := capture.Curl(" \n"); !errors.Is(err, capture.ErrEmpty) {
		t.Error(err)
	}
	var size *capture.SizeError
	if _, err := capture.Curl(strings.Repeat("a", capture.MaxText+1)); !errors.As(err, &size) {
		t.Error(err)
	}
}

// TestNoMisreading: what is written as it should be is not called a fault of the
// command.
func TestNoMisreading(t *testing.T) {
	for _, text := range []string{
		`curl "https://x.example/?a=1" | jq -r .name`,
		`curl "https://x.example/?a=1" && ls -l`,
		`curl "https://x.example/?a=1"; grep -v x file`,
		"curl 'https://x.example/?a=1'\nls -la",
		`curl "https://x.example/?a=1" & sleep -- 1`,
		`curl x.example -d 'note=it’s fine'`,
		`curl x.example -d "he said “no” – twice"`,
		"curl x.example -d @- <<EOF\nit’s – fine\nEOF",
		"curl x.example -H 'A: b' # that’s it – don't",
		`curl x.example -d "{\"a\": \"it’s\"}"`,
	} {
		c, err := capture.Curl(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, n := range c.Notes {
			if n.Kind == capture.NoteMalformed {
				t.Errorf("%s: %s", text, n.Text)
			}
		}
	}
	for text, about := range map[string]string{
		"curl https://x.example/?a=1&b=2 -H 'A: b'":     "&",
		"curl https://x.example/?a=1&b=2&c=3 -H 'A: b'": "&",
	} {
		c, err := capture.Curl(text)
		if err != nil || !slices.ContainsFunc(c.Notes, func(n capture.Note) bool { return n.About == about }) {
			t.Errorf("%s: %v, %v", text, c.Notes, err)
		}
	}
}
