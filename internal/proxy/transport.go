package proxy

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/upstream"
)

// NewTransport is upstream.NewTransport, the library's with our settings.
func NewTransport(target *url.URL, headerTimeout time.Duration) *http.Transport {
	return upstream.NewTransport(target, headerTimeout)
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
