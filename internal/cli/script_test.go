package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/cli"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gate401": func() {
		os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: "v0.0.0-test"}))
	}, "browse": browse})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("USER", "tester")
			env.Setenv("HOME", env.WorkDir)
			admin := httptest.NewServer(adminAPI())
			env.Defer(admin.Close)
			env.Setenv("ADMIN", admin.URL)
			callServers(env)
			return explainServer(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exit": exit, "field": field, "octets": octets},
	})
}

// adminAPI answers like the admin listener of a gate that refused one request.
func adminAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/traces/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "01JGJ0Q4B8Z3V5K7M9N1P2R4T6" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"request_id":"01JGJ0Q4B8Z3V5K7M9N1P2R4T6","time":"2026-01-02T03:04:05Z","verb":"GET","host":"api.example.com","path":"/orders",`+
			`"client":"192.0.2.7","rule":"orders","method":"basic","subject":"alice","reason":"password-wrong","shown":"credentials-invalid","status":401,`+
			`"retry":"reauthenticate","cause":"account \"alice\" has another password","challenges":["Basic realm=\"orders\""],`+
			`"presented":[{"place":"header","name":"Authorization","scheme":"Basic"}],`+
			`"steps":[{"stage":"rule","note":"orders"},{"stage":"verify","method":"basic","reason":"password-wrong","note":"the password is wrong"}]}`)
	})
	operatorPages(mux)
	return mux
}

// operatorPages are those of a gate that is well and of one that is not, the
// latter below /ill; and below /other something else.
func operatorPages(mux *http.ServeMux) {
	for pattern, answer := range map[string]struct {
		status int
		body   string
	}{
		"GET /healthz": {200, `{"status":"ok"}`},
		"GET /readyz":  {200, `{"ready":true,"checks":{"store":"ok"},"config":{"generation":3,"loaded":"2026-01-02T03:04:05Z"}}`},
		"GET /ill/readyz": {503, `{"ready":false,"checks":{"store":"the disk is full","keys":"ok","drain":"the gate is ending"},` +
			`"config":{"generation":3,"loaded":"2026-01-02T03:04:05Z","failed":{"errors":[{"message":"x"}]}}}`},
		"GET /other/": {200, `<html>`},
		"GET /api/config": {200, `{"generation":3,"loaded":"2026-01-02T03:04:05Z","cause":"SIGHUP","file":"gate401.yaml","flags":{"gate.listen":"listen"},` +
			`"failed":{"time":"2026-01-02T04:05:06Z","cause":"the file changed","errors":[{"line":7,"column":3,"key":"rules[0].path",` +
			`"message":"a path begins with a slash","hint":"write it as in /orders"}]},` +
			`"config":{"gate":{"upstream":"http://127.0.0.1:3000"}},"yaml":"gate:\n  upstream: http://127.0.0.1:3000\n"}`},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(answer.status)
			fmt.Fprint(w, answer.body)
		})
	}
}

// exit N COMMAND... runs a command that must end with the status N.
func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("%v", err)
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\n%s", got, want, ts.ReadFile("stderr"))
	}
}

// field PATH VALUE compares a part of the JSON on standard output: names and
// indices with dots between, "len" for the length of a list, "?" for its names.
// With "!" the part must not be there. field PATH > VARIABLE keeps it.
func field(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("standard output is not one JSON document: %v\n%s", err, ts.ReadFile("stdout"))
	}
	got, ok := pick(v, strings.Split(args[0], "."))
	switch {
	case neg && ok:
		ts.Fatalf("%s is %s, and should not be there", args[0], got)
	case neg:
	case !ok:
		ts.Fatalf("%s is missing\n%s", args[0], ts.ReadFile("stdout"))
	case len(args) == 3 && args[1] == ">":
		ts.Setenv(args[2], got)
	case len(args) != 2 || got != args[1]:
		ts.Fatalf("%s is %q, want %q", args[0], got, args[1:])
	}
}

func pick(v any, path []string) (string, bool) {
	for _, name := range path {
		switch x := v.(type) {
		case map[string]any:
			if name == "?" {
				var names []string
				for n := range x {
					names = append(names, n)
				}
				slices.Sort(names)
				return strings.Join(names, " "), true
			}
			next, ok := x[name]
			if !ok {
				return "", false
			}
			v = next
		case []any:
			if name == "len" {
				return strconv.Itoa(len(x)), true
			}
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(x) {
				return "", false
			}
			v = x[i]
		default:
			return "", false
		}
	}
	switch x := v.(type) {
	case string:
		return x, true
	case nil:
		return "null", true
	}
	out, err := json.Marshal(v)
	return string(out), err == nil
}

// octets FILE TEXT writes a file whose text has Go escapes.
func octets(ts *testscript.TestScript, _ bool, args []string) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if err := os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600); err != nil {
		ts.Fatalf("%v", err)
	}
}
