package gate401

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// challenges are the ways to ask again after d. A 401 names every scheme that
// the rule accepts (RFC 9110 section 15.5.2); of the 403s only insufficient
// scope carries a challenge (RFC 6750 section 3.1), for the method it was about.
//
// The fields are the challenges as they are printed, where that is known.
func challenges(r *Request, q *Requirement, f finding, d *Denial) (all []httpauth.Challenge, fields []string) {
	info := d.Reason.Shown()
	switch {
	case info.Status == http.StatusUnauthorized && q.prepared != nil:
		a := q.prepared.asked(r, q, f, d)
		return calm(r, q, a.challenges, a.fields)
	case info.Status == http.StatusUnauthorized:
		return calm(r, q, gather(r, *q, f, d), nil)
	case d.Reason == reason.ScopeInsufficient:
		return refusing(r, *q, d), nil
	}
	return nil, nil
}

// calm leaves out what makes browsers open a dialog of their own, for fetch() and
// images too, where the rule has a page to log in at. A client that sent that
// scheme itself knows what it does.
func calm(r *Request, q *Requirement, all []httpauth.Challenge, fields []string) ([]httpauth.Challenge, []string) {
	if len(r.Header["Sec-Fetch-Mode"]) == 0 || !slices.ContainsFunc(q.Accept, isPager) {
		return all, fields
	}
	sent, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	var (
		rest    []httpauth.Challenge
		printed []string
	)
	for i, c := range all {
		if (c.Is("Basic") || c.Is("Digest")) && !c.Is(sent) {
			continue
		}
		rest = append(rest, c)
		if fields != nil {
			printed = append(printed, fields[i])
		}
	}
	return rest, printed
}

func isPager(a Authenticator) bool {
	_, is := a.(Pager)
	return is
}

// refusing are the challenges that say what was wrong.
func refusing(r *Request, q Requirement, d *Denial) []httpauth.Challenge {
	var own []httpauth.Challenge
	for _, a := range q.Accept {
		for _, c := range a.Challenges(r, &q, d) {
			if has(c, "error") {
				own = merge(own, c)
			}
		}
	}
	return withScope(ordered(own), &q, d)
}

// gather asks every method of the rule for its challenges, merges those of one
// scheme and puts the strongest first. The requirement comes as a copy, because
// methods may keep a pointer to theirs, and the allowed path must not pay for
// that.
func gather(r *Request, q Requirement, f finding, d *Denial) []httpauth.Challenge {
	var all []httpauth.Challenge
	for i, a := range q.Accept {
		var own *Denial
		if (f.chosen != nil && i == f.index) || (d != nil && d.Reason == reason.AuthenticationTooOld) {
			own = d
		}
		for _, c := range a.Challenges(r, &q, own) {
			all = merge(all, c)
		}
	}
	return withScope(ordered(all), &q, d)
}

// merge adds c, or gives its params to the challenge of the same scheme and
// realm that is there already. Digest keeps one challenge per algorithm
// (RFC 7616 section 3.7).
func merge(all []httpauth.Challenge, c httpauth.Challenge) []httpauth.Challenge {
	if c.Token68 != "" || strings.EqualFold(c.Scheme, "Digest") {
		return append(all, c)
	}
	realm, _ := c.Param("realm")
	i := slices.IndexFunc(all, func(o httpauth.Challenge) bool {
		other, _ := o.Param("realm")
		return strings.EqualFold(o.Scheme, c.Scheme) && o.Token68 == "" && other == realm
	})
	if i < 0 {
		return append(all, c)
	}
	params := slices.Clone(all[i].Params)
	for _, p := range c.Params {
		if !has(all[i], p.Name) {
			params = append(params, p)
		}
	}
	all[i].Params = params
	return all
}

// ordered puts the strongest scheme first: some proxies and clients look at the
// first challenge only.
func ordered(all []httpauth.Challenge) []httpauth.Challenge {
	slices.SortStableFunc(all, func(a, b httpauth.Challenge) int { return rank(a.Scheme) - rank(b.Scheme) })
	return all
}

func rank(scheme string) int {
	for i, s := range [...]string{"DPoP", "Bearer", "Digest", "Session"} {
		if strings.EqualFold(s, scheme) {
			return i
		}
	}
	if strings.EqualFold(scheme, "Basic") {
		return 9
	}
	return 5
}

// has tells whether the challenge has a parameter of that name.
func has(c httpauth.Challenge, name string) bool {
	_, ok := c.Param(name)
	return ok
}

// printed writes each challenge as a field of its own.
func printed(all []httpauth.Challenge) []string {
	fields := make([]string, len(all))
	for i := range all {
		fields[i] = all[i].String()
	}
	return fields
}

// ErrorParams are the parameters that tell a client of a Bearer challenge what
// was wrong: error, error_description and scope (RFC 6750 section 3), and
// max_age (RFC 9470 section 3). There are none where d is nil or its reason has
// no registered error code.
func ErrorParams(q *Requirement, d *Denial) []httpauth.Param {
	if d == nil {
		return nil
	}
	info := d.Reason.Shown()
	if info.Error == "" {
		return nil
	}
	params := []httpauth.Param{{Name: "error", Value: info.Error}, {Name: "error_description", Value: info.Title}}
	if len(d.Scope) > 0 {
		params = append(params, httpauth.Param{Name: "scope", Value: strings.Join(d.Scope, " ")})
	}
	if d.Reason == reason.AuthenticationTooOld && q != nil && q.MaxAge > 0 {
		params = append(params, httpauth.Param{Name: "max_age", Value: strconv.FormatInt(int64(q.MaxAge/time.Second), 10)})
	}
	return params
}

// withError gives ErrorParams to the Bearer challenges that have no error yet.
func withError(in []httpauth.Challenge, q *Requirement, d *Denial) []httpauth.Challenge {
	params := ErrorParams(q, d)
	if len(params) == 0 {
		return in
	}
	out := slices.Clone(in)
	for i, c := range out {
		if c.Is("Bearer") && !has(c, "error") {
			out[i].Params = append(slices.Clone(c.Params), params...)
		}
	}
	return out
}
