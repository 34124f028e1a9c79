package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/internal/stream"
	"github.com/gate401/gate401/internal/watch"
)

// Options of Serve.
type Options struct {
	// Config is the file in force, flags applied. Its upstream is required.
	Config *config.File
	// File is the name of the file, and Read reads it again and applies the same
	// flags; empty and nil where there is none.
	File string
	Read func() (*config.File, error)
	// Flags are those that outrank the file, by key.
	Flags map[string]string
	// Hangup asks for a reload, as SIGHUP does; nil for never.
	Hangup <-chan os.Signal
	// Env looks up a variable of the environment, for the service manager; nil
	// means there is none.
	Env func(string) string
	// Version of the program.
	Version string
	// Stdout gets what a person must see once, Stderr the log.
	Stdout, Stderr io.Writer
	// Terminal tells that Stderr is one; Colour that it may be coloured.
	Terminal, Colour bool

	// certificate is that of the demo; nil for what the file says.
	certificate *tls.Certificate
}

// ErrNoUpstream says that there is nothing to stand in front of.
var ErrNoUpstream = errors.New("no upstream: there is no API to protect")

// Serve protects the upstream of the configuration until ctx ends.
func Serve(ctx context.Context, o Options) error {
	if err := purpose(o.Config); err != nil {
		return err
	}
	h, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.enact(ctx, o.Config); err != nil {
		return err
	}
	// Last: a password that is shown once must not scroll away before errors.
	if err := h.firstStart(ctx, o.Stdout); err != nil {
		return err
	}
	return h.run(ctx)
}

// house is what stays when the configuration changes: the listeners, the log and
// the traces, the records, and the counters of wrong guesses. What comes from
// the configuration is a generation, and one of them is in force. It is made by
// open and ended by close.
type house struct {
	options     Options
	watch       *watch.Watch
	log         *slog.Logger
	gate, admin net.Listener
	stores      *build.Stores
	history     *history.Recorder
	guard       *defend.Guard // made by the first generation
	current     atomic.Pointer[generation]
	reloader    *reloader
	notify      *notifier
	draining    atomic.Bool
	plain       net.Listener // for the redirect to https; nil where there is none
	keeping     *keeping     // what keeps certificates up to date; nil where nothing does
	rooms       rooms
	streams     stream.Hub
}

// open starts the log, takes the addresses and opens the stores.
func open(ctx context.Context, o Options) (*house, error) {
	cfg := o.Config
	text := cfg.Log.Format == "text" || (cfg.Log.Format != "json" && o.Terminal)
	h := &house{options: o, watch: watch.New(o.Stderr, watch.Options{
		Form:   watch.Form{Text: text, Colour: o.Colour, Level: level(cfg.Log.Level)},
		Places: places(cfg),
	})}
	h.log = h.watch.Logger()
	h.reloader = &reloader{house: h, asked: make(chan chan *status)}
	if o.Env != nil {
		h.notify = newNotifier(o.Env)
	}
	err := h.listen(ctx)
	if err == nil {
		h.stores, err = storage.Open(ctx, cfg, nil)
	}
	if err != nil {
		h.close()
		return nil, err
	}
	h.history = history.New(history.Options{Store: h.stores.Set.Events, Log: h.log})
	return h, nil
}

func (h *house) listen(ctx context.Context) error {
	lc := listening(unreadTimeout)
	var err error
	if h.gate, err = lc.Listen(ctx, "tcp", h.options.Config.Gate.Listen); err != nil {
		return err
	}
	if h.admin, err = lc.Listen(ctx, "tcp", h.options.Config.Admin.Listen); err != nil {
		return err
	}
	return h.listenPlain(ctx)
}

// storeReady reads a record: a database that answers and has lost its tables is
// no database.
func (h *house) storeReady(ctx context.Context) error {
	if err := h.stores.Set.Ping(ctx); err != nil {
		return err
	}
	_, err := h.stores.Set.Accounts.ListAccounts(ctx, "", 1)
	return err
}

// limited is who is held off at the moment.
func (h *house) limited() any {
	list := h.guard.List(1000)
	if list == nil {
		list = []defend.Limited{}
	}
	return map[string]any{"status": h.guard.Status(), "limited": list}
}

// Limits of one connection. Bodies have no time limit here: uploads and streams
// are the upstream's business.
const (
	maxHeader     = 64 << 10
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	closeTimeout  = 5 * time.Second
	unreadTimeout = time.Minute // on Linux
)

func (h *house) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelInfo),
		// OPTIONS * is judged like any other request.
		DisableGeneralOptionsHandler: true,
	}
}

// close ends what open and build made, the log last.
func (h *house) close() {
	for _, l := range []net.Listener{h.gate, h.admin, h.plain} {
		if l != nil {
			_ = l.Close()
		}
	}
	h.keep(context.Background(), nil)
	if g := h.current.Load(); g != nil {
		g.retire()
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		if h.rooms.vacant(ctx) != nil {
			// A stream that heard nothing of the end must not hold up the process.
			h.log.Warn("some streams did not end")
		}
		cancel()
	}
	if err := h.history.Close(); err != nil {
		h.log.Warn("closing the history", slog.String("error", err.Error()))
	}
	if h.stores != nil {
		if err := h.stores.Close(); err != nil {
			h.log.Warn("closing the store", slog.String("error", err.Error()))
		}
	}
	_ = h.watch.Close()
}

func level(name string) slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(name))); err != nil {
		return slog.LevelInfo
	}
	return l
}

// places are where the configured methods look for credentials, so that a trace
// can say which were sent.
func places(cfg *config.File) watch.Places {
	p := watch.DefaultPlaces()
	for _, m := range cfg.Methods {
		if k := m.APIKey; k != nil {
			for list, name := range map[*[]string]string{&p.Headers: k.Header, &p.Query: k.Query, &p.Cookies: k.Cookie} {
				if name != "" {
					*list = append(*list, name)
				}
			}
		}
	}
	return p
}
