package proxy

import (
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Times and sizes of connections to the upstream.
const (
	// DefaultHeaderTimeout is how long the upstream may take to begin its answer.
	DefaultHeaderTimeout = 60 * time.Second
	dialTimeout          = 5 * time.Second
	idleTimeout          = 90 * time.Second
	idleConns            = 1024
	maxResponseHeader    = 1 << 20
)

// NewTransport makes a transport tuned for one upstream: connections are kept
// and reused, bodies pass as they are, and no proxy of the environment stands in
// between. headerTimeout 0 means DefaultHeaderTimeout.
func NewTransport(upstream *url.URL, headerTimeout time.Duration) *http.Transport {
	if headerTimeout == 0 {
		headerTimeout = DefaultHeaderTimeout
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      upstream != nil && upstream.Scheme == "https",
		DisableCompression:     true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

const bufferSize = 32 << 10

// buffers lends the buffers that bodies are copied through.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return new([bufferSize]byte)[:]
}

func (b *buffers) Put(p []byte) {
	if len(p) == bufferSize {
		b.pool.Put((*[bufferSize]byte)(p))
	}
}
