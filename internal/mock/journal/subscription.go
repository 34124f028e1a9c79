package journal

import (
	"context"
	"errors"
	"sync"
	"time"
)

// pending is how many entries wait for a slow reader before the oldest are lost.
const pending = 256

// Subscription hears of every entry from when it was made. Entries that its
// reader does not take in time are lost, and it is told how many.
type Subscription struct {
	journal *Journal
	session string

	mu    sync.Mutex
	queue []Entry
	lost  int
	ended bool
	ready chan struct{} // holds one token while something is to be read
}

// Subscribe listens to the entries of a session, of all sessions for "". Close
// the Subscription when done.
func (j *Journal) Subscribe(session string) (*Subscription, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.subscribe(session)
}

func (j *Journal) subscribe(session string) (*Subscription, error) {
	switch {
	case j.closed:
		return nil, ErrClosed
	case len(j.subs) >= or(j.MaxSubscribers, DefaultSubscribers):
		return nil, ErrTooManySubscribers
	}
	s := &Subscription{journal: j, session: session, ready: make(chan struct{}, 1)}
	if j.subs == nil {
		j.subs = map[*Subscription]struct{}{}
	}
	j.subs[s] = struct{}{}
	return s, nil
}

// follow returns what is there already and a Subscription to what comes after,
// with nothing lost or double between.
func (j *Journal) follow(f Filter) ([]Entry, *Subscription, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, err := j.subscribe(f.Session)
	if err != nil {
		return nil, nil, err
	}
	return j.entries(f), s, nil
}

// offer never blocks: recording must not wait for who listens.
func (s *Subscription) offer(e Entry) {
	if s.session != "" && s.session != e.Session {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	if len(s.queue) == pending {
		s.queue[0] = Entry{}
		s.queue = s.queue[1:]
		s.lost++
	}
	s.queue = append(s.queue, e)
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Next waits for the next entry. lost is how many there were before it that the
// reader was too slow for. The error is that of ctx, or ErrClosed after the end.
func (s *Subscription) Next(ctx context.Context) (e Entry, lost int, err error) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			e, lost = s.queue[0], s.lost
			s.queue[0] = Entry{}
			s.queue, s.lost = s.queue[1:], 0
			s.mu.Unlock()
			return e, lost, nil
		}
		ended := s.ended
		s.mu.Unlock()
		if ended {
			return Entry{}, 0, ErrClosed
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return Entry{}, 0, ctx.Err()
		}
	}
}

// Close ends the Subscription.
func (s *Subscription) Close() {
	s.journal.mu.Lock()
	delete(s.journal.subs, s)
	s.journal.mu.Unlock()
	s.end()
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.signal()
}

// errNothing says that no entry came in time.
var errNothing = errors.New("no entry came")

func (s *Subscription) nextWithin(ctx context.Context, d time.Duration) (Entry, int, error) {
	within, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	e, lost, err := s.Next(within)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = errNothing
	}
	return e, lost, err
}
