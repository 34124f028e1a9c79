package httpauth_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
)

func TestFindingsTable(t *testing.T) {
	all := httpauth.Findings()
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	section := regexp.MustCompile(`^RFC \d{4} sections? [\d., ]+$`)
	for i, info := range all {
		if i > 0 && all[i-1].ID >= info.ID {
			t.Errorf("%s is not sorted in", info.ID)
		}
		if !id.MatchString(string(info.ID)) {
			t.Errorf("%s is no kebab-case", info.ID)
		}
		if !section.MatchString(info.Section) {
			t.Errorf("%s: section %q", info.ID, info.Section)
		}
		if info.Title == "" || strings.HasSuffix(info.Title, ".") || !strings.HasSuffix(info.Explain, ".") {
			t.Errorf("%s: title %q, explain %q", info.ID, info.Title, info.Explain)
		}
		switch info.Severity {
		case httpauth.SeverityError, httpauth.SeverityWarning, httpauth.SeverityNote:
		default:
			t.Errorf("%s: severity %q", info.ID, info.Severity)
		}
		if got, ok := httpauth.LookupFinding(info.ID); !ok || got != info {
			t.Errorf("LookupFinding(%s) = %v, %v", info.ID, got, ok)
		}
	}
	if _, ok := httpauth.LookupFinding("zzz"); ok {
		t.Error("found what is not there")
	}
	all[0].ID = "changed"
	if httpauth.Findings()[0].ID == "changed" {
		t.Error("the table can be changed from outside")
	}
}

// Every kind of finding has an example in the tables of this package, so none
// is a promise that no code keeps.
func TestEveryFindingHasAnExample(t *testing.T) {
	seen := map[httpauth.FindingID]bool{}
	collect := func(found []httpauth.Finding) {
		for _, f := range found {
			seen[f.ID] = true
			info, ok := httpauth.LookupFinding(f.ID)
			if !ok || info.Severity != f.Severity || info.Section != f.Section || f.Message == "" {
				t.Errorf("%+v does not fit the table", f)
			}
		}
	}
	for _, tt := range challengeCases {
		collect(httpauth.ParseChallenges(tt.in, httpauth.Strict).Findings)
	}
	for _, tt := range authorizationCases {
		collect(httpauth.ExamineAuthorization(tt.in).Findings)
	}
	for _, tt := range infoCases {
		collect(httpauth.ParseInfo(tt.in, httpauth.Strict).Findings)
	}
	for _, in := range [][]string{
		{strings.Repeat("a", httpauth.MaxFieldSize+1)},
		{strings.Repeat("A,", httpauth.MaxChallenges+1)},
		make([]string, httpauth.MaxFields+1),
		{manyParams()},
	} {
		collect(httpauth.ParseChallenges(in, httpauth.Strict).Findings)
	}
	for _, tt := range basicErrors {
		seen[tt.kind] = true
	}
	var bad *httpauth.BasicError
	if _, err := httpauth.EncodeBasic(":", ""); errors.As(err, &bad) {
		seen[bad.Kind] = true
	}
	for _, info := range httpauth.Findings() {
		if !seen[info.ID] {
			t.Errorf("no case yields %s", info.ID)
		}
	}
}

func manyParams() string {
	var names []string
	for a := range 10 {
		for b := range 10 {
			names = append(names, "p"+string(rune('a'+a))+string(rune('a'+b))+"=1")
		}
	}
	return "GNAP " + strings.Join(names, ",")
}

func TestFindingsAreInOrder(t *testing.T) {
	for _, tt := range challengeCases {
		found := httpauth.ParseChallenges(tt.in, httpauth.Strict).Findings
		if !slices.IsSortedFunc(found, func(a, b httpauth.Finding) int {
			if a.Field != b.Field {
				return a.Field - b.Field
			}
			return a.Offset - b.Offset
		}) {
			t.Errorf("%s: %s", tt.name, ids(found, 2))
		}
	}
}
