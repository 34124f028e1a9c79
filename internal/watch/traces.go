package watch

import (
	"bytes"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// DefaultTraces is how many traces are kept by default; they take about 5 MiB,
// and 40 MiB if every request is as long as it can be.
const DefaultTraces = 10_000

// Traces is a ring of the latest refusals. The zero value keeps
// [DefaultTraces]. Its fields are set before the first use; it is safe for
// concurrent use and must not be copied after.
type Traces struct {
	// Max is how many are kept; 0 means DefaultTraces, below 0 none.
	Max int
	// Places are where credentials may be, until Look says otherwise; zero means
	// DefaultPlaces.
	Places Places

	once   sync.Once
	places atomic.Pointer[places]
	max    int

	mu    sync.Mutex
	ring  []packed
	total uint64 // the next one goes to total modulo max
}

func (t *Traces) start() {
	t.places.Store(t.Places.ready())
	if t.max = t.Max; t.max == 0 {
		t.max = DefaultTraces
	}
}

// Look changes where credentials may be, from the next refusal on.
func (t *Traces) Look(p Places) {
	t.once.Do(t.start)
	t.places.Store(p.ready())
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
	var stack [1024]byte
	at := t.places.Load()
	data := pack(stack[:0], r, d, at)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < t.max {
		t.ring = append(t.ring, packed{})
	}
	x := &t.ring[t.total%uint64(t.max)]
	if cap(x.data) > 4*len(data) {
		x.data = nil // a long one stood here
	}
	x.data, x.challenges, x.places = append(x.data[:0], data...), d.Challenges, at
	t.total++
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
	if id == "" {
		return Trace{}, false
	}
	t.once.Do(t.start)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 1; i <= len(t.ring); i++ {
		x := &t.ring[(t.total-uint64(i))%uint64(t.max)]
		if bytes.EqualFold(x.id(), []byte(id)) {
			return x.unpack().trace(x.places), true
		}
	}
	return Trace{}, false
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
	t.once.Do(t.start)
	out := []Trace{}
	for at := t.Total(); at > 0 && len(out) < n; {
		var some []packed
		some, at = t.before(at)
		for i := range some {
			if rec := some[i].unpack(); f.matches(rec) && len(out) < n {
				out = append(out, rec.trace(some[i].places))
			}
		}
	}
	return out
}

// before copies some of the traces before number at, newest first, and returns
// the number to go on with; 0 for none. Few at a time, because whoever is being
// refused meanwhile waits for the lock.
func (t *Traces) before(at uint64) ([]packed, uint64) {
	const few = 64
	some := make([]packed, 0, few)
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := t.total - uint64(len(t.ring))
	for at > oldest && len(some) < few {
		at--
		x := t.ring[at%uint64(t.max)]
		x.data = bytes.Clone(x.data)
		some = append(some, x)
	}
	if at <= oldest {
		at = 0
	}
	return some, at
}
