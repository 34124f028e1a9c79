package yamldoc_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

func TestRead(t *testing.T) {
	for _, x := range []struct {
		name, in string
		rest     bool
		want     string // what the fault says, or the kind of the root
		hint     string
	}{
		{"a mapping", "a: b", false, "mapping", ""},
		{"JSON", `{"a": "b"}`, false, "mapping", ""},
		{"a word", "word", false, "scalar", ""},
		{"nothing", "", false, "none", ""},
		{"comments", "# one\n# two\n", false, "none", ""},
		{"octets", "\xef\xbb\xbfa: b", false, "mapping", ""},
		{"as large as may be", strings.Repeat("x", 100), false, "scalar", ""},
		{"too large", strings.Repeat("x", 101), false, "the file has more than 100 octets", ""},
		{"not UTF-8", "a: b\nä: \xff", false, "2:4: the file is not UTF-8", "save it as UTF-8"},
		{"not UTF-8 behind old line ends", "a: b\r\nc: d\re: \xff", false, "3:4: the file is not UTF-8", "save it as UTF-8"},
		{"old line ends", "a: b\rc: \"d\re: f", false, "2:4: the quotation mark \" is not closed", "write another one"},
		{"a tab behind old line ends", "a:\r\tb: c", false, "2:1: found character that cannot start any token", "spaces"},
		{"two documents behind old line ends", "a: b\r---\rc: d\r", false, "2:1: there is a second document", "---"},
		{"broken", "a: [", false, "1:4: the [ is not closed", "a ] is missing"},
		{"a mapping not closed", "# {\nrules:\n  - {path: /a, allow: anyone\n  - {path: '/{b}'}\n", false, "3:5: the { is not closed", "a } is missing"},
		{"a list in a mapping not closed", "a: 1\nb: {\"x\":\"]\", y: [c}\n", false, "2:17: the [ is not closed", "a ] is missing"},
		{"the outer one not closed", "b: {y: {c: d}\ne: f\n", false, "1:4: the { is not closed", "a } is missing"},
		{"no bracket", "p: /a/{b\n# it's\nc: {d: [e}\n", false, "3:8: the [ is not closed", "a ] is missing"},
		{"a quotation mark not closed", "a: 'it''s'\nb: \"c\nd: e\n", false, "2:4: the quotation mark \" is not closed", "write another one"},
		{"a comma too few", "a: {b: c d: e}", false, "did not find expected ',' or '}'", "comma"},
		{"braces in text without quotes", "r:\n  - {p: \"/h\"}\n  - {p: /u/{u}/**, o: \"{u}\"}\n", false, "3:12: the { stands in text without quotes", "in quotes"},
		{"brackets in text without quotes", "r: [/a[1], b]\n", false, "1:7: the [ stands in text without quotes", "in quotes"},
		{"a comma too few before a mapping", "a: [{b: \"c\" {d: e}}]", false, "did not find expected ',' or '}'", "comma"},
		{"a tab", "a:\n\tb: c", false, "2:1: found character that cannot start any token", "spaces"},
		{"two documents", "a: b\n---\nc: d\n", false, "2:1: there is a second document", "---"},
		{"only the first", "a: b\n---\nc: d\n", true, "mapping", ""},
		{"the second is broken", "a: b\n---\nc: [", false, "3:4: the [ is not closed", "a ] is missing"},
	} {
		t.Run(x.name, func(t *testing.T) {
			root, fault := yamldoc.Reader{What: "file", MaxSize: 100, Rest: x.rest}.Read([]byte(x.in))
			got := "none"
			switch {
			case fault != nil:
				got = strings.TrimPrefix(yamldoc.Line("", fault.Line, fault.Column, fault.Message), "line ")
			case root != nil:
				got = map[yaml.Kind]string{yaml.MappingNode: "mapping", yaml.ScalarNode: "scalar"}[root.Kind]
			}
			if got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
			if fault != nil && (!strings.Contains(fault.Hint, x.hint) || (x.hint == "") != (fault.Hint == "")) {
				t.Errorf("hint %q, want %q", fault.Hint, x.hint)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for _, x := range []struct{ name, in, want string }{
		{"plain", "a: [b, {c: 1}]", ""},
		{"an anchor and its alias", "a: &x 1\nb: *x", "1:4: anchors and aliases are not supported\n2:4: anchors and aliases are not supported\n"},
		{"a tag", "a: !!str 1", "1:4: tags are not supported\n"},
		{"a merge key", "<<: {a: b}", "1:1: merge keys are not supported\n"},
		{"deep", strings.Repeat("[", 102) + strings.Repeat("]", 102), "1:102: it is nested more than 100 deep\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			root, fault := yamldoc.Reader{What: "file", MaxSize: 1000}.Read([]byte(x.in))
			if fault != nil {
				t.Fatal(fault)
			}
			got := ""
			yamldoc.Plain(root, func(f yamldoc.Fault) {
				got += strings.TrimPrefix(yamldoc.Line("", f.Line, f.Column, f.Message), "line ") + "\n"
			})
			if got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

func TestWrong(t *testing.T) {
	for in, want := range map[string]string{
		"a: word":       "text",
		"a: 1":          "a number",
		"a: 1.5":        "a number",
		"a: true":       "true or false",
		"a: 2026-01-02": "a date",
		"a: []":         "a list",
		"a: {}":         "a mapping",
	} {
		root, fault := yamldoc.Reader{What: "file", MaxSize: 1000}.Read([]byte(in))
		if fault != nil {
			t.Fatal(fault)
		}
		f := yamldoc.Wrong(root.Content[1], "text")
		if f.Message != "this is "+want+", and text is wanted" || f.Line != 1 || f.Column != 4 {
			t.Errorf("%s: %+v", in, f)
		}
	}
}

// What begins with a brace is a mapping for YAML, and a capture of the path for
// whoever writes rules.
func TestWrongWithBraces(t *testing.T) {
	for in, want := range map[string]string{
		"a: {user}": `put it in quotes: "{user}"`, "a: {user: x}": "", "a: {user, other}": "", "a:\n  user:\n": "",
	} {
		root, fault := yamldoc.Reader{What: "file", MaxSize: 1000}.Read([]byte(in))
		if fault != nil {
			t.Fatal(fault)
		}
		if f := yamldoc.Wrong(root.Content[1], "text"); f.Hint != want {
			t.Errorf("%q: hint %q, want %q", in, f.Hint, want)
		}
	}
}

func TestLines(t *testing.T) {
	for _, x := range []struct {
		file         string
		line, column int
		words        []string
		want         string
	}{
		{"f", 1, 2, []string{"key", "wrong"}, "f:1:2: key: wrong"},
		{"", 1, 2, []string{"key", "wrong"}, "line 1:2: key: wrong"},
		{"f", 0, 0, []string{"", "wrong"}, "f: wrong"},
		{"", 0, 0, []string{"", "wrong"}, "wrong"},
	} {
		if got := yamldoc.Line(x.file, x.line, x.column, x.words...); got != x.want {
			t.Errorf("got %q, want %q", got, x.want)
		}
	}
	one := errors.New("one")
	all := []error{one, errors.New("two")}
	if got := yamldoc.Lines(all); got != "one\ntwo" {
		t.Errorf("got %q", got)
	}
	if got := yamldoc.Each(all); len(got) != 2 || got[0] != one { //nolint:errorlint // it is to be the very same
		t.Errorf("got %v", got)
	}
}

func TestSimilar(t *testing.T) {
	known := []string{"realm", "Listen", "rules", strings.Repeat("x", 65)}
	for in, want := range map[string]string{
		"relam": `did you mean "realm"?`, "LISTEN": `did you mean "Listen"?`, "rule": `did you mean "rules"?`,
		"": "", "nothing": "", strings.Repeat("x", 65): "", strings.Repeat("x", 64): "",
	} {
		if got := yamldoc.Similar(in, known); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a: b", "[a, {b: c}]", "a: &x 1\nb: *x", "---\n---\n", "\xff", "a:\n\tb", "!!x y", "? a\n: b", "a: 1\r---\rb: 2", "a\u2028---\n---"} {
		f.Add([]byte(s))
	}
	breaks := regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]") // YAML 1.1 §5.4
	f.Fuzz(func(t *testing.T, data []byte) {
		root, fault := yamldoc.Reader{What: "file", MaxSize: 1 << 16}.Read(data)
		if fault != nil {
			if root != nil || fault.Message == "" || fault.Line < 0 || fault.Line > len(breaks.FindAllIndex(data, -1))+1 {
				t.Fatalf("%v, %+v", root, fault)
			}
			return
		}
		if root != nil {
			yamldoc.Plain(root, func(yamldoc.Fault) {})
			yamldoc.Wrong(root, "text")
		}
	})
}
