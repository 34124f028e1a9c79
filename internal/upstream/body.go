package upstream

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
)

// body gives its connection back once it was read to its end, and ends it
// otherwise.
type body struct {
	io.ReadCloser // as http.ReadResponse made it
	conn          *conn
	keep          bool
	state         atomic.Int32
}

// States of a body. Once it is not open its connection may be another request's.
const (
	open int32 = iota
	ended
	broken
)

// Read reads, and at the end lets go of the connection.
func (b *body) Read(p []byte) (int, error) {
	switch b.state.Load() {
	case ended:
		return 0, io.EOF
	case broken:
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
	case err == io.EOF: //nolint:errorlint // readers return it as it is
		if b.state.CompareAndSwap(open, ended) {
			b.conn.done(b.keep)
		}
	case b.state.CompareAndSwap(open, broken):
		ctx := b.conn.req.Context()
		b.conn.done(false)
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}
	return n, err
}

// Close ends the connection if the body was not read to its end: what is left of
// it could be without bound. It may be called while another goroutine reads.
func (b *body) Close() error {
	if b.state.CompareAndSwap(open, broken) {
		b.conn.unwatch()
		b.conn.close()
	}
	return nil
}
