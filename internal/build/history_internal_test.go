package build

import (
	"slices"
	"testing"

	"github.com/gate401/gate401"
)

// The login that begins a session is no use of it; a rule may be called login too.
func TestHistoryOfALogin(t *testing.T) {
	var told []string
	observe := observing(Options{History: func(r *gate401.Request, d *gate401.Decision) { told = append(told, d.Rule+" "+r.Path) }}, "/door")
	for _, d := range []struct {
		rule, path string
		allow      bool
	}{
		{ruleLogin, "/door/login", true},
		{ruleLogin, "/door/login/work/callback", true},
		{ruleLogin, "/door/login", false},
		{ruleLogin, "/orders", true},
		{ruleLogin, "/auth/login", true},
		{"default", "/orders", true},
	} {
		observe(&gate401.Request{Path: d.path}, &gate401.Decision{Rule: d.rule, Allow: d.allow})
	}
	if want := []string{"login /door/login", "login /orders", "login /auth/login", "default /orders"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}
