package build_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
)

// Whoever mends a file sees at once what can be told, also of a rule in which
// something else is wrong, and what to write.
func TestAllFaultsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		want        []string
	}{
		{"path beside a wrong kind", "- {path: /a**, groups: admin}", []string{
			"rules[0].path: \"a**\": captures and * stand for whole segments (the character itself is written %2A)",
			"rules[0].groups: this is text, and a list is wanted | put the value in brackets: [...]"}},
		{"scopes beside an unknown key", "- {path: /a, scope: [x], scopes: [a b]}", []string{
			"rules[0].scope: unknown key | did you mean \"scopes\"?",
			"rules[0].scopes: scope 0 is no scope token (RFC 6749 section 3.3): \"a b\" | 2 scopes? write [a, b]"}},
		{"what may be a consequence is not told", "- {path: /a, verb: [GET]}\n- {path: /a}", []string{
			"rules[0].verb: unknown key | did you mean \"verbs\"?"}},
		{"two scopes in one", "- {path: /a, scopes: [a b]}", []string{
			"rules[0].scopes: scope 0 is no scope token (RFC 6749 section 3.3): \"a b\" | 2 scopes? write [a, b]"}},
		{"a query", "- {path: \"/a/b?x=1\"}", []string{
			"rules[0].path: \"/b?x=1\" matches no request: '?' inside the path at offset 2 | a rule is for a path, whatever the query: write /a/b"}},
		{"two of one path", "- {path: /a}\n- {path: /a}", []string{
			"rules[1].path: rules[0], line 4 (/a) is for the same host and path, and neither is more specific | make one rule of the two, or tell them apart by path, host or verbs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := config.Examine("t.yaml", []byte("gate: {upstream: \"http://127.0.0.1:3000\"}\nstorage: {records: memory}\nrules:\n"+tt.rules+"\n"))
			var faults config.Faults
			if err == nil {
				_, err = build.Check(cfg)
				errors.As(err, &faults)
			} else if errors.As(err, &faults) {
				faults = build.Beyond(cfg, faults)
			}
			var got []string
			for _, f := range faults {
				if f.Line == 0 {
					t.Errorf("%v has no place", f)
				}
				got = append(got, strings.TrimSuffix(f.Path+": "+f.Message+" | "+f.Hint, " | "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
