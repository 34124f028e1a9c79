package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/mock"
)

// Trial is a client and what it is run through.
type Trial struct {
	// Command is the client, with placeholders in its arguments.
	Command []string
	// Uses says what the client can do; nil means what Uses guesses.
	Uses []string
	// Only are the scenarios to run, by name or by group; nil means all that fit.
	Only []string
	// Timeout ends a client that does not end by itself; 0 means 15 seconds.
	Timeout time.Duration
	// Parallel is how many clients run at once; 0 means two.
	Parallel int
	// Each is called with every result when it is there, from one goroutine at a
	// time; nil for none.
	Each func(Result)
}

const (
	defaultTimeout  = 15 * time.Second
	defaultParallel = 2
)

// Plans are the scenarios of the trial, those that are skipped included. The
// error is an *[UnknownError].
func (t *Trial) Plans() ([]Plan, error) {
	all := Choose(t.uses())
	if len(t.Only) == 0 {
		return all, nil
	}
	var chosen []Plan
	for _, want := range t.Only {
		n := len(chosen)
		for _, p := range all {
			if p.Scenario.Name == want {
				p.Skip = "" // asked for by name
				chosen = append(chosen, p)
			} else if string(p.Scenario.Group) == want {
				chosen = append(chosen, p)
			}
		}
		if len(chosen) == n {
			return nil, unknown(want)
		}
	}
	return chosen, nil
}

// Run runs the client through every scenario. The error is that of a client that
// cannot be started, or of ctx.
func (t *Trial) Run(ctx context.Context) (*Report, error) {
	if len(t.Command) == 0 {
		return nil, errors.New("no command to run")
	}
	plans, err := t.Plans()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]Result, len(plans))
	var mu sync.Mutex
	var wg sync.WaitGroup
	places := make(chan struct{}, max(t.Parallel, 1))
	if t.Parallel == 0 {
		places = make(chan struct{}, defaultParallel)
	}
	for i, p := range plans {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			if ctx.Err() != nil {
				return
			}
			r, err := t.one(ctx, p)
			if err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			results[i] = r
			if t.Each != nil {
				t.Each(r)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	report := &Report{Command: t.Command, Uses: t.uses(), Results: results}
	report.count()
	return report, nil
}

// one runs the client through one scenario, against a mock of its own.
func (t *Trial) one(ctx context.Context, p Plan) (Result, error) {
	s := p.Scenario
	r := Result{Scenario: s.Name, Group: string(s.Group), Title: s.Title, Expect: s.Expect.Sentence, Skipped: p.Skip}
	if p.Skip != "" {
		return r, nil
	}
	stage, err := newStage(secure(s))
	if err != nil {
		return r, err
	}
	defer stage.close()
	words, answers, err := stage.prepare(ctx, s, t.uses())
	if err != nil {
		return r, fmt.Errorf("preparing %s: %w", s.Name, err)
	}
	before := len(stage.mock.Entries(""))
	limit := t.Timeout
	if limit == 0 {
		limit = defaultTimeout
	}
	o, err := run(ctx, t.Command, words, limit)
	if err != nil {
		return r, err
	}
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	// What is still under way ends now, and is recorded.
	stage.close()
	all := stage.mock.Entries("")
	before = min(before, len(all))
	own := all[before:]
	if secure(s) && len(own) == 0 && !o.timeout {
		r.Skipped = "the client did not trust the certificate in MOCK_CA"
		return r, nil
	}
	// Of what was done for the client, the judge has to know which tokens it got.
	known := append(slices.DeleteFunc(slices.Clone(all[:before]), func(e mock.Entry) bool { return !strings.HasSuffix(e.Target, "/login") }), own...)
	r.Findings = verdict(s, known, own, o, ability{refreshes: can(t.uses(), "refresh", "login"), answers: answers})
	r.Used = used(own)
	for _, e := range own {
		r.Requests++
		r.Statuses = append(r.Statuses, e.Status)
	}
	r.Exit, r.Seconds, r.Output = o.exit, seconds(o.took), words.hush(o.output)
	return r, nil
}

func (t *Trial) uses() []string {
	if t.Uses != nil {
		return t.Uses
	}
	return Uses(t.Command)
}

// hush takes what is secret among the words out of a text.
func (t told) hush(text string) string {
	for _, w := range []string{"{access_token}", "{refresh_token}", "{password}", "{key}"} {
		if v := t[w]; len(v) > 4 {
			text = strings.ReplaceAll(text, v, "["+strings.Trim(w, "{}")+"]")
		}
	}
	return text
}

// settings are those of the scenario's world. In those about refreshing the
// first request is refused, so that there is a reason to.
func settings(s scenario.Scenario) world.Settings {
	if s.World == nil {
		return world.Settings{}
	}
	w := *s.World
	if s.Group == scenario.GroupRefresh {
		w.Access.TTL = 0
		w.Resource.First = max(w.Resource.First, 1)
	}
	return w
}
