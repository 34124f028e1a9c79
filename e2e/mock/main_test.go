package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/mock/journal"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// server is a running gate401.
type server struct {
	*program.Process

	t testing.TB
	// URL is where clients connect, without a slash at the end.
	URL string
}

// startMock runs "gate401 mock" until the test ends.
func startMock(t testing.TB, args ...string) *server {
	t.Helper()
	s := start(t, append([]string{"mock", "--listen", "127.0.0.1:0"}, args...)...)
	s.URL, _ = s.Ready["mock"].(string)
	return s
}

// start runs gate401 until the test ends and waits for its event "ready".
func start(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{Process: program.Start(t, binary, t.TempDir(), args...), t: t}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("%v ended with %v\n%s", args, err, s.Stderr)
		}
	})
	return s
}

// api uses the admin API; out may be nil.
func (s *server) api(method, path string, in, out any) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+"/__mock/api/"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil || res.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %v\n%s", method, path, res.Status, err, &answer)
	}
	if out != nil {
		if err := json.Unmarshal(answer.Bytes(), out); err != nil {
			s.t.Fatalf("%s %s: %v\n%s", method, path, err, &answer)
		}
	}
}

// world makes one with those settings, and returns its address.
func (s *server) world(id string, settings map[string]any) string {
	s.t.Helper()
	in := map[string]any{"id": id}
	for name, value := range settings {
		in[name] = value
	}
	var info struct{ URL string }
	s.api(http.MethodPost, "sessions", in, &info)
	return info.URL
}

// entries is the journal; all of it, or that of a session.
func (s *server) entries(session string) []journal.Entry {
	s.t.Helper()
	var p journal.Page
	s.api(http.MethodGet, "journal?session="+url.QueryEscape(session), nil, &p)
	if p.More {
		s.t.Fatal("the journal has more than a page")
	}
	// The order of the journal is that of the answers.
	slices.SortStableFunc(p.Entries, func(a, b journal.Entry) int { return a.Time.Compare(b.Time) })
	return p.Entries
}

// said is what the clients said and got since the journal was empty, one line for
// each request: method, target, scheme of its credentials and status.
func (s *server) said() string {
	s.t.Helper()
	var b strings.Builder
	for _, e := range s.entries("") {
		scheme, _, _ := strings.Cut(e.Header.Get("Authorization"), " ")
		if scheme == "" {
			scheme = "-"
		}
		fmt.Fprintf(&b, "%s %s %s %d\n", e.Method, e.Target, scheme, e.Status)
	}
	return b.String()
}

// forget empties the journal.
func (s *server) forget() {
	s.t.Helper()
	s.api(http.MethodDelete, "journal", nil, nil)
}

// says compares what the clients said with lines that are wanted.
func (s *server) says(want ...string) {
	s.t.Helper()
	if got := s.said(); got != strings.Join(want, "\n")+"\n" {
		s.t.Errorf("the journal has\n%swant\n%s", got, strings.Join(want, "\n"))
	}
}

// explained is what "gate401 explain" reads from the journal of a session.
func (s *server) explained(session string) string {
	s.t.Helper()
	res, err := http.Get(s.URL + "/__mock/api/journal.har?session=" + url.QueryEscape(session))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var har bytes.Buffer
	if _, err := har.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatal(res.Status, err)
	}
	file := filepath.Join(s.t.TempDir(), "journal.har")
	if err := os.WriteFile(file, har.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, code := ran(s.t, exec.Command(binary, "explain", "--har", file))
	if code == 2 {
		s.t.Errorf("explain ended with %d\n%s", code, out)
	}
	return out
}

// ran runs a command to its end and returns what it printed and its exit status.
func ran(t testing.TB, cmd *exec.Cmd) (string, int) {
	t.Helper()
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// client runs a command that must end well and returns what it printed.
func client(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	out, code := ran(t, cmd)
	if code != 0 {
		t.Fatalf("%s ended with %d\n%s", cmd, code, out)
	}
	return out
}
