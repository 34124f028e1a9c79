//go:build !unix

package cputime

import "time"

// began is fixed once: only differences of it are told.
var began = time.Now()

func spent() time.Duration { return time.Since(began) }
