package endpoint

import (
	"container/list"
	"crypto/sha256"
	"net"
	"net/http"
	"strings"
	"sync"
)

// counters number the requests of endpoints. Each number belongs to one endpoint
// in one session; beyond a bound the one that was not asked for the longest time
// begins again.
type counters struct {
	mu       sync.Mutex
	sessions map[string]map[counterKey]*list.Element // of *counter
	used     list.List                               // most recently used first
}

type counterKey struct {
	made    uint64
	session string
	who     string
}

type counter struct {
	key counterKey
	n   uint64
}

// next is the number of this request, from 0, with at most limit counters kept.
func (c *counters) next(k counterKey, limit int) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.sessions[k.session][k]; ok {
		c.used.MoveToFront(e)
		found := e.Value.(*counter)
		found.n++
		return found.n
	}
	if c.sessions == nil {
		c.sessions = map[string]map[counterKey]*list.Element{}
	}
	if c.sessions[k.session] == nil {
		c.sessions[k.session] = map[counterKey]*list.Element{}
	}
	c.sessions[k.session][k] = c.used.PushFront(&counter{key: k})
	for c.used.Len() > limit {
		c.remove(c.used.Back())
	}
	return 0
}

func (c *counters) remove(e *list.Element) {
	k := e.Value.(*counter).key
	c.used.Remove(e)
	of := c.sessions[k.session]
	if delete(of, k); len(of) == 0 {
		delete(c.sessions, k.session)
	}
}

// forget removes the counters of an endpoint that is gone.
func (c *counters) forget(made uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.used.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*counter).key.made == made {
			c.remove(e)
		}
		e = next
	}
}

// forgetSession removes the counters of a session.
func (c *counters) forgetSession(session string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.sessions[session] {
		c.used.Remove(e)
	}
	delete(c.sessions, session)
}

// requests is how many requests an endpoint had, as far as they are counted.
func (c *counters) requests(made uint64, session string) (n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.sessions[session] {
		if k.made == made {
			n += e.Value.(*counter).n + 1
		}
	}
	return n
}

// who is whose requests are counted together.
func who(count Count, r *http.Request) string {
	switch count {
	case CountClient:
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			return host
		}
		return r.RemoteAddr
	case CountConnection:
		return r.RemoteAddr
	case CountCredential:
		// A hash, for credentials are to stand in no second place.
		sum := sha256.Sum256([]byte(strings.Join(r.Header.Values("Authorization"), "\x00")))
		return string(sum[:])
	default:
		return ""
	}
}
