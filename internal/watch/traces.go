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
// and some 50 MiB if every request is as long as it can be.
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

	mu      sync.Mutex
	blocks  []*block
	total   uint64     // the next one goes to block total/perBlock, modulo their number
	commons [8]*common // of the latest records
	next    int        // in commons
}

// perBlock is how many records share a piece of memory. A record each of its own
// would be somewhere else each time, and far from the processor.
const perBlock = 64

// block holds records one behind the other.
type block struct {
	data    []byte
	ends    [perBlock]uint32
	commons [perBlock]*common
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
	x, place := t.slot(t.total)
	if place == 0 {
		x.empty(perBlock * len(data))
	}
	x.data = append(x.data, data...)
	x.ends[place], x.commons[place] = uint32(len(x.data)), t.common(d, at)
	t.total++
}

// slot is where record n is, or goes. There is a block more than needed, because
// the oldest is emptied at once.
func (t *Traces) slot(n uint64) (x *block, place int) {
	i := n / perBlock % uint64((t.max+perBlock-1)/perBlock+1)
	if i == uint64(len(t.blocks)) {
		t.blocks = append(t.blocks, &block{})
	}
	return t.blocks[i], int(n % perBlock)
}

// empty makes room for records of about n octets in all.
func (x *block) empty(n int) {
	if cap(x.data) == 0 || cap(x.data) > 4*len(x.data) { // long ones stood here, once
		x.data = make([]byte, 0, n)
	}
	x.data = x.data[:0]
}

// at is record n.
func (t *Traces) at(n uint64) packed {
	x, place := t.slot(n)
	start := uint32(0)
	if place > 0 {
		start = x.ends[place-1]
	}
	return packed{x.data[start:x.ends[place]], x.commons[place]}
}

// common is that of d, which one of the latest records had as well, as a rule.
func (t *Traces) common(d *gate401.Decision, at *places) *common {
	var steps []gate401.Step
	if d.Prepared() {
		steps = d.Steps
	}
	for _, c := range t.commons {
		if c != nil && c.places == at && c.resource == d.Resource() && same(c.challenges, d.Challenges) && same(c.steps, steps) {
			return c
		}
	}
	c := &common{d.Challenges, d.Resource(), at, steps}
	t.commons[t.next] = c
	t.next = (t.next + 1) % len(t.commons)
	return c
}

// same tells whether two slices are one.
func same[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// Len is how many traces are kept.
func (t *Traces) Len() int {
	t.once.Do(t.start)
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept()
}

func (t *Traces) kept() int { return int(min(t.total, uint64(max(t.max, 0)))) }

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
	for i := 1; i <= t.kept(); i++ {
		x := t.at(t.total - uint64(i))
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
	oldest := t.total - uint64(t.kept())
	for at > oldest && len(some) < few {
		at--
		x := t.at(at)
		x.data = bytes.Clone(x.data)
		some = append(some, x)
	}
	if at <= oldest {
		at = 0
	}
	return some, at
}
