package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/config"
)

// plain makes a generation that only knows whether it is closed.
func plain(h *house, number uint64, use http.Handler) (*generation, *atomic.Int64) {
	ended := new(atomic.Int64)
	g := &generation{number: number, config: config.Default(), house: h, handler: use}
	g.users.Store(1)
	g.closers = append(g.closers, func() error { ended.Add(1); return nil })
	return g, ended
}

// Generations follow one another while requests come: none is answered by one
// that is closed, and each is closed once, after its last request.
func TestGenerationsClose(t *testing.T) {
	h := &house{log: slog.New(slog.DiscardHandler)}
	var all []*atomic.Int64
	put := func(number uint64) {
		var ended *atomic.Int64
		g, e := plain(h, number, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ended.Load() != 0 {
				t.Error("answered by a generation that is closed")
			}
			if strings.HasSuffix(r.URL.Path, "panic") {
				panic(http.ErrAbortHandler)
			}
		}))
		ended = e
		all = append(all, ended)
		before := h.current.Load()
		h.rooms.add(g)
		h.current.Store(g)
		if before != nil {
			before.retire()
			before.retire() // twice is once
		}
	}
	put(1)
	var stop atomic.Bool
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() {
			path := "/"
			if i == 0 {
				path = "/panic"
			}
			for !stop.Load() {
				func() {
					defer func() { _ = recover() }()
					h.serve(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
				}()
			}
		})
	}
	for n := range uint64(200) {
		put(n + 2)
	}
	stop.Store(true)
	clients.Wait()
	for i, ended := range all[:len(all)-1] {
		if ended.Load() != 1 {
			t.Errorf("generation %d was closed %d times", i+1, ended.Load())
		}
	}
	if last := all[len(all)-1].Load(); last != 0 {
		t.Errorf("the one in force was closed %d times", last)
	}
	if n := h.rooms.requests(); n != 0 {
		t.Errorf("%d requests under way", n)
	}
	h.current.Load().retire()
	if err := h.rooms.vacant(t.Context()); err != nil {
		t.Error(err)
	}
	// After the last one there is a plain answer, and nobody turns in circles.
	w := httptest.NewRecorder()
	h.serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Connection") != "close" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// A stream holds its generation open, and what ends the gate can see that.
func TestStreamHoldsItsGeneration(t *testing.T) {
	h := &house{log: slog.New(slog.DiscardHandler)}
	let, began := make(chan struct{}), make(chan struct{})
	g, ended := plain(h, 1, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(began); <-let }))
	h.rooms.add(g)
	h.current.Store(g)
	var stream sync.WaitGroup
	stream.Go(func() {
		h.serve(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	})
	<-began
	next, _ := plain(h, 2, http.NotFoundHandler())
	h.rooms.add(next)
	h.current.Store(next)
	g.retire()
	if ended.Load() != 0 || h.rooms.requests() != 1 {
		t.Errorf("closed %d times, %d requests", ended.Load(), h.rooms.requests())
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if h.rooms.vacant(over) == nil {
		t.Error("said to be over while a stream is open")
	}
	close(let)
	stream.Wait()
	next.retire()
	if err := h.rooms.vacant(t.Context()); err != nil || ended.Load() != 1 {
		t.Errorf("%v, closed %d times", err, ended.Load())
	}
}

func TestHops(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{
		os.Mkdir(filepath.Join(dir, "..1"), 0o700), os.WriteFile(filepath.Join(dir, "..1", "f"), nil, 0o600),
		os.Symlink("..1", filepath.Join(dir, "..data")), os.Symlink("..data/f", filepath.Join(dir, "f")), os.Symlink("loop", filepath.Join(dir, "loop")),
	} {
		if step != nil {
			t.Skip(step) // a system without symbolic links
		}
	}
	got := strings.ReplaceAll(strings.Join(hops(filepath.Join(dir, "f")), " "), dir+string(filepath.Separator), "")
	if want := filepath.FromSlash("f ..data/f ..1/f"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(hops(filepath.Join(dir, "loop"))); n > 12 {
		t.Errorf("a link to itself has %d hops", n)
	}
}

func TestLinesOfTheLog(t *testing.T) {
	got := oneLine([]fault{{Line: 3, Column: 5, Key: "gate.lisen", Message: "unknown key", Hint: `did you mean "listen"?`}, {Message: "a\nb"}}, "g.yaml")
	if want := `g.yaml:3:5: gate.lisen: unknown key (hint: did you mean "listen"?) | a; b`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	many := make([]string, most+3)
	for i := range many {
		many[i] = "x"
	}
	if got := summary(many); !strings.HasSuffix(got, ", and 3 more") {
		t.Error(got)
	}
	if got := summary(nil); got != "nothing" {
		t.Error(got)
	}
}

// Without a service manager nothing is sent, and none is asked for.
func TestNotifierWithoutASocket(t *testing.T) {
	for _, env := range []map[string]string{{}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_PID": "1", "WATCHDOG_USEC": "1000"}} {
		n := newNotifier(func(name string) string { return env[name] })
		n.ready()
		n.reloading()
		if n.alive() != nil {
			t.Errorf("%v: a watchdog that is somebody else's", env)
		}
	}
	var none *notifier
	none.stopping()
	n := newNotifier(func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "2000"}[name]
	})
	if n.watchdog != 2*time.Millisecond {
		t.Error(n.watchdog)
	}
}
