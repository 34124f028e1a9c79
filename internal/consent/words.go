package consent

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
)

// question is what the consent page asks.
type question struct {
	a             *issuer.Authorization
	p             *session.Person
	request, bind string
}

// sorry is a page that tells why something does not go on.
type sorry struct {
	Title, Says, Then, Client string
	Back                      string      // a link to the client, which nobody vouches for; empty for none
	Code                      reason.Code // that the guide explains; empty for none
}

// right is a scope as people read it.
type right struct {
	// Words say what it allows; Scope is its name, shown beside words of the
	// operator's and alone without any.
	Words, Scope string
}

// rights are what the client gets, in words: scopes, and what the person may do as
// a member of groups, which no scope bounds.
func (v *visit) rights(scopes, groups []string) []right {
	var out []right
	for _, scope := range scopes {
		words, ok := v.e.Words[scope]
		switch {
		case ok:
			out = append(out, right{words, scope})
		case scope == issuer.ScopeOpenID:
			out = append(out, right{Words: "Know who you are here"})
		case scope == "profile":
			out = append(out, right{Words: "See your name and your groups"})
		case scope == "email":
			out = append(out, right{Words: "See your email address"})
		case scope == "offline_access":
			out = append(out, right{Words: "Act for you also while you are not there"})
		default:
			out = append(out, right{Scope: scope})
		}
	}
	if len(groups) > 0 {
		text := strings.Join(groups, ", ")
		if runes := []rune(text); len(runes) > maxGroups {
			text = string(runes[:maxGroups]) + "…"
		}
		out = append(out, right{Words: "Do what you may do as a member of " + text})
	}
	return out
}

// maxGroups bounds a line of the page.
const maxGroups = 160

// staying tells whether the client can go on without the person.
func staying(q question) bool {
	return slices.Contains(q.a.Client.Grants, issuer.GrantRefreshToken)
}

// place is where the browser goes after the answer: a host, or words for one of
// the person's own devices.
func place(redirect string) (text string, host bool) {
	u, err := url.Parse(redirect)
	switch {
	case err != nil:
		return redirect, true
	case u.Scheme == "https":
		return u.Host, true
	case u.Scheme == "http":
		return "a program on this computer", false
	}
	return "the app “" + u.Scheme + "” on this device", false
}

// warning is said where any program on the device could be the one that asks
// (RFC 8252 section 8.6).
func warning(redirect string) string {
	u, err := url.Parse(redirect)
	switch {
	case err != nil || u.Scheme == "https":
		return ""
	case u.Scheme == "http":
		return "Any program on this computer can ask like this. Allow it only if you started it yourself just now."
	}
	return "Any app on this device can ask like this. Allow it only if you came from it yourself just now."
}
