package upstream_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Of several idle connections that all end as the next request comes, one is
// tried, and a new one after it: not all of them, one by one.
func TestRepeatIsOnANewConnection(t *testing.T) {
	const old = 4
	var together sync.WaitGroup
	together.Add(old)
	var mu sync.Mutex
	broke := 0
	s := listen(t, func(n int, c net.Conn, br *bufio.Reader) {
		if n > old {
			answering(ok)(n, c, br)
			return
		}
		if _, err := http.ReadRequest(br); err != nil {
			return
		}
		together.Done()
		together.Wait()
		_, _ = io.WriteString(c, strings.ReplaceAll(ok, "\n", "\r\n"))
		if _, err := http.ReadRequest(br); err == nil {
			mu.Lock()
			broke++
			mu.Unlock()
		}
	})
	l := s.lean()
	var all sync.WaitGroup
	for range old {
		all.Go(func() {
			res, err := l.RoundTrip(s.request("GET", "/"))
			read(t, res, err)
		})
	}
	all.Wait()
	res, err := l.RoundTrip(s.request("GET", "/"))
	got := read(t, res, err)
	mu.Lock()
	defer mu.Unlock()
	if got != "ok" || broke != 1 || s.conns.Load() != old+1 {
		t.Errorf("got %q after %d tries on old connections, %d in all", got, broke, s.conns.Load())
	}
}
