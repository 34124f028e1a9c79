package server

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/clientjs"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/proxy"
	"github.com/gate401/gate401/internal/resource"
	"github.com/gate401/gate401/internal/session"
)

// generation is one configuration in force: everything that comes from it,
// compiled once and never changed. A reload makes the next one; the requests
// that this one began, streams too, it finishes, and only then it is closed.
type generation struct {
	number  uint64 // 1 is that of the start
	config  *config.File
	public  *url.URL // where clients reach the gate
	system  *build.System
	handler http.Handler
	behind  behind
	login   *login.Login  // where people log in, nil if they cannot
	door    *session.Door // who is logged in; nil with login
	secured *secured      // nil for plain http
	// assertion tells upstreams who is asking, in signed tokens; nil for none.
	assertion *identity.Assertion
	// fitness is asked by /readyz, by name: parts that can be unfit.
	fitness map[string]func(context.Context) error
	// closers end what the parts started, the last one first.
	closers []func() error

	// users counts the requests, and the house once. It is far below zero when
	// the generation is closed.
	users   atomic.Int64
	retired atomic.Bool
	house   *house
}

// closed is what is added to users at the end: no number of late comers brings
// it back above zero.
const closed = math.MinInt64 / 2

// newGeneration makes what cfg asks for, and starts nothing that it does not end
// when it fails. before is what is in force, nil at the start: parts whose
// configuration did not change may take over what they learned.
func (h *house) newGeneration(_ context.Context, cfg *config.File, before *generation) (*generation, error) {
	g := &generation{number: 1, config: cfg, house: h, fitness: map[string]func(context.Context) error{}}
	if before != nil {
		g.number = before.number + 1
	}
	g.users.Store(1)
	if err := h.furnish(g, before); err != nil {
		return nil, errors.Join(err, g.end())
	}
	return g, nil
}

// furnish makes the parts of g, in the order in which they need each other.
func (h *house) furnish(g, before *generation) error {
	cfg := g.config
	var err error
	if g.public, err = h.publicURL(cfg); err != nil {
		return err
	}
	if err = h.secure(g, before); err != nil {
		return err
	}
	o := build.Options{PublicURL: g.public, Watch: h.watch, Guard: h.guard, Record: h.history.Record, History: h.history.Observe}
	if before != nil {
		o.Before = before.system
	}
	if g.system, err = build.New(cfg, h.stores, o); err != nil {
		return err
	}
	g.closers = append(g.closers, g.system.Close)
	g.login, g.door = h.logins(g)
	g.assertion = h.asserts(g, before)
	providers := h.providers(g)
	front, err := h.front(g)
	if err != nil {
		return err
	}
	routes := newRoutes(cfg.Gate.Prefix, h.stores.Keyring, front)
	if routes.checks, err = h.checks(g); err != nil {
		return err
	}
	routes.oauth, routes.login, routes.account = h.endpoints(g), g.login, h.accounts(g)
	routes.consent = h.authorizing(g)
	if routes.script, err = clientjs.New(); err != nil {
		return err
	}
	routes.providers, routes.gate = providers, g.system.Gate
	routes.resources, err = resource.New(resource.Config{
		Gate: g.system.Gate, All: g.system.Policy.All(), Every: g.system.Policy.Every,
		Name: cfg.Gate.Realm, Documentation: g.system.Gate.Responder.Problems,
	})
	g.handler = withHSTS(&framing{routes, g.system.Gate}, cfg)
	return err
}

// front answers what is not the gate's own: the proxy, where there is an API
// behind the gate.
func (h *house) front(g *generation) (http.Handler, error) {
	cfg := g.config
	if cfg.Gate.Upstream == "" {
		return http.HandlerFunc(checksOnly), nil
	}
	if err := h.upstreams(g); err != nil {
		return nil, err
	}
	c, err := g.ways(h.lasting(cfg, proxy.Config{
		Gate: g.system.Gate, Identity: identityFields(cfg.Identity.Headers), Assertion: g.assertion, Log: h.log,
		Strip:           proxy.Strip{Headers: g.system.Headers, Query: g.system.Query, Cookies: g.system.Cookies},
		KeepCredentials: cfg.Gate.KeepCredentials, StrictTransport: cfg.GivesHSTS(), DangerouslyKeepMethodOverride: cfg.Gate.DangerouslyKeepMethodOverride,
		Answered: func(r *gate401.Request, d *gate401.Decision, status int) {
			about := []slog.Attr{slog.String("request_id", r.ID), slog.String("rule", d.Rule)}
			if who := d.Subject(); who != "" {
				about = append(about, slog.String("subject", who))
			}
			h.log.LogAttrs(context.Background(), slog.LevelInfo, "upstream refused", append(about, slog.Int("status", status))...)
		},
	}))
	if err != nil {
		return nil, err
	}
	return proxy.New(c)
}

// publicURL is the scheme and host at which clients reach the gate.
func (h *house) publicURL(cfg *config.File) (*url.URL, error) {
	u, err := cfg.Public(h.gate.Addr().String())
	if err == nil && h.options.certificate != nil {
		u.Scheme = "https"
	}
	return u, err
}

// enact puts cfg in force, or changes nothing and says why.
func (h *house) enact(ctx context.Context, cfg *config.File) error {
	before := h.current.Load()
	g, err := h.newGeneration(ctx, cfg, before)
	if err != nil {
		return err
	}
	// For "token issue", which runs beside the gate and does not see its flags.
	last, err := h.stores.RememberIssuer(ctx, g.system.Issuer)
	if err != nil {
		return errors.Join(err, g.end())
	}
	if last != "" && last != g.system.Issuer {
		h.log.LogAttrs(ctx, slog.LevelWarn, "issuer changed", slog.String("issuer", g.system.Issuer), slog.String("before", last),
			slog.String("hint", "tokens that were issued before are refused as token-issuer-unknown; gate.public_url keeps the issuer, whatever the address"))
	}
	h.guard = g.system.Guard
	h.guard.Change(build.Limits(cfg))
	h.watch.Log.SetLevel(level(cfg.Log.Level))
	h.watch.Traces.Look(places(cfg))
	h.rooms.add(g)
	h.current.Store(g)
	h.keep(ctx, g)
	if before != nil {
		before.retire()
	}
	return nil
}

// serve answers one request with the generation that is in force when it comes.
func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	g := h.enter()
	if g == nil {
		w.Header().Set("Connection", "close")
		problem(w, http.StatusServiceUnavailable, "The gate is ending. Send the same request again.")
		return
	}
	// In a defer, because a proxy ends some requests with a panic.
	defer g.leave()
	if h.draining.Load() && r.Header["Upgrade"] == nil {
		// The next request of this client goes to somebody else; HTTP/2 turns it
		// into GOAWAY (RFC 9113 section 6.8).
		w.Header().Set("Connection", "close")
	}
	g.handler.ServeHTTP(w, r)
}

// enter returns the generation in force, held open until leave; nil if the last
// one is closed.
func (h *house) enter() *generation {
	for {
		g := h.current.Load()
		if g.users.Add(1) > 0 {
			return g
		}
		// Closed between the two lines, so that there is another one by now, or
		// never again.
		g.users.Add(-1)
		if h.current.Load() == g {
			return nil
		}
	}
}

// leave gives up what enter held; whoever is last closes the generation.
func (g *generation) leave() {
	if g.users.Add(-1) != 0 || !g.users.CompareAndSwap(0, closed) {
		return
	}
	if err := g.end(); err != nil {
		g.house.log.Warn("closing an old configuration", slog.String("error", err.Error()))
	}
	g.house.rooms.remove(g)
}

// retire gives up the house's own hold, once: when another generation is in
// force, or none will be.
func (g *generation) retire() {
	if !g.retired.Swap(true) {
		g.leave()
	}
}

// end closes the parts.
func (g *generation) end() error {
	var faults []error
	for i := len(g.closers) - 1; i >= 0; i-- {
		faults = append(faults, g.closers[i]())
	}
	return errors.Join(faults...)
}

// rooms are the generations that are not closed: the one in force, and those
// before it that still have requests.
type rooms struct {
	mu   sync.Mutex
	open map[*generation]struct{}
	left chan struct{} // closed when the last one was; nil if nobody waits
}

func (r *rooms) add(g *generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[*generation]struct{}{}
	}
	r.open[g] = struct{}{}
}

func (r *rooms) remove(g *generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, g)
	if len(r.open) == 0 && r.left != nil {
		close(r.left)
		r.left = nil
	}
}

// vacant waits until all are closed.
func (r *rooms) vacant(ctx context.Context) error {
	r.mu.Lock()
	if len(r.open) == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.left == nil {
		r.left = make(chan struct{})
	}
	left := r.left
	r.mu.Unlock()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// requests counts those under way, streams too.
func (r *rooms) requests() (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for g := range r.open {
		users := g.users.Load()
		if !g.retired.Load() {
			users--
		}
		n += max(users, 0)
	}
	return n
}
