package operate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/e2e/program"
)

// The end, step by step: /readyz says no while requests are still taken; then
// no connection is taken and what is under way finishes.
func TestDrain(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open+"\ndrain: {delay: 6s, timeout: 3m}")
	if status, body := g.get(g.admin + "/readyz"); status != http.StatusOK || !strings.Contains(body, `"drain": "ok"`) {
		t.Fatalf("%d %s", status, body)
	}
	type answer struct {
		status int
		body   string
		err    error
	}
	slow := make(chan answer, 1)
	go func() {
		res, err := http.Get(g.url + "/slow")
		if err != nil {
			slow <- answer{err: err}
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		slow <- answer{res.StatusCode, string(body), err}
	}()
	<-upstream.arrived
	if err := g.Terminate(); err != nil {
		t.Fatal(err)
	}
	g.awaitEvent("draining")
	if status, body := g.get(g.admin + "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the gate is ending") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := g.get(g.admin + "/healthz"); status != http.StatusOK {
		t.Errorf("the process lives, and says %d", status)
	}
	res, err := http.Get(g.url + "/")
	if err != nil {
		t.Fatalf("a request during the delay: %v", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("%d, closes: %t", res.StatusCode, res.Close)
	}
	// After the delay nobody new is taken.
	address := strings.TrimPrefix(g.url, "http://")
	for end := time.Now().Add(program.Patience); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(end) {
			t.Fatal("connections are still taken")
		}
	}
	if err := g.Wait(50 * time.Millisecond); err == nil {
		t.Fatal("it ended before the request under way did")
	}
	close(upstream.let)
	if a := <-slow; a.err != nil || a.status != http.StatusOK || a.body != "slow" {
		t.Errorf("%+v", a)
	}
	if err := g.Wait(program.Patience); err != nil {
		t.Errorf("it ended with %v\n%s", err, g.Stderr)
	}
}

// Streams have no end of their own: at the latest they are cut after the
// timeout, and the gate ends in order.
func TestDrainCutsStreams(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open+"\ndrain: {timeout: 1s}")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(g.url, "http")+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	events := stream(t, ctx, g.url+"/events")
	// One that began before a reload is waited for, and cut, as well.
	g.hangup()
	g.awaitGeneration(2)
	if err := g.Stop(); err != nil {
		t.Errorf("it ended with %v\n%s", err, g.Stderr)
	}
	for events.Scan() {
	}
	if _, _, err := ws.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the WebSocket is still open: %v", err)
	}
}

// A second signal ends it at once.
func TestSecondSignal(t *testing.T) {
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open+"\ndrain: {delay: 5m}")
	if err := g.Terminate(); err != nil {
		t.Fatal(err)
	}
	g.awaitEvent("draining")
	if err := g.Terminate(); err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(program.Patience); err == nil || strings.Contains(err.Error(), "still running") {
		t.Errorf("%v", err)
	}
}

// The service manager is told what happens (sd_notify(3)).
func TestServiceManager(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no systemd elsewhere")
	}
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "100000")
	expect := func(want string) string {
		t.Helper()
		buf := make([]byte, 4096)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(program.Patience))
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			if strings.HasPrefix(string(buf[:n]), want) {
				return string(buf[:n])
			}
		}
	}
	upstream := newAPI(t)
	g := serve(t, upstream.URL, open)
	expect("READY=1")
	expect("WATCHDOG=1")
	g.hangup()
	said := expect("RELOADING=1")
	var began int64
	lines := bufio.NewScanner(strings.NewReader(said))
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "MONOTONIC_USEC=%d", &began); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			continue
		}
	}
	if began <= 0 {
		t.Errorf("%q", said)
	}
	expect("READY=1")
	g.signal(syscall.SIGTERM)
	expect("STOPPING=1")
	if err := g.Wait(program.Patience); err != nil {
		t.Error(err)
	}
}
