package build

import "github.com/gate401/gate401"

// observing is what hears of every decision of a gate.
func observing(o Options) func(*gate401.Request, *gate401.Decision) {
	switch {
	case o.Watch == nil:
		return o.History
	case o.History == nil:
		return o.Watch.Observe
	}
	return func(r *gate401.Request, d *gate401.Decision) {
		o.Watch.Observe(r, d)
		o.History(r, d)
	}
}
