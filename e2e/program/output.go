package program

import (
	"bytes"
	"sync"
)

// Output keeps what a process writes, for reading while it runs.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps p.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
