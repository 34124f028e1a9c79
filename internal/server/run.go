package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gate401/gate401/internal/admin"
	"github.com/gate401/gate401/internal/config"
)

// run serves until ctx ends, then drains.
func (h *house) run(ctx context.Context) error {
	defer collectLess()()
	// What one request began may outlive ctx, so that draining can finish it.
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer h.recheck(life)()
	defer h.sweep(life)()
	defer h.rotateKeys(life)()
	front := h.server(http.HandlerFunc(h.serve))
	// They would never end by themselves.
	front.RegisterOnShutdown(h.streams.Close)
	front.BaseContext = func(net.Listener) context.Context { return life }
	back := h.server(h.adminHandler())
	// Nobody uploads anything there.
	back.ReadTimeout = headerTimeout
	failed := make(chan error, 3)
	go func() { failed <- h.serveFront(front) }()
	go func() { failed <- back.Serve(h.admin) }()
	running := 2
	plain := h.plainServer()
	if h.plain != nil {
		running++
		go func() { failed <- plain.Serve(h.plain) }()
	}
	h.reloader.begin()
	reloading, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.reloader.run(reloading)
	}()
	attrs := []slog.Attr{slog.String("gate", h.current.Load().public.String()),
		slog.String("listen", h.gate.Addr().String()), slog.String("admin", "http://"+h.admin.Addr().String())}
	if h.plain != nil {
		attrs = append(attrs, slog.String("redirect", h.plain.Addr().String()))
	}
	h.log.LogAttrs(ctx, slog.LevelInfo, "ready", attrs...)
	h.notify.ready()
	var err error
	alive := h.notify.alive()
	for err == nil && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-alive:
			h.notify.say("WATCHDOG=1")
		case err = <-failed:
			running--
		}
	}
	stop()
	<-stopped
	if err == nil {
		h.drain(life, front, cut)
	} else {
		_ = front.Close()
	}
	end, cancel := context.WithTimeout(life, closeTimeout)
	defer cancel()
	if plain.Shutdown(end) != nil {
		_ = plain.Close()
	}
	if back.Shutdown(end) != nil {
		_ = back.Close()
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

// drain ends the gate so that nobody notices who need not: first /readyz says
// no and requests are still taken, so that whatever spreads them stops to send
// any; then no new connections are taken and what is under way finishes; what
// has not after the timeout is cut.
func (h *house) drain(ctx context.Context, front *http.Server, cut func()) {
	cfg := h.current.Load().config.Drain
	h.draining.Store(true)
	h.notify.stopping()
	h.log.LogAttrs(ctx, slog.LevelInfo, "draining", slog.String("delay", cfg.Delay.String()), slog.String("timeout", cfg.Timeout.String()))
	if cfg.Delay > 0 {
		time.Sleep(cfg.Delay)
	}
	end, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	err := front.Shutdown(end)
	h.current.Load().retire()
	if err == nil {
		// Connections that were upgraded are none of the server's any more.
		err = h.rooms.vacant(end)
	}
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelWarn, "some requests did not finish in time", slog.Int64("requests", h.rooms.requests()))
		_ = front.Close()
		cut()
	}
}

// adminHandler is the surface for operators.
func (h *house) adminHandler() *admin.Handler {
	return &admin.Handler{
		Version: h.options.Version, Traces: h.watch.Traces, Limited: h.limited,
		Ready:         h.readiness,
		Upstreams:     h.upstreamStatus,
		Configuration: h.inForce,
		Reload: func(ctx context.Context) (bool, any, error) {
			s, err := h.reloader.ask(ctx)
			if err != nil {
				return false, nil, err
			}
			return s.Failed == nil, s, nil
		},
	}
}

// readiness is what /readyz asks.
func (h *house) readiness() map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{"store": h.storeReady, "keys": h.keysReady, "certificate": h.certificateReady, "drain": h.notDraining}
	for name, check := range h.current.Load().fitness {
		all[name] = check
	}
	return all
}

// keysReady reads the keys of the gate's own tokens.
func (h *house) keysReady(ctx context.Context) error {
	_, err := h.stores.Keyring.PublicKeySet(ctx)
	return err
}

func (h *house) notDraining(context.Context) error {
	if h.draining.Load() {
		return errDraining
	}
	return nil
}

// errDraining is what /readyz says at the end.
var errDraining = errors.New("the gate is ending")

// inForce is what is in force and what came of the last try to change it.
func (h *house) inForce(brief bool) any {
	s := h.reloader.status.Load()
	if brief {
		return s
	}
	cfg := h.current.Load().config
	return struct {
		*status
		// Flags are those that outrank the file, by key.
		Flags  map[string]string `json:"flags,omitempty"`
		Config json.RawMessage   `json:"config"`
		YAML   string            `json:"yaml"`
	}{s, h.options.Flags, config.ShowJSON(cfg), string(config.Show(cfg))}
}
