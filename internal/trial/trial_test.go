package trial_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/trial"
)

// command is this binary as a client.
func command(t *testing.T, role string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	return []string{env, "TRIAL_CLIENT=" + role, self}
}

// Our own client has full marks in every scenario that is for clients.
func TestGoodClient(t *testing.T) {
	tr := trial.Trial{Command: command(t, "good"), Parallel: 8} // most of the time is spent waiting
	report, err := tr.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !report.Good() || report.Passed < 80 {
		t.Errorf("%d passed, %d failed, %d skipped", report.Passed, report.Failed, report.Skipped)
	}
	for _, r := range report.Results {
		for _, f := range r.Findings {
			t.Errorf("%s: %s %s: %s; statuses %v, exit %d, expected: %s\n%s", r.Scenario, f.Severity, f.Rule, f.Message, r.Statuses, r.Exit, r.Expect, r.Output)
		}
	}
}

// The faults of bad clients are found, and called by their names.
func TestBadClients(t *testing.T) {
	tests := []struct {
		role, scenario string
		want           []judge.RuleID
	}{
		{"hammer", "challenge-two-fields", []judge.RuleID{judge.PasswordRepeated, judge.KeptAsking}},
		{"stampede", "token-life-expired", []judge.RuleID{judge.RefreshStampede}},
		{"leaker", "redirect-cross-host", []judge.RuleID{judge.CredentialLeaked}},
		{"leaker", "redirect-to-http", []judge.RuleID{judge.CredentialInClear}},
		{"loop", "refresh-still-refused", []judge.RuleID{judge.RefreshLoop}},
		{"loop", "token-life-forbidden", []judge.RuleID{judge.RefreshForForbidden}},
		{"forgetful", "token-life-refused-once", []judge.RuleID{judge.NotRefreshed}},
	}
	for _, tt := range tests {
		t.Run(tt.role+" in "+tt.scenario, func(t *testing.T) {
			tr := trial.Trial{Command: command(t, tt.role), Only: []string{tt.scenario}}
			report, err := tr.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if report.Failed != 1 {
				t.Errorf("failed: %d, want 1; skipped: %q", report.Failed, report.Results[0].Skipped)
			}
			var got []judge.RuleID
			for _, f := range report.Results[0].Findings {
				got = append(got, f.Rule)
			}
			for _, id := range tt.want {
				if !slices.Contains(got, id) {
					t.Errorf("found %q, want %q; statuses %v\n%s", got, id, report.Results[0].Statuses, report.Results[0].Output)
				}
			}
		})
	}
}

// A client that was given an access token and nothing to renew it with cannot be
// told to renew it.
func TestNothingToRefresh(t *testing.T) {
	only := []string{"token-expired", "401-once", "token-life-refused-once"}
	tr := trial.Trial{Command: command(t, "forgetful"), Uses: []string{"token"}, Only: only}
	report, err := tr.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		for _, f := range r.Findings {
			t.Errorf("%s: %s: %s; statuses %v", r.Scenario, f.Rule, f.Message, r.Statuses)
		}
	}
}

// Where the client cannot be made to trust the certificate, nothing can be said.
func TestUntrustedCertificate(t *testing.T) {
	c := command(t, "leaker")
	tr := trial.Trial{Command: append([]string{c[0], "SSL_CERT_FILE=/dev/null"}, c[1:]...), Only: []string{"redirect-to-http"}}
	report, err := tr.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r := report.Results[0]; report.Skipped != 1 || !strings.Contains(r.Skipped, "MOCK_CA") || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestReportForms(t *testing.T) {
	tr := trial.Trial{Command: command(t, "forgetful"), Only: []string{"token-life-refused-once", "token-life-good"}}
	report, err := tr.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Good           bool
		Passed, Failed int
		Rules          []judge.Rule
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Good || got.Passed != 1 || got.Failed != 1 || len(got.Rules) == 0 {
		t.Errorf("%v: %s", err, data)
	}
	var junit bytes.Buffer
	if err := report.JUnit(&junit); err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &suite); err != nil || suite.Tests != 2 || suite.Failures != 1 {
		t.Errorf("%v: %s", err, &junit)
	}
}

func TestRunRefuses(t *testing.T) {
	if _, err := (&trial.Trial{}).Run(t.Context()); err == nil {
		t.Error("ran nothing")
	}
	tr := trial.Trial{Command: []string{"x"}, Only: []string{"no-such-scenario"}}
	if _, err := tr.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-scenario") {
		t.Errorf("error %v", err)
	}
	tr = trial.Trial{Command: []string{"/nowhere/client"}, Only: []string{"token-expired"}}
	if _, err := tr.Run(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that of a file that does not exist", err)
	}
}

// Who asks for what there is not is told what is near.
func TestUnknown(t *testing.T) {
	for name, near := range map[string]string{"refersh": "refresh", "token-expird": "token-expired", "Reason": "reason", "something-else": ""} {
		_, err := (&trial.Trial{Only: []string{name}}).Plans()
		var unknown *trial.UnknownError
		if !errors.As(err, &unknown) || unknown.Name != name || unknown.Near != near {
			t.Errorf("%s: %v %+v", name, err, unknown)
		}
	}
	if !slices.Contains(trial.Groups(), "refresh") || slices.Contains(trial.Groups(), "keys") {
		t.Errorf("%q", trial.Groups())
	}
}

// What a client showed is in the report.
func TestUsed(t *testing.T) {
	for role, want := range map[string][]string{"good": {"refresh", "token"}, "forgetful": {"token"}} {
		report, err := (&trial.Trial{Command: command(t, role), Only: []string{"token-life-refused-once"}}).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Used(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
}
