package endpoint

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

// Bounds of a Set whose fields are zero.
const (
	DefaultMax      = 20_000   // endpoints
	DefaultBytes    = 32 << 20 // of all definitions
	DefaultCounters = 100_000
	// MaxTogether is how many endpoints one session may have, and how many all
	// sessions may share.
	MaxTogether = 1000
)

// ErrFull says that a Set has as many endpoints as it may have.
var ErrFull = errors.New("there are too many endpoints; remove some")

// Set holds endpoints and answers with them. The zero value is ready; its fields
// are set before first use. Safe for concurrent use; do not copy it.
type Set struct {
	// Max is how many endpoints it may hold; 0 means DefaultMax.
	Max int
	// MaxBytes is how long their definitions may be together; 0 means
	// DefaultBytes.
	MaxBytes int
	// MaxCounters is how many counters are kept; 0 means DefaultCounters.
	MaxCounters int
	// SessionOf says which session a request belongs to, "" for none, and what
	// its escaped path is within it; nil means [SessionOf].
	SessionOf func(r *http.Request) (session, path string)
	// Now is the clock of {now}; nil means time.Now.
	Now func() time.Time
	// Rand is for ids and {uuid}; nil means crypto/rand.
	Rand io.Reader

	mu       sync.RWMutex
	byID     map[string]*made
	sessions map[string][]*made // "" has those that all share; most specific first
	bytes    int
	last     uint64
	counters counters
}

// SessionOf takes the session from paths such as /s/{session}/orders.
func SessionOf(r *http.Request) (session, path string) {
	path = r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/s/"); ok {
		id, below, ok := strings.Cut(rest, "/")
		if IsSession(id) && ok {
			return id, "/" + below
		}
	}
	return "", path
}

// Add adds endpoints, all or none, and returns them with their IDs. The error is
// Errors, or ErrFull.
func (s *Set) Add(all ...Endpoint) ([]Endpoint, error) {
	return s.put(all, false)
}

// Put adds an endpoint or replaces the one with its ID, whose counters begin
// again. The error is Errors, or ErrFull.
func (s *Set) Put(e Endpoint) (Endpoint, error) {
	out, err := s.put([]Endpoint{e}, true)
	if err != nil {
		return Endpoint{}, err
	}
	return out[0], nil
}

func (s *Set) put(all []Endpoint, replace bool) ([]Endpoint, error) {
	built := make([]*made, len(all))
	var faults Errors
	for i, e := range all {
		m, err := build(e)
		var errs Errors
		if errors.As(err, &errs) {
			for _, one := range errs {
				if len(all) > 1 {
					one.Path = fmt.Sprintf("endpoints[%d].%s", i, one.Path)
				}
				faults = append(faults, one)
			}
		}
		built[i] = m
	}
	if len(faults) > 0 {
		return nil, faults[:min(len(faults), maxErrors)]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admit(built, replace); err != nil {
		return nil, err
	}
	out := make([]Endpoint, len(built))
	for i, m := range built {
		s.insert(m)
		out[i] = m.Endpoint
	}
	return out, nil
}

// admit gives IDs and checks that there is room.
func (s *Set) admit(built []*made, replace bool) error {
	taken := map[string]bool{}
	more, bytes := 0, 0
	together := map[string]int{}
	for i, m := range built {
		if m.ID == "" {
			m.ID = s.newID(m, taken)
		}
		old := s.byID[m.ID]
		if taken[m.ID] || old != nil && !replace {
			path := "id"
			if len(built) > 1 {
				path = fmt.Sprintf("endpoints[%d].id", i)
			}
			return Errors{{Path: path, Message: "there is another endpoint called " + m.ID, Hint: "leave the id out, or change that one"}}
		}
		taken[m.ID] = true
		more++
		bytes += m.size
		together[m.Session]++
		if old != nil {
			more--
			bytes -= old.size
			together[old.Session]--
		}
	}
	if len(s.byID)+more > or(s.Max, DefaultMax) || s.bytes+bytes > or(s.MaxBytes, DefaultBytes) {
		return ErrFull
	}
	for session, n := range together {
		if len(s.sessions[session])+n > MaxTogether {
			return ErrFull
		}
	}
	return nil
}

func or(n, standard int) int {
	if n > 0 {
		return n
	}
	return standard
}

// newID is made of method and path, so that people know it again.
func (s *Set) newID(m *made, taken map[string]bool) string {
	base := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return '-'
	}, strings.ToLower(m.Method+m.Path))
	base = strings.Trim(base, "-")
	for strings.Contains(base, "--") {
		base = strings.ReplaceAll(base, "--", "-")
	}
	if base == "" {
		base = "endpoint"
	}
	base = strings.TrimRight(base[:min(len(base), 40)], "-")
	id := base
	for taken[id] || s.byID[id] != nil {
		var b [4]byte
		src := s.Rand
		if src == nil {
			src = rand.Reader
		}
		if _, err := io.ReadFull(src, b[:]); err != nil {
			_, _ = rand.Read(b[:]) // never fails
		}
		id = base + "-" + hex.EncodeToString(b[:])
	}
	return id
}

func (s *Set) insert(m *made) {
	s.remove(m.ID)
	s.last++
	m.number = s.last
	if s.byID == nil {
		s.byID, s.sessions = map[string]*made{}, map[string][]*made{}
	}
	s.byID[m.ID] = m
	s.bytes += m.size
	// A copy, since requests may be walking through the old one.
	list := slices.Clone(s.sessions[m.Session])
	at, _ := slices.BinarySearchFunc(list, m, compare)
	s.sessions[m.Session] = slices.Insert(list, at, m)
}

// compare orders endpoints, the one that answers first before the others.
func compare(a, b *made) int {
	return cmp.Or(
		a.pattern.compare(b.pattern),
		-cmp.Compare(len(a.Match), len(b.Match)),
		-cmp.Compare(min(len(a.Method), 1), min(len(b.Method), 1)),
		-cmp.Compare(a.number, b.number),
	)
}

func (s *Set) remove(id string) bool {
	m := s.byID[id]
	if m == nil {
		return false
	}
	delete(s.byID, id)
	s.bytes -= m.size
	list := slices.DeleteFunc(slices.Clone(s.sessions[m.Session]), func(x *made) bool { return x == m })
	if s.sessions[m.Session] = list; len(list) == 0 {
		delete(s.sessions, m.Session)
	}
	s.counters.forget(m.number)
	return true
}

// Delete removes an endpoint and tells whether there was one.
func (s *Set) Delete(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(id)
}

// Get returns an endpoint.
func (s *Set) Get(id string) (Endpoint, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.byID[id]
	if m == nil {
		return Endpoint{}, false
	}
	return m.Endpoint, true
}

// List returns the endpoints of a session, for "" those that all sessions share,
// in the order in which they are tried.
func (s *Set) List(session string) []Endpoint {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Endpoint, 0, len(s.sessions[session]))
	for _, m := range s.sessions[session] {
		out = append(out, m.Endpoint)
	}
	return out
}

// Reset lets all counters of a session begin again.
func (s *Set) Reset(session string) {
	s.counters.forgetSession(session)
}

// EndSession removes the endpoints and counters of a session.
func (s *Set) EndSession(session string) {
	if session == "" {
		return
	}
	s.mu.Lock()
	for _, m := range s.sessions[session] {
		delete(s.byID, m.ID)
		s.bytes -= m.size
	}
	delete(s.sessions, session)
	s.mu.Unlock()
	s.Reset(session)
}

// find returns the endpoint for a request.
func (s *Set) find(r *http.Request) (m *made, session string, path []string) {
	session, escaped := s.sessionOf(r)
	s.mu.RLock()
	lists := [2][]*made{}
	if session != "" {
		lists[0] = s.sessions[session]
	}
	lists[1] = s.sessions[""]
	s.mu.RUnlock()
	if len(lists[0])+len(lists[1]) == 0 {
		return nil, session, nil
	}
	path, ok := split(escaped)
	if !ok {
		return nil, session, nil
	}
	f := &facts{request: r}
	for _, list := range lists {
		for _, m := range list {
			if m.takes(r.Method) && m.pattern.match(path) && m.holds(f) {
				return m, session, path
			}
		}
	}
	return nil, session, path
}

// meant returns the endpoint that a preflight asks for, whatever its conditions.
func (s *Set) meant(r *http.Request) *made {
	session, escaped := s.sessionOf(r)
	path, ok := split(escaped)
	if !ok {
		return nil
	}
	s.mu.RLock()
	lists := [2][]*made{nil, s.sessions[""]}
	if session != "" {
		lists[0] = s.sessions[session]
	}
	s.mu.RUnlock()
	for _, list := range lists {
		for _, m := range list {
			if m.takes(r.Header.Get("Access-Control-Request-Method")) && m.pattern.match(path) {
				return m
			}
		}
	}
	return nil
}

func (s *Set) sessionOf(r *http.Request) (session, path string) {
	if s.SessionOf != nil {
		return s.SessionOf(r)
	}
	return SessionOf(r)
}

func (m *made) takes(method string) bool {
	return m.Method == "" || m.Method == method || m.Method == http.MethodGet && method == http.MethodHead
}

func (m *made) holds(f *facts) bool {
	for i := range m.Match {
		if !m.Match[i].holds(f) {
			return false
		}
	}
	return true
}

// Handler answers with the endpoint that matches, and lets next answer what none
// matches. Paths below /__mock/ are never matched.
func (s *Set) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; p == "/__mock" || strings.HasPrefix(p, "/__mock/") {
			next.ServeHTTP(w, r)
			return
		}
		m, session, path := s.find(r)
		if wire.Preflight(r) && (m == nil || m.Method == "") {
			// What it asks for may be one whose conditions want a field that comes
			// later. It uses up no answer: nobody sees it who waits for one.
			if m = s.meant(r); m != nil {
				note := journal.NoteOf(r.Context())
				note.Session, note.Endpoint = session, m.ID
				wire.Permit(w, r)
				return
			}
		}
		if m == nil {
			next.ServeHTTP(w, r)
			return
		}
		n := s.counters.next(counterKey{m.number, session, who(m.Count, r)}, or(s.MaxCounters, DefaultCounters))
		a := &m.answers[m.order.pick(n)]
		now := s.Now
		if now == nil {
			now = time.Now
		}
		out := compose(a, r, &filler{request: r, params: m.pattern.params(path), now: now, rand: s.Rand})
		note := journal.NoteOf(r.Context())
		note.Session, note.Endpoint, note.Reason = session, m.ID, out.reason
		if r.Header.Get("Origin") != "" && out.header["Access-Control-Allow-Origin"] == nil {
			wire.Share(w, r)
		}
		send(w, r, a, out)
	})
}
