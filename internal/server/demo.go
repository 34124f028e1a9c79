package server

import (
	"context"
	_ "embed" // the rules of the demo
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/reason"
)

//go:embed demo.yaml
var demoFile []byte

// DemoOptions of Demo.
type DemoOptions struct {
	// Listen and AdminListen are the addresses; empty means the usual ones, or
	// free ports if those are taken.
	Listen, AdminListen string
	// Data is the directory of the records; empty means a temporary one, which
	// is removed at the end.
	Data string
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
	if !o.JSON {
		fmt.Fprintln(o.Stdout, "gate401: the demo makes a store, people, keys and tokens ...")
	}
	cfg, cleanup, err := demoConfig(o)
	if err != nil {
		return err
	}
	defer cleanup()
	h, err := open(ctx, Options{Config: cfg, Version: o.Version, Stdout: o.Stdout, Stderr: o.Stderr, Terminal: o.Terminal, Colour: o.Colour})
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
	if err := h.build(ctx, upstream); err != nil {
		return err
	}
	cast, err := newCast(ctx, h)
	if err != nil {
		return err
	}
	fixtures, err := cast.minted(ctx)
	if err != nil {
		return err
	}
	orders.Page = &demo.Page{
		Fixtures: fixtures,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", h.gate.Addr().String())
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
	if err := announce(o, fixtures); err != nil {
		return err
	}
	return h.run(ctx)
}

// demoConfig is the embedded file with the addresses and the place of the
// records. cleanup removes a temporary place.
func demoConfig(o DemoOptions) (cfg *config.File, cleanup func(), err error) {
	if cfg, err = config.Load("demo.yaml", demoFile); err != nil {
		return nil, nil, err
	}
	cleanup = func() {}
	dir := o.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "gate401-demo-"); err != nil {
			return nil, nil, err
		}
		cleanup = func() { _ = os.RemoveAll(dir) }
	}
	// A directory that was used before starts anew: passwords and keys are
	// random at every start, and the old ones should be worth nothing.
	for _, name := range []string{"demo.db", "demo.db-wal", "demo.db-shm", "demo.key"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	cfg.Storage.Records = "sqlite:" + filepath.Join(dir, "demo.db")
	cfg.Gate.Listen = free(o.Listen, cfg.Gate.Listen)
	cfg.Admin.Listen = free(o.AdminListen, cfg.Admin.Listen)
	return cfg, cleanup, nil
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

// cast is who plays in the demo: made once, at the start.
type cast struct {
	maker    *samples.Maker
	fixtures demo.Fixtures
}

func newCast(ctx context.Context, h *house) (*cast, error) {
	scopes := []string{"orders:read", "orders:write"}
	c := &cast{maker: &samples.Maker{
		Set: h.stores.Set, Hasher: h.stores.Hasher, Keyring: h.stores.Keyring, Now: time.Now,
		Issuer: h.system.Issuer, Audience: "orders", Subject: "alice", Groups: []string{"customers"}, Scopes: scopes, KeyOwner: "alice",
	}}
	person := func(name string, suspended bool, groups ...string) (demo.Person, error) {
		secret, err := password.Generate(nil)
		if err != nil {
			return demo.Person{}, err
		}
		p := samples.Person{Name: name, Password: secret, Groups: groups, Scopes: scopes, Suspended: suspended}
		if name == "olga" {
			if p.Before, err = password.Generate(nil); err != nil {
				return demo.Person{}, err
			}
			c.fixtures.OldPassword = p.Before
		}
		return demo.Person{Name: name, Password: secret, Groups: groups, Suspended: suspended}, c.maker.Person(ctx, p)
	}
	f := &c.fixtures
	var other demo.Person
	for _, one := range []struct {
		name      string
		suspended bool
		group     string
		into      *demo.Person
	}{
		{"alice", false, "customers", &f.Member}, {"bob", false, "customers", &other}, {"root", false, "admins", &f.Admin},
		{"mallory", true, "customers", &f.Suspended}, {"olga", false, "customers", &f.Changed}, {"eve", false, "customers", &f.Guessed},
	} {
		var err error
		if *one.into, err = person(one.name, one.suspended, one.group); err != nil {
			return nil, err
		}
	}
	f.Credentials = demo.Credentials{
		Gate: h.public.String(), Admin: "http://" + h.admin.Addr().String(), Issuer: h.system.Issuer,
		Paths:  demo.PathsFor("alice", "bob"),
		People: []demo.Person{f.Member, other, f.Admin, f.Suspended, f.Changed, f.Guessed},
	}
	f.Problems = h.system.Gate.Responder.Problems
	f.KeyHeader, f.KeyQuery, f.KeyOnly = "X-API-Key", "api_key", "/partners/orders"
	f.NoRule, f.AllowedOrigin = "/internal/metrics", "https://app.example.com"
	return c, c.keys(ctx)
}

// keys makes the API keys.
func (c *cast) keys(ctx context.Context) error {
	f := &c.fixtures
	var low, test string
	for kind, into := range map[string]*string{
		samples.KeyLive: &f.Key, samples.KeyLowScope: &low, samples.KeyExpired: &f.KeyExpired, samples.KeyRevoked: &f.KeyRevoked,
		samples.KeyTest: &test, samples.KeyUnknown: &f.KeyUnknown,
	} {
		var err error
		if *into, err = c.maker.Key(ctx, kind); err != nil {
			return err
		}
	}
	f.KeyOtherEnvironment = test
	f.Credentials.APIKeys = []demo.APIKey{
		{Value: f.Key, Header: f.KeyHeader, Scopes: c.maker.Scopes, Environment: samples.KeyLive},
		{Value: low, Header: f.KeyHeader, Scopes: c.maker.Scopes[:1], Environment: samples.KeyLive},
		{Value: test, Header: f.KeyHeader, Scopes: c.maker.Scopes, Environment: samples.KeyTest},
	}
	return nil
}

// minted is the cast with tokens made now.
func (c *cast) minted(ctx context.Context) (demo.Fixtures, error) {
	f := c.fixtures
	t := &f.Credentials.Tokens
	for kind, into := range map[string]*string{
		samples.TokenValid: &t.Valid, samples.TokenLowScope: &t.LowScope, samples.TokenExpired: &t.Expired,
		samples.TokenNotYetValid: &t.NotYetValid, samples.TokenWrongAudience: &t.WrongAudience,
		samples.TokenWrongIssuer: &t.WrongIssuer, samples.TokenBadSignature: &t.BadSignature, samples.TokenWrongType: &f.WrongType,
	} {
		var err error
		if *into, err = c.maker.Token(ctx, kind); err != nil {
			return demo.Fixtures{}, err
		}
	}
	return f, nil
}

// announce prints what is needed to use the demo.
func announce(o DemoOptions, f demo.Fixtures) error {
	if !o.JSON {
		_, err := io.WriteString(o.Stdout, banner(f, o.Colour))
		return err
	}
	enc := json.NewEncoder(o.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(f.Credentials)
}
