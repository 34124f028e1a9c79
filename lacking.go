package gate401

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gate401/gate401/reason"
)

// What came beside what is wanted, for the operator: the log line and the trace
// of a refusal have room for some names of either.

func notOwner(q *Requirement, id *Identity) error {
	return deny(reason.NotOwner, fmt.Errorf("the path belongs to %s, and this is %s", account(q.Owner, q.OwnerIssuer), account(id.Subject, id.Issuer)))
}

// account names a subject beside its issuer: alice of one is not alice of another.
func account(subject, issuer string) string {
	switch {
	case subject == "":
		return "nobody"
	case issuer == "":
		return fmt.Sprintf("the account %q of this gate", short(subject))
	}
	return fmt.Sprintf("%q of the issuer %q", short(subject), short(issuer))
}

func groupMissing(q *Requirement, id *Identity) error {
	return deny(reason.GroupMissing, fmt.Errorf("the rule wants one of the groups %s, and %s has %s", names(q.Groups), proof(id), names(id.Groups)))
}

func scopeInsufficient(q *Requirement, id *Identity) error {
	return &Denial{Reason: reason.ScopeInsufficient, Scope: q.Scopes,
		Err: fmt.Errorf("the rule wants the scopes %s, and %s has %s", names(q.Scopes), proof(id), names(id.Scopes))}
}

// proof is what has groups and scopes: they are those of a key or a token, which
// need not be those of the account behind it.
func proof(id *Identity) string {
	switch id.Method {
	case "api-key":
		return "the API key"
	case "bearer":
		return "the token"
	case "session":
		return "the session"
	case "basic", "digest":
		return "the account"
	}
	return "the caller"
}

// Others than the operator choose the names in a token.
const (
	maxNames = 5
	maxName  = 40 // octets
	maxList  = 100
)

// names lists some of all.
func names(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, name := range all {
		quoted := strconv.Quote(short(name))
		if i > 0 && (i == maxNames || b.Len()+len(quoted) > maxList) {
			fmt.Fprintf(&b, " and %d more", len(all)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted)
	}
	return b.String()
}

func short(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "..."
}
