package capture_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

// rawLines is harLines with whole URLs and bodies.
func rawLines(c capture.Capture) []string {
	var out []string
	for i, line := range harLines(c) {
		x := c.Exchanges[i]
		line = strings.Replace(line, " "+x.Request.URL.Path, " "+x.Request.URL.String(), 1)
		if x.Response != nil && len(x.Response.Body) > 0 {
			line += " :" + string(x.Response.Body)
		}
		out = append(out, line)
	}
	return out
}

// The outputs are those of the real programs.
func TestRawGolden(t *testing.T) {
	const asked = `WWW-Authenticate="Bearer realm=\"shop\", error=\"invalid_token\""`
	tests := []struct {
		file, source string
		want         []string
	}{
		{"curl-v.txt", "output of curl -v", []string{
			`GET http://127.0.0.1:18411/old Authorization="Bearer abc" -> 302 Location="/new"`,
			`GET http://127.0.0.1:18411/new Authorization="Bearer abc" -> 401 ` + asked + ` :{"status":401}`,
		}},
		{"curl-v-post.txt", "output of curl -v", []string{`POST http://127.0.0.1:18411/orders -> 401 ` + asked + ` :{"status":401}`}},
		{"curl-i.txt", "messages as text", []string{`  incomplete -> 302 Location="/new"`, `  incomplete -> 401 ` + asked + ` :{"status":401}`}},
		{"chunked.txt", "messages as text", []string{`  incomplete -> 401 WWW-Authenticate="Bearer realm=\"x\"" :hello world`}},
		{"wget-d.txt", "output of wget -d", []string{`GET http://127.0.0.1:18411/orders -> 401 ` + asked}},
		{"wget-S.txt", "output of wget -S", []string{`GET http://127.0.0.1:18411/orders incomplete -> 401 ` + asked}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "raw", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{string(data), strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n", "\r\n")} {
				c, err := capture.Raw(text)
				if err != nil {
					t.Fatal(err)
				}
				if c.Source != tt.source {
					t.Errorf("source %q", c.Source)
				}
				got := rawLines(c)
				for i := range got {
					got[i] = strings.TrimRight(got[i], "\r\n")
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestRaw(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{
			"HTTPie -v", "POST /orders HTTP/1.1\nAccept: application/json, */*;q=0.5\nAuthorization: Bearer abc\nContent-Type: application/json\nHost: api.example.com\nUser-Agent: HTTPie/3.2.2\n\n{\n    \"a\": 1\n}\n\n\n" +
				"HTTP/1.1 401 Unauthorized\nContent-Type: application/json\nWWW-Authenticate: Bearer\n\n{\n    \"status\": 401\n}\n\n",
			[]string{"POST https://api.example.com/orders Authorization=\"Bearer abc\" body=\"{\\n    \\\"a\\\": 1\\n}\" -> 401 WWW-Authenticate=\"Bearer\" :{\n    \"status\": 401\n}"},
		},
		{
			"with colours", "\x1b[32mGET\x1b[39;49;00m / HTTP/1.1\n\x1b[36mHost\x1b[39m: localhost:8080\n\nHTTP/1.1 401 \x1b[36mUnauthorized\x1b[0m\n",
			[]string{"GET http://localhost:8080/ -> 401"},
		},
		{
			"a pair with CRLF", "GET /a HTTP/1.1\r\nHost: h.example\r\nAuthorization: Basic\r\n YTpi\r\n\r\nHTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nhixx",
			[]string{"GET https://h.example/a Authorization=\"Basic YTpi\" -> 401 :hi"},
		},
		{"only a request", "GET https://h.example/a?b=1 HTTP/1.1\nauthorization: x", []string{"GET https://h.example/a?b=1 Authorization=\"x\""}},
		{"an .http file", "GET https://h.example/1\nAuthorization: Bearer a\n\n###\n\nPOST https://h.example/2\nA: b\n\n{}\n", []string{"GET https://h.example/1 Authorization=\"Bearer a\"", "POST https://h.example/2 body=\"{}\""}},
		{"only a response", "\nHTTP/2 401 \nwww-authenticate: Basic\n", []string{"  incomplete -> 401 WWW-Authenticate=\"Basic\""}},
		{
			"100 Continue is not the answer", "> POST / HTTP/1.1\n> Host: h.example\n> Expect: 100-continue\n> \n< HTTP/1.1 100 Continue\n< \n* We are completely uploaded\n< HTTP/1.1 403 Forbidden\n< \nno",
			[]string{"POST https://h.example/ -> 403 :no"},
		},
		{
			"through a proxy that refuses", "* Connected to proxy (192.0.2.1) port 3128\n> CONNECT h.example:443 HTTP/1.1\n> Host: h.example:443\n> \n< HTTP/1.1 407 Proxy Authentication Required\n< Proxy-Authenticate: Basic realm=\"p\"\n< \n",
			[]string{"CONNECT https://h.example:443/ -> 407"},
		},
		{
			"HTTP/2, https by the port", "* Established connection to h.example (192.0.2.1 port 443) from 192.0.2.9 port 5\n* [HTTP/2] [1] [:method: GET]\n> GET /x HTTP/2\n> Host: h.example\n> Authorization: Bearer abc\n> \n* Request completely sent off\n< HTTP/2 401 \n< \n{\"a\":1}",
			[]string{"GET https://h.example/x Authorization=\"Bearer abc\" -> 401 :{\"a\":1}"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Raw(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, rawLines(c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRawErrors(t *testing.T) {
	var syntax *capture.SyntaxError
	if _, err := capture.Raw("hello\nworld"); !errors.As(err, &syntax) || syntax.Hint() == "" {
		t.Error(err)
	}
	if _, err := capture.Raw(" "); !errors.Is(err, capture.ErrEmpty) {
		t.Error(err)
	}
	if _, err := capture.Raw(strings.Repeat("GET / HTTP/1.1\n\n", 600)); !errors.As(err, &syntax) || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}
