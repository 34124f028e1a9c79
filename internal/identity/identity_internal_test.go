package identity

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzEncode(f *testing.F) {
	f.Add("a,b", ",")
	f.Add(" \r\n%\xff", " ")
	f.Fuzz(func(t *testing.T, s, sep string) {
		if len(sep) > 1 || sep == "%" {
			t.Skip("no separator")
		}
		got := encode(s, sep)
		for i := range len(got) {
			if got[i] < ' ' || got[i] >= 0x7f {
				t.Fatalf("%q became %q", s, got)
			}
		}
		if got != strings.TrimSpace(got) || (sep != "" && !isHexDigit(sep) && strings.Contains(got, sep)) {
			t.Fatalf("%q became %q", s, got)
		}
		if back, err := url.PathUnescape(got); err != nil || back != s {
			t.Fatalf("%q became %q, and back %q", s, got, back)
		}
	})
}

func isHexDigit(s string) bool { return strings.Contains("0123456789ABCDEF", s) }
