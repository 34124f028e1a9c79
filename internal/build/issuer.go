package build

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/config"
	oauth "github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Issuing is the gate as an authorization server.
type Issuing struct {
	// Issuer makes, exchanges and revokes tokens.
	Issuer *oauth.Issuer
	// Desk is what its endpoints share.
	Desk oauth.Desk
	// Registrations bounds how many clients register from one network.
	Registrations *defend.Guard

	// Devices bounds how many devices wait.
	Devices *defend.Guard
	// Codes bounds how many authorization codes people are given.
	Codes *defend.Guard
	// Userinfo asks for a token of this gate, whomever it is for, of somebody who
	// logged in by OpenID Connect.
	Userinfo *gate401.Gate

	keys *oauth.ClientKeys
}

// close ends what it started.
func (i *Issuing) close() error {
	if i == nil {
		return nil
	}
	return i.keys.Close()
}

// ownMethod is the method for the gate's own tokens, if the file has one.
func ownMethod(cfg *config.File) (*config.Bearer, bool) {
	for _, m := range cfg.Methods {
		if m.Bearer != nil && m.Bearer.Own() {
			return m.Bearer, true
		}
	}
	return nil, false
}

// ownAudiences are those by which the gate takes its own tokens.
func ownAudiences(cfg *config.File) []string {
	if own, ok := ownMethod(cfg); ok && len(own.Audience) > 0 {
		return own.Audience
	}
	return []string{cfg.Gate.Realm}
}

// OwnAudience is aud of the gate's own tokens, where nobody asks for another one.
func OwnAudience(cfg *config.File) []string {
	return ownAudiences(cfg)[:1]
}

// issuing makes the authorization server of the file, nil where it has none.
func (s *System) issuing(o Options) (*Issuing, error) {
	cfg, set := s.Config, s.Stores.Set
	if !cfg.Issues() {
		return nil, nil //nolint:nilnil // a gate without one is complete
	}
	// Its own tokens, whomever they are for.
	verifier, err := token.New(token.Profile{
		Keys: s.Stores.Keyring, Issuer: s.Issuer, DangerouslyAnyAudience: true, Types: []string{"at+jwt"}, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	c := cfg.Issuer
	own := &oauth.Issuer{
		Name: s.Issuer, Audience: OwnAudience(cfg), Resources: c.Resources, Tokens: set.Tokens, Tickets: set.Tickets, Verifier: verifier,
		Signer:   func(ctx context.Context) (oauth.Signer, error) { return s.Stores.Keyring.Signer(ctx) },
		Accounts: set.Accounts, Sessions: set.Sessions, Vouches: cfg.Vouches, Now: o.Now, Record: o.Record,
		Policy: oauth.Policy{
			Access: c.AccessTTL, Idle: c.Refresh.Idle, Absolute: c.Refresh.Absolute, Grace: c.Refresh.Grace, WithSession: c.Refresh.WithSession,
			Code: c.CodeTTL, Device: c.DeviceTTL,
		},
	}
	own.Stands = func(ctx context.Context, c *token.Claims) error {
		return s.Stores.Standing(ctx, &gate401.Identity{Subject: c.Subject, Method: "bearer", Credential: c.ID, Key: c.KeyID, Claims: c.Raw()}, c.IssuedAt)
	}
	out := &Issuing{Issuer: own, Userinfo: s.userinfo(verifier), keys: &oauth.ClientKeys{Client: o.Client, Now: o.Now}}
	if o.Before != nil && o.Before.Issuing != nil {
		out.Registrations, out.Devices, out.Codes = o.Before.Issuing.Registrations, o.Before.Issuing.Devices, o.Before.Issuing.Codes
	} else {
		out.Registrations = &defend.Guard{Now: o.Now, Limits: at(30, 1000)}
		out.Devices = &defend.Guard{Now: o.Now, Limits: at(200, 20_000)}
		// Behind one address may be a whole company; one person opens no more than
		// this many programs in an hour.
		often := defend.Limit{Attempts: 1000, Window: time.Hour}
		out.Codes = &defend.Guard{Now: o.Now, Limits: defend.Limits{
			Account: often, AddressAccount: often, Address: defend.Limit{Attempts: 50_000, Window: time.Hour},
		}}
	}
	out.Desk = oauth.Desk{
		Issuer: own,
		Auth: oauth.ClientAuth{
			Clients: set.Clients, Guard: s.Guard, Proofs: set.Tickets, Keys: out.keys, Now: o.Now,
			Audiences: []string{s.Issuer, s.Issuer + cfg.Gate.Prefix + "/token"},
		},
		Intake: s.intake, Realm: cfg.Gate.Realm, Problems: s.Gate.Responder.Problems, Observe: observer(o),
	}
	return out, nil
}

// at bounds what makes a record without any proof: so many an hour from one
// network, and so many a day of one kind.
func at(hour, day int) defend.Limits {
	per := defend.Limit{Attempts: hour, Window: time.Hour}
	return defend.Limits{Account: defend.Limit{Attempts: day, Window: 24 * time.Hour}, Address: per, AddressAccount: per}
}

// userinfo is the gate in front of what is told about a person.
func (s *System) userinfo(v *token.Verifier) *gate401.Gate {
	bearer := &authn.Bearer{Realm: s.Config.Gate.Realm, Tokens: []authn.TokenVerifier{{
		Name: "userinfo", Verifier: v, Issuer: s.Issuer, Own: true,
		// An API that is sent a token for itself must not learn here what only the
		// client may (RFC 9068 section 4). One for a part of the gate is sent to nobody
		// else, and clients ask here with it (OpenID Connect Core section 5.3.1).
		Audience: &authn.Audience{Names: ownAudiences(s.Config), Origin: s.Issuer, AnyPart: true},
		Accounts: people{s.Stores.Set}, Check: withdrawn(s.Stores.Set), Epoch: s.Stores.Set.Revision,
	}}}
	q := gate401.Requirement{Rule: RuleIssuer, Accept: []gate401.Authenticator{bearer}, Scopes: []string{oauth.ScopeOpenID}}
	q.Prepare()
	g := &gate401.Gate{
		Policy: defend.Blocklist(s.Config.Defend.Block).Wrap(func(*gate401.Request) gate401.Requirement { return q }),
		Guard:  s.Guard, Intake: s.Gate.Intake, Responder: s.Gate.Responder, Observe: s.Gate.Observe,
	}
	return g
}

// intake reads a request to one of the gate's own endpoints, and turns away whom
// the gate answers nothing.
func (s *System) intake(hr *http.Request) (*gate401.Request, error) {
	r, err := s.Gate.Intake.Request(hr)
	if err == nil && s.Gate.Policy(r).Blocked {
		err = &gate401.Denial{Reason: reason.AddressBlocked, Err: errors.New("the address is blocked")}
	}
	return r, err
}

// RuleIssuer is what decisions of the gate's own endpoints are called, beside
// those of rules.
const RuleIssuer = "issuer"

// methodClient is the kind of method by which programs prove themselves to the
// endpoints.
const methodClient = "client"

// observer reports what comes of requests to the endpoints as the gate reports its
// decisions.
func observer(o Options) func(*http.Request, oauth.Outcome) {
	if o.Watch == nil {
		return nil
	}
	return func(_ *http.Request, out oauth.Outcome) {
		var form *oauth.FormError
		var denial *gate401.Denial
		switch {
		case out.Request == nil:
			return
		case out.Err == nil:
			o.Watch.Observe(out.Request, &gate401.Decision{Allow: true, Rule: RuleIssuer, Identity: &gate401.Identity{Subject: out.Client, Method: methodClient}})
			return
		case errors.As(out.Err, &form), errors.Is(out.Err, oauth.ErrScope):
			denial = &gate401.Denial{Reason: reason.RequestMalformed, Err: out.Err}
		case errors.As(out.Err, &denial):
		default:
			denial = &gate401.Denial{Reason: reason.CheckFailed, Err: out.Err}
		}
		told := *denial
		if told.Method == "" {
			told.Method = methodClient
		}
		if told.Subject == "" {
			told.Subject = out.Client
		}
		o.Watch.Observe(out.Request, &gate401.Decision{Rule: RuleIssuer, Denial: &told, Steps: []gate401.Step{
			{Stage: gate401.StageVerify, Method: told.Method, Reason: told.Reason, Note: told.Error()},
		}})
	}
}

// withdrawn finds out which of the gate's own tokens were revoked, or were given
// to a client that is suspended now.
func withdrawn(set *store.Set) func(context.Context, *token.Claims) error {
	revoked := (&oauth.Issuer{Tokens: set.Tokens}).Check
	return func(ctx context.Context, c *token.Claims) error {
		if err := revoked(ctx, c); err != nil {
			return err
		}
		return clientStands(ctx, set, c.ClientID)
	}
}
