package sqldb

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The short way reads what encoding/json reads, or leaves it alone.
func FuzzList(f *testing.F) {
	for _, s := range []string{`[]`, `["a"]`, `["a","b c"]`, `["a", "b"]`, `["",""]`, `["a\"","b"]`, `["\u003c","ordürs"]`,
		`[""]`, `["a"`, `["]`, `["a",1]`, `["a","b"]]`, `[["a"]]`, `["a"],["b"]`, `["a""b"]`, "[\"a\x01\"]", `null`, ` ["a"]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := plainList(text)
		var want []string
		err := json.Unmarshal([]byte(text), &want)
		if ok && (err != nil || cmp.Diff(want, got) != "") {
			t.Errorf("%q: %q, want %q, %v", text, got, want, err)
		}
		// What is written is read again, whatever is in it.
		written, err := toJSON([]string{text, "x"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := fromJSON("x", written)
		if json.Unmarshal([]byte(written), &want) != nil || err != nil || cmp.Diff(want, again) != "" {
			t.Errorf("%q was read as %q, %v", want, again, err)
		}
	})
}
