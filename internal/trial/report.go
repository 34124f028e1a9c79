package trial

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/judge"
)

// Result is one scenario.
type Result struct {
	Scenario string `json:"scenario"`
	Group    string `json:"group"`
	Title    string `json:"title"`
	// Expect is what a right client does.
	Expect string `json:"expect"`
	// Skipped says why the client was not run; empty if it was.
	Skipped  string          `json:"skipped,omitempty"`
	Findings []judge.Finding `json:"findings"`
	Requests int             `json:"requests"`
	// Statuses of the answers, in order; 0 for a connection that was cut.
	Statuses []int `json:"statuses,omitempty"`
	Exit     int   `json:"exit"`
	// Used is what the client showed that it can do, in the words of Trial.Uses.
	Used []string `json:"used,omitempty"`
	// Seconds that the client took.
	Seconds float64 `json:"seconds"`
	// Output is the end of what the client printed, with what it was told taken
	// out.
	Output string `json:"output,omitempty"`
}

// Passed tells whether nothing but doubts was found.
func (r Result) Passed() bool { return r.Skipped == "" && judge.Good(r.Findings) }

// Report is what a trial ends with.
type Report struct {
	Command []string `json:"command"`
	// Uses is what the client was taken to be able to do; empty for everything.
	Uses    []string `json:"uses,omitempty"`
	Passed  int      `json:"passed"`
	Failed  int      `json:"failed"`
	Skipped int      `json:"skipped"`
	Results []Result `json:"results"`
}

// Good tells that the client was run and no scenario failed.
func (r *Report) Good() bool { return r.Failed == 0 && r.Passed > 0 }

func (r *Report) count() {
	r.Passed, r.Failed, r.Skipped = 0, 0, 0
	for _, x := range r.Results {
		switch {
		case x.Skipped != "":
			r.Skipped++
		case x.Passed():
			r.Passed++
		default:
			r.Failed++
		}
	}
}

// Used is what the client showed in any of the scenarios.
func (r *Report) Used() []string {
	var all []string
	for _, x := range r.Results {
		all = append(all, x.Used...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Faults counts the scenarios in which each rule was broken.
func (r *Report) Faults() map[judge.RuleID][]string {
	faults := map[judge.RuleID][]string{}
	for _, x := range r.Results {
		for _, f := range x.Findings {
			if !slices.Contains(faults[f.Rule], x.Scenario) {
				faults[f.Rule] = append(faults[f.Rule], x.Scenario)
			}
		}
	}
	return faults
}

// MarshalJSON writes the report with the texts of the rules that were broken.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report
	var rules []judge.Rule
	faults := r.Faults()
	for _, rule := range AllRules() {
		if len(faults[rule.ID]) > 0 {
			rules = append(rules, rule)
		}
	}
	return json.Marshal(struct {
		*plain
		Good  bool         `json:"good"`
		Rules []judge.Rule `json:"rules"`
	}{(*plain)(r), r.Good(), rules})
}

// AllRules are those of the judge and those of a trial, the gravest first.
func AllRules() []judge.Rule { return append(judge.Rules(), Rules()...) }

// JUnit writes the report as CI systems read it.
func (r *Report) JUnit(w io.Writer) error {
	type text struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string  `xml:"name,attr"`
		Class   string  `xml:"classname,attr"`
		Time    float64 `xml:"time,attr"`
		Failure *text   `xml:"failure,omitempty"`
		Skipped *text   `xml:"skipped,omitempty"`
		Output  string  `xml:"system-out,omitempty"`
	}
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}{Name: "gate401 mock judge", Tests: len(r.Results), Failures: r.Failed, Skipped: r.Skipped}
	for _, x := range r.Results {
		c := testcase{Name: x.Scenario, Class: "gate401." + x.Group, Time: x.Seconds}
		var lines []string
		for _, f := range x.Findings {
			lines = append(lines, string(f.Rule)+": "+f.Message)
		}
		switch {
		case x.Skipped != "":
			c.Skipped = &text{Message: x.Skipped}
		case !x.Passed():
			c.Failure = &text{Message: lines[0], Text: strings.Join(lines, "\n") + "\na right client: " + x.Expect}
			c.Output = x.Output
		default:
			c.Output = strings.Join(lines, "\n")
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
