package build

import (
	"strings"

	"github.com/gate401/gate401"
)

// ruleLogin is the rule of the decisions by which somebody is logged in.
const ruleLogin = "login"

// observing is what hears of every decision of a gate whose own endpoints are below
// prefix.
func observing(o Options, prefix string) func(*gate401.Request, *gate401.Decision) {
	switch {
	case o.History == nil && o.Watch == nil:
		return nil
	case o.History == nil:
		return o.Watch.Observe
	}
	login := prefix + "/login"
	return func(r *gate401.Request, d *gate401.Decision) {
		if o.Watch != nil {
			o.Watch.Observe(r, d)
		}
		// The login is where a session begins, and no use of it: it would stand before
		// the beginning, and hold the first use back as a second one.
		if d.Allow && d.Rule == ruleLogin && (r.Path == login || strings.HasPrefix(r.Path, login+"/")) {
			return
		}
		o.History(r, d)
	}
}
