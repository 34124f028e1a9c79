package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// scopes is a flag that may be repeated, each time with one scope or with several
// and spaces between, as OAuth writes them (RFC 6749 section 3.3).
type scopes []string

func (s *scopes) String() string { return strings.Join(*s, " ") }

// Set adds what the text names.
func (s *scopes) Set(text string) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		return errors.New("it names no scope")
	}
	for _, word := range words {
		switch {
		// A comma may be in a scope, and whoever writes one means two.
		case strings.Contains(word, ","):
			return fmt.Errorf("%q has a comma: put spaces between scopes, or repeat the flag", word)
		case !isScope(word):
			return fmt.Errorf("%q is no scope: printable ASCII without quotes and backslashes (RFC 6749 section 3.3)", word)
		case !slices.Contains(*s, word):
			*s = append(*s, word)
		}
	}
	return nil
}

// Type is what help calls the value.
func (s *scopes) Type() string { return "SCOPES" }

// isScope is scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
