package cli

import (
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/secretname"
)

// holdsSecret tells whether a credential stands in the requests: not the name of a
// variable, nor a name without its password.
func holdsSecret(c capture.Capture) bool {
	for _, x := range c.Exchanges {
		q := x.Request
		secret := func(value string) bool { return isSecret(x, value) }
		for _, user := range [...]string{q.Options.User, q.Options.ProxyUser} {
			if _, password, ok := strings.Cut(user, ":"); ok && secret(password) {
				return true
			}
		}
		for _, f := range q.Header {
			value := f.Value
			if scheme, rest, ok := httpauth.CutScheme(strings.TrimSpace(value)); ok && rest != "" {
				if q.Options.User != "" && strings.EqualFold(scheme, "Basic") {
					continue // made of -u
				}
				value = rest
			}
			if secretname.Is(f.Name) && secret(value) {
				return true
			}
		}
		for name, values := range q.URL.Query() {
			if secretname.Is(name) && secret(strings.Join(values, "")) {
				return true
			}
		}
	}
	return false
}

// isSecret tells a value from the variables that stand for one.
func isSecret(x capture.Exchange, value string) bool {
	for _, n := range x.Notes {
		if n.Kind == capture.NoteVariable && n.About != "" && !holdsText(n.About) {
			value = strings.ReplaceAll(value, n.About, "")
		}
	}
	value = strings.Trim(value, " \t\"'")
	switch {
	case value == "", strings.HasPrefix(value, "{{") && strings.HasSuffix(value, "}}"), strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">"):
		return false
	case value[0] == '$' && strings.Trim(value[1:], "{}ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "":
		return false
	}
	return true
}

// holdsText tells expansions in which a secret itself may stand: a command, or the
// value for where there is none.
func holdsText(expansion string) bool {
	return strings.HasPrefix(expansion, "${") && strings.ContainsAny(expansion, ":-=+?")
}
