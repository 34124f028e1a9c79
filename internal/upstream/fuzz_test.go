//go:build unix

package upstream_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/upstream"
)

// Whatever a server sends before it hangs up, the caller gets an answer or an
// error, and nothing that it sent after its answer.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"", "x", ok, "HTTP/1.1 200 OK\n\nbody", "HTTP/1.1 103 E\n\n" + ok, "HTTP/1.1 101 S\nUpgrade: x\nConnection: upgrade\n\n",
		"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: A\n\n2\nok\n0\nA: b\n\n", "HTTP/1.0 204 No\nConnection: keep-alive\n\n",
		ok + ok, "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\n\n", "HTTP/1.1 -10 OK\n\n", "HTTP/2.0 200 OK\nContent-Length: 1\n\nx",
	} {
		f.Add(strings.ReplaceAll(text, "\n", "\r\n"), false)
		f.Add(strings.ReplaceAll(text, "\n", "\r\n"), true)
	}
	f.Fuzz(func(t *testing.T, text string, head bool) {
		const mine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMINE"
		var servers sync.WaitGroup
		conns := 0
		l := &upstream.Lean{Host: "a.example", Rest: roundTripper(func(*http.Request) (*http.Response, error) { return nil, http.ErrNotSupported })}
		l.Dial = func(context.Context, string, string) (net.Conn, error) {
			near, far := socketPair(t)
			conns++
			say := text
			if conns > 1 {
				say = mine
			}
			servers.Go(func() {
				defer far.Close()
				br := bufio.NewReader(far)
				if _, err := http.ReadRequest(br); err != nil {
					return
				}
				_, _ = io.WriteString(far, say)
				_ = far.(*net.UnixConn).CloseWrite()
				_, _ = io.Copy(io.Discard, br)
			})
			return near, nil
		}
		defer servers.Wait()
		defer l.Close()
		method := "GET"
		if head {
			method = "HEAD"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		request := func(method string) *http.Request {
			r, err := http.NewRequestWithContext(ctx, method, "http://a.example/", nil)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if res, err := l.RoundTrip(request(method)); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		res, err := l.RoundTrip(request("GET"))
		if err == nil {
			got, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err == nil && string(got) == "MINE" && conns > 1 {
				return
			}
		}
		t.Errorf("the second answer: %v", err)
	})
}
