package mock

import (
	"context"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/scenario"
)

// Entry is one request to the mock and its answer.
type Entry = journal.Entry

// Scenario is one thing that the mock can do to a client.
type Scenario = scenario.Scenario

// Entries returns what was asked and answered in a session, oldest first; "" is
// everything. The entries are shared: do not change them.
func (s *Server) Entries(session string) []Entry {
	return s.journal.Entries(journal.Filter{Session: session})
}

// Follow calls f for each request from now on, in order. f is told how many
// requests before it were lost because it was too slow. stop ends it, and
// returns when f is done with what was asked before.
func (s *Server) Follow(f func(e Entry, lost int)) (stop func(), err error) {
	sub, err := s.journal.Subscribe("")
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, lost, err := sub.Next(context.Background())
			if err != nil {
				return
			}
			f(e, lost)
		}
	}()
	return func() { sub.Close(); <-done }, nil
}

// Scenarios lists what the server can do to a client.
func Scenarios() []Scenario { return scenario.All() }
