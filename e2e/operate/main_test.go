package operate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// gate is a running gate and the file that it was started with.
type gate struct {
	*program.Process
	t          *testing.T
	file       string
	url, admin string
}

// serve starts a gate with rules, in front of upstream.
func serve(t *testing.T, upstream, rules string, args ...string) *gate {
	t.Helper()
	dir := t.TempDir()
	g := &gate{t: t, file: filepath.Join(dir, "gate401.yaml")}
	g.write(config(upstream, rules))
	g.start(dir, args...)
	return g
}

func (g *gate) start(dir string, args ...string) {
	g.t.Helper()
	g.Process = program.Start(g.t, binary, dir, append([]string{"serve", "-c", g.file, "--log-format", "json"}, args...)...)
	g.url, g.admin = g.Ready["gate"].(string), g.Ready["admin"].(string)
}

// config is a file whose rules are the only thing that differs.
func config(upstream, rules string) string {
	return `
gate: {listen: "127.0.0.1:0", upstream: "` + upstream + `"}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:` + `gate401.db"}
` + rules + "\n"
}

// write puts the file in place at once, by renaming.
func (g *gate) write(text string) {
	g.t.Helper()
	next := g.file + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(next, g.file); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gate) signal(s os.Signal) {
	g.t.Helper()
	p, err := os.FindProcess(g.PID)
	if err == nil {
		err = p.Signal(s)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *gate) hangup() { g.t.Helper(); g.signal(syscall.SIGHUP) }

// state is /api/config.
type state struct {
	Generation int            `json:"generation"`
	Cause      string         `json:"cause"`
	SHA256     string         `json:"sha256"`
	Config     map[string]any `json:"config"`
	YAML       string         `json:"yaml"`
	Failed     *struct {
		Cause  string `json:"cause"`
		Errors []struct {
			Line    int    `json:"line"`
			Column  int    `json:"column"`
			Key     string `json:"key"`
			Message string `json:"message"`
			Hint    string `json:"hint"`
		} `json:"errors"`
	} `json:"failed"`
}

func (g *gate) state() (s state) {
	g.t.Helper()
	_, body := g.get(g.admin + "/api/config")
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		g.t.Fatalf("%v: %s", err, body)
	}
	return s
}

// await waits until what is in force is as told.
func (g *gate) await(what string, is func(state) bool) state {
	g.t.Helper()
	for end := time.Now().Add(program.Patience); ; time.Sleep(10 * time.Millisecond) {
		s := g.state()
		if is(s) {
			return s
		}
		if time.Now().After(end) {
			g.t.Fatalf("waited in vain for %s; in force is generation %d, failed %+v\n%s", what, s.Generation, s.Failed, g.Stderr)
		}
	}
}

func (g *gate) awaitGeneration(n int) state {
	g.t.Helper()
	return g.await(fmt.Sprintf("generation %d", n), func(s state) bool { return s.Generation >= n })
}

func (g *gate) awaitFailure() state {
	g.t.Helper()
	return g.await("a refused file", func(s state) bool { return s.Failed != nil })
}

func (g *gate) get(url string) (int, string) {
	g.t.Helper()
	return g.do(http.MethodGet, url, nil)
}

func (g *gate) do(method, url string, change func(*http.Request)) (int, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, url, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// events are the lines of the log with that message.
func (g *gate) events(message string) (out []map[string]any) {
	for line := range strings.Lines(g.Stderr.String()) {
		var e map[string]any
		if json.Unmarshal([]byte(line), &e) == nil && e["msg"] == message {
			out = append(out, e)
		}
	}
	return out
}

// awaitEvent waits for a line of the log.
func (g *gate) awaitEvent(message string) map[string]any {
	g.t.Helper()
	for end := time.Now().Add(program.Patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if all := g.events(message); len(all) > 0 {
			return all[0]
		}
	}
	g.t.Fatalf("the log does not say %q:\n%s", message, g.Stderr)
	return nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// api is an upstream: an answer at once, one that waits, events, an echo.
type api struct {
	*httptest.Server
	let     chan struct{} // lets /slow answer
	arrived chan struct{} // a request for /slow is here
}

func newAPI(t *testing.T) *api {
	a := &api{let: make(chan struct{}), arrived: make(chan struct{}, 16)}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "upstream") })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		a.arrived <- struct{}{}
		select {
		case <-a.let:
			fmt.Fprint(w, "slow")
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
		}
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, data) != nil {
				return
			}
		}
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		a.CloseClientConnections()
		a.Close()
	})
	return a
}
