package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/internal/component"
)

// report is what "gate401 mock judge --json" prints, as its users read it.
type report struct {
	Passed, Failed, Skipped int
	Results                 []struct {
		Scenario, Skipped string
		Findings          []struct{ Rule, Severity, Message string }
		Statuses          []int
	}
}

// judged runs a client through the scenarios or groups.
func judged(t *testing.T, only string, command ...string) (report, int) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"mock", "judge", "--json", "--only", only, "--"}, command...)...)
	cmd.Env = append(cmd.Environ(), "NO_PROXY=*")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, &out, &errs)
	}
	return r, cmd.ProcessState.ExitCode()
}

// faults are those of the report, "scenario: rule", without doubts.
func (r report) faults() []string {
	all := []string{}
	for _, x := range r.Results {
		for _, f := range x.Findings {
			if line := x.Scenario + ": " + f.Rule; f.Severity == "fault" && !slices.Contains(all, line) {
				all = append(all, line)
			}
		}
	}
	slices.Sort(all)
	return all
}

// Clients that do what a right client does are not accused, and each of those
// that do not is accused of what it does, and of nothing else.
func TestJudge(t *testing.T) {
	curl := func(args ...string) []string {
		return append([]string{component.Need(t, "curl", "curl"), "-sfL", "--max-time", "10"}, append(args, "{url}")...)
	}
	const everyday = "status,answer,connection,network,clock,counter,token-expired,password-wrong,locked-out,digest-stale,digest-replayed,challenge"
	for _, x := range []struct {
		name, only string
		command    []string
		want       []string // faults
	}{
		{"curl with a password", everyday, curl("-u", "{username}:{password}"), []string{}},
		{"curl with a token", "token,clock,counter,token-expired,token-revoked,scope-insufficient", curl("--oauth2-bearer", "{access_token}"), []string{}},
		{"curl with a key", "api-key-missing,api-key-expired,rate-limited", curl("-H", "X-API-Key: {key}"), []string{}},
		// With --anyauth, curl answers a nonce that is called stale again and again, up
		// to its limit of redirects; and it gives up at an algorithm that it does not
		// know, although Basic stands beside it.
		{"curl that asks first", "digest-stale,challenge-digest-unknown-algorithm,challenge-order,challenge-two-fields,password-wrong",
			curl("--anyauth", "-u", "{username}:{password}"), []string{"challenge-digest-unknown-algorithm: not-served", "digest-stale: kept-asking"}},
		{"curl that trusts every host", "redirect-cross-host,redirect-same-host", curl("--location-trusted", "-u", "{username}:{password}"),
			[]string{"redirect-cross-host: credential-leaked"}},
		{"curl that does not give up", "password-wrong", curl("--retry", "4", "--retry-all-errors", "--retry-delay", "1", "-u", "{username}:{password}"),
			[]string{"password-wrong: kept-asking", "password-wrong: password-repeated"}},
		{"wget", "status,answer,token-expired,password-wrong,digest-stale,digest-replayed,challenge",
			[]string{component.Need(t, "wget", "wget"), "-q", "-O", "/dev/null", "--no-hsts", "--tries=1", "--timeout=10", "--user", "{username}", "--password", "{password}", "{url}"}, []string{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r, exit := judged(t, x.only, x.command...)
			if got := r.faults(); !slices.Equal(got, x.want) {
				all, _ := json.MarshalIndent(r.Results, "", " ")
				t.Errorf("accused of %q, want %q\n%s", got, x.want, all)
			}
			if want := min(len(x.want), 1); exit != want || r.Passed+r.Failed == 0 {
				t.Errorf("exit status %d, want %d; %d passed, %d failed", exit, want, r.Passed, r.Failed)
			}
		})
	}
}

// A script in Python, a careful one.
func TestJudgeRequests(t *testing.T) {
	t.Parallel()
	r, exit := judged(t, "network,status-302,status-200,503-then-200,429-then-200,challenge-none,challenge-two-fields,challenge-huge,password-wrong,rate-limited", foreign.Python(t, "requests"), "-c", `
import sys, requests
url, name, password = sys.argv[1:]
try:
    requests.get(url, auth=(name, password), timeout=10).raise_for_status()
except requests.RequestException as e:
    sys.exit(str(e))
`, "{url}", "{username}", "{password}")
	if got := r.faults(); len(got) > 0 || exit != 0 {
		t.Errorf("requests is accused of %q, exit status %d", got, exit)
	}
}

// axios with axios-auth-refresh refreshes as it should; that it does not look at
// what the token endpoint sends is found.
func TestJudgeAxios(t *testing.T) {
	t.Parallel()
	node, dir := component.Need(t, "node", "nodejs"), foreign.Modules(t)
	const good = "token-life-refused-once,token-life-revoked,token-life-malformed,token-life-forbidden," +
		"refresh-rotates,refresh-kept,refresh-500,refresh-invalid-grant,refresh-lost-answer,refresh-still-refused"
	const careless = "refresh-html-ok,refresh-no-access-token,refresh-same-access-token"
	r, exit := judged(t, good+","+careless, node, filepath.Join(dir, "judged.mjs"))
	want := []string{"refresh-html-ok: token-repeated", "refresh-no-access-token: token-repeated", "refresh-same-access-token: token-repeated"}
	if got := r.faults(); !slices.Equal(got, want) || exit != 1 {
		t.Errorf("axios is accused of %q, want %q; exit status %d", got, want, exit)
	}
	if n := strings.Count(good, ",") + 1; r.Passed != n {
		t.Errorf("%d passed, want %d", r.Passed, n)
	}
}
