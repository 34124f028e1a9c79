package store_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/store"
)

func TestCanonical(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"plain", "john", "john"},
		{"capitals", "JoHN", "john"},
		{"space before", " john", "john"},
		{"space behind", "john  ", "john"},
		{"other spaces around", "\u00a0\u3000john\u2003", "john"},
		{"full width", "Ｊｏｈｎ", "john"},
		{"mathematical", "𝐣𝐨𝐡𝐧", "john"},
		{"ligature", "ﬁona", "fiona"},
		{"NFD", "jo\u0308rg", "j\u00f6rg"},
		{"NFC", "J\u00d6RG", "j\u00f6rg"},
		{"address", "John.Doe+x@Example.COM", "john.doe+x@example.com"},
		{"domain and name", `CORP\john`, `corp\john`},
		{"two words", "John   Smith", "john smith"},
		{"Greek", "ΣΟΦΙΑ", "σοφια"},
		{"Hebrew", "דוד", "דוד"},
		{"longest", strings.Repeat("A", 128), strings.Repeat("a", 128)},
		{"longest, not ASCII", strings.Repeat("Ö", 128), strings.Repeat("ö", 128)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := store.Canonical(row.in); got != row.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, row := range []struct{ name, in string }{
		{"empty", ""},
		{"spaces", " \u3000 "},
		{"NUL", "john\x00"},
		{"line end", "john\n"},
		{"tab", "john\tdoe"},
		{"DEL", "john\x7f"},
		{"C1 control", "john\u0085"},
		{"not UTF-8", "john\xff"},
		{"zero width space", "jo\u200bhn"},
		{"zero width joiner", "jo\u200dhn"},
		{"soft hyphen", "jo\u00adhn"},
		{"right to left override", "jo\u202ehn"},
		{"byte order mark", "\ufeffjohn"},
		{"unassigned", "jo\U000e0080hn"},
		{"private use", "jo\ue000hn"},
		{"mixed direction", "john\u05d3"},
		{"129 characters", strings.Repeat("a", 129)},
		{"129 characters, not ASCII", strings.Repeat("ö", 129)},
		{"grows over the limit", strings.Repeat("\ufdfa", 20)},
		{"a megabyte", strings.Repeat("ö", 1<<19)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := store.Canonical(row.in)
			if !errors.Is(err, store.ErrName) || got != "" {
				t.Errorf("got %q, %v, want ErrName", got, err)
			}
		})
	}
}

// The short way for ASCII must agree with the long one.
func TestCanonicalASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[!-~]{1,128}`).Draw(t, "name")
		got, err := store.Canonical(name)
		if err != nil {
			t.Fatal(err)
		}
		// A space in front takes the long way and is trimmed.
		long, err := store.Canonical(" " + name)
		if err != nil || got != long {
			t.Fatalf("%q: %q, the long way %q, %v", name, got, long, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"john", " John", "Ｊｏｈｎ", "ﬁona", "İstanbul", "ΣΑΣ", "a\u0345\u0301", "ẞ", "\u1e9b\u0323", "ſ", "דוד1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := store.Canonical(s)
		if err != nil {
			if once != "" || !errors.Is(err, store.ErrName) {
				t.Fatalf("%q: %q, %v", s, once, err)
			}
			return
		}
		if twice, err := store.Canonical(once); err != nil || twice != once {
			t.Fatalf("%q: once %q, twice %q, %v", s, once, twice, err)
		}
		if once == "" || !utf8.ValidString(once) || utf8.RuneCountInString(once) > store.MaxName {
			t.Fatalf("%q: %q", s, once)
		}
		for _, same := range []string{" " + s, s + " "} {
			if got, err := store.Canonical(same); err != nil || got != once {
				// A space can push a name over the limit of bytes.
				if len(same) <= 8*store.MaxName {
					t.Fatalf("%q is %q, %q is %q (%v)", s, once, same, got, err)
				}
			}
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	for _, name := range []string{"john.doe@example.com", "John", "Jörg"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Canonical(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
