package operate_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Two sets of rules that differ for /x.
const (
	open   = `rules: [{path: "/**", allow: anyone}]`
	closed = `rules: [{path: "/x", name: "locked"}, {path: "/**", allow: anyone}]`
)

// Twenty reloads while requests come on old and on new connections: every answer
// is that of the old or of the new rules, none is missing, and streams go on.
func TestReloadLosesNothing(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(g.url, "http")+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	events := stream(t, ctx, g.url+"/events")

	var stop atomic.Bool
	var answers, opens, closes atomic.Int64
	var workers sync.WaitGroup
	fault := make(chan string, 8)
	report := func(format string, args ...any) {
		select {
		case fault <- fmt.Sprintf(format, args...):
		default:
		}
		stop.Store(true)
	}
	for i := range 4 {
		workers.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			defer client.CloseIdleConnections()
			for !stop.Load() {
				req, _ := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/x", strings.NewReader("a body"))
				req.GetBody = nil // net/http may not repeat it in silence
				res, err := client.Do(req)
				if err != nil {
					report("no answer: %v", err)
					return
				}
				body := new(strings.Builder)
				_, err = bufio.NewReader(res.Body).WriteTo(body)
				res.Body.Close()
				switch {
				case err != nil:
					report("half an answer: %v", err)
				case res.StatusCode == http.StatusOK && body.String() == "upstream":
					opens.Add(1)
				case res.StatusCode == http.StatusUnauthorized && res.Header.Get("Gate401-Reason") == "credentials-missing":
					closes.Add(1)
				default:
					report("%d %v %s", res.StatusCode, res.Header, body)
				}
				answers.Add(1)
			}
		})
	}
	for i := range 20 {
		rules := closed
		if i%2 == 1 {
			rules = open
		}
		before := answers.Load()
		g.write(config(upstream.URL, rules+fmt.Sprintf("\n# %d", i)))
		switch i % 3 {
		case 0:
			g.hangup()
		case 1:
			if status, body := g.do(http.MethodPost, g.admin+"/api/reload", nil); status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
		}
		// Whatever was first: the signal, the request, or that the file changed.
		want := digest(config(upstream.URL, rules+fmt.Sprintf("\n# %d", i)))
		g.await("the new file", func(s state) bool { return s.SHA256 == want })
		for end := time.Now().Add(time.Minute); answers.Load() < before+20 && !stop.Load() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	stop.Store(true)
	workers.Wait()
	select {
	case f := <-fault:
		t.Fatalf("%s\n%s", f, g.Stderr)
	default:
	}
	if opens.Load() == 0 || closes.Load() == 0 {
		t.Errorf("%d answers of the one rules and %d of the others", opens.Load(), closes.Load())
	}
	t.Logf("%d answers, %d let in and %d refused; generation %d", answers.Load(), opens.Load(), closes.Load(), g.state().Generation)

	for range 3 {
		if !events.Scan() {
			t.Fatalf("the events ended: %v", events.Err())
		}
	}
	if err := ws.Write(ctx, websocket.MessageText, []byte("still there?")); err != nil {
		t.Fatal(err)
	}
	if _, data, err := ws.Read(ctx); err != nil || string(data) != "still there?" {
		t.Fatalf("%q %v", data, err)
	}
	if n := len(g.events("closing an old configuration")); n != 0 {
		t.Errorf("%d faults while closing", n)
	}
}

// stream opens an answer that does not end.
func stream(t *testing.T, ctx context.Context, url string) *bufio.Scanner {
	t.Helper()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() {
		t.Fatal("nothing came")
	}
	return lines
}

// A bad file leaves the old one running, and everything that looks says why.
func TestReloadRefusesABadFile(t *testing.T) {
	upstream := newAPI(t)
	for _, tt := range []struct {
		name, text     string
		line, column   int
		key, says, tip string
	}{
		{"a misspelt key", "gate: {lisen: x}\n", 1, 8, "gate.lisen", "unknown key", "listen"},
		{"no YAML", "gate: [\n", 0, 0, "", "", ""},
		{"rules that contradict", config(upstream.URL, "rules:\n  - {path: /a}\n  - {path: /a, allow: anyone}"), 7, 12, "rules[1].path", "", ""},
		{"an htpasswd file that is away", config(upstream.URL, "methods:\n  p: {type: basic, htpasswd: /nowhere/users}"), 6, 30, "methods.p.htpasswd", "no such file", "check the path"},
		{"a secret that is away", config(upstream.URL, "methods:\n  p: {type: bearer, issuer: \"https://i.example\", audience: x, algorithms: [HS256], secret: \"${file:/nowhere/secret}\"}"), 6, 0, "methods.p.secret", "there is no file", "make it"},
		{"another address", strings.Replace(config(upstream.URL, closed), "127.0.0.1:0", "127.0.0.1:1", 1), 2, 16, "gate.listen", "needs a restart", "restart"},
		{"other records", strings.Replace(config(upstream.URL, closed), "gate401.db", "other.db", 1), 4, 20, "storage.records", "needs a restart", "restart"},
		{"no upstream", "gate: {listen: \"127.0.0.1:0\"}\nadmin: {listen: \"127.0.0.1:0\"}\n", 0, 0, "", "no upstream", ""},
		{"an empty file", "", 0, 0, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := serve(t, upstream.URL, closed)
			g.write(tt.text)
			g.hangup()
			s := g.awaitFailure()
			if s.Generation != 1 || len(s.Failed.Errors) == 0 {
				t.Fatalf("%+v", s)
			}
			f := s.Failed.Errors[0]
			if tt.line != 0 && f.Line != tt.line || tt.column != 0 && f.Column != tt.column || tt.key != "" && f.Key != tt.key ||
				!strings.Contains(f.Message, tt.says) || !strings.Contains(f.Hint, tt.tip) {
				t.Errorf("%+v", f)
			}
			if status, _ := g.get(g.url + "/x"); status != http.StatusUnauthorized {
				t.Errorf("the old rules do not hold: %d", status)
			}
			status, body := g.get(g.admin + "/readyz")
			if status != http.StatusOK || !strings.Contains(body, `"failed"`) || !strings.Contains(body, f.Message) && !strings.Contains(f.Message, `"`) {
				t.Errorf("%d %s", status, body)
			}
			said := g.awaitEvent("configuration refused, the one before stays in force")
			if said["level"] != "ERROR" {
				t.Error(said)
			}
			if text, _ := said["error"].(string); tt.line != 0 && !strings.Contains(text, fmt.Sprintf("%s:%d:", g.file, tt.line)) {
				t.Error(text)
			}
			if status, body := g.do(http.MethodPost, g.admin+"/api/reload", nil); status != http.StatusUnprocessableEntity {
				t.Errorf("%d %s", status, body)
			}

			g.write(config(upstream.URL, open))
			s = g.awaitGeneration(2)
			if s.Failed != nil {
				t.Errorf("still failed: %+v", s.Failed)
			}
			if status, _ := g.get(g.url + "/x"); status != http.StatusOK {
				t.Errorf("the new rules do not hold: %d", status)
			}
			if taken := g.awaitEvent("configuration in force"); taken["changed"] != "rules: locked removed" {
				t.Errorf("%v", taken)
			}
		})
	}
}
