package account

import (
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/people"
)

// browser says in words what a User-Agent field stands for.
func browser(agent string) string {
	name, system := people.Agent(agent)
	switch {
	case name == "" && system == "":
		return "Another program"
	case name == "":
		return "A program on " + system
	case system == "":
		return name
	}
	return name + " on " + system
}

// lasts says a length of time, rounded, in the largest unit that says enough.
func lasts(d time.Duration) string {
	for _, u := range []struct {
		unit  time.Duration
		name  string
		least int64
	}{{30 * day, "month", 4}, {day, "day", 2}, {time.Hour, "hour", 2}, {time.Minute, "minute", 1}} {
		if n := int64((d + u.unit/2) / u.unit); n >= u.least && d >= u.unit {
			return count(n, u.name)
		}
	}
	return count(max(int64(d/time.Second), 1), "second")
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}

// ago says when something was, as seen from now.
func ago(at, now time.Time) string {
	if d := now.Sub(at); d >= time.Minute {
		return lasts(d) + " ago"
	}
	return "just now"
}

// until says when something will be.
func until(at, now time.Time) string { return "in " + lasts(at.Sub(now)) }

// exact is a moment for who wants to know.
func exact(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") }

// machine is a moment for programs (the time element of HTML).
func machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// notices are what a page says after something was done, by the word in its
// address: nothing else that stands there is ever shown.
func notice(word string) string {
	switch word {
	case "session":
		return "That browser is logged out."
	case "others":
		return "All other browsers are logged out."
	case "key":
		return "The key is revoked."
	case "app":
		return "That app has no access any more."
	case "password":
		return "Your password is changed. All other browsers and apps are logged out."
	case "two-step-off":
		return "Two-step login is off."
	}
	return ""
}

// lines puts texts below each other.
func lines(texts []string) string { return strings.Join(texts, "\n") }
