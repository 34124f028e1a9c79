package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// MaxName is the largest number of characters in an account's name.
const MaxName = 128

// ErrName is wrapped by every error of Canonical.
var ErrName = errors.New("account name")

// Canonical returns the one spelling of an account's name under which it is
// stored, found and counted: "john", "John", " john" and full-width or
// compatibility variants are one account and share one lockout counter. It is
// NFKC followed by the UsernameCaseMapped profile of each space-separated part
// (RFC 8265, Sections 3.1 and 3.3); control, unassigned and invisible
// characters are refused. Canonical is idempotent.
func Canonical(name string) (string, error) {
	if out, ok := canonicalASCII(name); ok {
		return out, nil
	}
	// NFKC can make one character eighteen: refuse before spending time on it.
	if len(name) > 8*MaxName {
		return "", nameError("longer than %d characters", MaxName)
	}
	if !utf8.ValidString(name) {
		return "", nameError("not valid UTF-8")
	}
	// Before trimming, which would take a line feed for a space.
	if i := strings.IndexFunc(name, unicode.IsControl); i >= 0 {
		return "", nameError("control character at byte %d", i)
	}
	out, err := mapName(name)
	if err != nil {
		return "", err
	}
	// RFC 8265, Section 3.3.2: mapping can need a second pass for a few
	// characters. What does not settle is nobody's name.
	again, err := mapName(out)
	if err != nil {
		return "", err
	}
	if again != out {
		if out, err = mapName(again); err != nil {
			return "", err
		}
		if out != again {
			return "", nameError("has no stable spelling")
		}
	}
	return out, nil
}

func mapName(name string) (string, error) {
	name = strings.TrimSpace(norm.NFKC.String(name))
	if name == "" {
		return "", nameError("empty")
	}
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' })
	for i, part := range parts {
		mapped, err := precis.UsernameCaseMapped.String(part)
		if err != nil {
			// The library's text is fixed and does not repeat the name.
			return "", fmt.Errorf("%w: %w (RFC 8265)", ErrName, err)
		}
		parts[i] = mapped
	}
	name = strings.Join(parts, " ")
	if utf8.RuneCountInString(name) > MaxName {
		return "", nameError("longer than %d characters", MaxName)
	}
	return name, nil
}

// canonicalASCII does the common case without tables: printable ASCII is
// unchanged by every step but lower-casing.
func canonicalASCII(name string) (string, bool) {
	if name == "" || len(name) > MaxName {
		return "", false
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' {
			return "", false
		}
	}
	return strings.ToLower(name), true
}

func nameError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrName}, args...)...)
}
