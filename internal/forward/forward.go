package forward

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/reason"
)

// Config says what New makes.
type Config struct {
	// Gate decides. Its Intake reads the requests that gateways tell of, its
	// Observe sees every decision, its Responder writes the refusals.
	Gate *gate401.Gate
	// Path is where gateways ask; empty means "/auth/check".
	Path string
	// Own is the path below which the gate answers itself: nobody forwards what
	// is there. Empty for none.
	Own string
	// From are the networks of the gateways. Who asks from anywhere else is
	// refused. Required.
	From []netip.Prefix
	// Identity names the fields that tell the upstream who is asking; nil means
	// identity.Default.
	Identity map[string]identity.Field
	// Assertion tells the upstream the same in a signed token; nil for none.
	Assertion *identity.Assertion
	// Cookies are the names of those that prove who is asking, which are not for
	// the upstream: where there are some, an answer that allows says in Cookie what
	// is left of the client's. Nil leaves the field to the gateway.
	Cookies []string
	// Sealer seals refusals for nginx, so that none is shown that the gate did
	// not write. Required. Gates behind one nginx have the same key.
	Sealer Sealer
	// Log gets what goes wrong beside decisions; nil discards it.
	Log *slog.Logger
}

// Sealer encrypts and authenticates.
type Sealer interface {
	Seal(kind, id string, secret []byte) ([]byte, error)
	Open(kind, id string, sealed []byte) ([]byte, error)
}

// Surface is an http.Handler that answers gateways. Make it with [New]; it is
// safe for concurrent use.
type Surface struct {
	gate      *gate401.Gate
	responder *gate401.Responder
	intake    gate401.Intake
	path, own string
	from      []netip.Prefix
	identity  []identity.Told
	assertion *identity.Assertion
	cookies   []string
	tellsID   bool
	sealer    Sealer
	log       *slog.Logger
	deflaters sync.Pool
}

// New checks c and makes the Surface.
func New(c Config) (*Surface, error) {
	switch {
	case c.Gate == nil:
		return nil, errors.New("forward-auth: no gate")
	case len(c.From) == 0:
		return nil, errors.New("forward-auth: nobody may ask")
	case c.Sealer == nil:
		return nil, errors.New("forward-auth: nothing to seal refusals with")
	}
	if c.Identity == nil {
		c.Identity = identity.Default()
	}
	told, err := identity.Ready(c.Identity)
	if err != nil {
		return nil, err
	}
	if c.Assertion != nil {
		if err := c.Assertion.Check(); err != nil {
			return nil, err
		}
	}
	s := &Surface{
		gate: c.Gate, responder: c.Gate.Responder, intake: c.Gate.Intake,
		path: strings.TrimSuffix(c.Path, "/"), own: strings.TrimSuffix(c.Own, "/"), from: slices.Clone(c.From),
		identity: told, assertion: c.Assertion, cookies: slices.Clone(c.Cookies), sealer: c.Sealer, log: c.Log,
	}
	if s.path == "" {
		s.path = "/auth/check"
	}
	// A gateway is a proxy in front of us: what it says of the client counts.
	s.intake.TrustedProxies = slices.Concat(c.From, c.Gate.Intake.TrustedProxies)
	for _, t := range told {
		s.tellsID = s.tellsID || t.Field == identity.FieldRequestID
	}
	if s.responder == nil {
		s.responder = &gate401.Responder{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// ServeHTTP answers one check.
func (s *Surface) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	d, rest, found := s.dialect(hr)
	peer, _ := netip.ParseAddrPort(hr.RemoteAddr)
	switch addr := peer.Addr().Unmap(); {
	case !slices.ContainsFunc(s.from, func(p netip.Prefix) bool { return p.Contains(addr) }):
		// Whoever may ask chooses the client's address, and so passes the limits
		// on guessing: strangers do not.
		s.refuse(w, hr, "", &gate401.Denial{Reason: reason.AddressBlocked,
			Err: fmt.Errorf("forward-auth was asked from %s, which forward.from does not list", addr)})
	case !found:
		s.refuse(w, hr, "", &gate401.Denial{Reason: reason.RequestMalformed,
			Err: fmt.Errorf("forward-auth was asked at a path that is none of %s, %s/{nginx,traefik,caddy,envoy}", s.path, s.path)})
	case d == dialectRefusal:
		s.replay(w, hr)
	default:
		s.check(w, hr, d, rest)
	}
}

// check reads what the gateway was asked, decides, observes and answers.
func (s *Surface) check(w http.ResponseWriter, hr *http.Request, d dialect, rest string) {
	q, err := s.read(hr, &d, rest)
	if err != nil {
		s.refuse(w, hr, d, err)
		return
	}
	r, err := s.intake.Request(q.request(hr))
	r.Surface = surface(d)
	var decision gate401.Decision
	switch {
	case err != nil:
		decision = gate401.Malformed(r, err)
	case s.own != "" && (r.Path == s.own || strings.HasPrefix(r.Path, s.own+"/")):
		decision = gate401.Malformed(r, &gate401.Denial{Reason: reason.RuleMissing,
			Err: fmt.Errorf("all below %s is the gate's own: let the gateway send it there without a check", s.own)})
	default:
		decision = s.gate.Decide(hr.Context(), r)
	}
	asserted := ""
	if s.assertion != nil && decision.Allow {
		if asserted, err = s.assertion.Value(hr.Context(), &decision); err != nil {
			// Without it, it would be a request of nobody.
			rule := decision.Rule
			decision = gate401.Malformed(r, err)
			decision.Rule = rule
		}
	}
	s.observe(r, &decision)
	s.answer(w, r, decision, d, asserted)
}

// refuse answers a check that could not be read: a *Denial says what the client
// did, any other error that the gateway is not set up as it must be (503).
func (s *Surface) refuse(w http.ResponseWriter, hr *http.Request, d dialect, err error) {
	// The check itself is what there is to show.
	r, _ := s.gate.Intake.Request(hr)
	r.Surface = surface(d)
	decision := gate401.Malformed(r, err)
	s.observe(r, &decision)
	s.answer(w, r, decision, d, "")
}

func (s *Surface) observe(r *gate401.Request, d *gate401.Decision) {
	if s.gate.Observe != nil {
		s.gate.Observe(r, d)
	}
}

// surface is the name of the surface in logs.
func surface(d dialect) string {
	switch d {
	case "", dialectAny:
		return "forward-auth"
	case dialectSealed:
		d = dialectNginx
	}
	return "forward-auth/" + string(d)
}

var _ http.Handler = (*Surface)(nil)

// sealedFor is how long a refusal can be shown after it was sealed: nginx asks
// for it at once.
const sealedFor = time.Minute
