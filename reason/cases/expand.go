package cases

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Expand replaces each placeholder "{{KIND ARGUMENT}}" of a request.
//
// "{{base64 TEXT}}" and "{{basic NAME}}" are filled in here; for "token",
// "key", "session", "refresh", "code" and "login" credential is called with kind and
// argument, which are among [TokenKinds], [KeyKinds], [SessionKinds],
// [RefreshKinds], [CodeKinds] and [LoginKinds].
func Expand(raw string, credential func(kind, argument string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(raw, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		inside, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", fmt.Errorf("placeholder %q has no end", "{{"+rest)
		}
		kind, argument, _ := strings.Cut(inside, " ")
		value, err := expandOne(kind, argument, credential)
		if err != nil {
			return "", fmt.Errorf("placeholder %q: %w", inside, err)
		}
		b.WriteString(value)
		raw = after
	}
}

func expandOne(kind, argument string, credential func(kind, argument string) (string, error)) (string, error) {
	switch kind {
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(argument)), nil
	case "basic":
		for _, p := range People() {
			if p.Name == argument {
				return base64.StdEncoding.EncodeToString([]byte(p.Name + ":" + p.Password)), nil
			}
		}
		return "", fmt.Errorf("nobody is called %q", argument)
	case "token", "key", "session", "refresh", "code", "login":
		known := TokenKinds()
		switch kind {
		case "key":
			known = KeyKinds()
		case "session":
			known = SessionKinds()
		case "refresh":
			known = RefreshKinds()
		case "code":
			known = CodeKinds()
		case "login":
			known = LoginKinds()
		}
		for _, k := range known {
			if k.Name == argument {
				return credential(kind, argument)
			}
		}
		return "", fmt.Errorf("no %s is called %q", kind, argument)
	}
	return "", fmt.Errorf("unknown kind %q", kind)
}
