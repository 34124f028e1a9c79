package upstream_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// The time for the fields does not end the body.
func TestSlowBody(t *testing.T) {
	patiently(t, 100*time.Millisecond, func(d time.Duration) error {
		s := listen(t, func(_ int, c net.Conn, br *bufio.Reader) {
			for range 2 {
				if _, err := http.ReadRequest(br); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nslow")
				time.Sleep(2 * d)
				_, _ = io.WriteString(c, "body")
			}
		})
		l := s.lean()
		l.HeaderTimeout = d
		for range 2 {
			res, err := l.RoundTrip(s.request("GET", "/"))
			if err != nil {
				return err
			}
			text, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || string(text) != "slowbody" {
				return fmt.Errorf("got %q, %w", text, err)
			}
		}
		if n := s.conns.Load(); n != 1 {
			return fmt.Errorf("%d connections", n)
		}
		return nil
	})
}
