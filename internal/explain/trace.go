package explain

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

// TraceReport is one refused request.
type TraceReport struct {
	// Cause is why it was refused; nil if it was let in.
	Cause *Cause `json:"cause"`
	// Findings is empty: what is known is in the trace.
	Findings []Finding `json:"findings"`
	// Trace is what the gate kept of the request.
	Trace watch.Trace `json:"trace"`
}

// ParseTrace reads what the admin API answers about one request.
func ParseTrace(data []byte) (TraceReport, error) {
	r := TraceReport{Findings: []Finding{}}
	if err := json.Unmarshal(data, &r.Trace); err != nil {
		return TraceReport{}, fmt.Errorf("reading the trace: %w", err)
	}
	if r.Trace.RequestID == "" {
		return TraceReport{}, fmt.Errorf("reading the trace: it has no request id")
	}
	if info, ok := reason.Lookup(r.Trace.Reason); ok {
		r.Cause = &Cause{Entry: advised(NewEntry(info), r.Trace), Note: strings.TrimPrefix(r.Trace.Cause, string(info.Code)+": ")}
	}
	return r, nil
}

// Text tells the story of the request: what came, what each step found, why it
// ended, and what to do.
func (r TraceReport) Text(s Style, now time.Time) string {
	t := r.Trace
	var b strings.Builder
	outcome := "allowed"
	if t.Status != 0 {
		outcome = fmt.Sprintf("refused with %d %s", t.Status, t.Reason)
	}
	fmt.Fprintf(&b, "%s %s  %s\n\n", s.Bold(Visible(t.Verb)), s.Bold(Visible(t.Host+t.Path)), s.Yellow(outcome))
	rows := [][2]string{{"request", t.RequestID}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, Visible(value)})
		}
	}
	add("called", t.InboundID)
	add("time", Moment(t.Time)+", "+relative(t.Time, now))
	if t.Client.IsValid() {
		add("client", t.Client.String())
	}
	add("agent", t.UserAgent)
	add("rule", t.Rule)
	add("method", t.Method)
	add("subject", t.Subject)
	add("issuer", t.Issuer)
	add("credential", t.Credential)
	for _, p := range t.Presented {
		add("sent", presented(p))
	}
	if t.Shown != "" && t.Shown != t.Reason {
		add("told caller", string(t.Shown))
	}
	for _, c := range t.Challenges {
		add("asked for", c)
	}
	b.WriteString(s.pairs("  ", rows))
	if len(t.Steps) > 0 {
		b.WriteString("\n" + s.Bold("Steps") + "\n")
		column := 0
		for _, step := range t.Steps {
			column = max(column, textWidth(stepName(step))+2)
		}
		for _, step := range t.Steps {
			mark := s.Faint("ok ")
			if step.Reason != "" {
				mark = s.Red("no ")
			}
			b.WriteString(s.step(mark, stepName(step), column, Visible(step.Note)))
		}
	}
	if r.Cause != nil {
		b.WriteString("\n" + s.Bold("Why") + "\n" + s.Wrap("  ", sentence(r.Cause.Title)))
		if note := Visible(r.Cause.Note); note != "" {
			b.WriteString(s.Wrap("  ", sentence(note)))
		}
		b.WriteString("\n" + s.Bold("What to do") + "\n" +
			s.Wrap("  ", "Caller: "+r.Cause.FixCaller) + s.Wrap("  ", "Operator: "+r.Cause.FixOperator))
	}
	return b.String()
}

func stepName(step gate401.Step) string {
	if step.Method == "" {
		return string(step.Stage)
	}
	return string(step.Stage) + " " + step.Method
}

// step is one line of the walk; a long note goes on below itself.
func (s Style) step(mark, name string, column int, note string) string {
	narrow := Style{Width: s.columns() - column - 5}
	if narrow.Width < 40 {
		narrow.Width = 40
	}
	lines := strings.Split(strings.TrimSuffix(narrow.Wrap("", note), "\n"), "\n")
	var b strings.Builder
	for i, line := range lines {
		if i == 0 {
			gap := strings.Repeat(" ", max(column-textWidth(name), 1))
			b.WriteString(strings.TrimRight("  "+mark+name+gap+line, " ") + "\n")
			continue
		}
		b.WriteString(strings.Repeat(" ", 5+column) + line + "\n")
	}
	return b.String()
}

func presented(p watch.Presented) string {
	text := p.Place + " " + p.Name
	if p.Scheme != "" {
		text += ", scheme " + p.Scheme
	}
	return text
}
