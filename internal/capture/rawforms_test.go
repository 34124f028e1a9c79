package capture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

// What people copy that is neither a message nor a command alone.
func TestRawForms(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		read     func(string) (capture.Capture, error)
		want     []request
		status   []int
	}{
		{
			"Python, with a body", "send: b'POST /a HTTP/1.1\\r\\nHost: x.example\\r\\nX-A: it\\'s \\xc3\\xbc\\r\\n\\r\\n'\nsend: b'{\"b\": 1}'\nreply: 'HTTP/1.1 401 Unauthorized\\r\\n'\nheader: WWW-Authenticate: Basic\nDEBUG:urllib3.connectionpool:https://x.example:443 \"POST /a HTTP/1.1\" 401 0\n",
			capture.Raw, []request{{"POST", "http://x.example/a", "X-A: it's ü", `{"b": 1}`}}, []int{401},
		},
		{
			"Python, two requests over TLS", "DEBUG:urllib3.connectionpool:Starting new HTTPS connection (1): x.example:443\nsend: b'GET /a HTTP/1.1\\r\\nHost: x.example\\r\\n\\r\\n'\nreply: 'HTTP/1.1 302 Found\\r\\n'\nheader: Location: /b\nsend: b'GET /b HTTP/1.1\\r\\nHost: x.example\\r\\n\\r\\n'\nreply: 'HTTP/1.1 401 Unauthorized\\r\\n'\n",
			capture.Raw, []request{{"GET", "https://x.example/a", "", ""}, {"GET", "https://x.example/b", "", ""}}, []int{302, 401},
		},
		{
			"a .http file", "@host = https://x.example\n@a={{host}}/a\n\n### first\n# @name one\nGET {{a}}\nAuthorization: Basic alice pw\n// no field\nX-B: {{b}}\n\n### second\nPOST {{host}}/c HTTP/1.1\nContent-Type: application/json\n\n{\"c\":\n1}\n\n> {%\nclient.log('x')\n%}\n<> 1.json\n",
			capture.Raw, []request{{"GET", "https://x.example/a", "Authorization: Basic YWxpY2U6cHc=\nX-B: {{b}}", ""}, {"POST", "https://x.example/c", "Content-Type: application/json", "{\"c\":\n1}"}}, []int{0, 0},
		},
		{
			"a .http file with an answer", "GET https://x.example/a\nX-B: c\n\nHTTP/1.1 401 Unauthorized\nContent-Type: text/plain\n\nno\n",
			capture.Raw, []request{{"GET", "https://x.example/a", "X-B: c", ""}}, []int{401},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.read(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got []request
			var status []int
			for _, x := range c.Exchanges {
				got = append(got, shown(x))
				n := 0
				if x.Response != nil {
					n = x.Response.Status
				}
				status = append(status, n)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.status, status); diff != "" {
				t.Error(diff)
			}
		})
	}
	dump, err := os.ReadFile(filepath.Join("testdata", "raw", "axios.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := capture.Raw(string(dump))
	if err != nil || len(c.Exchanges) != 1 {
		t.Fatal(c, err)
	}
	x := c.Exchanges[0]
	if x.Request.URL.String() != "http://127.0.0.1:46563/basic" || x.Request.Header.Get("Authorization") != "Basic YWxpY2U6aHVudGVyMmh1bnRlcjI=" ||
		x.Response == nil || x.Response.Status != 401 || x.Response.Header.Get("WWW-Authenticate") != `Bearer realm="api", error="invalid_token"` {
		t.Errorf("%+v\n%+v", x.Request, x.Response)
	}
	c, err = capture.Raw("AxiosError: x {\n  config: {\n    baseURL: 'https://x.example/v1',\n    url: '/a?b=c',\n    method: 'post',\n    data: '{\"n\":1}',\n    headers: {\n      'X-A': 'b'\n    }\n  },\n  response: undefined\n}\n")
	if err != nil || len(c.Exchanges) != 1 || c.Exchanges[0].Response != nil {
		t.Fatal(c, err)
	}
	if diff := cmp.Diff(request{"POST", "https://x.example/v1/a?b=c", "X-A: b", `{"n":1}`}, shown(c.Exchanges[0])); diff != "" {
		t.Error(diff)
	}
	c, err = capture.Raw("GET {{host}}/a\nAuthorization: Bearer {{token}}\n")
	if err != nil || len(c.Exchanges) != 1 || about(c.Exchanges[0].Notes, capture.NoteVariable) != "{{token}} {{host}}" || !strings.Contains(c.Source, ".http") {
		t.Errorf("%+v, %v", c, err)
	}
}
