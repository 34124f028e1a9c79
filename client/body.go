package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// errBodyGone says that the body of a request cannot be sent a second time.
var errBodyGone = errors.New("the body was read and cannot be sent again: set Request.GetBody, or Transport.BufferBody")

// bodyPatience is how long a repetition waits for the first attempt to let go of
// the body.
const bodyPatience = 5 * time.Second

// payload is the body of a request that may have to be sent more than once.
type payload struct {
	req   *http.Request
	limit int64
	sent  bool
	once  *onceBody // set if there is no GetBody
}

func newPayload(req *http.Request, limit int64) *payload {
	p := &payload{req: req, limit: limit}
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		p.once = &onceBody{src: req.Body, limit: limit, closed: make(chan struct{})}
	}
	return p
}

func (p *payload) empty() bool { return p.req.Body == nil || p.req.Body == http.NoBody }

// next gives a clone the body to send.
func (p *payload) next(ctx context.Context, clone *http.Request) error {
	again := p.sent
	p.sent = true
	switch {
	case p.empty():
		return nil
	case p.once != nil:
		if again {
			if err := p.once.rewind(ctx); err != nil {
				return err
			}
		}
		clone.Body = p.once
		return nil
	case !again:
		return nil // the request's own
	}
	body, err := p.req.GetBody()
	if err != nil {
		return errors.Join(errBodyGone, err)
	}
	clone.Body = body
	return nil
}

// ready tells whether next would have a body for a repetition, waiting for the
// attempt before to let go of it.
func (p *payload) ready(ctx context.Context) bool {
	return p.once == nil || p.once.released(ctx) == nil
}

// hash feeds the body to h, for Digest's auth-int.
func (p *payload) hash(ctx context.Context, h io.Writer) error {
	switch {
	case p.empty():
		return nil
	case p.once != nil:
		return p.once.all(ctx, p.sent, h)
	}
	body, err := p.req.GetBody()
	if err != nil {
		return errors.Join(errBodyGone, err)
	}
	_, err = io.Copy(h, body)
	return errors.Join(err, body.Close())
}

// finish lets the body go: no further attempt follows.
func (p *payload) finish() {
	if p.once != nil {
		p.once.finish(!p.sent)
	} else if !p.sent && p.req.Body != nil {
		_ = p.req.Body.Close()
	}
}

// onceBody lends a body that can be read once. What was read is kept up to the
// limit, so that a server that refuses before it read the body, or a short body,
// costs nothing.
type onceBody struct {
	src   io.ReadCloser
	limit int64

	mu       sync.Mutex
	kept     []byte
	at       int // how much of kept the current attempt has read
	lost     bool
	closed   chan struct{} // the current attempt let go
	isClosed bool
	last     bool
}

func (b *onceBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.isClosed {
		b.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	if b.at < len(b.kept) {
		n := copy(p, b.kept[b.at:])
		b.at += n
		b.mu.Unlock()
		return n, nil
	}
	b.mu.Unlock()
	n, err := b.src.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > 0 && !b.lost {
		if int64(len(b.kept)+n) > b.limit {
			b.lost, b.kept, b.at = true, nil, 0
		} else {
			b.kept = append(b.kept, p[:n]...)
			b.at = len(b.kept)
		}
	}
	return n, err
}

// Close ends an attempt; the body itself stays open for the next.
func (b *onceBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed {
		return nil
	}
	b.isClosed = true
	close(b.closed)
	if b.last {
		return b.src.Close()
	}
	return nil
}

// released waits until the attempt before let go, and says whether the body can
// be sent again.
func (b *onceBody) released(ctx context.Context) error {
	patience := time.NewTimer(bodyPatience)
	defer patience.Stop()
	select {
	case <-b.closed:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-patience.C:
		return errBodyGone
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost {
		return errBodyGone
	}
	return nil
}

func (b *onceBody) rewind(ctx context.Context) error {
	if err := b.released(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.isClosed, b.closed = 0, false, make(chan struct{})
	return nil
}

// all reads the rest of the body into what is kept, and hashes it.
func (b *onceBody) all(ctx context.Context, sent bool, h io.Writer) error {
	if sent {
		if err := b.released(ctx); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	rest, err := io.ReadAll(io.LimitReader(b.src, b.limit-int64(len(b.kept))+1))
	if err != nil {
		return err
	}
	b.kept = append(b.kept, rest...)
	if int64(len(b.kept)) > b.limit {
		b.src = &joined{io.MultiReader(bytes.NewReader(b.kept), b.src), b.src}
		b.kept, b.at = nil, 0
		return errBodyGone
	}
	_, err = h.Write(b.kept)
	return err
}

type joined struct {
	io.Reader
	io.Closer
}

func (b *onceBody) finish(unsent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = true
	if unsent || b.isClosed {
		_ = b.src.Close()
	}
}
