package build

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/nearest"
)

// doubts finds rules that can be written and that match no request: what they
// protect is judged by another rule; and those that ask less than the file says
// elsewhere.
func doubts(cfg *config.File) []access.Warning {
	known := verbs()
	var all []access.Warning
	for i, r := range cfg.Rules {
		name := r.Name
		if name == "" {
			name = r.Path
		}
		for _, v := range r.Verbs {
			if slices.Contains(known, v) {
				continue
			}
			hint := "if clients send it, nothing is wrong"
			if meant := nearestVerb(v, known); meant != "" {
				hint = fmt.Sprintf("did you mean %s?", meant)
			}
			all = append(all, access.Warning{Index: i, Rule: name, Field: "verbs",
				Message: v + " is no registered request method", Hint: hint})
		}
		if p := cfg.Gate.Prefix; strings.HasPrefix(r.Path, p+"/") {
			all = append(all, access.Warning{Index: i, Rule: name, Field: "path",
				Message: fmt.Sprintf("never reached: the gate answers all below %s itself", p),
				Hint:    "if the upstream has such paths, choose another gate.prefix"})
		}
		if p := gate401.MetadataPath; r.Path == p || strings.HasPrefix(r.Path, p+"/") {
			all = append(all, access.Warning{Index: i, Rule: name, Field: "path",
				Message: fmt.Sprintf("never reached: the gate answers %s itself, with the metadata of what the rules protect (RFC 9728)", p),
				Hint:    "to name the resource, give the rule that protects it the key resource"})
		}
	}
	return slices.Concat(all, halfProofs(cfg), sharedTokens(cfg))
}

// sharedTokens finds upstreams that are told who is asking in a token that is for
// another one too, which each could show to the other. Where the file names the
// same audience for both, that is a decision.
func sharedTokens(cfg *config.File) []access.Warning {
	if !cfg.Identity.JWT.On() {
		return nil
	}
	type api struct {
		name string
		own  bool
	}
	first, told := map[string]api{}, map[string]bool{}
	var all []access.Warning
	look := func(i int, rule string, a *config.Asks) {
		to, ok := cfg.DefaultUpstream()
		if a.Upstream != "" {
			to, ok = cfg.Upstreams.Find(a.Upstream)
		}
		if !ok || a.Allow != "" {
			return
		}
		here, audience := api{cmp.Or(to.Name, "of gate.upstream"), to.Audience != ""}, cfg.Audience(a)
		before, seen := first[audience]
		if !seen {
			first[audience] = here
		}
		if !seen || before.name == here.name || before.own && here.own || told[here.name] {
			return
		}
		told[here.name] = true
		all = append(all, access.Warning{Index: i, Rule: rule, Field: "upstream",
			Message: fmt.Sprintf("upstream %s gets the same token as upstream %s (aud %s), and each could show it to the other", here.name, before.name, audience),
			Hint:    "give them audiences of their own under upstreams; name the same one at both if they may"})
	}
	look(-1, access.DefaultRule, &cfg.Default)
	for i := range cfg.Rules {
		r := &cfg.Rules[i]
		look(i, cmp.Or(r.Name, r.Path), &r.Asks)
	}
	return all
}

// halfProofs finds methods that take the password alone of people who need a
// second factor to log in, beside that login: whoever has stolen the password
// takes the easier way. It finds those too that for that reason refuse everybody.
// Rules of their own are a decision; what is said is said once for each method, at
// the first rule.
func halfProofs(cfg *config.File) []access.Warning {
	who, everybody := "login.second_factor_groups ask", cfg.Login.SecondFactor == "required"
	switch {
	case everybody:
		who = "login.second_factor asks"
	case len(cfg.Login.SecondFactorGroups) == 0:
		return nil
	}
	login, _ := cfg.Session()
	var all []access.Warning
	for _, m := range cfg.Methods {
		if !halfProof(cfg, m) || !everybody && !m.Basic.PasswordAlone {
			continue
		}
		first, name, more := -1, access.DefaultRule, 0
		for i, r := range slices.Concat(cfg.Rules, []config.Rule{{Asks: cfg.Default}}) {
			both := accepted(cfg, r.Methods)
			has := func(name string) bool {
				return slices.ContainsFunc(both, func(m config.Method) bool { return m.Name == name })
			}
			if r.Allow != "" || !has(m.Name) || m.Basic.PasswordAlone && !has(login.Name) {
				continue
			}
			more++
			if more > 1 {
				continue
			}
			if i < len(cfg.Rules) {
				first, name = i, cmp.Or(r.Name, r.Path)
			}
		}
		if more == 0 {
			continue
		}
		message, hint := fmt.Sprintf("method %s takes the password alone, where %s people for a second factor", m.Name, who),
			fmt.Sprintf("leave %s out, or give it rules of its own", m.Name)
		if !m.Basic.PasswordAlone {
			message, hint = fmt.Sprintf("method %s lets nobody in: %s everybody for more than a password", m.Name, who),
				fmt.Sprintf("leave %s out and give programs keys; or say password_alone: true there", m.Name)
		}
		if more > 1 {
			message += fmt.Sprintf(" (%d rules do so)", more)
		}
		all = append(all, access.Warning{Index: first, Rule: name, Field: "methods", Message: message, Hint: hint})
	}
	return all
}

func nearestVerb(got string, known []string) string {
	best, least := "", 2+len(got)/5
	for _, k := range known {
		if d := nearest.Slips(got, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// verbs are the request methods of RFC 9110 section 9, RFC 5789, WebDAV (RFC
// 4918, 3253, 3648, 3744, 4437, 4791, 5323, 5842) and RFC 2068 section 19.6.1,
// the common ones first.
func verbs() []string {
	return []string{
		"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "ACL", "MKCALENDAR",
		"BIND", "UNBIND", "REBIND", "CHECKIN", "CHECKOUT", "UNCHECKOUT", "VERSION-CONTROL", "BASELINE-CONTROL", "LABEL", "MERGE",
		"MKACTIVITY", "MKWORKSPACE", "UPDATE", "ORDERPATCH", "MKREDIRECTREF", "UPDATEREDIRECTREF", "LINK", "UNLINK",
	}
}
