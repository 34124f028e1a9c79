package history

import (
	"errors"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
)

// FamilyClaim names the login in an access token of our own.
const FamilyClaim = "sid"

// The uses of one credential are one event after a while: the first one at once,
// so that it can be seen, the others after firstWait and then ever more rarely,
// so that a key that is used all the time leaves some 30 lines a day.
const (
	firstWait = 15 * time.Second
	lastWait  = time.Hour
	idleWait  = 10 * time.Minute // then its uses begin anew
)

const (
	shards    = 16
	fronts    = 1024
	maxDetail = 200
)

// shard is a part of the credentials in use, with a lock of its own.
type shard struct {
	mu   sync.RWMutex
	uses map[string]*use
}

// moment is one use.
type moment struct {
	at         time.Time
	id         string // of the request
	verb, path string // what it asked for; of an event, path is its detail
}

func momentOf(q *gate401.Request) moment { return moment{q.Time, q.ID, q.Method, q.Path} }

// front remembers, for some identities, where their uses are counted: requests
// with the same credential share one identity.
type front struct {
	id  *gate401.Identity
	use *use
}

// dead, or anything below zero, is the count of what is not written any more.
const dead = math.MinInt64 / 2

// use counts the uses of one credential, or its refusals for one reason, since
// the last event about them.
type use struct {
	count atomic.Int64
	about store.Event // what all its events have in common; not changed

	mu   sync.Mutex // of the last use; whoever finds it taken does without
	last moment

	// Of the writer alone, under the lock of the shard.
	due  time.Time
	wait time.Duration
}

// Observe is for gate401.Gate.Observe: it counts the uses of tokens, keys and
// sessions of our own, and notes the refusals of such as were proved to be ours.
// A nil Recorder observes nothing.
func (r *Recorder) Observe(q *gate401.Request, d *gate401.Decision) {
	if r == nil {
		return
	}
	if d.Allow {
		if id := d.Identity; id != nil && id.Credential != "" {
			r.used(q, id)
		}
		return
	}
	if e, ok := refusal(d); ok {
		e.Time, e.Kind, e.Reason, e.RequestID, e.Detail = q.Time, store.EventRefused, string(d.Reason()), q.ID, detail(q.Method, q.Path)
		r.Record(e)
	}
}

// ours tells whether the gate itself issued the credential: the identifiers of
// others are not unique.
func ours(id *gate401.Identity) bool { return id.Issuer == "" || id.Method == methodSession }

const (
	methodBearer  = "bearer"
	methodSession = "session"
)

func (r *Recorder) used(q *gate401.Request, id *gate401.Identity) {
	slot := &r.fronts[maphash.Comparable(r.seed, id)%fronts]
	if f := slot.Load(); f != nil && f.id == id && f.use.again(q.Time, q.ID, q.Method, q.Path) {
		return
	}
	if !ours(id) {
		return
	}
	if u := r.count(id.Credential, momentOf(q), func() store.Event { return identified(id) }); u != nil {
		slot.Store(&front{id, u})
	}
}

// refused counts an event that is a refusal.
func (r *Recorder) refused(e store.Event) {
	// No identifier has a space.
	r.count(e.Object+" "+e.Reason, moment{e.Time, e.RequestID, "", e.Detail}, func() store.Event { return e })
}

// count notes a use by the key that it is counted by; nil if too many are.
func (r *Recorder) count(key string, m moment, about func() store.Event) *use {
	s := &r.shards[maphash.String(r.seed, key)%shards]
	s.mu.RLock()
	u := s.uses[key]
	s.mu.RUnlock()
	if u != nil && u.again(m.at, m.id, m.verb, m.path) {
		return u
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u = s.uses[key]
	if u == nil || !u.again(m.at, m.id, m.verb, m.path) {
		if u == nil && len(s.uses) >= max(r.options.Uses/shards, 1) {
			r.drop(1)
			return nil
		}
		u = &use{about: about()}
		u.again(m.at, m.id, m.verb, m.path)
		s.uses[key] = u
	}
	return u
}

// again notes a use, unless the writer has given the count up.
func (u *use) again(at time.Time, id, verb, path string) bool {
	if u.count.Add(1) < 0 {
		return false
	}
	if u.mu.TryLock() {
		u.last = moment{at, id, verb, path}
		u.mu.Unlock()
	}
	return true
}

// identified is what an identity tells about its credential.
func identified(id *gate401.Identity) store.Event {
	e := store.Event{Kind: store.EventUsed, Method: id.Method, Object: id.Credential, Subject: id.Subject}
	if id.Method == methodSession {
		e.Session = id.Credential
	}
	if id.Claims != nil {
		e.Family, _ = id.Claims[FamilyClaim].(string)
		e.Client, _ = id.Claims["client_id"].(string)
	}
	return e
}

// due takes the counts that are to be written now, or (all) every one.
func (r *Recorder) due(all bool) (events []store.Event) {
	now := r.options.Now()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		for object, u := range s.uses {
			if !all && now.Before(u.due) {
				continue
			}
			if !now.Before(u.due.Add(idleWait)) && u.count.CompareAndSwap(0, dead) {
				delete(s.uses, object)
				continue
			}
			n := u.count.Swap(0)
			if n == 0 {
				continue
			}
			u.wait = min(max(2*u.wait, firstWait), lastWait)
			u.due = now.Add(u.wait)
			e := u.about
			u.mu.Lock()
			e.Time, e.RequestID, e.Detail = u.last.at, u.last.id, u.last.detail()
			u.mu.Unlock()
			e.Count = int(n)
			events = append(events, e)
		}
		s.mu.Unlock()
	}
	return events
}

// Refused is an error of a refusal that knows which credential of ours it is
// about: one that was proved before it was refused. Package authn has some.
type Refused interface {
	error
	// Refused is the public identifier of the credential, and its login if it
	// has one.
	Refused() (object, family, client string)
}

// refusal says which credential was refused. Only what was proved counts: others
// could write anything into somebody's history.
func refusal(d *gate401.Decision) (store.Event, bool) {
	if id := d.Identity; id != nil {
		if id.Credential == "" || !ours(id) {
			return store.Event{}, false
		}
		return identified(id), true
	}
	if d.Denial == nil || d.Denial.Err == nil {
		return store.Event{}, false
	}
	e := store.Event{Method: d.Denial.Method, Subject: d.Denial.Subject}
	var known Refused
	if errors.As(d.Denial.Err, &known) {
		e.Object, e.Family, e.Client = known.Refused()
		if e.Method == methodSession {
			e.Session = e.Object
		}
		return e, e.Object != ""
	}
	return store.Event{}, false
}

// detail is what was asked for, without its query.
func (m moment) detail() string {
	if m.verb == "" {
		return m.path
	}
	return detail(m.verb, m.path)
}

// detail says what was asked for in not too many words.
func detail(verb, path string) string {
	if len(verb)+len(path) > maxDetail {
		path = path[:max(maxDetail-len(verb), 0)] + "…"
	}
	return verb + " " + path
}
