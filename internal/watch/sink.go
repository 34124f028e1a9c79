package watch

import (
	"io"
	"sync"
	"time"
)

// Sizes and times of a sink.
const (
	sinkRoom  = 1 << 20               // octets that may wait to be written
	sinkBatch = 64 << 10              // from here on the writer does not wait for more
	sinkDelay = 10 * time.Millisecond // how long it waits for more below that
	sinkStall = 5 * time.Second       // how long a caller waits for room
)

// sink writes lines in batches from a goroutine of its own. A caller waits for
// room when the destination is slow, because a log with holes is worth little to
// whoever looks for an intruder. Only when the destination has taken nothing for
// sinkStall are lines lost, so that a dead pipe does not stop the gate; they are
// counted, and the count is reported when it works again.
type sink struct {
	w      io.Writer
	report func(lost uint64) []byte // the line that says how many were lost

	mu       sync.Mutex
	buf      []byte
	spare    []byte
	appended uint64 // octets ever taken
	written  uint64 // octets ever handed to w
	moved    chan struct{}
	stalled  bool
	closed   bool
	lost     uint64
	err      error

	some   chan struct{} // there is something to write
	hurry  chan struct{} // write it now
	quit   chan struct{}
	ended  chan struct{}
	direct sync.Mutex // orders writes after Close
}

func newSink(w io.Writer, report func(uint64) []byte) *sink {
	s := &sink{
		w: w, report: report,
		moved: make(chan struct{}), some: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	go s.run()
	return s
}

// Write takes one or more whole lines. It never fails; what went wrong is told
// by Flush and Close.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	if !s.makeRoom(len(p)) {
		s.lost++
		s.mu.Unlock()
		return len(p), nil
	}
	if s.closed {
		s.mu.Unlock()
		<-s.ended
		s.direct.Lock()
		defer s.direct.Unlock()
		return s.w.Write(p)
	}
	before := len(s.buf)
	s.buf = append(s.buf, p...)
	s.appended += uint64(len(p))
	after := len(s.buf)
	s.mu.Unlock()
	if before == 0 {
		wake(s.some)
	}
	if before < sinkBatch && after >= sinkBatch {
		wake(s.hurry)
	}
	return len(p), nil
}

// makeRoom waits with s.mu released until n octets fit, and tells whether they
// do.
func (s *sink) makeRoom(n int) bool {
	var timer *time.Timer
	for len(s.buf) > 0 && len(s.buf)+n > sinkRoom && !s.closed {
		if s.stalled {
			return false
		}
		if timer == nil {
			timer = time.NewTimer(sinkStall)
			defer timer.Stop()
		}
		moved := s.moved
		s.mu.Unlock()
		wake(s.hurry)
		expired := false
		select {
		case <-moved:
			// Progress: the wait begins anew, the destination is alive.
			timer.Reset(sinkStall)
		case <-timer.C:
			expired = true
		}
		s.mu.Lock()
		if expired && s.moved == moved {
			s.stalled = true
		}
	}
	return true
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *sink) run() {
	defer close(s.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-s.some:
		case <-s.quit:
			s.drain()
			return
		}
		timer.Reset(sinkDelay)
		select {
		case <-timer.C:
		case <-s.hurry:
		case <-s.quit:
		}
		s.drain()
	}
}

// drain writes all there is.
func (s *sink) drain() {
	for {
		s.mu.Lock()
		if len(s.buf) == 0 {
			s.mu.Unlock()
			return
		}
		batch := s.buf
		s.buf, s.spare = s.spare[:0], nil
		s.mu.Unlock()

		_, err := s.w.Write(batch)

		s.mu.Lock()
		s.written += uint64(len(batch))
		s.spare = batch[:0]
		if err != nil {
			s.err = err
		}
		lost := s.lost
		if err == nil {
			s.lost = 0
		}
		s.stalled = false
		close(s.moved)
		s.moved = make(chan struct{})
		s.mu.Unlock()
		if lost > 0 && err == nil {
			_, _ = s.w.Write(s.report(lost))
		}
	}
}

// Flush returns when everything taken so far is written, with the error of a
// write that failed since the last Flush.
func (s *sink) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for target := s.appended; s.written < target; {
		moved := s.moved
		s.mu.Unlock()
		wake(s.hurry)
		select {
		case <-moved:
		case <-s.ended:
			s.mu.Lock()
			return s.takeError()
		}
		s.mu.Lock()
	}
	return s.takeError()
}

func (s *sink) takeError() error {
	err := s.err
	s.err = nil
	return err
}

// Close writes everything and ends the goroutine. What comes later, from parts
// that end after the log, is written at once.
func (s *sink) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.quit)
	}
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeError()
}
