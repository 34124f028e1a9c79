package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gate401/gate401/mock"
)

// mockRun is a mock on its listener.
type mockRun struct {
	app      *app
	server   *mock.Server
	log      *slog.Logger
	terminal bool
	listen   string
	token    bool // there is an admin token
}

// mockDrain is how long answers under way may take at the end.
const mockDrain = 5 * time.Second

// run serves until ctx ends, then drains.
func (m *mockRun) run(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", m.listen)
	if err != nil {
		return err
	}
	s := &http.Server{
		Handler: m.server, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelDebug), DisableGeneralOptionsHandler: true,
	}
	unfollow, err := m.server.Follow(m.tell)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer unfollow()
	// Who follows the journal would hold the end up.
	s.RegisterOnShutdown(func() { _ = m.server.Close() })
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	url := "http://" + reachable(l.Addr())
	m.announce(ctx, url, l.Addr())
	select {
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), mockDrain)
		defer cancel()
		if s.Shutdown(end) != nil {
			_ = s.Close()
		}
		err = <-failed
	case err = <-failed:
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// tell logs one request.
func (m *mockRun) tell(e mock.Entry, lost int) {
	if lost > 0 {
		m.log.LogAttrs(context.Background(), slog.LevelWarn, "requests were too many to be logged", slog.Int("lost", lost))
	}
	if m.terminal {
		mockLine(m.app.Err, e, m.app.color(m.app.Err))
		return
	}
	mockEvent(m.log, e)
}

// announce says that the mock is ready, and how to use it.
func (m *mockRun) announce(ctx context.Context, url string, addr net.Addr) {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		what := "others can reach the mock; the admin API answers only this machine"
		if m.token {
			what = "others can reach the mock; the admin API wants the token from them"
		}
		m.log.LogAttrs(ctx, slog.LevelWarn, what, slog.String("listen", addr.String()))
	}
	if m.terminal {
		fmt.Fprint(m.app.Out, mockBanner(url))
	}
	m.log.LogAttrs(ctx, slog.LevelInfo, "ready", slog.String("mock", url))
}

func mockBanner(url string) string {
	out := "\n  " + url + "/__mock/  in a browser: make endpoints, look at the requests\n\n"
	for _, one := range [][2]string{
		{"a plain 401", "curl -i " + url + "/status/401"},
		{"Basic, as on httpbin", "curl -i -u user:passwd " + url + "/basic-auth/user/passwd"},
		{"a token that expired", "curl -i " + url + "/scenario/token-expired/"},
		{"any answer, from the address alone", "curl -i " + url + "/mix/s=401/ch=expired/d=500ms"},
		{"everything that it can do", "gate401 mock --list"},
	} {
		out += "  # " + one[0] + "\n  " + one[1] + "\n"
	}
	return out + "\nEvery request is a line below. Ctrl-C ends it.\n\n"
}

// reachable is the address as a client of this machine would call it.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}
