package upstream_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/internal/upstream"
)

// What a server says decides nothing: a request that reached it is not sent to the
// next one because its answer has the words of a handshake that failed.
func TestWordsOfAServer(t *testing.T) {
	var asked atomic.Int64
	var urls []*url.URL
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		t.Cleanup(func() {
			_ = l.Close()
			<-done
		})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					asked.Add(1)
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nnet/http: TLS handshake timeout\r\nTLS handshake\r\n\r\n")
				}
				_ = c.Close()
			}
		}()
		urls = append(urls, &url.URL{Scheme: "http", Host: l.Addr().String()})
	}
	u, err := upstream.New(upstream.Config{Name: "two", URLs: urls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.URL().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := u.Lane(0).RoundTrip(r)
	if err == nil {
		_ = res.Body.Close()
		t.Fatal(res.Status)
	}
	var failure *upstream.Failure
	if !errors.As(err, &failure) || failure.Kind != upstream.Malformed || asked.Load() != 1 {
		t.Errorf("%v, sent %d times", err, asked.Load())
	}
}
