//go:build linux

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// person runs gate401 in a home of its own.
type person struct {
	home string
	env  []string
}

func somebody(t *testing.T, env ...string) person { return person{t.TempDir(), env} }

// with is the same person with more in the environment.
func (p person) with(env ...string) person { return person{p.home, slices.Concat(p.env, env)} }

func (p person) store() string { return filepath.Join(p.home, "tokens.json") }

// command is gate401, not yet started.
func (p person) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = p.home
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "XDG_CONFIG_HOME=" + p.home, "GATE401_STORE_FILE=" + p.store(), "NO_COLOR=1", "TZ=UTC",
	}, p.env...)
	return cmd
}

// ran is what came of a command.
type ran struct {
	out, err string
	code     int
}

func (r ran) String() string { return fmt.Sprintf("exit %d\n%s%s", r.code, r.out, r.err) }

// says fails the test unless everything wanted is in what was printed.
func (r ran) says(t *testing.T, code int, want ...string) {
	t.Helper()
	all := strings.Join(strings.Fields(r.out+r.err), " ")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("nothing says %q: %v", w, r)
		}
	}
	if r.code != code {
		t.Errorf("want exit %d: %v", code, r)
	}
}

const patience = 3 * time.Minute

func (p person) run(t *testing.T, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := p.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return ran{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// trace is what "call --json" prints.
type trace struct {
	Exchanges []struct {
		Kind, Sent, Why, Next, Error string
		Response                     *struct{ Status int }
	}
	Status int
	Denied *struct {
		Reason, Retry, Note, Rule, Title string
		WhatToDo                         string `json:"what_to_do"`
	}
	ran ran
}

// steps is what happened, in short: "401, Digest 200, renewal, Bearer 200".
func (c trace) steps() string {
	var out []string
	for _, e := range c.Exchanges {
		switch {
		case e.Kind == "renewal" && e.Error != "":
			out = append(out, "no renewal")
		case e.Kind == "renewal":
			out = append(out, "renewal")
		case e.Response == nil:
			out = append(out, e.Sent+" lost")
		default:
			out = append(out, strings.TrimSpace(fmt.Sprint(e.Sent, " ", e.Response.Status)))
		}
	}
	return strings.Join(out, ", ")
}

// reason is what it was refused for and by which rule it was found: "reason rule".
func (c trace) reason() string {
	if c.Denied == nil {
		return ""
	}
	return strings.TrimSpace(c.Denied.Reason + " " + c.Denied.Rule)
}

func (p person) call(t *testing.T, args ...string) trace {
	t.Helper()
	c := trace{ran: p.run(t, append([]string{"call", "--json"}, args...)...)}
	if err := json.Unmarshal([]byte(c.ran.out), &c); err != nil {
		t.Fatalf("%v: %v\n%v", args, err, c.ran)
	}
	return c
}

// called is a row of a table of calls.
type called struct {
	name   string
	env    []string
	args   []string
	steps  string
	reason string // empty for a call that works
	says   string
}

func (row called) test(t *testing.T, p person) {
	t.Run(row.name, func(t *testing.T) {
		c := p.with(row.env...).call(t, row.args...)
		code := 0
		if row.reason != "" {
			code = 1
		}
		if c.steps() != row.steps || c.reason() != strings.TrimSpace(row.reason) {
			t.Errorf("got %s, %q; want %s, %q", c.steps(), c.reason(), row.steps, row.reason)
		}
		c.ran.says(t, code, row.says)
	})
}

// report is what "explain --json" prints.
type report struct {
	Outcome string
	Cause   struct{ Code, Rule, Certainty, Fault, Note, Actual string }
	Fix     struct{ Text, Command string }
	Found   []struct{ ID string } `json:"findings"`
	Unknown []string
	ran     ran
}

func (r report) found(id string) bool {
	return slices.ContainsFunc(r.Found, func(f struct{ ID string }) bool { return f.ID == id })
}

func (p person) explain(t *testing.T, args ...string) report {
	t.Helper()
	r := report{ran: p.run(t, append([]string{"explain", "--send", "--json"}, args...)...)}
	if err := json.Unmarshal([]byte(r.ran.out), &r); err != nil {
		t.Fatalf("%v: %v\n%v", args, err, r.ran)
	}
	return r
}

// explained is a row of a table of explanations.
type explained struct {
	name  string
	args  []string
	cause string // "rule code fault certainty", or the outcome if there is none
	also  string // another finding
	fix   string // in the command
}

func (row explained) test(t *testing.T, p person) {
	t.Run(row.name, func(t *testing.T) {
		r := p.explain(t, row.args...)
		got := r.Outcome
		if r.Cause.Rule != "" {
			got = strings.Join([]string{r.Cause.Rule, r.Cause.Code, r.Cause.Fault, r.Cause.Certainty}, " ")
		}
		code := 1
		if row.cause == "fine" {
			code = 0
		}
		if got != row.cause || r.ran.code != code || row.also != "" && !r.found(row.also) || !strings.Contains(r.Fix.Command, row.fix) {
			t.Errorf("got %s; want %s, also %q, command %q\n%v", got, row.cause, row.also, row.fix, r.ran)
		}
	})
}

// front stands before a server and keeps what credentials came by.
type front struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string
}

func before(t *testing.T, server string) *front {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	tr := &http.Transport{}
	proxy := &httputil.ReverseProxy{Transport: tr, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.seen = append(f.seen, r.Header.Get("Authorization"))
		f.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { f.Close(); tr.CloseIdleConnections() })
	return f
}

// credentials are those that came by since it was asked last: their schemes, and
// - for none.
func (f *front) credentials() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, v := range f.seen {
		scheme, _, _ := strings.Cut(v, " ")
		if scheme == "" {
			scheme = "-"
		}
		out = append(out, scheme)
	}
	f.seen = nil
	return strings.Join(out, " ")
}

func large(n int) string { return strings.Repeat("a", n) }
