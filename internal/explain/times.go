package explain

import (
	"fmt"
	"time"
)

// Span says a length of time in its two largest units: "3 min 12 s".
func Span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	units := []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "years"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		n := d / u.size
		name := u.name
		if n == 1 && name == "years" {
			name = "year"
		}
		text := fmt.Sprintf("%d %s", n, name)
		if i+1 < len(units) {
			if rest := (d % u.size) / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "less than a second"
}

// Moment prints a time in UTC.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// relative says where t is from now: "3 min 12 s ago" or "in 2 h".
func relative(t, now time.Time) string {
	d := t.Sub(now).Truncate(time.Second)
	switch {
	case d < 0:
		return Span(d) + " ago"
	case d > 0:
		return "in " + Span(d)
	}
	return "now"
}
