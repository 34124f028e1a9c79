package capture_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
)

func TestPasted(t *testing.T) {
	const answer = "HTTP/2 401 \nserver: a\ncontent-type: application/json\n\n{\"message\":\"Bad credentials\"}\n"
	for _, x := range []struct {
		name, text          string
		requests, status    int
		authorization, body string
	}{
		{"the command alone", "curl -H 'Authorization: Bearer abc' https://a.example/x\n", 1, 0, "Bearer abc", ""},
		{"with its answer", "$ curl -s -i -H 'Authorization: Bearer abc' https://a.example/x\n" + answer, 1, 401, "Bearer abc", "{\"message\":\"Bad credentials\"}"},
		{"over several lines", "curl -i \\\n  -H 'Authorization: Bearer abc' \\\n  https://a.example/x\r\n" + strings.ReplaceAll(answer, "\n", "\r\n"), 1, 401, "Bearer abc", "{\"message\":\"Bad credentials\"}"},
		{"HTTPie", "https a.example/x 'Authorization:Bearer abc'\n" + answer, 1, 401, "Bearer abc", "{\"message\":\"Bad credentials\"}"},
		{"a talk of curl -v, which is believed", "curl -v https://a.example/x\n*   Trying 192.0.2.1:443...\n> GET /x HTTP/1.1\n> Host: a.example\n> Authorization: Bearer new\n>\n< HTTP/1.1 403 Forbidden\n< Server: a\n<\n", 1, 403, "Bearer new", ""},
		{"a status line in a body", "curl -H 'Authorization: Bearer abc' -d 'x\nHTTP/1.1 200 OK\n' https://a.example/x\n", 1, 0, "Bearer abc", ""},
		{"output that is no answer", "curl -H 'Authorization: Bearer abc' https://a.example/x\n* closing\n", 1, 0, "Bearer abc", ""},
		{"a redirect that was followed", "curl -iL -H 'Authorization: Bearer abc' https://a.example/x\nHTTP/1.1 302 Found\nLocation: /y\n\n" + answer, 2, 302, "Bearer abc", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, err := capture.Pasted(x.text)
			if err != nil || len(c.Exchanges) != x.requests {
				t.Fatalf("%d exchanges, %v", len(c.Exchanges), err)
			}
			got := c.Exchanges[0]
			status, body := 0, ""
			if got.Response != nil {
				status, body = got.Response.Status, strings.TrimSpace(string(got.Response.Body))
			}
			if status != x.status || body != x.body || got.Request.Header.Get("Authorization") != x.authorization || got.Request.URL.Host != "a.example" {
				t.Errorf("%d %q to %v with %q", status, body, got.Request.URL, got.Request.Header.Get("Authorization"))
			}
		})
	}
}

// Who follows a redirect asks where it leads, with what the text does not tell.
func TestPastedRedirect(t *testing.T) {
	c, err := capture.Pasted("curl -iL https://a.example/x\nHTTP/1.1 302 Found\nLocation: /y\n\nHTTP/1.1 401 Unauthorized\n\n")
	if err != nil || len(c.Exchanges) != 2 {
		t.Fatalf("%d exchanges, %v", len(c.Exchanges), err)
	}
	if x := c.Exchanges[1]; x.Request.Method+" "+x.Request.URL.String() != "GET https://a.example/y" || !x.Request.Incomplete || x.Response.Status != 401 {
		t.Errorf("%v, incomplete %v", x.Request.URL, x.Request.Incomplete)
	}
}
