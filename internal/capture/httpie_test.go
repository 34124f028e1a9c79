package capture_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/capture"
)

func TestHTTPie(t *testing.T) {
	for _, tt := range []struct {
		name, in, method, url string
		fields                []string // that have to be there
		body                  string
	}{
		{"a URL alone", "http api.example.com/orders", "GET", "http://api.example.com/orders", nil, ""},
		{"https", "https api.example.com/orders", "GET", "https://api.example.com/orders", nil, ""},
		{"method and field", "http DELETE https://api.example.com/orders/1 'Authorization:Bearer abc'", "DELETE", "https://api.example.com/orders/1", []string{"Authorization: Bearer abc"}, ""},
		{"fields in quotes", `http api.example.com/ Authorization:"Bearer abc" X-A:b`, "GET", "http://api.example.com/", []string{"Authorization: Bearer abc", "X-A: b"}, ""},
		{"Basic", "http -a alice:secret api.example.com/", "GET", "http://api.example.com/", []string{"Authorization: Basic YWxpY2U6c2VjcmV0"}, ""},
		{"Bearer", "http -A bearer --auth=abc api.example.com/", "GET", "http://api.example.com/", []string{"Authorization: Bearer abc"}, ""},
		{"JSON", "http api.example.com/orders qty:=2 name=x", "POST", "http://api.example.com/orders", []string{"Content-Type: application/json"}, `{"qty": 2, "name": "x"}`},
		{"a form", "http -f PUT api.example.com/orders qty=2 name='a b'", "PUT", "http://api.example.com/orders", []string{"Content-Type: application/x-www-form-urlencoded"}, "qty=2&name=a+b"},
		{"query", "http api.example.com/orders page==2 q==a:b", "GET", "http://api.example.com/orders?page=2&q=a%3Ab", nil, ""},
		{"this machine", "http :3000/orders", "GET", "http://localhost:3000/orders", nil, ""},
		{"options without meaning", "http --verbose --print=hH --timeout 3 api.example.com/", "GET", "http://api.example.com/", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Curl(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Exchanges) != 1 || c.Source != "HTTPie command" {
				t.Fatalf("%q: %d exchanges", c.Source, len(c.Exchanges))
			}
			q := c.Exchanges[0].Request
			if got := q.Method + " " + q.URL.String(); got != tt.method+" "+tt.url {
				t.Errorf("%s, want %s %s", got, tt.method, tt.url)
			}
			var have []string
			for _, f := range q.Header {
				have = append(have, f.Name+": "+f.Value)
			}
			for _, want := range tt.fields {
				if !strings.Contains(strings.Join(have, "\n")+"\n", want+"\n") {
					t.Errorf("no %s in %q", want, have)
				}
			}
			if diff := cmp.Diff(tt.body, string(q.Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the shell fills in is a variable here too, and digest waits for a challenge.
func TestHTTPieUnknown(t *testing.T) {
	c, err := capture.Curl(`http -A digest -a alice:secret api.example.com/ "X-API-Key:$KEY"`)
	if err != nil {
		t.Fatal(err)
	}
	x := c.Exchanges[0]
	if x.Request.Options.Auth != "digest" || x.Request.Header.Has("Authorization") {
		t.Errorf("%+v", x.Request)
	}
	if len(x.Notes) != 1 || x.Notes[0].Kind != capture.NoteVariable || x.Notes[0].About != "$KEY" {
		t.Errorf("%+v", x.Notes)
	}
	var syntax *capture.SyntaxError
	if _, err := capture.Curl("http --verbose"); !errors.As(err, &syntax) || !strings.Contains(syntax.Help, "[METHOD] URL") {
		t.Errorf("%v", err)
	}
}

// TestNoConnection reads what curl -v says where nothing was sent.
func TestNoConnection(t *testing.T) {
	for _, tt := range []struct{ name, in, url, why string }{
		{
			"refused", "*   Trying 127.0.0.1:9...\n* connect to 127.0.0.1 port 9 failed: Connection refused\n* Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server\n" +
				"* Closing connection 0\ncurl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server\n",
			"http://127.0.0.1:9", "connect to 127.0.0.1 port 9 failed: Connection refused",
		},
		{"behind the meter", "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0*   Trying 127.0.0.1:9...\n* connect to 127.0.0.1 port 9 failed: Connection refused\n", "http://127.0.0.1:9", "connect to 127.0.0.1 port 9 failed: Connection refused"},
		{"no name", "* Could not resolve host: nobody.invalid\n* Closing connection 0\n", "http://nobody.invalid", "Could not resolve host: nobody.invalid"},
		{"the last line alone", "curl: (7) Failed to connect to api.example.com port 443 after 3 ms: Couldn't connect to server\n", "https://api.example.com", "Failed to connect to api.example.com port 443 after 3 ms: Co..."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Raw(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			x := c.Exchanges[0]
			if len(c.Exchanges) != 1 || x.Request.URL.String() != tt.url || x.Response == nil || x.Response.Status != 0 {
				t.Fatalf("%+v", x)
			}
			if len(x.Notes) != 1 || x.Notes[0].Kind != capture.NoteError || x.Notes[0].Text != tt.why {
				t.Errorf("%+v", x.Notes)
			}
		})
	}
	if _, err := capture.Raw("* nothing of that kind\n"); err == nil {
		t.Error("a text without a message was read")
	}
}

// TestTokenOverTwoLines: the second line is a part of the value, not a field.
func TestTokenOverTwoLines(t *testing.T) {
	c, err := capture.Raw("GET / HTTP/1.1\nHost: a.example\nAuthorization: Bearer abcdefgh\nijklmnop-_.q\nAccept: */*\n\n")
	if err != nil {
		t.Fatal(err)
	}
	q := c.Exchanges[0].Request
	if got := q.Header.Get("Authorization"); got != "Bearer abcdefgh\nijklmnop-_.q" || !q.Header.Has("Accept") {
		t.Errorf("%q", q.Header)
	}
}

// TestPostmanMeant: a variable that is misspelt is not looked for in an environment
// that was given.
func TestPostmanMeant(t *testing.T) {
	collection := `{"info":{"name":"x"},"item":[{"request":{"url":"https://a.example/","auth":{"type":"bearer","bearer":[{"key":"token","value":"{{NAME}}"}]}}}]}`
	for _, tt := range []struct{ name, variable, environment, want string }{
		{"misspelt", "tokn", `{"values":[{"key":"token","value":"abc"}]}`, "did you mean {{token}}?"},
		{"unknown", "quite_another", `{"values":[{"key":"token","value":"abc"}]}`, "nor in the environment"},
		{"no environment", "tokn", "", "--postman-env"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := capture.Postman([]byte(strings.Replace(collection, "NAME", tt.variable, 1)), []byte(tt.environment))
			if err != nil {
				t.Fatal(err)
			}
			notes := c.Exchanges[0].Notes
			if len(notes) != 1 || !strings.Contains(notes[0].Text, tt.want) || tt.environment != "" && strings.Contains(notes[0].Text, "--postman-env") {
				t.Errorf("%+v", notes)
			}
		})
	}
}
