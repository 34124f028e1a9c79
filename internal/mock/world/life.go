package world

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// Bounds of what one world remembers: it is a test's, and there may be ten
// thousand of them.
const (
	guardEntries  = 64
	maxLogins     = 1000
	maxRefreshes  = 10_000
	maxRemembered = 64
	maxLast       = 4 // logins whose last access token is kept
)

// life is everything that changes in a world, from one reset to the next.
type life struct {
	world    *World
	settings *Settings
	clock    *clock
	set      *store.Set
	gate     *gate401.Gate
	methods  methods
	api      http.Handler
	verifier *token.Verifier
	issuer   *issuer.Issuer
	tokens   *issuer.TokenEndpoint
	revoke   *issuer.RevocationEndpoint

	mu sync.Mutex
	script
}

// script is how far a world is in its script. The lock of its life guards it.
type script struct {
	keys     []*token.SigningKey // the last one signs
	logins   int
	issued   int               // access tokens; each has its number
	expired  int               // those up to this number expired on command
	revoked  int               // those up to this number were revoked on command
	uses     map[int]int       // of access tokens, by number
	last     map[string]string // the last access token of a login
	requests int               // to resources, with good credentials
	refuse   refusal           // what a command said of the next ones
	struck   int               // refreshes that the fault of the settings struck
	done     int               // refreshes
	fail     failure           // what a command said of the next ones
	orders   []order
}

func newLife(w *World) (*life, error) {
	s := w.settings
	l := &life{world: w, settings: s, clock: newClock(w.shared.now, s.Clock)}
	keys, err := w.shared.signing()
	if err != nil {
		return nil, err
	}
	l.keys = keys
	// The people were there long before the world, so that a token of an issuer
	// whose clock is behind is not one of an earlier account of the same name.
	populated := false
	l.set = memory.Open(memory.Options{Now: func() time.Time {
		if !populated {
			return l.clock.now().AddDate(-1, 0, 0)
		}
		return l.clock.now()
	}})
	if err := l.populate(context.Background()); err != nil {
		return nil, err
	}
	populated = true
	l.verifier, err = token.New(token.Profile{Keys: l, Issuer: w.URL(), Audience: []string{Audience},
		Algorithms: []string{token.ES256}, Leeway: -1, Now: l.clock.now})
	if err != nil {
		return nil, fmt.Errorf("making the verifier of a world: %w", err)
	}
	l.issuer = &issuer.Issuer{
		Name: w.URL(), Audience: []string{Audience}, Environment: Environment, Tokens: l.set.Tokens,
		Signer:   func(context.Context) (issuer.Signer, error) { return signer{l}, nil },
		Verifier: l.verifier, Accounts: l.set.Accounts, Policy: s.policy(), Now: l.clock.issued,
	}
	desk := issuer.Desk{Issuer: l.issuer, Auth: issuer.ClientAuth{Clients: l, AnySecretMethod: true}, Realm: Realm, Problems: w.problems()}
	if len(s.Clients) == 0 {
		desk.Auth.AnyClient = anyClient
	}
	l.tokens = &issuer.TokenEndpoint{Desk: desk}
	desk.Observe = observe
	l.revoke = &issuer.RevocationEndpoint{Desk: desk}
	l.methods = l.newMethods()
	l.gate = &gate401.Gate{
		Policy: l.policy,
		Guard:  &lateGuard{now: l.clock.now},
		Intake: gate401.Intake{Now: l.clock.now},
	}
	l.api = http.HandlerFunc(l.serveAPI)
	if s.Answer != nil {
		l.api = s.Answer(l.api)
	}
	return l, nil
}

// policy says what the issuer does.
func (s *Settings) policy() issuer.Policy {
	p := issuer.Policy{Access: s.Access.ttl(), Idle: s.Refresh.Idle.std(), Absolute: s.Refresh.Absolute.std(), Grace: s.Refresh.Grace.std()}
	if p.Grace == 0 {
		p.Grace = -1 // a world has none unless it is asked for
	}
	switch s.Refresh.Policy {
	case PolicyKeep:
		p.Rotation = issuer.Keep
	case PolicyRotateOnly:
		p.Rotation = issuer.RotateOnly
	}
	return p
}
