package upstream

import (
	"slices"
	"sync"
	"time"
)

// pool keeps idle connections. The one used last is used first, so that those
// which are not needed any more grow old.
type pool struct {
	max     int
	timeout time.Duration

	mu     sync.Mutex
	idle   []*conn // oldest first
	closed bool
	reaper *time.Timer
	armed  bool
}

// sweep is how often idle connections are looked through while there are any.
const sweep = 10 * time.Second

func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	c.reused = true
	return c
}

// put tells whether c is kept.
func (p *pool) put(c *conn) bool {
	c.idle = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.max {
		return false
	}
	p.idle = append(p.idle, c)
	if !p.armed {
		p.armed = true
		if wait := min(sweep, p.timeout); p.reaper == nil {
			p.reaper = time.AfterFunc(wait, p.reap)
		} else {
			p.reaper.Reset(wait)
		}
	}
	return true
}

// reap closes connections that were idle for too long, and those that the server
// has ended meanwhile: nobody would see before the next request that needs one.
func (p *pool) reap() {
	p.mu.Lock()
	all := p.idle
	p.idle = nil
	p.mu.Unlock()
	old := time.Now().Add(-p.timeout)
	kept := slices.DeleteFunc(all, func(c *conn) bool {
		if c.idle.After(old) && c.quiet() {
			return false
		}
		c.close()
		return true
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		for _, c := range kept {
			c.close()
		}
		return
	}
	// Those that came meanwhile were used later.
	p.idle = append(kept, p.idle...)
	if p.armed = len(p.idle) > 0; p.armed {
		p.reaper.Reset(min(sweep, p.timeout))
	}
}

// drain closes all idle connections, and with forever those that become idle
// later.
func (p *pool) drain(forever bool) {
	p.mu.Lock()
	all := p.idle
	p.idle, p.closed = nil, p.closed || forever
	if p.reaper != nil {
		p.reaper.Stop()
		p.armed = false
	}
	p.mu.Unlock()
	for _, c := range all {
		c.close()
	}
}
