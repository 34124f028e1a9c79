package cli

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/trial"
)

func TestGiven(t *testing.T) {
	for _, tt := range []struct {
		name          string
		command, uses []string
		want          string
	}{
		{"environment", []string{"client", "{url}"}, nil, "MOCK_ACCESS_TOKEN"},
		{"arguments", []string{"curl", "-u", "{username}:{password}", "{url}"}, nil, "a client with password, for that is what its arguments name; tokens are not given to it."},
		{"tokens in the arguments", []string{"client", "{access_token}", "{refresh_token}"}, nil, "a client with token, refresh, for that is what its arguments name."},
		{"flag", []string{"client", "{password}"}, []string{"token"}, "a client with token, as --uses says."},
	} {
		if got := given(tt.command, tt.uses); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestMisjudged(t *testing.T) {
	report := func(n int, uses, used []string) *trial.Report {
		r := &trial.Report{Uses: uses}
		for i := range n {
			r.Results = append(r.Results, trial.Result{Scenario: strings.Repeat("x", i+1), Used: used, Findings: []judge.Finding{{Rule: trial.NotServed}}})
		}
		return r
	}
	for _, tt := range []struct {
		name string
		in   *trial.Report
		want string
	}{
		{"few", report(2, nil, nil), ""},
		{"nothing shown", report(3, nil, nil), "showed no credential in any"},
		{"less than everything", report(3, nil, []string{"refresh", "token"}), "--uses refresh,token leaves out what does not fit"},
		{"no tokens given", report(3, []string{"password"}, []string{"password"}), "--uses password,token,refresh says so"},
		{"as it was said", report(3, []string{"token", "refresh"}, []string{"refresh", "token"}), ""},
	} {
		if got := misjudged(tt.in); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a right client does is said once, however many scenarios want the same.
func TestJudgedOnce(t *testing.T) {
	a := &app{style: explain.Style{Width: 80}}
	r := trial.Result{Scenario: "one", Expect: "Refresh once. Then stop.", Findings: []judge.Finding{{Rule: trial.NotServed, Severity: judge.Fault, Message: "401"}}}
	told := map[string]bool{}
	for i, want := range []bool{true, false} {
		if got := strings.Contains(a.judged(r, 3, false, told), "A right client: Refresh once. Then stop."); got != want {
			t.Errorf("time %d: %v", i+1, got)
		}
	}
	if !strings.Contains(a.judged(r, 3, true, told), "A right client:") {
		t.Error("not with -v")
	}
	if got := firstSentence(r.Expect); got != "Refresh once." {
		t.Error(got)
	}
}
