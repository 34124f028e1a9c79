package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// watchedBody remembers how reading the client's body ended, so that a broken
// upload is not blamed on the upstream. The transport reads it in a goroutine of
// its own.
type watchedBody struct {
	io.ReadCloser
	err  atomic.Pointer[error]
	done atomic.Bool // read to the end

	// in and trailer are where the fields behind the body come and go.
	in      *http.Request
	trailer http.Header
	drops   func(name string) bool

	// Of a client that waits for 100 (Continue): the first Read sends it.
	asks    bool
	mu      sync.Mutex
	reading bool // the first Read did not return yet
	asked   bool // and it began
}

func (b *watchedBody) Read(p []byte) (int, error) {
	first := b.asks && b.begin()
	n, err := b.ReadCloser.Read(p)
	if first {
		b.mu.Lock()
		b.reading = false
		b.mu.Unlock()
	}
	if err == io.EOF {
		b.ends()
	}
	if err != nil && err != io.EOF && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

// ends hands on the fields behind the body, which are here now. Some server may
// take them for fields of the request (RFC 9110 section 6.5.1), so what is not
// forwarded there is not forwarded here.
func (b *watchedBody) ends() {
	if b.done.Swap(true) || b.trailer == nil {
		return
	}
	for name, values := range b.in.Trailer {
		if len(values) > 0 && behind(name) && !b.drops(name) {
			b.trailer[name] = values
		} else {
			delete(b.trailer, name)
		}
	}
}

// behind tells whether a field may stand behind a body: not what says how to read
// it, where it goes, or who sends it. What was announced may be no name of a field:
// the transport would refuse it, and the upstream would be blamed.
func behind(name string) bool {
	if !isToken(name) {
		return false
	}
	switch name {
	case "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type",
		"Cookie", "Expect", "Host", "Keep-Alive", "Max-Forwards", "Pragma", "Proxy-Authenticate", "Proxy-Authorization",
		"Proxy-Connection", "Range", "Set-Cookie", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Www-Authenticate":
		return false
	}
	return true
}

// isToken is RFC 9110 section 5.6.2.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c >= 0x7f || !isAlnum(byte(c)) && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) < 0
	})
}

// trailing prepares out for the fields behind its body: those that were announced
// and, on HTTP/1.1, others (RFC 9112 section 7.1.2).
func (x *passage) trailing(out *http.Request) {
	out.Trailer = nil
	if out.ContentLength >= 0 && x.in.Trailer == nil {
		return
	}
	b := x.body
	b.in, b.drops, b.trailer = x.came, x.proxy.filter.drops, http.Header{}
	for name := range x.in.Trailer {
		if behind(name) && !b.drops(name) {
			b.trailer[name] = nil
		}
	}
	out.Trailer = b.trailer
}

func (b *watchedBody) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked {
		return false
	}
	b.asked, b.reading = true, true
	return true
}

// aside does write unless the server may be writing 100 (Continue) at the same
// time, which it does without a look at other informational answers: an early
// hint is lost then, where two would be mixed.
func (b *watchedBody) aside(write func()) {
	if !b.asks {
		write()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reading {
		write()
	}
}

func (b *watchedBody) failed() error {
	if p := b.err.Load(); p != nil {
		return *p
	}
	return nil
}
