package gate401

import (
	"context"
	"sync"
	"time"
)

// verifyTimeout bounds one verification that others may be waiting for. A
// password hash takes 20 ms; a queue of them must end some time.
const verifyTimeout = 30 * time.Second

// flights makes equal credentials that are verified at the same moment one
// attempt: a page that sends a hundred requests with one right password costs
// one hash and counts as one guess. It is for methods whose verdict depends on
// nothing but the credential. The zero value is ready.
type flights struct {
	mu    sync.Mutex
	byKey map[[32]byte]*flight
}

type flight struct {
	done  chan struct{}
	id    *Identity
	stage Stage
	err   error
}

// do runs verify, or waits for the run that is under way for the same key. The
// run outlives the request that began it, since others wait for its outcome.
// What the guard said to one request is not an answer to another, which may come
// from elsewhere: that one then tries by itself.
func (fs *flights) do(ctx context.Context, key [32]byte, verify func(context.Context) (*Identity, Stage, error)) (*Identity, Stage, error) {
	fs.mu.Lock()
	for f := fs.byKey[key]; f != nil; f = fs.byKey[key] {
		fs.mu.Unlock()
		select {
		case <-f.done:
			if f.stage != StageGuard {
				return f.id, f.stage, f.err
			}
		case <-ctx.Done():
			return nil, StageVerify, ctx.Err()
		}
		fs.mu.Lock()
	}
	f := &flight{done: make(chan struct{}), stage: StageVerify, err: context.Canceled}
	if fs.byKey == nil {
		fs.byKey = make(map[[32]byte]*flight)
	}
	fs.byKey[key] = f
	fs.mu.Unlock()

	defer func() {
		fs.mu.Lock()
		delete(fs.byKey, key)
		fs.mu.Unlock()
		close(f.done)
	}()
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyTimeout)
	defer cancel()
	f.id, f.stage, f.err = verify(run)
	return f.id, f.stage, f.err
}
