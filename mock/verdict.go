package mock

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/mock/judge"
)

// Finding is one thing that the client under test did wrong.
type Finding struct {
	// Rule names it; see the Rule constants.
	Rule string
	// Doubt tells that it may be right in some cases: it fails no test.
	Doubt bool
	// Title says what was done, Message what happened here. Neither holds a
	// credential.
	Title, Message string
	// Why says what comes of it, and Fix what to change.
	Why, Fix string
	// Section of the specification that asks for it; empty if none does.
	Section string
	// Requests prove it.
	Requests []Exchange
}

// String is what a failing test shows.
func (f Finding) String() string { return Verdict{f}.String() }

// Verdict is everything that a client did wrong, the gravest first.
type Verdict []Finding

// Good tells that there is nothing but doubts.
func (v Verdict) Good() bool { return len(v.faults()) == 0 }

// Of are the findings of these rules.
func (v Verdict) Of(rules ...string) Verdict {
	var out Verdict
	for _, f := range v {
		if slices.Contains(rules, f.Rule) {
			out = append(out, f)
		}
	}
	return out
}

func (v Verdict) faults() Verdict {
	var out Verdict
	for _, f := range v {
		if !f.Doubt {
			out = append(out, f)
		}
	}
	return out
}

// rules are those that were broken, each once.
func (v Verdict) rules() []string {
	var out []string
	for _, f := range v {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	return out
}

// String has a paragraph for each rule that was broken, with what proves it.
func (v Verdict) String() string {
	var b strings.Builder
	for i, rule := range v.rules() {
		if i > 0 {
			b.WriteByte('\n')
		}
		all := v.Of(rule)
		b.WriteString(rule + ": " + all[0].Title)
		for _, f := range all {
			if f.Message != "" {
				b.WriteString("\n  " + f.Message)
			}
			for _, x := range f.Requests {
				b.WriteString("\n    " + x.String())
			}
		}
		b.WriteString("\n  why: " + all[0].Why)
		if all[0].Section != "" {
			b.WriteString(" (" + all[0].Section + ")")
		}
		b.WriteString("\n  fix: " + all[0].Fix)
	}
	return b.String()
}

// Verdict judges what the client did, each world for itself. What the record
// does not show is not claimed. The requests of one world are taken for those of
// one client: give each client a world of its own.
func (r *Record) Verdict() Verdict {
	r.host.traffic.settle()
	bySession, order := map[string][]Entry{}, []string{}
	byID := map[int64]*Entry{}
	all := r.entries()
	for i, e := range all {
		if _, ok := bySession[e.Session]; !ok {
			order = append(order, e.Session)
		}
		bySession[e.Session] = append(bySession[e.Session], e)
		byID[e.ID] = &all[i]
	}
	var out Verdict
	for _, session := range order {
		for _, found := range r.host.judge(bySession[session]) {
			rule, _ := judge.Lookup(found.Rule)
			f := Finding{
				Rule: string(found.Rule), Doubt: found.Severity != judge.Fault, Title: rule.Title, Message: found.Message,
				Why: rule.Why, Fix: rule.Fix, Section: rule.Section,
			}
			for _, id := range found.Entries {
				if e := byID[id]; e != nil {
					f.Requests = append(f.Requests, r.exchange(e))
				}
			}
			out = append(out, f)
		}
	}
	at := map[string]int{}
	for i, rule := range judge.Rules() {
		at[string(rule.ID)] = i
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(at[a.Rule], at[b.Rule]) })
	return out
}

// What is looked at: values of Finding.Rule.
const (
	RuleCredentialLeaked    = "credential-leaked"     // a credential went to another server
	RuleCredentialInClear   = "credential-in-clear"   // one that belongs to https went over http
	RuleTokenInURL          = "token-in-url"          // a token stood in a URL
	RulePasswordRepeated    = "password-repeated"     // a refused password was sent again
	RulePasswordUnasked     = "password-unasked"      // a password was sent to a server that does not ask for one
	RuleTokenRepeated       = "token-repeated"        // a refused token was sent again
	RuleKeptAsking          = "kept-asking"           // the client went on asking after it was refused for good
	RuleRefreshStampede     = "refresh-stampede"      // several requests at once redeemed one refresh token
	RuleRefreshTokenReused  = "refresh-token-reused"  // a refresh token was redeemed after it was replaced
	RuleRefreshLoop         = "refresh-loop"          // a new token was refused, and refreshed once more
	RuleRefreshForForbidden = "refresh-for-forbidden" // a 403 led to a refresh
	RuleNotRefreshed        = "not-refreshed"         // the token had expired and was not refreshed
	RuleNotRepeated         = "not-repeated"          // the token was refreshed and the request not sent again
	RuleOldTokenUsed        = "old-token-used"        // the old token was sent after a new one was there
	RuleTokenThrownAway     = "token-thrown-away"     // the client logged in again because a server could not answer
	RuleLoginLoop           = "login-loop"            // the client logged in again and again
	RuleAskedDuringPause    = "asked-during-pause"    // the client did not wait as long as Retry-After says
	RuleBodyLost            = "body-lost"             // the repeated request had another body
	RuleDigestCountRepeated = "digest-count-repeated" // a Digest nonce count was used twice
	RuleDigestStaleIgnored  = "digest-stale-ignored"  // the old nonce was used after the server called it stale
	RuleDigestWeaker        = "digest-weaker"         // a weaker algorithm was used than the first one offered; a doubt
)
