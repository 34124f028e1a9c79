package terminal_test

import (
	"testing"

	"github.com/gate401/gate401/internal/terminal"
)

func TestLine(t *testing.T) {
	for _, x := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "grüße", "grüße"},
		{"exactly as long", "123456789", "123456789"},
		{"too long", "1234567890", "123456789..."},
		{"characters, not octets", "äöüäöüäöü", "äöüäöüäöü"},
		{"control characters", "a\x00\r\n\x7f\u0085b", "a     b"},
		{"lines of Unicode", "a\u2028\u2029b", "a  b"},
		{"directions", "a\u202e\u202a\u2066\u2069b", "a    b"},
		{"no UTF-8", "a\xffb", "a\uFFFDb"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := terminal.Line(x.in, 9); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}
