package journal

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Bounds of a Journal whose fields are zero.
const (
	// DefaultSessionEntries is how many entries of one session are kept.
	DefaultSessionEntries = 1000
	// DefaultEntries is how many entries are kept in total.
	DefaultEntries = 50_000
	// DefaultBytes is how much memory the entries may take, about.
	DefaultBytes = 48 << 20
	// DefaultSubscribers is how many may listen at once.
	DefaultSubscribers = 64
)

// Errors of a Journal.
var (
	// ErrClosed says that the Journal was closed.
	ErrClosed = errors.New("the journal is closed")
	// ErrTooManySubscribers says that others listen already.
	ErrTooManySubscribers = errors.New("too many listen to the journal already")
)

// Journal keeps the newest entries, bounded in each session and in total: where
// one bound is reached the oldest goes. A session costs nothing until it has an
// entry, and nothing again when its last one is gone. The zero value is ready;
// its fields are set before first use. Safe for concurrent use; do not copy it.
type Journal struct {
	// SessionEntries is how many entries of one session are kept; 0 means
	// DefaultSessionEntries. The requests without a session count as one.
	SessionEntries int
	// MaxEntries is how many are kept in total; 0 means DefaultEntries.
	MaxEntries int
	// MaxBytes is how much memory they may take, about; 0 means DefaultBytes.
	MaxBytes int64
	// MaxSubscribers is how many may listen at once; 0 means DefaultSubscribers.
	MaxSubscribers int
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu       sync.Mutex
	all      list
	sessions map[string]*list
	bytes    int64
	lastID   int64
	dropped  int64
	changed  chan struct{} // closed at the next change; nil while nobody waits
	subs     map[*Subscription]struct{}
	closed   bool
}

// Filter chooses entries. The zero value chooses all.
type Filter struct {
	// Session, if not empty, is the only one whose entries are chosen.
	Session string
	// Unmatched chooses those alone that asked for what nobody made.
	Unmatched bool
	// After leaves out entries up to and with this ID.
	After int64
	// Limit is how many are chosen at most; 0 for no limit.
	Limit int
	// Newest chooses the last ones where there are more than Limit, instead of
	// the first ones.
	Newest bool
}

// Stats says how full a Journal is.
type Stats struct {
	Entries  int   `json:"entries"`
	Sessions int   `json:"sessions"`
	Bytes    int64 `json:"bytes"`   // about
	Dropped  int64 `json:"dropped"` // entries that had to go for newer ones, ever
	Last     int64 `json:"last"`    // ID of the newest entry that there ever was
}

// node is an entry in two lists: of all, and of its session. Both are in the
// order of IDs, so that the oldest of all is the oldest of its session.
type node struct {
	entry      Entry
	size       int64
	prev, next [2]*node
}

const (
	inAll = iota
	inSession
)

type list struct {
	first, last *node
	n           int
}

func (l *list) push(n *node, which int) {
	n.prev[which] = l.last
	if l.last == nil {
		l.first = n
	} else {
		l.last.next[which] = n
	}
	l.last = n
	l.n++
}

func (l *list) remove(n *node, which int) {
	if p := n.prev[which]; p == nil {
		l.first = n.next[which]
	} else {
		p.next[which] = n.next[which]
	}
	if x := n.next[which]; x == nil {
		l.last = n.prev[which]
	} else {
		x.prev[which] = n.prev[which]
	}
	n.prev[which], n.next[which] = nil, nil
	l.n--
}

func (j *Journal) now() time.Time {
	if j.Now != nil {
		return j.Now()
	}
	return time.Now()
}

// Record keeps e under the next ID and returns it so. [Journal.Wrap] calls it;
// handlers that answer beside a Journal may too. e's maps and bodies belong to
// the Journal afterwards.
func (j *Journal) Record(e Entry) Entry {
	e.Body, e.ResponseBody = clip(e.Body), clip(e.ResponseBody)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lastID++
	e.ID = j.lastID
	n := &node{entry: e, size: sizeOf(&e)}
	if j.sessions == nil {
		j.sessions = map[string]*list{}
	}
	s := j.sessions[e.Session]
	if s == nil {
		s = &list{}
		j.sessions[e.Session] = s
	}
	j.all.push(n, inAll)
	s.push(n, inSession)
	j.bytes += n.size
	for s.n > or(j.SessionEntries, DefaultSessionEntries) {
		j.drop(s.first)
	}
	for j.all.n > or(j.MaxEntries, DefaultEntries) || j.bytes > or(j.MaxBytes, DefaultBytes) {
		j.drop(j.all.first)
	}
	for sub := range j.subs {
		sub.offer(e)
	}
	j.wake()
	return e
}

func or[T int | int64](n, standard T) T {
	if n > 0 {
		return n
	}
	return standard
}

func clip(b []byte) []byte { return b[:min(len(b), MaxBody):min(len(b), MaxBody)] }

// overhead is what an entry takes beside its texts.
const overhead = 512

func sizeOf(e *Entry) int64 {
	n := overhead + len(e.Session) + len(e.Client) + len(e.Method) + len(e.Host) + len(e.Target) + len(e.Body) + len(e.ResponseBody)
	for _, h := range [...]map[string][]string{e.Header, e.ResponseHeader} {
		for name, values := range h {
			n += len(name) + 64
			for _, v := range values {
				n += len(v) + 16
			}
		}
	}
	return int64(n)
}

// drop lets an entry go for newer ones.
func (j *Journal) drop(n *node) {
	j.remove(n)
	j.dropped++
}

func (j *Journal) remove(n *node) {
	j.all.remove(n, inAll)
	s := j.sessions[n.entry.Session]
	s.remove(n, inSession)
	if s.n == 0 {
		delete(j.sessions, n.entry.Session)
	}
	j.bytes -= n.size
}

// wake tells those who wait that something has changed.
func (j *Journal) wake() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// Entries returns the chosen entries, oldest first. Their maps and bodies are
// shared: do not change them.
func (j *Journal) Entries(f Filter) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.entries(f)
}

func (j *Journal) entries(f Filter) []Entry {
	l, which := &j.all, inAll
	if f.Session != "" {
		if l, which = j.sessions[f.Session], inSession; l == nil {
			return []Entry{}
		}
	}
	// From the newest back to the first that is wanted: those who follow a
	// journal want few of many.
	var from *node
	n := 0
	for x := l.last; x != nil && x.entry.ID > f.After; x = x.prev[which] {
		if f.Newest && f.Limit > 0 && n == f.Limit {
			break
		}
		if f.Unmatched && !x.entry.Unmatched {
			continue
		}
		from = x
		n++
	}
	if f.Limit > 0 {
		n = min(n, f.Limit)
	}
	out := make([]Entry, 0, n)
	for x := from; x != nil && len(out) < n; x = x.next[which] {
		if f.Unmatched && !x.entry.Unmatched {
			continue
		}
		out = append(out, x.entry)
	}
	return out
}

// Wait returns the chosen entries as soon as there are at least n of them. When
// ctx ends, or the Journal is closed, it returns those that there are with the
// error. A Limit below n is not looked at.
func (j *Journal) Wait(ctx context.Context, f Filter, n int) ([]Entry, error) {
	if f.Limit < n {
		f.Limit = 0
	}
	for {
		j.mu.Lock()
		got := j.entries(f)
		if len(got) >= n {
			j.mu.Unlock()
			return got, nil
		}
		if j.closed {
			j.mu.Unlock()
			return got, ErrClosed
		}
		if j.changed == nil {
			j.changed = make(chan struct{})
		}
		changed := j.changed
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return got, ctx.Err()
		}
	}
}

// Clear forgets the entries of a session, of all sessions for "", and returns
// how many there were. IDs go on.
func (j *Journal) Clear(session string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if session == "" {
		n := j.all.n
		j.all, j.sessions, j.bytes = list{}, nil, 0
		return n
	}
	s := j.sessions[session]
	if s == nil {
		return 0
	}
	n := s.n
	for range n {
		j.remove(s.first)
	}
	return n
}

// Stats says how full the Journal is.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Stats{Entries: j.all.n, Sessions: len(j.sessions), Bytes: j.bytes, Dropped: j.dropped, Last: j.lastID}
}

// Close ends all subscriptions and waiting, so that a server can shut down. What
// was recorded stays, and recording goes on.
func (j *Journal) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	for s := range j.subs {
		s.end()
	}
	j.subs = nil
	j.wake()
}
