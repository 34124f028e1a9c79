package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/explain"
)

// expiry is a flag that says when something ends: after a length of time, or at
// a date. Its zero value says nothing; there is no text for "at once" or "never",
// because 0 is read as both.
type expiry struct {
	after duration
	at    time.Time
}

func (e *expiry) String() string {
	switch {
	case !e.at.IsZero():
		return e.at.Format(time.RFC3339)
	case e.after > 0:
		return e.after.String()
	}
	return ""
}

// Set reads the text of the flag.
func (e *expiry) Set(text string) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			*e = expiry{at: at}
			return nil
		}
	}
	var after duration
	if err := after.Set(text); err != nil {
		return fmt.Errorf("%q is no length of time such as 90d, 2w or 12h, and no date such as 2027-01-01", text)
	}
	if after <= 0 {
		return errors.New("0 would be over at once; leave the flag out for a key that does not expire")
	}
	*e = expiry{after: after}
	return nil
}

// Type is what help calls the value.
func (e *expiry) Type() string { return "TIME" }

// set tells whether the flag was given.
func (e *expiry) set() bool { return e.after > 0 || !e.at.IsZero() }

// moment is when it ends.
func (e *expiry) moment(now time.Time) (time.Time, error) {
	if e.at.IsZero() {
		return now.Add(time.Duration(e.after)), nil
	}
	if !e.at.After(now) {
		return time.Time{}, usagef("a date stands for its beginning, 00:00 UTC", "--expires: %s is over", explain.Moment(e.at))
	}
	return e.at, nil
}
