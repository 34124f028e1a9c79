package server

import (
	"context"
	_ "embed" // the rules of the demo
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/reason"
)

//go:embed demo.yaml
var demoFile []byte

// DemoOptions of Demo.
type DemoOptions struct {
	// Listen and AdminListen are the addresses; empty means the usual ones, or
	// free ports if those are taken.
	Listen, AdminListen string
	// Data is the directory of the records, where they stay at the end and are
	// replaced by the next demo; empty means a temporary one, which is removed
	// at the end.
	Data string
	// TLS speaks https, with a throw-away authority that only clients who are told
	// trust.
	TLS bool
	// JSON prints the credentials as one JSON object instead of for a person.
	JSON bool
	// Version of the program.
	Version string
	// Stdout gets the credentials, Stderr the log.
	Stdout, Stderr io.Writer
	// Terminal tells that Stderr is one; Colour that it may be coloured.
	Terminal, Colour bool
}

// Demo runs a sample API with a gate in front of it, with people, keys and
// tokens in every state, until ctx ends.
func Demo(ctx context.Context, o DemoOptions) error {
	cfg, dir, cleanup, err := demoConfig(o)
	if err != nil {
		return err
	}
	defer cleanup()
	if !o.JSON {
		fmt.Fprintln(o.Stdout, "gate401: the demo makes a store, people, keys and tokens ...")
	}
	own, err := newDemoTLS(o, dir)
	if err != nil {
		return err
	}
	h, err := open(ctx, Options{Config: cfg, Version: o.Version, Stdout: o.Stdout, Stderr: o.Stderr, Terminal: o.Terminal, Colour: o.Colour,
		certificate: own.certificate})
	if err != nil {
		return err
	}
	defer h.close()

	orders := &demo.Orders{Owners: []string{"alice", "bob"}}
	upstream, stop, err := h.upstream(ctx, orders)
	if err != nil {
		return err
	}
	defer stop()
	cfg.Gate.Upstream = upstream.String()
	if err := h.enact(ctx, cfg); err != nil {
		return err
	}
	cast, err := newCast(ctx, h)
	if err != nil {
		return err
	}
	cast.fixtures.Credentials.CAFile = own.file
	fixtures, err := cast.minted(ctx)
	if err != nil {
		return err
	}
	page := &demo.Page{
		Fixtures: fixtures,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return own.dial(ctx, h.gate.Addr().String())
		},
		// A demo is left open for longer than its tokens are good.
		Renew: func(f demo.Fixtures) demo.Fixtures {
			if fresh, err := cast.minted(ctx); err == nil {
				return fresh
			}
			return f
		},
		Trace: func(id string) (reason.Code, bool) {
			t, ok := h.watch.Traces.Lookup(id)
			return t.Reason, ok
		},
	}
	orders.Page, orders.Basket = page, page.Basket
	if err := announce(o, fixtures); err != nil {
		return err
	}
	return h.run(ctx)
}

// demoConfig is the embedded file with the addresses and the place of the
// records, dir. cleanup removes a temporary place.
func demoConfig(o DemoOptions) (cfg *config.File, dir string, cleanup func(), err error) {
	if cfg, err = config.Load("demo.yaml", demoFile); err != nil {
		return nil, "", nil, err
	}
	cleanup = func() {}
	dir = o.Data
	if dir != "" {
		err = emptied(dir)
	} else if dir, err = os.MkdirTemp("", "gate401-demo-"); err == nil {
		cleanup = func() { _ = os.RemoveAll(dir) }
	}
	if err != nil {
		return nil, "", nil, err
	}
	cfg.Storage.Records = "sqlite:" + filepath.Join(dir, "demo.db")
	cfg.Gate.Listen = free(o.Listen, cfg.Gate.Listen)
	cfg.Admin.Listen = free(o.AdminListen, cfg.Admin.Listen)
	if err := cfg.Check(); err != nil {
		cleanup()
		return nil, "", nil, err
	}
	return cfg, dir, cleanup, nil
}

// free is the address that was asked for, or the usual one, or any free port if
// that one is taken: a newcomer's first try should not end at a busy port.
func free(asked, usual string) string {
	if asked != "" {
		return asked
	}
	l, err := net.Listen("tcp", usual) //nolint:noctx // binding to loopback does not wait
	if errors.Is(err, syscall.EADDRINUSE) {
		return "127.0.0.1:0"
	}
	if err == nil {
		_ = l.Close()
	}
	return usual
}

// upstream starts the sample API on a free port of this machine.
func (h *house) upstream(ctx context.Context, api http.Handler) (*url.URL, func(), error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := h.server(api)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}, func() { _ = s.Close(); <-ended }, nil
}

// announce prints what is needed to use the demo.
func announce(o DemoOptions, f demo.Fixtures) error {
	if !o.JSON {
		_, err := io.WriteString(o.Stdout, banner(f, o))
		return err
	}
	enc := json.NewEncoder(o.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(f.Credentials)
}
