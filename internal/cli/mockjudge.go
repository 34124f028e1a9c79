package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/trial"
)

// judgeFlags are the flags of "gate401 mock judge".
type judgeFlags struct {
	only, uses   []string
	timeout      time.Duration
	parallel     int
	asJSON, list bool
	junit        string
	verbose      bool
}

func (a *app) mockJudge() *cobra.Command {
	var f judgeFlags
	var words strings.Builder
	groups := strings.Join(trial.Groups(), ", ")
	for _, w := range trial.Words() {
		fmt.Fprintf(&words, "\n  %-16s %-19s %s", w.Placeholder, w.Variable, w.Text)
	}
	cmd := &cobra.Command{
		Use:   "judge [flags] -- COMMAND...",
		Short: "Run a client through the scenarios and say what it does wrong",
		Long: "COMMAND is a client that makes one request. It is run once for each scenario, against a mock of its own, and judged by what it sent: " +
			"did it refresh once, repeat a refused password, show its token to another host, stop when it should? " +
			"It is told where to go by words in its arguments, or by its environment:\n" + words.String() + "\n\n" +
			"A command that uses {password} is judged as a client with a name and a password, one that uses {refresh_token} or {login_url} as one that refreshes, " +
			"one that uses {access_token} or {key} alone as one that cannot; one that uses none of them reads its environment and can do everything, unless --uses says what it can.\n\n" +
			"Where {url} is https, the certificate is in {ca}, and SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE and NODE_EXTRA_CA_CERTS name it. " +
			"Groups of scenarios for --only are " + groups + ". " +
			"A mock that runs already judges whoever asks it: GET /__mock/api/verdict?session=NAME.\n\n" +
			"The exit status is 1 if a scenario failed and 3 if the command cannot be run.",
		Example: `gate401 mock judge -- curl -sf -u '{username}:{password}' '{url}'
gate401 mock judge --only refresh -- node client.mjs
gate401 mock judge --junit judge.xml -- python3 client.py '{url}' '{access_token}' '{refresh_token}' '{token_url}'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runJudge(cmd, f, args) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.only, "only", nil, "run these scenarios or groups alone: `NAME,...`")
	fl.StringSliceVar(&f.uses, "uses", nil, "what the client can do: `WHAT,...` of password, token, refresh, login, key")
	fl.DurationVar(&f.timeout, "timeout", 15*time.Second, "end a client that takes longer than this `TIME`")
	fl.IntVar(&f.parallel, "parallel", 2, "how many run at once: `N`")
	fl.BoolVar(&f.list, "list", false, "list what would be run")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	fl.StringVar(&f.junit, "junit", "", "write the report to `FILE` as CI systems read it")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show what the client printed where it failed, and in full what a right one does")
	return cmd
}

func (a *app) runJudge(cmd *cobra.Command, f judgeFlags, args []string) error {
	known := []string{"password", "token", "refresh", "login", "key"}
	for _, u := range f.uses {
		if !slices.Contains(known, u) {
			return usagef("one of "+strings.Join(known, ", "), "--uses: %q is nothing that a client can do", u)
		}
	}
	if f.parallel < 1 || f.timeout <= 0 {
		return usagef("", "--parallel and --timeout are more than 0")
	}
	if len(args) == 0 && !f.list {
		return usagef(`gate401 mock judge -- curl -sf -u '{username}:{password}' '{url}'`, "judge: which command? It stands behind --")
	}
	t := &trial.Trial{Command: args, Uses: f.uses, Only: f.only, Timeout: f.timeout, Parallel: f.parallel}
	plans, err := t.Plans()
	var unknown *trial.UnknownError
	if errors.As(err, &unknown) {
		hint := "groups are " + strings.Join(trial.Groups(), ", ") + `; "gate401 mock --list" has the scenarios`
		if unknown.Near != "" {
			hint = "did you mean " + unknown.Near + "? " + strings.ToUpper(hint[:1]) + hint[1:]
		}
		return usagef(hint, "judge: %w", err)
	}
	if err != nil {
		return usagef("", "judge: %w", err)
	}
	if f.list {
		return a.listPlans(f, plans)
	}
	junit, err := junitFile(f.junit)
	if err != nil {
		return err
	}
	defer junit.Close()
	n, width := 0, 0
	for _, p := range plans {
		if p.Skip == "" {
			n++
			width = max(width, len(p.Scenario.Name))
		}
	}
	if !f.asJSON {
		a.print(fmt.Sprintf("%s through %s\n%s\n", a.style.Bold(args[0]), counted(n, "scenario", "scenarios"), a.style.Wrap("", given(args, f.uses))))
		told := map[string]bool{}
		t.Each = func(r trial.Result) { a.print(a.judged(r, width, f.verbose, told)) }
	}
	report, err := t.Run(cmd.Context())
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return fail(ExitUntested, fmt.Errorf("judge: %w", err), "COMMAND is run as it is, without a shell; for a shell: -- sh -c '...'")
	case err != nil:
		return fail(ExitUntested, err)
	}
	if junit != nil {
		if err := errors.Join(report.JUnit(junit), junit.Close()); err != nil {
			return fail(ExitUntested, err)
		}
	}
	if f.asJSON {
		return verdict(report.Good(), a.json(report))
	}
	a.print(a.judgement(report))
	return verdict(report.Good(), nil)
}

// junitFile is made before the first client runs: a run takes minutes, and its
// report would be lost, or an old one be taken for it. It is nil without a name.
func junitFile(name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, fail(ExitUsage, fmt.Errorf("--junit: %w", err))
	}
	return file, nil
}

func (a *app) listPlans(f judgeFlags, plans []trial.Plan) error {
	if f.asJSON {
		type plan struct {
			Name   string `json:"name"`
			Group  string `json:"group"`
			Expect string `json:"expect"`
			Skip   string `json:"skip,omitempty"`
		}
		all := make([]plan, len(plans))
		for i, p := range plans {
			all[i] = plan{p.Scenario.Name, string(p.Scenario.Group), p.Scenario.Expect.Sentence, p.Skip}
		}
		return a.json(all)
	}
	var rows [][]string
	for _, p := range plans {
		what := p.Scenario.Expect.Sentence
		if !f.verbose {
			what = firstSentence(what)
		}
		if p.Skip != "" {
			what = "not run: " + p.Skip
		}
		rows = append(rows, []string{string(p.Scenario.Group), p.Scenario.Name, what})
	}
	a.print(a.table([]string{"group", "scenario", "a right client"}, rows))
	return nil
}

// firstSentence is what fits into one line of a list.
func firstSentence(text string) string {
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

// given says in a sentence what a client was told and is taken for: who reads what
// it is told elsewhere is judged wrong, and should see why.
func given(command, uses []string) string {
	named := trial.Uses(command)
	how := "for that is what its arguments name"
	switch {
	case len(uses) > 0:
		named, how = uses, "as --uses says"
	case len(named) == 0:
		return "Its arguments name no credential, so it has all of them in its environment (MOCK_USERNAME, MOCK_PASSWORD, MOCK_ACCESS_TOKEN, MOCK_REFRESH_TOKEN, MOCK_KEY) and is taken for a client that can do everything; --uses says otherwise."
	}
	text := "It is taken for a client with " + strings.Join(named, ", ") + ", " + how
	if !tokens(named) {
		text += "; tokens are not given to it"
	}
	return text + "."
}

// tokens tells whether a client that uses those things is given tokens.
func tokens(uses []string) bool {
	return len(uses) == 0 || slices.Contains(uses, "token") || slices.Contains(uses, "refresh")
}

// misjudged says that a client was probably taken for another one: many scenarios
// in which it was not served.
func misjudged(r *trial.Report) string {
	const many = 3
	n := len(r.Faults()[trial.NotServed])
	if n < many {
		return ""
	}
	used := r.Used()
	switch {
	case len(used) == 0:
		return fmt.Sprintf("In %d scenarios it was not served, and it showed no credential in any: give it one, such as '{access_token}' in its arguments or MOCK_ACCESS_TOKEN in its environment.", n)
	case len(r.Uses) == 0 || !slices.Equal(slices.Sorted(slices.Values(r.Uses)), used):
		return fmt.Sprintf("In %d scenarios it was not served. It showed that it can do %s: if that is all, --uses %s leaves out what does not fit.", n, strings.Join(used, ", "), strings.Join(used, ","))
	case !tokens(r.Uses):
		return fmt.Sprintf("In %d scenarios it was not served. It was given no tokens: if it takes some from its environment, --uses %s,token,refresh says so.", n, strings.Join(r.Uses, ","))
	}
	return ""
}

// judged is one line for a scenario, and below it what was found. told are the
// sentences that were printed before.
func (a *app) judged(r trial.Result, width int, verbose bool, told map[string]bool) string {
	if r.Skipped != "" {
		return ""
	}
	var b strings.Builder
	mark := "ok  "
	if !r.Passed() {
		mark = a.style.Red("FAIL")
	}
	fmt.Fprintf(&b, "%s  %-*s  %s\n", mark, width, r.Scenario, a.style.Faint(answers(r)))
	for _, f := range r.Findings {
		paint := a.style.Red
		if f.Severity == judge.Doubt {
			paint = a.style.Yellow
		}
		b.WriteString("      " + paint(string(f.Rule)) + ": " + f.Message + "\n")
	}
	if !r.Passed() {
		// Many scenarios expect the same.
		if verbose || !told[r.Expect] {
			b.WriteString(a.style.Wrap("      ", "A right client: "+r.Expect))
		}
		told[r.Expect] = true
		if verbose && strings.TrimSpace(r.Output) != "" {
			for line := range strings.Lines(r.Output) {
				b.WriteString(a.style.Faint("      | ") + strings.TrimRight(line, "\n") + "\n")
			}
		}
	}
	return b.String()
}

// answers are the statuses that the client got, in order.
func answers(r trial.Result) string {
	const most = 8
	var all []string
	for i, s := range r.Statuses {
		if i == most {
			all = append(all, fmt.Sprintf("and %d more", len(r.Statuses)-most))
			break
		}
		if s == 0 {
			all = append(all, "cut")
			continue
		}
		all = append(all, fmt.Sprint(s))
	}
	return strings.Join(all, " ")
}

// judgement sums up: every rule that was broken, once, with what to change.
func (a *app) judgement(r *trial.Report) string {
	var b strings.Builder
	faults := r.Faults()
	for _, rule := range trial.AllRules() {
		where := faults[rule.ID]
		if len(where) == 0 {
			continue
		}
		paint := a.style.Red
		if rule.Severity == judge.Doubt {
			paint = a.style.Yellow
		}
		kind := ""
		if rule.Severity == judge.Doubt {
			kind = a.style.Faint("  (a doubt, which fails nobody)")
		}
		fmt.Fprintf(&b, "\n%s  %s%s\n", paint(string(rule.ID)), a.style.Bold(rule.Title), kind)
		b.WriteString(a.style.Wrap("  ", rule.Why+" "+rule.Fix))
		in := "In: " + strings.Join(where[:min(len(where), 4)], ", ")
		if len(where) > 4 {
			in += fmt.Sprintf(" and %d more", len(where)-4)
		}
		if rule.Section != "" {
			in += " (" + rule.Section + ")"
		}
		b.WriteString(a.style.Wrap("  ", in+"."))
	}
	if hint := misjudged(r); hint != "" {
		b.WriteString("\n" + a.style.Wrap("", hint))
	}
	total := fmt.Sprintf("%d passed, %d failed, %d do not fit this client", r.Passed, r.Failed, r.Skipped)
	if r.Good() {
		total = a.style.Bold("Full marks: ") + total
	}
	b.WriteString("\n" + total + ".\n")
	return b.String()
}
