package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

// users are the accounts of the records, and the keys and tokens, as pages change
// them too.
func (r *records) users(ctx context.Context) *people.People {
	return &people.People{
		Set: r.Set, Hasher: r.Hasher, Remove: r.RemoveAccount, Now: r.app.Now,
		Record: func(e store.Event) { r.tell(ctx, e) },
	}
}

// by is who works here, for the audit records.
func (r *records) by() people.By { return people.By{Actor: r.actor} }

// tell writes a step in the life of a credential down. The change stands even if
// that fails.
func (r *records) tell(ctx context.Context, e store.Event) {
	if e.Time.IsZero() {
		e.Time = r.app.Now()
	}
	e.Count = max(e.Count, 1)
	// A command that was interrupted has changed something all the same.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.Set.Events.AppendEvents(bounded, []store.Event{e}); err != nil {
		r.app.say("note: the history does not have it: %s", err)
	}
}

// peopleError tells refusals from failures.
func peopleError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, people.ErrNotRecorded):
		return fail(ExitUntested, err)
	case errors.Is(err, password.ErrWeak), errors.Is(err, password.ErrTooLong):
		return fail(ExitProblems, err, betterPassword)
	case errors.Is(err, people.ErrSuspended), errors.Is(err, people.ErrSamePassword), errors.Is(err, people.ErrKeyOver):
		return fail(ExitProblems, err)
	case errors.Is(err, people.ErrClientName):
		return fail(ExitProblems, fmt.Errorf("%w; the account would end the tokens of the client, which could speak for it", err), "choose another name")
	case errors.Is(err, people.ErrKeyInvalid), errors.Is(err, store.ErrName):
		return usagef("", "%w", err)
	}
	return storeError(err)
}

// past says when something ended, for lists.
func past(t time.Time, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// ago says how long ago something was, or in how long it will be.
func ago(t, now time.Time) string {
	switch d := t.Sub(now).Truncate(time.Second); {
	case d < 0:
		return span(-d) + " ago"
	case d > 0:
		return "in " + span(d)
	}
	return "now"
}

// span is a length of time in words, in its largest unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		size      time.Duration
		one, many string
	}{{24 * time.Hour, "a day", "days"}, {time.Hour, "an hour", "hours"}, {time.Minute, "a minute", "minutes"}, {time.Second, "a second", "seconds"}} {
		switch n := int(d / u.size); {
		case n == 1:
			return u.one
		case n > 1:
			return fmt.Sprintf("%d %s", n, u.many)
		}
	}
	return "a moment"
}
