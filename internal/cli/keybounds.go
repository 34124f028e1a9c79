package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

// keyWithin refuses a key that would be allowed more than its owner, unless that is
// meant: whoever holds it could do in the owner's name what the owner cannot.
func (r *records) keyWithin(owner store.Account, ask people.NewKey, beyond bool) error {
	if beyond {
		return nil
	}
	more := listed(
		lacking("scope", "scopes", ask.Scopes, owner.Scopes),
		lacking("group", "groups", ask.Groups, owner.Groups),
	)
	if more == "" {
		return nil
	}
	has := listed(having("scope", "scopes", owner.Scopes), having("group", "groups", owner.Groups))
	if has == "" {
		has = "no scope and no group"
	}
	name, again := explain.Visible(owner.Name), r.at.flagsAgain()
	return fail(ExitProblems, fmt.Errorf("the key would be allowed more than %s is: %s", name, more), name+" has "+has,
		`"gate401 user scopes `+name+` --add SCOPES`+again+`" and "gate401 user groups `+name+` --add GROUP`+again+`" give the account more; --beyond-owner makes the key on purpose`)
}

// lacking names what is asked and not had.
func lacking(one, many string, asked, had []string) string {
	var more []string
	for _, word := range asked {
		if !slices.Contains(had, word) {
			more = append(more, word)
		}
	}
	return having(one, many, more)
}

func having(one, many string, list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return "the " + one + " " + explain.Visible(list[0])
	}
	return "the " + many + " " + explain.Visible(strings.Join(list, ", "))
}

// listed joins what is there.
func listed(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " and ")
}

// keyEnvironment refuses a key that no method would take, where the file tells.
func (r *records) keyEnvironment(env string) error {
	var known []string
	for _, m := range r.cfg.Methods {
		if m.APIKey != nil && !slices.Contains(known, m.APIKey.Environment) {
			known = append(known, m.APIKey.Environment)
		}
	}
	switch {
	case slices.Contains(known, env):
		return nil
	case len(known) == 0:
		r.app.say("note: no method of the configuration takes API keys")
		return nil
	case !r.cfg.Read():
		r.app.say("note: a gate without a file takes keys of the environment %s alone, and refuses this one as api-key-wrong-environment", known[0])
		return nil
	}
	return fail(ExitProblems, fmt.Errorf("--env: no method of the configuration takes keys of the environment %s", env),
		"--env "+strings.Join(known, ", or --env "))
}

// keyDoubts says what somebody may not have meant. owner is nil for nobody.
func (a *app) keyDoubts(owner *store.Account, ask people.NewKey) {
	switch {
	case owner == nil && ask.Expires.IsZero():
		a.say("note: the key has neither an owner nor an end: it is good until somebody revokes it; --owner NAME, --expires 90d")
	case owner != nil && len(ask.Groups) == 0 && len(owner.Groups) > 0:
		a.say("note: the key is in no group, although %s is in %s: a rule that asks for a group refuses it; --group %s",
			explain.Visible(owner.Name), explain.Visible(strings.Join(owner.Groups, ", ")), explain.Visible(owner.Groups[0]))
	}
}
