package server

import (
	"context"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/proxy"
	"github.com/gate401/gate401/internal/stream"
)

// lasting adds to c what cfg says about answers that last, and about those of the
// upstream that refuse.
func (h *house) lasting(cfg *config.File, c proxy.Config) proxy.Config {
	c.Revoked = &h.streams
	c.End = proxy.End(cfg.Streams.End)
	c.Unauthorized = proxy.Unauthorized(cfg.Gate.Upstream401)
	c.UnauthorizedBy = map[string]proxy.Unauthorized{}
	if mode := cfg.Default.Upstream401; mode != "" {
		c.UnauthorizedBy[build.DefaultRule] = proxy.Unauthorized(mode)
	}
	for _, r := range cfg.Rules {
		if r.Upstream401 != "" {
			c.UnauthorizedBy[build.RuleName(r)] = proxy.Unauthorized(r.Upstream401)
		}
	}
	return c
}

// recheck ends the streams of credentials that another process withdraws, until
// the function that it returns is called.
func (h *house) recheck(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	// What a method asks of people may have changed with the file.
	check := func(ctx context.Context, id *gate401.Identity, since time.Time) error {
		return h.current.Load().system.Standing(ctx, id, since)
	}
	r := &stream.Recheck{Hub: &h.streams, Revision: h.stores.Set.Revision, Check: check, Log: h.log}
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
