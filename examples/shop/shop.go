// Package shop is what the examples protect, and with what: a gate that takes
// API keys and signed tokens, rules, and a handful of orders.
//
// Start with [Open], which makes all of it, and with [Shop.Listen], which says
// what to try. The gate is [Shop.Gate]; each example shows how it is put in
// front of handlers of another kind.
//
// It keeps everything in memory and signs its own tokens, so that an example
// needs nothing else. docs/library.md shows a gate with people, a store and the
// tokens of an issuer.
package shop

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

const (
	realm  = "orders"
	issuer = "https://shop.example"
)

// Rules are what requests must prove. An RPC has a path too: gRPC sends every
// call as POST /package.Service/Method.
var rules = []access.Rule{
	{Path: "/health", Anyone: true},
	{Path: "/orders/**", Verbs: []string{"GET"}, Scopes: []string{"orders:read"}},
	{Path: "/orders/**", Scopes: []string{"orders:write"}},
	{Path: "/events", Scopes: []string{"orders:read"}},
	{Path: "/short"}, // some proof, by any method
	{Path: "/shop.v1.Orders/Get", Scopes: []string{"orders:read"}},
	{Path: "/shop.v1.Orders/Watch", Scopes: []string{"orders:read"}},
	{Path: "/shop.v1.Orders/Cancel", Scopes: []string{"orders:write"}},
}

// Shop is the gate and what it needs.
type Shop struct {
	// Gate is what stands in front of the handlers.
	Gate *gate401.Gate
	// Key is an API key of bob, who may read.
	Key token.APIKey

	signer *token.SigningKey
	keys   *authn.Keys
}

// Open makes a shop with a new key for signing and a new API key. Log gets a line
// for each decision.
func Open(log io.Writer) (*Shop, error) {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	if _, err := set.Accounts.CreateAccount(ctx, store.Account{Name: "bob", Scopes: []string{"orders:read"}}); err != nil {
		return nil, err
	}
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		return nil, err
	}
	record := store.APIKey{ID: "k-1", Hash: key.Hash(), Environment: "live", Owner: "bob", Scopes: []string{"orders:read"}}
	if _, err := set.APIKeys.CreateAPIKey(ctx, record); err != nil {
		return nil, err
	}
	signer, err := token.GenerateKey(token.ES256)
	if err != nil {
		return nil, err
	}
	verifier, err := token.New(token.Profile{
		Keys: token.NewKeySet(signer.Public()), Issuer: issuer, Audience: []string{realm}, Leeway: -1,
	})
	if err != nil {
		return nil, err
	}
	keys := &authn.Keys{Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision, Used: set.APIKeys}
	bearer := &authn.Bearer{Realm: realm, Keys: keys, Tokens: []authn.TokenVerifier{
		{Name: "token", Verifier: verifier, Issuer: issuer},
	}}
	if err := bearer.Validate(); err != nil {
		return nil, err
	}
	accepted := []gate401.Authenticator{bearer, &authn.APIKey{Realm: realm, Keys: keys}}
	policy, err := access.Compile(rules, access.Rule{}, func([]string) ([]gate401.Authenticator, error) { return accepted, nil })
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	gate := &gate401.Gate{
		Policy: policy.Requirement,
		Guard:  &defend.Guard{},
		Observe: func(r *gate401.Request, d *gate401.Decision) {
			logger.Info("decision", "request_id", r.ID, "rule", d.Rule, "subject", d.Subject(), "reason", d.Reason())
		},
	}
	return &Shop{Gate: gate, Key: key, signer: signer, keys: keys}, nil
}

// Close ends what works behind the gate.
func (s *Shop) Close() error { return s.keys.Close() }

// Token is signed, for subject, and good for ttl.
func (s *Shop) Token(subject string, ttl time.Duration, scopes ...string) (string, error) {
	issued, err := s.signer.Issue(token.Grant{
		Issuer: issuer, Subject: subject, Audience: []string{realm}, Scopes: scopes, TTL: ttl,
	})
	return issued.Token, err
}

// Listen opens address and prints where it is and what to try there, one line
// each: the name, a space, the value.
func (s *Shop) Listen(w io.Writer, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	lines := [][2]string{{"key", s.Key.Reveal()}}
	for _, t := range []struct {
		name   string
		ttl    time.Duration
		scopes []string
	}{
		{"token", time.Hour, []string{"orders:read", "orders:write"}},
		{"low", time.Hour, nil},
		{"soon", 2 * Short, []string{"orders:read"}},
	} {
		text, err := s.Token("alice", t.ttl, t.scopes...)
		if err != nil {
			_ = l.Close()
			return nil, err
		}
		lines = append(lines, [2]string{t.name, text})
	}
	for _, line := range append(lines, [2]string{"listening", l.Addr().String()}) {
		if _, err := fmt.Fprintln(w, line[0], line[1]); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	return l, nil
}

// Owner is whose order it is; ok is false where there is none.
func Owner(order string) (name string, ok bool) {
	name, ok = map[string]string{"1": "alice", "2": "bob"}[order]
	return name, ok
}
