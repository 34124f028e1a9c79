package judge

import (
	"time"
)

// patience is how often one request may be refused: without a credential, with
// one, and with a new one.
const patience = 3

// maxLogins is how often a client may log in, in one session: once, and once more
// when all else failed.
const maxLogins = 2

// loops finds clients that do not stop.
func (c *court) loops() {
	type question struct{ method, target, host string }
	// Requests that were under way together are one attempt each of many askers,
	// not many attempts of one.
	refused := map[question][]*step{}
	c.each(resource, func(_ int, s *step) {
		q := question{s.Method, s.Target, s.Host}
		if !s.refused() {
			if s.Status > 0 && s.Status < 400 {
				delete(refused, q)
			}
			return
		}
		chain := refused[q]
		if len(chain) == 0 || s.after(chain[len(chain)-1]) {
			refused[q] = append(chain, s)
		}
		if len(refused[q]) == patience+1 && s == refused[q][patience] {
			c.fault(KeptAsking, refused[q], "%s was sent more than %d times, one after the other, and refused each time", s.what(), patience)
		}
	})
	var logins []*step
	c.each(login, func(_ int, s *step) {
		logins = append(logins, s)
		if len(logins) == maxLogins+1 {
			c.fault(LoginLoop, logins, "the client logged in %d times", len(logins))
		}
	})
	for i := range c.steps {
		s := &c.steps[i]
		wait := s.pause()
		if wait == 0 {
			continue
		}
		for j := range c.steps {
			later := &c.steps[j]
			if j != i && later.same(s) && later.after(s) && later.Time.Before(s.ends.Add(wait-tolerance(wait))) {
				c.fault(AskedDuringPause, []*step{s, later}, "%s was to wait %s and came again after %s", s.what(), wait, later.Time.Sub(s.ends).Round(time.Millisecond))
				break
			}
		}
	}
}

// tolerance lets clocks with whole seconds pass.
func tolerance(wait time.Duration) time.Duration { return min(time.Second, wait/10) }
