package upstream_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/upstream"
)

// outcome is what a caller sees of one exchange.
type outcome struct {
	Status, Proto string
	Length        int64
	Header        http.Header
	Trailer       http.Header
	Body          string
	Interim       []string
	Failed        string // "", "answer" or "body"
}

func exchange(rt http.RoundTripper, r *http.Request) outcome {
	var o outcome
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			o.Interim = append(o.Interim, fmt.Sprint(code, h))
			return nil
		},
	}))
	res, err := rt.RoundTrip(r)
	if err != nil {
		o.Failed = "answer"
		return o
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		o.Failed = "body"
	}
	o.Status, o.Proto, o.Length, o.Header, o.Trailer, o.Body = res.Status, res.Proto, res.ContentLength, res.Header, res.Trailer, string(text)
	return o
}

// Whatever a server answers, a caller sees the same as with http.Transport, and
// connections are used again or not in the same way.
func TestSameAsTheLibrary(t *testing.T) {
	const next = "HTTP/1.1 200 OK\nContent-Length: 4\n\nnext"
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		name, method string
		answers      []string
		conns        int64 // after two requests; 0 is whatever the library does
	}{
		{name: "length", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\nX-A: 1\nX-A: 2\n\nhello", next}, conns: 1},
		{name: "empty", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 0\n\n", next}, conns: 1},
		{name: "long", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 100000\n\n" + long, next}, conns: 1},
		{name: "until the end", answers: []string{"!HTTP/1.1 200 OK\n\nhello", next}, conns: 2},
		{name: "chunked", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n6;x=y\n world\n0\n\n", next}, conns: 1},
		{name: "chunked, long", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n186a0\n" + long + "\n0\n\n", next}, conns: 1},
		{name: "trailers", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X-Sum\n\n5\nhello\n0\nX-Sum: 42\nX-Late: 43\n\n", next}, conns: 1},
		{name: "length and chunked", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 3\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", next}, conns: 1},
		{name: "two lengths, the same", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 5\n\nhello", next}, conns: 1},
		{name: "two lengths", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\nhello", next}, conns: 2},
		{name: "length that is none", answers: []string{"HTTP/1.1 200 OK\nContent-Length: -5\n\nhello", next}, conns: 2},
		{name: "two encodings", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked, identity\n\n5\nhello\n0\n\n", next}, conns: 2},
		{name: "chunk that is none", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\nhello\n0\n\n", next}, conns: 2},
		{name: "too short", answers: []string{"!HTTP/1.1 200 OK\nContent-Length: 50\n\nhello", next}, conns: 2},
		{name: "chunked, too short", answers: []string{"!HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n", next}, conns: 2},
		{name: "too long", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\n\nhelloHTTP/1.1 200 OK\nContent-Length: 4\n\nevil", next}, conns: 2},
		{name: "no body, and one", method: "HEAD", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", next}, conns: 2},
		{name: "HEAD", method: "HEAD", answers: []string{"HTTP/1.1 200 OK\nContent-Length: 5\n\n", "HTTP/1.1 200 OK\nContent-Length: 4\n\n"}, conns: 1},
		{name: "HEAD, chunked", method: "HEAD", answers: []string{"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"}, conns: 1},
		{name: "204", answers: []string{"HTTP/1.1 204 No Content\n\n", next}, conns: 1},
		{name: "204 with a length", answers: []string{"HTTP/1.1 204 No Content\nContent-Length: 5\n\n", next}, conns: 1},
		{name: "304", answers: []string{"HTTP/1.1 304 Not Modified\nContent-Length: 5\nETag: x\n\n", next}, conns: 1},
		{name: "close", answers: []string{"HTTP/1.1 200 OK\nConnection: close\nContent-Length: 5\n\nhello", next}, conns: 2},
		{name: "close and nothing", answers: []string{"HTTP/1.1 204 No Content\nConnection: close\n\n", next}, conns: 2},
		{name: "1.0", answers: []string{"!HTTP/1.0 200 OK\n\nhello", next}, conns: 2},
		{name: "1.0 with length", answers: []string{"HTTP/1.0 200 OK\nContent-Length: 5\n\nhello", next}, conns: 2},
		{name: "1.0 keep-alive", answers: []string{"HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 5\n\nhello", next}, conns: 1},
		{name: "1.0 chunked", answers: []string{"!HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", next}, conns: 2},
		{name: "interim", answers: []string{"HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 102 Processing\n\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello", next}, conns: 1},
		{name: "nothing", answers: []string{"!", next}},
		{name: "not HTTP", answers: []string{"SSH-2.0-OpenSSH\n", next}, conns: 2},
		{name: "no status", answers: []string{"HTTP/1.1\n\n", next}, conns: 2},
		{name: "status that is none", answers: []string{"HTTP/1.1 2000 OK\n\n", next}, conns: 2},
		{name: "half a head", answers: []string{"!HTTP/1.1 200 OK\nX-A: 1\n", next}, conns: 2},
		{name: "folded field", answers: []string{"HTTP/1.1 200 OK\nX-A: 1\n 2\nContent-Length: 5\n\nhello", next}, conns: 1},
		{name: "space before the colon", answers: []string{"!HTTP/1.1 200 OK\nContent-Length : 5\n\nhello", next}, conns: 2},
		{name: "field without a colon", answers: []string{"HTTP/1.1 200 OK\nX-A\n\nhello", next}, conns: 2},
		{name: "Pragma", answers: []string{"HTTP/1.1 200 OK\nPragma: no-cache\nContent-Length: 0\n\n", next}, conns: 1},
		{name: "401", answers: []string{"HTTP/1.1 401 Unauthorized\nWWW-Authenticate: A\nWWW-Authenticate: B\nContent-Length: 0\n\n", next}, conns: 1},
		{name: "999", answers: []string{"HTTP/1.1 999 Odd\nContent-Length: 0\n\n", next}, conns: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			method := c.method
			if method == "" {
				method = "GET"
			}
			type result struct {
				First, Second outcome
				Conns         int64
			}
			run := func(rt func(*server) http.RoundTripper) result {
				s := listen(t, answering(c.answers...))
				x := rt(s)
				first := exchange(x, s.request(method, "/first"))
				second := exchange(x, s.request(method, "/second"))
				return result{first, second, s.conns.Load()}
			}
			want := run(func(s *server) http.RoundTripper {
				tr := upstream.NewTransport(s.url(), 0)
				t.Cleanup(tr.CloseIdleConnections)
				return tr
			})
			got := run(func(s *server) http.RoundTripper { return s.lean() })
			if c.conns == 2 {
				// The library may take what follows the first answer for the second
				// one, if that comes soon. The second has to come by itself.
				s := listen(t, answering(c.answers[1:]...))
				tr := upstream.NewTransport(s.url(), 0)
				t.Cleanup(tr.CloseIdleConnections)
				want.Second = exchange(tr, s.request(method, "/second"))
			}
			if c.conns > 0 {
				// How many the library uses depends on who is faster, at times.
				want.Conns = c.conns
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("another outcome than the library's (-library +lean):\n%s", diff)
			}
		})
	}
}
