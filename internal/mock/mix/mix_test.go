package mix_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	field := func(pairs ...string) (out []mix.Field) {
		for i := 0; i+1 < len(pairs); i += 2 {
			out = append(out, mix.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	for _, tt := range []struct {
		in   string
		want mix.Answer
	}{
		{"", mix.Answer{}},
		{"s=404", mix.Answer{Status: 404}},
		{"s=404/", mix.Answer{Status: 404}},
		{"status=404", mix.Answer{Status: 404}},
		{"s%3D404", mix.Answer{Status: 404}},
		{"ch=basic", mix.Answer{Status: 401, Header: field("WWW-Authenticate", `Basic realm="mock", charset="UTF-8"`)}},
		{"s=407/ch=bare", mix.Answer{Status: 407, Header: field("Proxy-Authenticate", "Bearer")}},
		{"ch=bare/s=403", mix.Answer{Status: 403, Header: field("WWW-Authenticate", "Bearer")}},
		{"ch=raw:a%20%22b%2Fc", mix.Answer{Status: 401, Header: field("WWW-Authenticate", `a "b/c`)}},
		{"ch=bare/ch=empty", mix.Answer{Status: 401, Header: field("WWW-Authenticate", "Bearer", "WWW-Authenticate", "")}},
		{"h=X-A:%201/h=X-A:2", mix.Answer{Header: field("X-A", "1", "X-A", "2")}},
		{"h=X:%c3%bc", mix.Answer{Header: field("X", "\xc3\xbc")}},
		{"h=Connection:close", mix.Answer{Header: field("Connection", "close")}},
		{"c=a=b;%20Path=%2F", mix.Answer{Header: field("Set-Cookie", "a=b; Path=/")}},
		{"d=0.5", mix.Answer{Delay: 500 * time.Millisecond}},
		{"b=a%20b", mix.Answer{Body: []byte("a b")}},
		{"b64=aGk_", mix.Answer{Body: []byte("hi?")}},
		{`j={"a":1}`, mix.Answer{Body: []byte(`{"a":1}`), Header: field("Content-Type", "application/json")}},
		{`t=a%2Fb/j=1`, mix.Answer{Body: []byte(`1`), Header: field("Content-Type", "application/json", "Content-Type", "a/b")}},
		{"r=%2Fx", mix.Answer{Status: 302, Header: field("Location", "/x")}},
		{"r=%2Fx/s=307", mix.Answer{Status: 307, Header: field("Location", "/x")}},
		{"f=reset", mix.Answer{Fault: endpoint.FaultReset}},
	} {
		got, err := mix.Parse(tt.in, 0)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		in     string
		offset int
		text   string
	}{
		{"s=401/x=1", 6, "no such key"},
		{"s=99", 2, "200 to 599"},
		{"s=600", 2, "200 to 599"},
		{"s=401/s=x", 8, "200 to 599"},
		{"401", 0, "KEY=VALUE"},
		{"b=a%2", 3, "hexadecimal"},
		{"b=%zz", 2, "hexadecimal"},
		{"h=X", 2, "NAME:VALUE"},
		{"h=X%20Y:1", 2, "NAME:VALUE"},
		{"h=X:a%0d%0aSet-Cookie:b=1", 2, "control character"},
		{"h=X:%00", 2, "control character"},
		{"ch=raw:a%0ab", 3, "control character"},
		{"c=a=b%0d", 2, "a cookie is"},
		{"t=a%0ab", 2, "no type"},
		{"r=%0a", 2, "no URL"},
		{"h=Content-Length:5", 2, "frames the message"},
		{"h=transfer-encoding:chunked", 2, "frames the message"},
		{"h=Connection:upgrade", 2, "frames the message"},
		{"d=11s", 2, "not between"},
		{"d=-1s", 2, "not between"},
		{"d=NaN", 2, "no duration"},
		{"d=1e300", 2, "no duration"},
		{"j={", 2, "no JSON"},
		{"b64=!", 4, "no base64"},
		{"b=1/b64=aGk", 8, "already"},
		{"f=fire", 2, "no such fault"},
		{"ch=nope", 3, "no such challenge"},
		{strings.Repeat("s=200/", 65), 0, "too many"},
		{"b=" + strings.Repeat("x", mix.MaxPath), mix.MaxPath, "too long"},
	} {
		a, err := mix.Parse(tt.in, 0)
		var wrong *mix.Error
		if !errors.As(err, &wrong) || wrong.Offset != tt.offset || !strings.Contains(wrong.Message, tt.text) {
			t.Errorf("%.40q: %v, want %q at %d", tt.in, err, tt.text, tt.offset)
		}
		if diff := cmp.Diff(mix.Answer{}, a); diff != "" {
			t.Errorf("%.40q: an error and an answer", tt.in)
		}
	}
}

// What can be parsed is sent as one message with the fields that were asked for,
// and nothing of a value becomes another field.
func FuzzParse(f *testing.F) {
	for _, k := range mix.Keys() {
		f.Add(k.Example)
	}
	f.Add("s=401/h=X:a%0d%0aY:b/ch=raw:%0a/c=a=b%0dc/t=%00/r=%0a%0a")
	f.Fuzz(func(t *testing.T, path string) {
		a, err := mix.Parse(path, time.Second)
		if err != nil {
			var wrong *mix.Error
			if !errors.As(err, &wrong) || wrong.Offset < 0 || wrong.Offset > len(path) {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if a.Delay > time.Second || a.Delay < 0 || a.Status != 0 && (a.Status < 200 || a.Status > 599) {
			t.Fatalf("%q: %+v", path, a)
		}
		for _, field := range a.Header {
			if strings.ContainsAny(field.Name+field.Value, "\r\n\x00") || field.Name == "" || strings.ContainsAny(field.Name, ": \t") {
				t.Fatalf("%q: field %q", path, field)
			}
			switch http.CanonicalHeaderKey(field.Name) {
			case "Content-Length", "Transfer-Encoding", "Trailer", "Upgrade":
				t.Fatalf("%q: field %q", path, field)
			}
		}
	})
}

func serve(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(&mix.Handler{})
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// raw sends one request and returns what comes until the connection ends.
func raw(t *testing.T, addr, message string) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, message); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}

func TestFaults(t *testing.T) {
	addr := serve(t)
	for _, tt := range []struct {
		fault, want string
		reset       bool
	}{
		{"close", "", false}, {"reset", "", true}, {"garbage", "this is not HTTP", false}, {"truncate", "Content-Length: 66\r\n", false},
	} {
		text, err := raw(t, addr, "GET /mix/s=401/b=hi/f="+tt.fault+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if (err != nil) != tt.reset || !strings.Contains(text, tt.want) || tt.want == "" && text != "" {
			t.Errorf("%s: %q, %v", tt.fault, text, err)
		}
	}
}

// An early answer does not wait for the body that was announced.
func TestEarly(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mix.Answer{Status: 401, Early: true}.Serve(w, r)
	}))
	t.Cleanup(s.Close)
	for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"+expect+"\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 401 || !resp.Close {
			t.Errorf("%q: %v, %v", expect, resp, err)
		}
		conn.Close()
	}
}

func TestHandler(t *testing.T) {
	h := &mix.Handler{}
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := ask("/mix/"); w.Code != 200 || !strings.Contains(w.Body.String(), `"example": "s=401"`) {
		t.Errorf("help: %d %s", w.Code, w.Body)
	}
	w := ask("/mix/s=401/x=1")
	if w.Code != 400 || !strings.Contains(w.Body.String(), `"offset": 11`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// Every example is right, alone and with a percent-encoding of everything.
	for _, k := range mix.Keys() {
		name, value, _ := strings.Cut(k.Example, "=")
		for _, key := range []string{name, k.Long} {
			if _, err := mix.Parse(key+"="+url.PathEscape(value), 0); err != nil {
				t.Errorf("%s: %v", k.Example, err)
			}
		}
	}
	if w := ask("/mix/ch=two/b=%3Cb%3E"); w.Code != 401 || len(w.Header().Values("WWW-Authenticate")) != 2 || w.Body.String() != "<b>" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
