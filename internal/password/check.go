package password

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MinLength is the least number of characters of a new password (NIST SP
// 800-63B, Section 3.1.1.2: length counts, composition rules do not; 15 where
// the password is the only factor is the advice that the error text gives).
const MinLength = 8

// ErrWeak is wrapped when a new password is refused.
var ErrWeak = errors.New("password is too weak")

//go:embed common.txt
var common string

// Check judges a new password for the account of that name. It wants length
// and refuses what is tried first: common passwords, the account's own name,
// one pattern repeated, runs like "12345678". It asks for no digits or signs.
// The error never repeats the password.
func Check(password, name string) error {
	if len(password) > MaxLength {
		return ErrTooLong
	}
	if !utf8.ValidString(password) {
		return fmt.Errorf("%w: it is not UTF-8 text", ErrWeak)
	}
	// RFC 7617, Section 2: Basic cannot carry control characters.
	if strings.ContainsFunc(password, unicode.IsControl) {
		return fmt.Errorf("%w: it contains a control character, which cannot be sent", ErrWeak)
	}
	prepared := string(prepare(password))
	if n := utf8.RuneCountInString(prepared); n < MinLength {
		unit := "characters"
		if n == 1 {
			unit = "character"
		}
		return fmt.Errorf("%w: it has %d %s, want at least %d, better 15", ErrWeak, n, unit, MinLength)
	}
	folded := strings.ToLower(norm.NFKC.String(prepared))
	name = strings.ToLower(norm.NFKC.String(name))
	switch {
	case isCommon(folded):
		return fmt.Errorf("%w: it is one of the most common passwords", ErrWeak)
	case name != "" && trivialWith(folded, name):
		return fmt.Errorf("%w: it is little more than the account's name", ErrWeak)
	case repeats(folded):
		return fmt.Errorf("%w: it repeats one short pattern", ErrWeak)
	case runs(folded):
		return fmt.Errorf("%w: it is a run of neighbouring characters", ErrWeak)
	}
	return nil
}

func isCommon(password string) bool {
	// Between line ends, so that only whole lines are found.
	return strings.Contains(common, "\n"+password+"\n")
}

// trivialWith tells whether without the name too little is left.
func trivialWith(password, name string) bool {
	if at := strings.IndexByte(name, '@'); at > 0 {
		name = name[:at]
	}
	if utf8.RuneCountInString(name) < 3 || !strings.Contains(password, name) {
		return password == name
	}
	return utf8.RuneCountInString(strings.ReplaceAll(password, name, "")) < MinLength/2
}

// repeats tells whether the password is a pattern of up to four characters
// written again and again.
func repeats(password string) bool {
	chars := []rune(password)
	for size := 1; size <= 4; size++ {
		same := true
		for i := size; i < len(chars) && same; i++ {
			same = chars[i] == chars[i-size]
		}
		if same {
			return true
		}
	}
	return false
}

// runs tells whether each character is the neighbour of the one before, in
// the alphabet, among the digits or in a row of the keyboard.
func runs(password string) bool {
	const rows = "abcdefghijklmnopqrstuvwxyz\n01234567890\nqwertyuiop\nasdfghjkl\nzxcvbnm\nqwertzuiop\nazertyuiop\n"
	if strings.ContainsRune(password, '\n') {
		return false
	}
	chars := []rune(password)
	for up := 0; up < 2; up++ {
		steps := true
		for i := 1; i < len(chars) && steps; i++ {
			pair := string([]rune{chars[i-1], chars[i]})
			if up == 1 {
				pair = string([]rune{chars[i], chars[i-1]})
			}
			steps = strings.Contains(rows, pair)
		}
		if steps {
			return true
		}
	}
	return false
}
