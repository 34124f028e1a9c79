package token

import "time"

// clock is the time by now, which is time.Now when nil. It is the one place
// where this package looks at the clock of the machine.
func clock(now func() time.Time) time.Time {
	if now != nil {
		return now()
	}
	return time.Now()
}
