package upstream

import "time"

// Status is what is known of an Upstream, for operators.
type Status struct {
	Name    string         `json:"name"`
	Balance Balance        `json:"balance,omitempty"`
	Checked bool           `json:"checked"`
	Targets []TargetStatus `json:"targets"`
}

// TargetStatus is what is known of one server.
type TargetStatus struct {
	URL string `json:"url"`
	// State is "up", "unwell" by its health, or "unreachable" for requests.
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
	// Requests are under way, where they are counted: there are several servers,
	// or there is a limit. Answered and Failed are since the start.
	Requests *int64 `json:"requests,omitempty"`
	Answered int64  `json:"answered"`
	Failed   int64  `json:"failed"`
}

// Status tells how the servers are.
func (u *Upstream) Status() Status {
	s := Status{Name: u.config.Name, Checked: u.config.Health != nil}
	if len(u.targets) > 1 {
		s.Balance = u.config.Balance
	}
	for _, t := range u.targets {
		t.mu.Lock()
		one := TargetStatus{URL: t.name(), State: "up", Since: t.since, Reason: t.reason, Answered: t.served.Load(), Failed: t.failed.Load()}
		t.mu.Unlock()
		if u.main.tracked {
			n := t.requests.Load()
			one.Requests = &n
		}
		switch {
		case t.sick.Load():
			one.State = "unwell"
		case t.misses.Load() > 0:
			one.State = "unreachable"
		}
		s.Targets = append(s.Targets, one)
	}
	return s
}
