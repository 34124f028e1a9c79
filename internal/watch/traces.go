package watch

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// DefaultTraces is how many traces are kept by default; they take about 10 MiB.
const DefaultTraces = 10_000

// Traces is a ring of the latest refusals. The zero value keeps
// [DefaultTraces]. Its fields are set before the first use; it is safe for
// concurrent use and must not be copied after.
type Traces struct {
	// Max is how many are kept; 0 means DefaultTraces, below 0 none.
	Max int
	// Places are where credentials may be; zero means DefaultPlaces.
	Places Places

	once   sync.Once
	places *places
	max    int

	mu    sync.Mutex
	ring  []record
	next  int
	total uint64
}

func (t *Traces) start() {
	t.places = t.Places.ready()
	if t.max = t.Max; t.max == 0 {
		t.max = DefaultTraces
	}
}

// Record keeps a refusal; of an allowed decision, and of an answered preflight,
// it keeps nothing.
func (t *Traces) Record(r *gate401.Request, d *gate401.Decision) {
	if !d.Allow && !d.Preflight {
		t.Force(r, d)
	}
}

// Force keeps any decision.
func (t *Traces) Force(r *gate401.Request, d *gate401.Decision) {
	t.once.Do(t.start)
	if t.max < 0 {
		return
	}
	var rec record
	rec.fill(r, d, t.places)
	t.mu.Lock()
	if len(t.ring) < t.max {
		t.ring = append(t.ring, rec)
	} else {
		t.ring[t.next] = rec
	}
	if t.next++; t.next == t.max {
		t.next = 0
	}
	t.total++
	t.mu.Unlock()
}

// Len is how many traces are kept.
func (t *Traces) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ring)
}

// Total is how many traces were ever recorded.
func (t *Traces) Total() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}

// Lookup finds the trace of a request id. Case does not matter, since people
// type ids from screenshots.
func (t *Traces) Lookup(id string) (Trace, bool) {
	found := t.pick(1, func(rec *record) bool { return strings.EqualFold(rec.id, id) })
	if id == "" || len(found) == 0 {
		return Trace{}, false
	}
	return found[0], true
}

// Filter chooses traces; every field that is set must match.
type Filter struct {
	Rule    string
	Method  string // kind of method
	Subject string
	Reason  reason.Code // the true one or the shown one
	Status  int
	Host    string
	Path    string // prefix
	Client  netip.Prefix
	Since   time.Time
}

func (f *Filter) matches(rec *record) bool {
	return (f.Rule == "" || f.Rule == rec.rule) &&
		(f.Method == "" || f.Method == rec.method) &&
		(f.Subject == "" || f.Subject == rec.subject) &&
		(f.Host == "" || f.Host == rec.host) &&
		strings.HasPrefix(rec.path, f.Path) &&
		(!f.Client.IsValid() || f.Client.Contains(rec.client)) &&
		!rec.time.Before(f.Since) &&
		(f.Reason == "" || f.Reason == rec.reason || (rec.reason != "" && f.Reason == rec.reason.Shown().Code)) &&
		(f.Status == 0 || (rec.reason != "" && f.Status == rec.reason.Shown().Status))
}

// Recent returns the latest n traces that match, newest first.
func (t *Traces) Recent(n int, f Filter) []Trace {
	return t.pick(n, f.matches)
}

// pick copies matching records under the lock and works them out after it.
func (t *Traces) pick(n int, matches func(*record) bool) []Trace {
	t.once.Do(t.start)
	var found []record
	t.mu.Lock()
	for i := 1; i <= len(t.ring) && len(found) < n; i++ {
		rec := &t.ring[(t.next-i+len(t.ring))%len(t.ring)]
		if matches(rec) {
			found = append(found, *rec)
		}
	}
	t.mu.Unlock()
	out := make([]Trace, len(found))
	for i := range found {
		out[i] = found[i].trace(t.places)
	}
	return out
}
