package token

import "time"

// Status is how a source of keys is doing, for health pages and logs.
type Status struct {
	// Source is the file or URL that keys come from.
	Source string

	// Keys is how many usable keys are held.
	Keys int

	// LastSuccess is when the keys were last read; zero if never.
	LastSuccess time.Time

	// LastAttempt is when reading was last tried; zero if never.
	LastAttempt time.Time

	// LastError is why the last attempt was in vain; nil if it was not.
	LastError error

	// Skipped says which published keys are not used, and why.
	Skipped []string
}
