package httpauth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/google/go-cmp/cmp"
)

func ids(found []httpauth.Finding, fields int) string {
	var out []string
	for _, f := range found {
		if fields > 1 {
			out = append(out, fmt.Sprintf("%s@%d.%d", f.ID, f.Field, f.Offset))
		} else {
			out = append(out, fmt.Sprintf("%s@%d", f.ID, f.Offset))
		}
	}
	return strings.Join(out, " ")
}

func printed(challenges []httpauth.Challenge) []string {
	out := []string{}
	for _, c := range challenges {
		out = append(out, c.String())
	}
	return out
}

func TestParseChallenges(t *testing.T) {
	for _, tt := range challengeCases {
		t.Run(tt.name, func(t *testing.T) {
			lenient := httpauth.ParseChallenges(tt.in, httpauth.Lenient)
			if diff := cmp.Diff(tt.want, printed(lenient.Challenges)); diff != "" {
				t.Errorf("challenges (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.found, ids(lenient.Findings, len(tt.in))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if lenient.Valid != tt.valid {
				t.Errorf("Valid = %v", lenient.Valid)
			}
			var bad *httpauth.SyntaxError
			if err := lenient.Err(); (err == nil) != tt.valid || err != nil && !errors.As(err, &bad) {
				t.Errorf("Err() = %v", err)
			}
			strict := httpauth.ParseChallenges(tt.in, httpauth.Strict)
			want := lenient
			if !tt.valid {
				want.Challenges = nil
			}
			if diff := cmp.Diff(want, strict); diff != "" {
				t.Errorf("strict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseChallengesLimits(t *testing.T) {
	params := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ", p%d=x", i)
		}
		return "GNAP " + b.String()[2:]
	}
	schemes := func(n int) string { return strings.Repeat(", Negotiate", n)[2:] }
	same := func(s string, n int) []string { return strings.Split(strings.Repeat(s+"\n", n-1)+s, "\n") }
	for _, tt := range []struct {
		name string
		in   []string
		want int // challenges in Lenient
		err  httpauth.FindingID
	}{
		{"longest field", f("Negotiate " + strings.Repeat("a", httpauth.MaxFieldSize-10)), 1, ""},
		{"too long", f("Negotiate "+strings.Repeat("a", httpauth.MaxFieldSize-9), "Negotiate"), 1, httpauth.IDFieldTooLong},
		{"most parameters", f(params(httpauth.MaxParams)), 1, ""},
		{"too many parameters", f(params(httpauth.MaxParams + 1)), 0, httpauth.IDTooManyParams},
		{"most challenges", f(schemes(httpauth.MaxChallenges)), httpauth.MaxChallenges, ""},
		{"too many challenges", f(schemes(httpauth.MaxChallenges + 1)), 0, httpauth.IDTooManyChallenges},
		{"too many challenges in two fields", f(schemes(httpauth.MaxChallenges), "Negotiate"), httpauth.MaxChallenges, httpauth.IDTooManyChallenges},
		{"most fields", same("Negotiate", httpauth.MaxFields), httpauth.MaxFields, ""},
		{"too many fields", same("Negotiate", httpauth.MaxFields+1), httpauth.MaxFields, httpauth.IDTooManyFields},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httpauth.ParseChallenges(tt.in, httpauth.Lenient)
			if len(r.Challenges) != tt.want {
				t.Errorf("%d challenges, want %d", len(r.Challenges), tt.want)
			}
			var bad *httpauth.SyntaxError
			if err := r.Err(); errors.As(err, &bad) != (tt.err != "") || bad != nil && bad.ID != tt.err {
				t.Errorf("Err() = %v, want %q", err, tt.err)
			}
		})
	}
}

// A flood of harmless findings must neither grow without bound nor hide an error.
func TestFindingsAreBounded(t *testing.T) {
	flood := strings.Repeat("x ,", 50)
	for name, in := range map[string][]string{
		"notes, then an error": append(strings.Split(strings.Repeat("A=\nB a=b;\n", 15), "\n"), "="),
		"spaces":               f("X a=1" + strings.Repeat(" b=1", 10000)),
		"semicolons":           f("X a=1" + strings.Repeat(";b=1", 10000)),
		"commas":               f(strings.Repeat(",", 60000)),
		"notes":                f(flood, flood, flood, "="),
	} {
		t.Run(name, func(t *testing.T) {
			r := httpauth.ParseChallenges(in, httpauth.Lenient)
			if len(r.Findings) > 2*httpauth.MaxFindings {
				t.Errorf("%d findings", len(r.Findings))
			}
			if wantValid := name == "commas"; r.Valid != wantValid {
				t.Errorf("Valid = %v", r.Valid)
			}
		})
	}
}

func TestHints(t *testing.T) {
	for _, tt := range []struct {
		in   string
		id   httpauth.FindingID
		want string
	}{
		{`Bearer realm=foo bar`, httpauth.IDValueWithSpace, `realm="foo bar"`},
		{`Basic realm=Please log in, charset="UTF-8"`, httpauth.IDValueWithSpace, `realm="Please log in"`},
		{`Basic realm=foo`, httpauth.IDRealmUnquoted, `realm="foo"`},
		{`Basic realm='foo'`, httpauth.IDSingleQuotes, `realm="foo"`},
		{`Basic realm=“foo”`, httpauth.IDTypographicQuotes, `realm="foo"`},
		{`Bearer resource_metadata=https://a/b`, httpauth.IDValueNeedsQuotes, `resource_metadata="https://a/b"`},
		{`Bearer a="b" scope="c"`, httpauth.IDSpaceSeparated, `put a comma in front of scope`},
		{`Basic, realm="x"`, httpauth.IDSchemeComma, `Basic realm="x" (no comma behind the scheme)`},
		{`Basic: realm="x"`, httpauth.IDSchemeColon, `Basic (a space behind the scheme, no colon)`},
		{`Bearer scope=, realm="x"`, httpauth.IDParamsAfterToken68, `an equals sign with nothing behind it makes a token68; an empty value is written ""`},
		{`Token realm="x"`, httpauth.IDSchemeUnregistered, `for OAuth 2 and JWT access tokens the registered scheme is Bearer`},
	} {
		t.Run(tt.in, func(t *testing.T) {
			for _, found := range httpauth.ParseChallenges(f(tt.in), httpauth.Strict).Findings {
				if found.ID == tt.id {
					if found.Hint != tt.want {
						t.Errorf("hint %q, want %q", found.Hint, tt.want)
					}
					return
				}
			}
			t.Errorf("no finding %s", tt.id)
		})
	}
}

func TestParseInfo(t *testing.T) {
	for _, tt := range infoCases {
		t.Run(tt.name, func(t *testing.T) {
			lenient := httpauth.ParseInfo(tt.in, httpauth.Lenient)
			if got := lenient.Info.String(); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if diff := cmp.Diff(tt.found, ids(lenient.Findings, len(tt.in))); diff != "" {
				t.Error(diff)
			}
			strict := httpauth.ParseInfo(tt.in, httpauth.Strict)
			if strict.Valid != lenient.Valid || (strict.Err() == nil) != strict.Valid {
				t.Errorf("Valid %v, Err %v", strict.Valid, strict.Err())
			}
			if !strict.Valid && strict.Info.Params != nil {
				t.Errorf("strict handed out %v", strict.Info)
			}
		})
	}
}

var infoCases = []struct {
	name, want, found string
	in                []string
}{
	{"rfc 7616 3.5", `nextnonce="abc", qop=auth, rspauth="00ff", cnonce="c", nc=00000001`, ``,
		f(`nextnonce="abc", qop=auth, rspauth="00ff", cnonce="c", nc=00000001`)},
	{"two fields", `nextnonce="a", foo="b"`, ``, f(`nextnonce="a"`, `foo=b`)},
	{"empty", ``, ``, f(``)},
	{"forms", `nextnonce="a", qop=auth, nc=00000001`,
		`digest-param-must-be-quoted@10 digest-param-must-not-be-quoted@17 digest-param-must-not-be-quoted@28 digest-info-incomplete@38`,
		f(`nextnonce=a, qop="auth", nc="00000001"`)},
	{"rspauth alone", `rspauth="00ff"`, `digest-info-incomplete@14`, f(`rspauth="00ff"`)},
	{"duplicate", `nextnonce="a"`, `duplicate-param@15`, f(`nextnonce="a", NextNonce="b"`)},
	{"duplicate in another field", `nextnonce="a"`, `duplicate-param@1.0`, f(`nextnonce="a"`, `nextnonce="b"`)},
	{"no scheme here", ``, `equals-expected@6`, f(`Digest nextnonce="a"`)},
	{"a word", `a="1"`, `equals-expected@1.1`, f(`a=1`, `b`)},
	{"sign", ``, `element-expected@0`, f(`"a"=1`)},
	{"empty elements", `a="1"`, `empty-list-element@0`, f(`,a=1,`)},
	{"field name", ``, `equals-expected@19`, f(`Authentication-Info: a=1`)},
}
