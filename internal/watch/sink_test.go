package watch_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/internal/watch"
	"go.uber.org/goleak"
)

// counted counts writes; a log has one writer, and is closed before it is read.
type counted struct {
	safe
	writes int
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes++
	return c.safe.Write(p)
}

func TestNothingIsLostAtClose(t *testing.T) {
	defer goleak.VerifyNone(t)
	d := &counted{}
	l := watch.NewLog(d, watch.Form{})
	const callers, each = 20, 500
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				r := request()
				r.ID = fmt.Sprintf("%d-%d", i, j)
				l.Decision(r, refusal())
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got := d.String()
	if n := strings.Count(got, "\n"); n != callers*each {
		t.Fatalf("%d lines, want %d", n, callers*each)
	}
	if d.writes > 500 {
		t.Errorf("%d writes for %d lines: no batches", d.writes, callers*each)
	}
	// Each caller's lines are in order.
	last := map[string]int{}
	for line := range strings.Lines(got) {
		var who string
		var n int
		id := line[strings.Index(line, `"request_id":"`)+14:]
		if _, err := fmt.Sscanf(strings.Replace(id[:strings.IndexByte(id, '"')], "-", " ", 1), "%s %d", &who, &n); err != nil {
			t.Fatal(err)
		}
		if n != last[who] {
			t.Fatalf("caller %s: line %d where %d was due", who, n, last[who])
		}
		last[who]++
	}
}

func TestFlush(t *testing.T) {
	var out safe
	l := watch.NewLog(&out, watch.Form{})
	defer l.Close()
	for i := range 5 {
		l.Logger().Info("event", "n", i)
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != i+1 {
			t.Fatalf("%d lines after Flush, want %d", n, i+1)
		}
	}
}

func TestAfterClose(t *testing.T) {
	var out safe
	l := watch.NewLog(&out, watch.Form{})
	l.Logger().Info("one")
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l.Logger().Info("two")
	if got := out.String(); !strings.Contains(got, "one") || !strings.Contains(got, "two") {
		t.Errorf("got %s", got)
	}
	if err := l.Flush(); err != nil {
		t.Error(err)
	}
}

// A line does not stay in memory when nothing follows it.
func TestSoonWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out safe
		l := watch.NewLog(&out, watch.Form{})
		l.Logger().Info("one")
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		if !strings.Contains(out.String(), "one") {
			t.Error("not written after 20 ms")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// gated lets writes through one token at a time, inside a synctest bubble.
type gated struct {
	safe
	pass chan struct{}
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.pass
	return g.safe.Write(p)
}

// slow takes 4 s for every write.
type slow struct{ safe }

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(4 * time.Second)
	return s.safe.Write(p)
}

func TestSlowWriterLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		l := watch.NewLog(s, watch.Form{})
		long := strings.Repeat("x", 100<<10)
		for i := range 60 {
			l.Logger().Info(long, "n", i)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if n := strings.Count(s.String(), "\n"); n != 60 || strings.Contains(s.String(), "lost") {
			t.Errorf("%d lines, want 60", n)
		}
	})
}

func TestDeadWriterDoesNotStopTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{pass: make(chan struct{})}
		l := watch.NewLog(g, watch.Form{})
		long := strings.Repeat("x", 100<<10)
		begun := time.Now()
		for i := range 100 {
			l.Logger().Info(long, "n", i)
		}
		if d := time.Since(begun); d != 5*time.Second {
			t.Errorf("a dead writer held callers for %s, want one wait of 5 s", d)
		}
		go func() {
			for {
				select {
				case g.pass <- struct{}{}:
				case <-t.Context().Done():
					return
				}
			}
		}()
		if err := l.Flush(); err != nil {
			t.Error(err)
		}
		l.Logger().Info("alive")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		got := g.String()
		written := strings.Count(got, `"msg":"xxx`)
		if !strings.Contains(got, fmt.Sprintf(`"msg":"log lines lost","count":%d`, 100-written)) || !strings.Contains(got, "alive") {
			t.Errorf("%d written, and the loss is not told", written)
		}
	})
}

type broken struct{}

var errDisk = errors.New("disk full")

func (broken) Write([]byte) (int, error) { return 0, errDisk }

func TestWriteErrorIsTold(t *testing.T) {
	l := watch.NewLog(broken{}, watch.Form{})
	l.Logger().Info("one")
	if err := l.Flush(); !errors.Is(err, errDisk) {
		t.Errorf("Flush: %v", err)
	}
	l.Logger().Info("two")
	if err := l.Close(); !errors.Is(err, errDisk) {
		t.Errorf("Close: %v", err)
	}
}
