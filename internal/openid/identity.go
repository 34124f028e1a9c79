package openid

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

const (
	// maxSubject is that of OpenID Connect Core 1.0 section 2, with room for
	// another claim; maxShown bounds a name.
	maxSubject = 255
	maxShown   = 100
	maxMeans   = 16
	// clockLeeway forgives clocks that disagree about when somebody proved
	// something.
	clockLeeway = time.Minute
)

// Errors about a person for whom the provider has vouched.
var (
	errNotAllowed = errors.New("the provider vouches for the person, who is none of those that may log in here")
	errNotFresh   = errors.New("the person was to prove anew who they are")
)

// nameClaims are what people are shown as, the first one that is there (OpenID
// Connect Core 1.0 section 5.1).
func nameClaims() []string { return []string{"name", "preferred_username", "email"} }

// unknownTime stands for a proof of which nobody knows when it was: so long ago
// that every rule about its age wants another one.
func unknownTime() time.Time { return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) }

// proved is the person that an answer speaks of.
func (p *Provider) proved(a *answer, f flow, now time.Time) (session.Proved, error) {
	who := session.Proved{
		Subject: a.claims.Subject, Issuer: p.Issuer, Provider: p.Name, AuthTime: a.claims.AuthTime,
		AMR: means(a.claims.AMR),
	}
	if acr := a.claims.ACR; len(acr) <= store.MaxText && !strings.ContainsFunc(acr, control) {
		who.ACR = acr
	}
	email, verified := p.email(a)
	if p.Subject != "" && p.Subject != "sub" {
		named := token.StringsIn(a.all, p.Subject)
		if len(named) != 1 || named[0] == "" {
			return who, fmt.Errorf("the claim %q that names people is not there, or is no text", p.Subject)
		}
		who.Subject = named[0]
		if p.Subject == "email" && !verified {
			return who, fmt.Errorf("%w: the address is not verified (email_verified), see trust_email", errNotAllowed)
		}
	}
	if len(who.Subject) > maxSubject || strings.ContainsFunc(who.Subject, control) {
		return who, errors.New("the claim that names people is too long, or has control characters")
	}
	who.Display = p.display(a)
	var err error
	if who.Groups, err = p.groups(a); err != nil {
		return who, err
	}
	if !p.allowed(who.Groups, email, verified) {
		return who, fmt.Errorf("%w: %s", errNotAllowed, p.whyNot(who.Groups, email, verified))
	}
	return who, p.fresh(&who, f, now)
}

// fresh judges when the person gave the proof.
func (p *Provider) fresh(who *session.Proved, f flow, now time.Time) error {
	switch {
	case who.AuthTime.After(now.Add(clockLeeway)):
		return fmt.Errorf("id token: auth_time is %s, which is later than now, %s: does the provider's clock agree with ours?",
			who.AuthTime.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case who.AuthTime.After(now):
		who.AuthTime = now
	case who.AuthTime.IsZero() && p.AssumeFresh && f.Again:
		who.AuthTime = now
	case who.AuthTime.IsZero():
		who.AuthTime = unknownTime()
	}
	if f.Again && who.AuthTime.Before(f.Began) && !who.AuthTime.Before(f.Began.Add(-clockLeeway)) {
		// Its clock is behind ours, by which the proof was asked for.
		who.AuthTime = f.Began
	}
	if f.Again && who.AuthTime.Before(f.Began.Add(-clockLeeway)) {
		if who.AuthTime.Equal(unknownTime()) {
			return fmt.Errorf("%w, and the provider does not tell when they did (auth_time), see assume_fresh", errNotFresh)
		}
		return fmt.Errorf("%w, and did so at %s last, before this login began", errNotFresh, who.AuthTime.UTC().Format(time.RFC3339))
	}
	return nil
}

// groups gathers those of all claims, each once, and gives them our names.
func (p *Provider) groups(a *answer) ([]string, error) {
	from := p.GroupsFrom
	if from == nil {
		from = []string{"groups", "roles"}
	}
	var all []string
	for _, path := range from {
		for _, g := range token.StringsIn(a.all, path) {
			if p.Groups != nil {
				g = p.Groups[g]
			}
			if len(g) > store.MaxText {
				return nil, fmt.Errorf("the name of a group has more than %d octets", store.MaxText)
			}
			if g != "" && !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
		// To leave some out would make a rule say no to the wrong people.
		if len(all) > store.MaxList {
			return nil, fmt.Errorf("the person is in more than %d groups: name those that matter with groups", store.MaxList)
		}
	}
	return all, nil
}

// whyNot says what the provider told of somebody who is not allowed, for whoever
// wonders in the log: most often a scope is missing, without which nothing is told.
func (p *Provider) whyNot(groups []string, email string, verified bool) string {
	var why []string
	if len(p.OnlyGroups) > 0 {
		if len(groups) == 0 {
			why = append(why, "no group came of the claims of groups_from; do scopes ask for them?")
		} else {
			why = append(why, fmt.Sprintf("its groups are %q", groups[:min(len(groups), maxMeans)]))
		}
	}
	if len(p.OnlyEmails) > 0 {
		switch {
		case email == "":
			why = append(why, "the provider told of no address")
		case !verified:
			why = append(why, "its address is not verified (email_verified), see trust_email")
		default:
			why = append(why, "its address is another one")
		}
	}
	return strings.Join(why, "; ")
}

// allowed tells whether the person may log in at all.
func (p *Provider) allowed(groups []string, email string, verified bool) bool {
	if len(p.OnlyGroups) == 0 && len(p.OnlyEmails) == 0 {
		return true
	}
	if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(p.OnlyGroups, g) }) {
		return true
	}
	return verified && slices.ContainsFunc(p.OnlyEmails, func(pattern string) bool { return fits(pattern, email) })
}

// fits compares an address with another, or with all of a domain. No two people
// of one domain differ by the case of their letters in practice; that is said of
// ASCII alone, since the letters of others have small ones that are somebody
// else's. What has two signs @ is read in two ways.
func fits(pattern, email string) bool {
	if strings.Count(email, "@") != 1 || strings.ContainsFunc(email, control) {
		return false
	}
	pattern, email = strings.Map(small, pattern), strings.Map(small, email)
	domain, all := strings.CutPrefix(pattern, "*@")
	if !all {
		return email == pattern
	}
	at := strings.LastIndexByte(email, '@')
	return at > 0 && email[at+1:] == domain
}

func small(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// email is the address of the person, and whether it is known to be theirs.
func (p *Provider) email(a *answer) (address string, verified bool) {
	address, _ = a.all["email"].(string)
	switch v := a.all["email_verified"].(type) {
	case bool:
		verified = v
	case string:
		verified = v == "true"
	}
	return address, address != "" && (verified || p.TrustEmail)
}

// display is what the person is shown as.
func (p *Provider) display(a *answer) string {
	for _, name := range nameClaims() {
		if s, ok := a.all[name].(string); ok {
			s = strings.TrimSpace(strings.Map(func(r rune) rune {
				if control(r) {
					return -1
				}
				return r
			}, s))
			if s != "" {
				return cut(s, maxShown)
			}
		}
	}
	return ""
}

// control tells what must not be shown: it may turn the text around it.
func control(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}

// cut shortens s at the end of a letter.
func cut(s string, size int) string {
	if len(s) > size {
		s = s[:size]
	}
	return strings.ToValidUTF8(s, "")
}

// means are those of the proof, as many as anybody has.
func means(all []string) []string {
	var out []string
	for _, m := range all {
		if m != "" && len(m) <= maxShown && len(out) < maxMeans && !strings.ContainsFunc(m, control) {
			out = append(out, m)
		}
	}
	return out
}
