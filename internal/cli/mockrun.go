package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/mock"
)

// mockRun is a mock on its listeners.
type mockRun struct {
	app      *app
	server   *mock.Server
	log      *slog.Logger
	terminal bool
	listen   string
	token    bool // there is an admin token
	tls      bool

	plain, secured place  // http beside https, and that https
	ca             string // file of the certificate to trust
}

// mockDrain is how long answers under way may take at the end.
const mockDrain = 5 * time.Second

// place is a host and port that are known when the listener is there.
type place struct{ at atomic.Pointer[string] }

func (p *place) set(at string) { p.at.Store(&at) }

// host is empty while there is none.
func (p *place) host() string {
	if at := p.at.Load(); at != nil {
		return *at
	}
	return ""
}

// run serves until ctx ends, then drains.
func (m *mockRun) run(ctx context.Context) error {
	var lc net.ListenConfig
	first, err := lc.Listen(ctx, "tcp", m.listen)
	if err != nil {
		return err
	}
	unfollow, err := m.server.Follow(m.tell)
	if err != nil {
		return errors.Join(err, first.Close())
	}
	defer unfollow()
	s := &http.Server{
		Handler: m.server, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelDebug), DisableGeneralOptionsHandler: true,
	}
	// Who follows the journal would hold the end up.
	s.RegisterOnShutdown(func() { _ = m.server.Close() })
	listeners := []net.Listener{first}
	serve := []func() error{func() error { return s.Serve(first) }}
	if m.tls {
		second, remove, err := m.secure(ctx, s, first)
		if err != nil {
			return errors.Join(err, first.Close())
		}
		defer remove()
		listeners = append(listeners, second)
		serve = []func() error{func() error { return s.ServeTLS(first, "", "") }, func() error { return s.Serve(second) }}
	}
	failed := make(chan error, len(serve))
	for _, one := range serve {
		go func() { failed <- one() }()
	}
	m.announce(ctx, listeners)
	running := len(serve)
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), mockDrain)
	defer cancel()
	if s.Shutdown(end) != nil {
		_ = s.Close()
	}
	for ; running > 0; running-- {
		if e := <-failed; err == nil {
			err = e
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// secure makes the certificate and the listener for http beside https. remove
// removes the file with the certificate.
func (m *mockRun) secure(ctx context.Context, s *http.Server, first net.Listener) (second net.Listener, remove func(), err error) {
	own, pem, err := certificate.Throwaway(m.app.Now())
	if err != nil {
		return nil, nil, err
	}
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	host, _, err := net.SplitHostPort(first.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	var lc net.ListenConfig
	if second, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "gate401-mock-")
	if err == nil {
		m.ca = filepath.Join(dir, "ca.pem")
		err = os.WriteFile(m.ca, pem, 0o600)
	}
	if err != nil {
		return nil, nil, errors.Join(err, second.Close())
	}
	m.plain.set(reachable(second.Addr()))
	m.secured.set(reachable(first.Addr()))
	return second, func() { _ = os.RemoveAll(dir) }, nil
}

// tell logs one request.
func (m *mockRun) tell(e mock.Entry, lost int) {
	if lost > 0 {
		m.log.LogAttrs(context.Background(), slog.LevelWarn, "requests were too many to be logged", slog.Int("lost", lost))
	}
	if m.terminal {
		_, _ = io.WriteString(m.app.Err, mockLine(e, explain.Style{Color: m.app.color(m.app.Err), Width: width(m.app.Err)}))
		return
	}
	mockEvent(m.log, e)
}

// announce says that the mock is ready, and how to use it.
func (m *mockRun) announce(ctx context.Context, listeners []net.Listener) {
	addr := listeners[0].Addr()
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		m.log.LogAttrs(ctx, slog.LevelWarn, "others can reach the mock; its admin API answers them only with the token of --admin-token-file",
			slog.String("listen", addr.String()), slog.Bool("token", m.token))
	}
	url := "http://" + reachable(addr)
	attrs := []slog.Attr{}
	if m.tls {
		url = "https://" + reachable(addr)
		attrs = []slog.Attr{slog.String("http", "http://"+m.plain.host()), slog.String("ca", m.ca)}
	}
	if m.terminal {
		fmt.Fprint(m.app.Out, mockBanner(url, m.ca, m.described(url), m.app.style))
	} else {
		for _, d := range m.described(url) {
			// For the same who would see the banner: nothing here is a secret.
			m.log.LogAttrs(ctx, slog.LevelInfo, "openapi", slog.String("document", d.Name), slog.Int("operations", d.Operations),
				slog.String("credentials", url+"/__mock/api/openapi/"+d.ID), slog.String("try", strings.Join(d.Try[:min(len(d.Try), 1)], "")))
		}
	}
	m.log.LogAttrs(ctx, slog.LevelInfo, "ready", append([]slog.Attr{slog.String("mock", url)}, attrs...)...)
}

// described are the documents that are played, the first of the command line
// first.
func (m *mockRun) described(url string) []mock.Described {
	all, err := m.server.Documents(url)
	if err != nil {
		m.log.Warn("the commands for the OpenAPI documents cannot be made", slog.String("error", err.Error()))
	}
	slices.Reverse(all)
	return all
}

// maxTries bounds how many commands the banner has for a document.
const maxTries = 8

func mockBanner(url, ca string, documents []mock.Described, s explain.Style) string {
	curl := "curl -i "
	if ca != "" {
		curl += "--cacert " + ca + " "
	}
	out := "\n  " + s.Bold(url+"/__mock/") + "  in a browser: endpoints, requests\n\n"
	for _, one := range [][2]string{
		{"a plain 401", curl + url + "/status/401"},
		{"Basic, as on httpbin", curl + "-u user:passwd " + url + "/basic-auth/user/passwd"},
		{"a token that expired", curl + url + "/scenario/token-expired/"},
		{"any answer, from the address alone", curl + url + "/mix/s=401/ch=expired/d=500ms"},
		{"401 twice, then 200, at a path of your own", strings.Replace(curl, " -i", "", 1) + "-X POST '" + url + "/__mock/new?path=/api&answer=401,401,200'"},
		{"a login whose tokens live and die, for you alone", curl + url + "/s/my-test/"},
		{"everything that it can do", "gate401 mock --list"},
	} {
		out += "  " + s.Faint("# "+one[0]) + "\n  " + one[1] + "\n"
	}
	for _, d := range documents {
		out += "\n  " + s.Bold(printable(d.Title)) + " (" + printable(d.Name) + ", " + counted(d.Operations, "operation", "operations") + ") accepts\n"
		for _, try := range d.Try[:min(len(d.Try), maxTries)] {
			if ca != "" {
				try = strings.Replace(try, "curl ", "curl --cacert "+ca+" ", 1)
			}
			out += "  " + printable(try) + "\n"
		}
		out += "  " + s.Faint("# all of them, and a token for each scope; on the page as well") + "\n  " + strings.Replace(curl, " -i", " -s", 1) + url + "/__mock/api/openapi/" + d.ID + "\n"
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
