// Package cputime tells a test how much work something was.
//
// Start with [Spent], before and after. The clock tells how long it took, which on
// a machine that has others to serve is many times more, and another time each run.
//
// It counts the whole process: other goroutines, too.
package cputime

import "time"

// Spent is the time that this process has computed since it began. Where the
// system does not tell, it is what the clock says.
func Spent() time.Duration { return spent() }
