package openapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/getkin/kin-openapi/openapi3"
)

// secure gives an operation the gates of its requirements.
func (d *Document) secure(o *operation, security openapi3.SecurityRequirements) {
	for _, requirement := range security {
		var alt alternative
		var names []string
		for name := range requirement {
			names = append(names, name)
		}
		slices.Sort(names)
		fields := 0
		for _, name := range names {
			s := d.schemes[name]
			if s == nil { // the validation refuses it
				continue
			}
			scopes := requirement[name]
			if !s.scoped && len(scopes) > 0 {
				d.warn("%s %s: the roles %q of the scheme %q are not enforced", o.Method, o.Path, scopes, name)
				scopes = nil
			}
			alt.uses = append(alt.uses, d.use(s, scopes))
			if s.spec.Type == "http" || s.spec.Type == "oauth2" || s.spec.Type == "openIdConnect" {
				fields++
			}
		}
		if fields > 1 {
			d.warn("%s %s: no request can fulfil %s together, for each of them wants the Authorization field", o.Method, o.Path, strings.Join(names, " and "))
		}
		o.alternatives = append(o.alternatives, alt)
		o.enforceable = o.enforceable || len(alt.uses) > 0 && !slices.ContainsFunc(alt.uses, func(u *use) bool { return u.gate == nil })
		o.Security = append(o.Security, append([]string{}, names...))
	}
}

// use is the gate of a scheme and scopes; equal ones share it, so that a nonce
// of Digest counts once.
func (d *Document) use(s *scheme, scopes []string) *use {
	sorted := slices.Clone(scopes)
	slices.Sort(sorted)
	key := strings.Join(sorted, " ")
	if u := s.uses[key]; u != nil {
		return u
	}
	u := &use{scheme: s, scopes: scopes}
	if s.method != nil {
		u.rule = gate401.Requirement{Rule: s.name, Accept: []gate401.Authenticator{s.method}, Scopes: scopes}
		u.gate = &gate401.Gate{
			Policy: func(*gate401.Request) gate401.Requirement { return u.rule },
			// The passwords of a mock are there to be known.
			Guard: gate401.DangerouslyUnguarded{},
		}
	}
	s.uses[key] = u
	return u
}

// verdict is what the gates of an operation say together.
type verdict struct {
	request  *gate401.Request
	decision gate401.Decision
	unproven []string // names of schemes that were not enforced
}

// judge asks the gates. The requirements of an operation are alternatives, and
// each asks for all of its schemes, which no gate can say; so every scheme has a
// gate of its own, and what they say is put together here.
func (d *Document) judge(o *operation, hr *http.Request) verdict {
	in := gate401.Intake{Now: d.options.Now}
	r, err := in.Request(hr)
	if err != nil {
		return verdict{request: r, decision: gate401.Malformed(r, err)}
	}
	v := verdict{request: r, decision: gate401.Decision{Allow: true, Rule: o.Method + " " + o.Path}}
	if len(o.alternatives) == 0 {
		return v
	}
	said := d.ask(o, hr, r)
	optional := false
	var best []gate401.Decision // the failures of the alternative that came closest
	bestScore := -1
	for _, alt := range o.alternatives {
		if len(alt.uses) == 0 {
			optional = true
			continue
		}
		var failed []gate401.Decision
		var unproven []string
		score := 0
		for _, u := range alt.uses {
			if u.gate == nil {
				unproven = append(unproven, u.scheme.name)
				continue
			}
			one := said[u]
			switch {
			case one.Allow:
				score += 4
				v.decision.Identity = one.Identity
			case sent(&one):
				score += 2
			case !absent(&one):
				score++
			}
			if !one.Allow {
				failed = append(failed, one)
			}
		}
		switch {
		case len(failed) == 0 && (len(unproven) == 0 || !o.enforceable):
			v.unproven = unproven
			return v
		case len(failed) == 0:
			// Nobody showed a certificate, and there is another way.
			continue
		}
		if score > bestScore {
			best, bestScore = failed, score
		}
	}
	v.decision.Identity = nil
	if optional && (best == nil || !slices.ContainsFunc(decisions(said), func(one gate401.Decision) bool { return !one.Allow && !absent(&one) })) {
		return v
	}
	v.decision = merge(o, r, best)
	return v
}

// ask asks each gate of the operation once: an answer to a nonce of Digest counts
// once, and so does a token whose uses are counted.
func (d *Document) ask(o *operation, hr *http.Request, r *gate401.Request) map[*use]gate401.Decision {
	defer d.logins.Delete(r)
	said := map[*use]gate401.Decision{}
	found := false // the Authorization field is some scheme's
	for _, alt := range o.alternatives {
		for _, u := range alt.uses {
			if _, ok := said[u]; ok || u.gate == nil {
				continue
			}
			one := u.gate.Decide(hr.Context(), r)
			said[u] = one
			found = found || u.scheme.takesField() && (one.Allow || sent(&one))
		}
	}
	if !found {
		return said
	}
	// A gate that knows nothing of the others takes their credential for one
	// that is none.
	for u, one := range said {
		if one.Allow || sent(&one) || absent(&one) || r.Header["Authorization"] == nil {
			continue
		}
		switch one.Reason() {
		case reason.SchemeUnsupported, reason.AuthorizationMalformed, reason.AuthorizationMisspelt:
			code := reason.CredentialsMissing
			if m, ok := u.scheme.method.(gate401.Misser); ok {
				code = m.Missing()
			}
			said[u] = gate401.Decision{Rule: u.rule.Rule, Denial: &gate401.Denial{Reason: code},
				Challenges: u.scheme.method.Challenges(r, &u.rule, nil)}
		default:
		}
	}
	return said
}

// takesField tells whether the scheme's credential is in the Authorization field.
func (s *scheme) takesField() bool {
	return s.spec.Type != "apiKey" || s.spec.In == "header" && strings.EqualFold(s.spec.Name, "Authorization")
}

func decisions(said map[*use]gate401.Decision) []gate401.Decision {
	out := make([]gate401.Decision, 0, len(said))
	for _, one := range said {
		out = append(out, one)
	}
	return out
}

// sent tells whether a credential was found and refused, and absent whether there
// was none at all; between them are those that cannot be read.
func sent(d *gate401.Decision) bool { return d.Denial != nil && d.Denial.Method != "" }

func absent(d *gate401.Decision) bool {
	return d.Reason() == reason.CredentialsMissing || d.Reason() == reason.APIKeyMissing
}

// merge makes one refusal of several: the reason of what was sent and wrong
// before that of what is missing, and the challenges of every scheme of the
// operation.
func merge(o *operation, r *gate401.Request, failed []gate401.Decision) gate401.Decision {
	main := slices.MaxFunc(failed, func(a, b gate401.Decision) int { return weight(&a) - weight(&b) })
	main.Rule = o.Method + " " + o.Path
	if main.Status() != http.StatusUnauthorized {
		return main
	}
	var all []httpauth.Challenge
	add := func(c httpauth.Challenge) {
		for i := range all {
			if all[i].String() == c.String() {
				return
			}
			// Two schemes of the document may be one on the wire.
			if strings.EqualFold(all[i].Scheme, c.Scheme) && parameter(all[i], "algorithm") == parameter(c, "algorithm") {
				if _, has := c.Param("error"); has {
					all[i] = c
				}
				return
			}
		}
		all = append(all, c)
	}
	for _, c := range main.Challenges {
		add(c)
	}
	for _, alt := range o.alternatives {
		for _, u := range alt.uses {
			if u.gate == nil {
				continue
			}
			// Without an error: that stands on the scheme that was refused alone.
			for _, c := range u.scheme.method.Challenges(r, &u.rule, nil) {
				add(c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b httpauth.Challenge) int { return rank(a) - rank(b) })
	return gate401.Decision{Rule: main.Rule, Identity: main.Identity, Denial: main.Denial, Challenges: all, Header: main.Header, Steps: main.Steps}
}

func parameter(c httpauth.Challenge, name string) string {
	v, _ := c.Param(name)
	return v
}

func weight(d *gate401.Decision) int {
	switch {
	case d.Status() >= 500:
		return 4
	case sent(d):
		return 3
	case !absent(d):
		return 2
	}
	return 1
}

// rank puts the strongest scheme first, as gates do.
func rank(c httpauth.Challenge) int {
	switch {
	case c.Is("Bearer"):
		return 0
	case c.Is("Digest"):
		return 1
	case c.Is("Basic"):
		return 3
	}
	return 2
}
