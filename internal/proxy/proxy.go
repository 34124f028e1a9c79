package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/internal/upstream"
)

// Config says what New makes.
type Config struct {
	// Gate decides. Its Observe sees every decision, its Responder writes the
	// refusals.
	Gate *gate401.Gate
	// Upstream is the http or https URL of the API. A path in it is put before
	// the path of each request.
	Upstream *url.URL
	// Identity names the header fields that tell the upstream who is asking; nil
	// means DefaultIdentity. If none of them holds the request id, X-Request-Id
	// does: twice would cost, in most requests, a larger map. All of them, and all that begin with Gate401-, are
	// dropped from what clients send.
	Identity map[string]Field
	// Assertion tells the upstream the same in a signed token; nil for none.
	Assertion *identity.Assertion
	// Strip lists where credentials are, beside Authorization; they are not
	// forwarded.
	Strip Strip
	// StrictTransport tells that a Strict-Transport-Security that was set before the
	// proxy was asked stands; else that of the upstream does, where it sends one.
	StrictTransport bool
	// KeepCredentials forwards credentials, for an upstream that reads them
	// itself.
	KeepCredentials bool
	// DangerouslyKeepMethodOverride forwards the fields and the parameters by which
	// some servers let a request be of another method than the one that was judged:
	// who may POST may then do whatever the upstream lets a POST be.
	DangerouslyKeepMethodOverride bool
	// PassHost sends the external host, as it was judged, in the Host field. By
	// default the upstream's own host is sent, since many servers choose what
	// they serve by it, and nothing a client writes should; X-Forwarded-Host has
	// the external one in either case.
	PassHost bool
	// Transport reaches the upstream; nil means upstream.NewLean.
	Transport http.RoundTripper
	// MaxBody is how large the body of a request may be; 0 for any size.
	MaxBody int64
	// Routes say for single rules, by their names, where their requests go and
	// what they may cost.
	Routes map[string]Route
	// Log gets what goes wrong with the upstream; nil discards it.
	Log *slog.Logger
	// Answered is called for every answer of the upstream with status 401 or
	// 403, for metrics; nil for none.
	Answered func(r *gate401.Request, d *gate401.Decision, status int)
	// Unauthorized says what becomes of a 401 of the upstream, empty means
	// UnauthorizedMark; UnauthorizedBy says it for single rules, by their names.
	Unauthorized   Unauthorized
	UnauthorizedBy map[string]Unauthorized
	// End says which answers end when the credential does; empty means EndStreams.
	End End
	// Revoked tells of credentials that are withdrawn; nil for none.
	Revoked Feed
}

// Strip names places of credentials.
type Strip struct{ Headers, Query, Cookies []string }

// Proxy is an http.Handler that forwards what the gate allows. Make it with
// [New]; it is safe for concurrent use.
type Proxy struct {
	gate            *gate401.Gate
	responder       *gate401.Responder
	all             *route            // of requests whose rule has none
	routes          map[string]*route // by rule
	identity        []identity.Told
	assertion       *identity.Assertion
	filter          *filter
	strip           Strip
	keep            bool
	strictTransport bool
	tellsID         bool // an identity field holds the request id
	passHost        bool
	// overridable tells that fields and parameters for another method are kept.
	overridable bool
	log         *slog.Logger
	answered    func(*gate401.Request, *gate401.Decision, int)
	buffers     *buffers
	passages    sync.Pool

	unauthorizedAll Unauthorized
	unauthorizedBy  map[string]Unauthorized
	tally           tally
	end             End
	revoked         Feed
	now             func() time.Time
}

// New checks c and makes the Proxy.
func New(c Config) (*Proxy, error) {
	switch {
	case c.Gate == nil:
		return nil, errors.New("proxy: no gate")
	case c.Upstream == nil:
		return nil, errors.New("proxy: no upstream")
	case c.Transport == nil:
		c.Transport = upstream.NewLean(c.Upstream, 0)
	}
	all, err := newRoute(Route{c.Upstream, c.Transport, c.MaxBody}, nil)
	if err != nil {
		return nil, err
	}
	if c.Identity == nil {
		c.Identity = DefaultIdentity()
	}
	told, err := identity.Ready(c.Identity)
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		gate: c.Gate, responder: c.Gate.Responder, all: all, identity: told, assertion: c.Assertion,
		strip: c.Strip, keep: c.KeepCredentials, strictTransport: c.StrictTransport, passHost: c.PassHost,
		log: c.Log, answered: c.Answered, buffers: &buffers{},
	}
	var names []string
	for _, t := range told {
		names = append(names, t.Name)
		p.tellsID = p.tellsID || t.Field == FieldRequestID
	}
	if p.assertion != nil {
		if err := p.assertion.Check(); err != nil {
			return nil, err
		}
		names = append(names, p.assertion.Name())
	}
	if !p.keep {
		names = append(names, "Authorization")
		names = append(names, c.Strip.Headers...)
	}
	if p.overridable = c.DangerouslyKeepMethodOverride; !p.overridable {
		names = append(names, overrides[:]...)
	}
	p.filter = newFilter(names...)
	p.strip.Query, p.strip.Cookies = slices.Clone(c.Strip.Query), slices.Clone(c.Strip.Cookies)
	if p.responder == nil {
		p.responder = &gate401.Responder{}
	}
	p.routes = make(map[string]*route, len(c.Routes))
	for rule, r := range c.Routes {
		if p.routes[rule], err = newRoute(r, all); err != nil {
			return nil, fmt.Errorf("rule %q: %w", rule, err)
		}
	}
	p.end, p.revoked, p.now = cmp.Or(c.End, EndStreams), c.Revoked, c.Gate.Intake.Now
	p.unauthorizedAll, p.unauthorizedBy = cmp.Or(c.Unauthorized, UnauthorizedMark), maps.Clone(c.UnauthorizedBy)
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

// base is the upstream's path, decoded and encoded, as it stands before a path
// that begins with a slash.
func base(u *url.URL) (path, raw string) {
	path, raw = u.Path, u.EscapedPath()
	if path != "" && path[0] != '/' {
		path, raw = "/"+path, "/"+raw
	}
	if strings.HasSuffix(raw, "/") {
		path, raw = path[:len(path)-1], raw[:len(raw)-1]
	}
	return path, raw
}

// ServeHTTP judges the request, and forwards or refuses it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r, d := p.gate.Judge(hr)
	if !d.Allow {
		p.responder.Refuse(w, hr, r, d)
		return
	}
	if hr.ContentLength != 0 && hr.ProtoMajor == 1 {
		// Without it the server reads the whole body before the answer begins
		// (http.ResponseController), and an upstream that answers while it reads
		// would be held up. Writers that cannot do it go on as they can.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	x := p.take()
	x.came, x.request, x.decision, x.route = hr, r, d, p.route(d.Rule)
	if err := x.assert(); err != nil {
		x.turnAway(w, hr, x.unasserted(err))
	} else if in, ok := x.limited(w, hr); ok {
		x.carry(w, in)
	} else {
		x.turnAway(w, hr, bodyTooLarge())
	}
	if x.body != nil && !x.body.done.Load() && x.lingers && hr.ProtoMajor == 1 && x.tunnel == nil {
		// The upstream had enough of the body; the client goes on sending it.
		gate401.Linger(w, hr)
	}
	// After a panic, which ends the connection, x is not used again.
	p.put(x)
}

var _ http.Handler = (*Proxy)(nil)
