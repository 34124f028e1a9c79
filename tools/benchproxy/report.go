package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gate401/gate401/tools/rig"
)

// report is what a run came to.
type report struct {
	Machine  string       `json:"machine"`
	Versions []string     `json:"versions"`
	When     time.Time    `json:"when"`
	Took     string       `json:"took"`
	Rounds   int          `json:"rounds"`
	Seconds  int          `json:"seconds"`
	Others   spread       `json:"others"` // part of the machine that did other work during the turns
	Token    int          `json:"token_octets"`
	Rows     []rowReport  `json:"rows"`
	Entrants []caseReport `json:"entrants"`
}

type rowReport struct {
	Work      string  `json:"work"`
	Goal      string  `json:"goal"`
	Figure    *spread `json:"figure,omitempty"`
	Text      string  `json:"text"` // of the figure
	Range     string  `json:"range"`
	Subject   string  `json:"subject,omitempty"`
	Reference string  `json:"reference,omitempty"`
	Outcome   string  `json:"outcome"`
	Why       string  `json:"why,omitempty"`
}

type caseReport struct {
	Group    string  `json:"group"`
	Name     string  `json:"name"`
	CPU      spread  `json:"cpu_us"`
	Rate     spread  `json:"requests_per_second"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Resident float64 `json:"resident_mib"` // of all its servers, at the end
}

// report gathers what was measured.
func (st *stage) report(took time.Duration) (*report, error) {
	rounds := 0
	var others []float64
	r := &report{Machine: machine(), Versions: versions(), When: time.Now().UTC().Truncate(time.Second), Took: took.Round(time.Second).String(),
		Seconds: st.settings.seconds, Token: st.facts.tokenSize}
	for _, g := range st.groups {
		for _, e := range g.entrants {
			if len(e.turns) == 0 {
				continue
			}
			rounds = max(rounds, len(e.turns))
			others = append(others, e.series(func(t turn) float64 { return t.Others })...)
			c := caseReport{Group: g.name, Name: e.name, CPU: spreadOf(e.series(cpuOf)), Rate: spreadOf(e.series(rateOf)),
				P50: spreadOf(e.series(func(t turn) float64 { return t.P50 })).Median, P99: spreadOf(e.series(func(t turn) float64 { return t.P99 })).Median}
			for _, p := range e.servers {
				u, err := rig.UsageOf(p.PID)
				if err != nil {
					return nil, err
				}
				c.Resident += float64(u.Resident) / (1 << 20)
			}
			r.Entrants = append(r.Entrants, c)
		}
	}
	if r.Rounds = rounds; len(others) > 0 {
		r.Others = spreadOf(others)
	}
	for _, x := range st.rows {
		out := rowReport{Work: x.work, Goal: x.goal, Outcome: x.outcome(), Why: x.notYet, Text: "-", Range: "-"}
		if f, ok := x.figure(); ok {
			out.Figure, out.Text, out.Range = &f, x.text(f.Median), x.text(f.Q1)+" to "+x.text(f.Q3)
		}
		if x.subject != nil && len(x.subject.turns) > 0 {
			out.Subject = fmt.Sprintf("%.1f us", spreadOf(x.subject.series(cpuOf)).Median)
			out.Reference = fmt.Sprintf("%.1f us", spreadOf(x.reference.series(cpuOf)).Median)
		}
		r.Rows = append(r.Rows, out)
	}
	return r, nil
}

// write prints the tables, and writes the files that were asked for.
func (r *report) write(s settings, out io.Writer) error {
	fmt.Fprintf(out, "\n%s, %s\n%s\n%d rounds of %d s, %s, tokens of %d octets; other work took %.0f %% of the machine (%.0f to %.0f %%)\n\n",
		r.Machine, r.When.Format(time.RFC3339), strings.Join(r.Versions, ", "), r.Rounds, r.Seconds, r.Took, r.Token, 100*r.Others.Median, 100*r.Others.Least, 100*r.Others.Most)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "work\tgoal\tfigure\tmiddle half\tgate\tcompared with\t")
	for _, x := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Work, x.Goal, x.Text, x.Range, cmp.Or(x.Subject, "-"), cmp.Or(x.Reference, "-"), x.Outcome)
	}
	fmt.Fprintln(w, "\t\t\t\t\t\t")
	fmt.Fprintln(w, "server and load\tCPU us/req\tmiddle half\treq/s\tp50 ms\tp99 ms\tRSS MiB")
	for _, x := range r.Entrants {
		fmt.Fprintf(w, "%s\t%.1f\t%.1f to %.1f\t%.0f\t%.2f\t%.1f\t%.0f\n", x.Name, x.CPU.Median, x.CPU.Q1, x.CPU.Q3, x.Rate.Median, x.P50, x.P99, x.Resident)
	}
	err := w.Flush()
	if s.json != "" {
		data, jerr := json.MarshalIndent(r, "", "  ")
		err = errors.Join(err, jerr, os.WriteFile(s.json, append(data, '\n'), 0o600))
	}
	if s.markdown != "" {
		err = errors.Join(err, os.WriteFile(s.markdown, []byte(r.markdown()), 0o600))
	}
	return err
}

// markdown is the tables for a document.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s; %s; %d rounds of %d s; other work took %.0f %% of the machine (%.0f to %.0f %%).\n\n", r.Machine, strings.Join(r.Versions, ", "), r.When.Format(time.DateOnly), r.Rounds, r.Seconds, 100*r.Others.Median, 100*r.Others.Least, 100*r.Others.Most)
	b.WriteString("| work | goal | figure | middle half | CPU: gate / compared with | |\n|---|---|--:|--:|--:|---|\n")
	for _, x := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s / %s | %s |\n", x.Work, x.Goal, x.Text, x.Range, cmp.Or(x.Subject, "-"), cmp.Or(x.Reference, "-"), x.Outcome)
	}
	b.WriteString("\n| server and load | CPU us/req | middle half | req/s | p50 ms | p99 ms | RSS MiB |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, x := range r.Entrants {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f to %.1f | %.0f | %.2f | %.1f | %.0f |\n", x.Name, x.CPU.Median, x.CPU.Q1, x.CPU.Q3, x.Rate.Median, x.P50, x.P99, x.Resident)
	}
	return b.String()
}

// machine names the processor and its cores.
func machine() string {
	name := runtime.GOARCH
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if what, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(what) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

// versions of what was compared.
func versions() []string {
	out := []string{runtime.Version()}
	for _, x := range [][]string{{"haproxy", "-v"}, {"nginx", "-v"}} {
		text, _ := exec.Command(command(x[0]), x[1]).CombinedOutput()
		line, _, _ := strings.Cut(string(text), "\n")
		if i := strings.Index(line, " 20"); i > 0 && x[0] == "haproxy" {
			line = line[:i]
		}
		out = append(out, strings.TrimPrefix(line, "nginx version: "))
	}
	return out
}
