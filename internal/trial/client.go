package trial

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/journal"
)

// Word is something that a client is told.
type Word struct {
	// Placeholder in the arguments, with its braces; Variable in the
	// environment.
	Placeholder, Variable string
	// Text says what it stands for.
	Text string
}

// Words are what a client is told, in the arguments or in the environment.
func Words() []Word {
	return []Word{
		{"{url}", "MOCK_URL", "what to GET"},
		{"{base}", "MOCK_BASE", "the address of the mock's session, without a slash at the end"},
		{"{login_url}", "MOCK_LOGIN_URL", "where a name and a password become tokens (POST, a form or JSON: username, password)"},
		{"{token_url}", "MOCK_TOKEN_URL", "the token endpoint: where the refresh token is redeemed"},
		{"{username}", "MOCK_USERNAME", "a name"},
		{"{password}", "MOCK_PASSWORD", "its password"},
		{"{access_token}", "MOCK_ACCESS_TOKEN", "an access token"},
		{"{refresh_token}", "MOCK_REFRESH_TOKEN", "its refresh token"},
		{"{key}", "MOCK_KEY", "an API key"},
		{"{scenario}", "MOCK_SCENARIO", "the name of the scenario"},
		{"{ca}", "MOCK_CA", "a file with the certificate to trust where {url} begins with https; else nothing"},
	}
}

// told is what the words stand for in one run, by placeholder.
type told map[string]string

// arguments puts the words into the command.
func (t told) arguments(command []string) []string {
	var pairs []string
	for word, value := range t {
		pairs = append(pairs, word, value)
	}
	replace := strings.NewReplacer(pairs...)
	out := make([]string, len(command))
	for i, a := range command {
		out[i] = replace.Replace(a)
	}
	return out
}

// trust are variables by which clients are told which certificates to trust: those
// of OpenSSL and Go, curl, requests, Node, and git.
var trust = [...]string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"}

// environment is that of this process without other words, and with these.
func (t told) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		return slices.ContainsFunc(Words(), func(w Word) bool { return strings.HasPrefix(s, w.Variable+"=") })
	})
	for _, w := range Words() {
		if v, ok := t[w.Placeholder]; ok {
			env = append(env, w.Variable+"="+v)
		}
	}
	if ca := t["{ca}"]; ca != "" {
		for _, name := range trust {
			env = append(env, name+"="+ca)
		}
	}
	return env
}

// Uses guesses what a command can do from its placeholders: "password",
// "token", "refresh", "login" or "key". A command without any placeholder but
// {url} reads its environment, and may do anything.
func Uses(command []string) []string {
	all := strings.Join(command, " ")
	var uses []string
	for _, u := range [][2]string{{"{password}", "password"}, {"{access_token}", "token"}, {"{refresh_token}", "refresh"}, {"{login_url}", "login"}, {"{key}", "key"}} {
		if strings.Contains(all, u[0]) {
			uses = append(uses, u[1])
		}
	}
	if slices.Contains(uses, "login") {
		uses = slices.DeleteFunc(uses, func(u string) bool { return u == "password" })
	}
	return uses
}

// used says what a client showed that it can do.
func used(own []journal.Entry) []string {
	var all []string
	for _, e := range own {
		path, _, _ := strings.Cut(e.Target, "?")
		scheme, _, _ := httpauth.CutScheme(e.Header.Get("Authorization"))
		switch {
		case e.Method == http.MethodPost && strings.HasSuffix(path, "/token"):
			all = append(all, "refresh")
		case e.Method == http.MethodPost && strings.HasSuffix(path, "/login"):
			all = append(all, "login")
		case strings.EqualFold(scheme, "Basic"), strings.EqualFold(scheme, "Digest"):
			all = append(all, "password")
		case e.Header.Get("X-API-Key") != "":
			all = append(all, "key")
		case strings.EqualFold(scheme, "Bearer"):
			all = append(all, "token")
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxOutput is how much of what a client prints is kept.
const maxOutput = 64 << 10

// tail keeps the end of what is written to it.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxOutput {
		p = p[len(p)-maxOutput:]
	}
	if over := t.buf.Len() + len(p) - maxOutput; over > 0 {
		t.buf.Next(over)
	}
	t.buf.Write(p)
	return n, nil
}

// outcome is how a client ended.
type outcome struct {
	exit    int
	timeout bool
	output  string
	took    time.Duration
}

// run runs the command to its end, or ends it with all its children.
func run(ctx context.Context, command []string, t told, limit time.Duration) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := t.arguments(command)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // running it is what was asked for
	cmd.Env = t.environment()
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	ownGroup(cmd)
	cmd.WaitDelay = time.Second
	began := time.Now()
	err := cmd.Run()
	endGroup(cmd)
	o := outcome{output: out.buf.String(), took: time.Since(began), timeout: errors.Is(ctx.Err(), context.DeadlineExceeded)}
	var exit *exec.ExitError
	switch {
	case err == nil || o.timeout:
	case errors.Is(err, exec.ErrWaitDelay):
		// The client ended well; only a child that it left behind held its output.
	case errors.As(err, &exit):
		if o.exit = exit.ExitCode(); o.exit < 0 {
			o.exit = 128 + int(signalOf(exit))
		}
	default:
		return outcome{}, err
	}
	return o, nil
}

func signalOf(exit *exec.ExitError) syscall.Signal {
	if s, ok := exit.Sys().(syscall.WaitStatus); ok {
		return s.Signal()
	}
	return 0
}
