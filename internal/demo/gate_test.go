package demo_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

const (
	allowedOrigin = "https://shop.example"
	partnerIssuer = "https://idp.partner.example"
)

// world is the demo with a real gate in front: all that is missing is the
// reverse proxy between, whose work forward does.
type world struct {
	gate *httptest.Server
	page *demo.Page
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	set := memory.Open(memory.Options{})
	key := must(token.GenerateKey(""))(tb)
	other := must(token.NewSigningKey(key.ID(), "ES256", privateKey(tb)))(tb)

	f := demo.Fixtures{
		Member: person(tb, set, "alice", "customers"), Admin: person(tb, set, "ada", "admin"),
		Suspended: person(tb, set, "sam"), Guessed: person(tb, set, "gus"), Changed: person(tb, set, "carol"), TwoStep: person(tb, set, "dora"),
		KeyHeader: "X-API-Key", KeyQuery: "api_key", KeyOnly: "/partners/orders", NoRule: "/internal/metrics", AllowedOrigin: allowedOrigin,
		RecentOnly: "/payments", PartnerOnly: "/suppliers/orders", OfficeOnly: "/intranet/report",
	}
	bob := person(tb, set, "bob", "customers")
	update(tb, set, "sam", func(a *store.Account) { a.Suspended = true })
	f.OldPassword = f.Changed.Password
	f.Changed.Password = must(password.Generate(nil))(tb)
	update(tb, set, "carol", func(a *store.Account) {
		a.SetPassword(must((&password.Hasher{}).Hash(tb.Context(), f.Changed.Password))(tb), time.Now())
	})
	f.Key = apiKey(tb, set, "live", store.APIKey{ID: "working"})
	f.KeyExpired = apiKey(tb, set, "live", store.APIKey{ID: "expired", Expires: time.Now().Add(-time.Hour)})
	f.KeyRevoked = apiKey(tb, set, "live", store.APIKey{ID: "revoked", Revoked: time.Now().Add(-time.Hour)})
	f.KeyOtherEnvironment = apiKey(tb, set, "test", store.APIKey{ID: "other"})
	f.KeyUnknown = must(token.NewAPIKey(rand.Reader, "live"))(tb).Reveal()

	f.SessionCookie, f.SessionOnly = session.CookieName, "/basket"
	maker := samples.Maker{Set: set, Now: time.Now, Subject: "alice"}
	for kind, into := range map[string]*string{
		samples.SessionLive: &f.Session, samples.SessionExpired: &f.SessionExpired, samples.SessionRevoked: &f.SessionRevoked, samples.SessionUnknown: &f.SessionUnknown,
	} {
		*into = must(maker.Session(tb.Context(), kind))(tb)
	}

	must(set.Clients.CreateClient(tb.Context(), store.Client{ID: "guessed", Method: issuer.AuthBasic, Grants: []string{issuer.GrantClientCredentials}}))(tb)
	if err := maker.Clients(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	f.TokenEndpoint, f.ClientGuessed, f.RefreshClient = "/auth/token", "guessed", samples.ClientPublic
	f.RefreshExpired = must(maker.Refresh(tb.Context(), samples.RefreshExpired))(tb)

	w := &world{}
	orders := &demo.Orders{Owners: []string{"alice", "bob"}}
	handler := new(http.Handler)
	w.gate = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*handler).ServeHTTP(rw, r) }))
	tb.Cleanup(w.gate.Close)
	f.Credentials = demo.Credentials{
		Gate: w.gate.URL, Issuer: w.gate.URL, Paths: demo.PathsFor("alice", "bob"),
		People:  []demo.Person{f.Member, bob, f.Admin, f.Suspended},
		APIKeys: []demo.APIKey{{Value: f.Key, Header: f.KeyHeader, Scopes: []string{"orders:read", "orders:write"}, Environment: "live"}},
		Tokens:  tokens(tb, key, other, w.gate.URL),
		Clients: []demo.Client{{ID: samples.ClientServer, Secret: samples.ClientSecret}},
	}
	f.WrongType = must(key.Sign(map[string]any{
		"iss": w.gate.URL, "sub": "alice", "aud": "orders", "exp": time.Now().Add(time.Hour).Unix(), "nonce": "n",
	}, "logout+jwt"))(tb)
	f.Removed = must(key.Issue(grant(w.gate.URL, func(g *token.Grant) { g.Subject = "gone" })))(tb).Token
	f.OldLogin = must(key.Issue(grant(w.gate.URL, func(g *token.Grant) { g.AuthTime = time.Now().Add(-2 * time.Hour) })))(tb).Token
	f.Partner = must(other.Issue(grant(partnerIssuer, func(*token.Grant) {})))(tb).Token

	var mu sync.Mutex
	causes := map[string]reason.Code{}
	gate := &gate401.Gate{
		Policy: policy(tb, set, key, w.gate.URL).Requirement,
		Guard:  &defend.Guard{Limits: defend.Limits{Address: defend.Limit{Attempts: 5000, Window: time.Minute}}},
		Observe: func(r *gate401.Request, d *gate401.Decision) {
			mu.Lock()
			defer mu.Unlock()
			causes[r.ID] = d.Reason()
		},
	}
	w.page = &demo.Page{
		Fixtures: f,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", w.gate.Listener.Addr().String())
		},
		Trace: func(id string) (reason.Code, bool) {
			mu.Lock()
			defer mu.Unlock()
			code, ok := causes[id]
			return code, ok
		},
	}
	orders.Page = w.page
	observe := func(_ *http.Request, o issuer.Outcome) {
		var d *gate401.Denial
		if errors.As(o.Err, &d) {
			gate.Observe(o.Request, &gate401.Decision{Denial: d})
		}
	}
	protected, token := gate.Protect(forward(orders)), &issuer.TokenEndpoint{Grants: issuer.Grants(), Desk: issuer.Desk{
		Issuer: &issuer.Issuer{
			Name: w.gate.URL, Audience: []string{"orders"}, Tokens: set.Tokens, Tickets: set.Tickets, Accounts: set.Accounts, Sessions: set.Sessions,
			Signer: func(context.Context) (issuer.Signer, error) { return key, nil },
		},
		Auth:   issuer.ClientAuth{Clients: set.Clients, Guard: gate.Guard, Proofs: set.Tickets},
		Intake: gate.Intake.Request, Realm: "orders", Problems: "/auth/problems/", Observe: observe,
	}}
	// A ServeMux would clean the paths of rows that are about them.
	*handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth/token" {
			token.ServeHTTP(rw, r)
			return
		}
		protected.ServeHTTP(rw, r)
	})
	return w
}

// forward does what the proxy does with identity and credentials.
func forward(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := r.Clone(r.Context())
		out.Header.Del("Authorization")
		out.Header.Del("X-API-Key")
		out.Header.Del("Gate401-Subject")
		out.Header.Del("Gate401-Token")
		delete(out.Header, "Gate401_groups")
		if id, ok := gate401.IdentityFrom(r.Context()); ok {
			out.Header.Set("Gate401-Subject", id.Subject)
		}
		next.ServeHTTP(w, out)
	})
}

// twoStep are people of whom dora has a second factor.
type twoStep struct{ *authn.StorePasswords }

func (twoStep) NeedsMore(_ context.Context, a store.Account) (bool, error) {
	return a.Name == "dora", nil
}

func policy(tb testing.TB, set *store.Set, key *token.SigningKey, issuer string) *access.Policy {
	keys := &authn.Keys{Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision}
	tb.Cleanup(func() { _ = keys.Close() })
	verifier := must(token.New(token.Profile{Keys: token.NewKeySet(key.Public()), Issuer: issuer, Audience: []string{"orders"}}))(tb)
	away := &token.RemoteKeys{URL: "http://127.0.0.1:1/jwks.json"} // nobody listens there
	tb.Cleanup(func() { _ = away.Close() })
	partner := must(token.New(token.Profile{Keys: away, Issuer: partnerIssuer, Audience: []string{"orders"}}))(tb)
	sessions := &session.Manager{Name: "browser", Store: set.Sessions, Accounts: set.Accounts, Changes: set.Revision}
	tb.Cleanup(func() { _ = sessions.Close() })
	methods := map[string]gate401.Authenticator{
		"browser":  &authn.Session{Realm: "orders", Sessions: sessions},
		"partner":  &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{{Verifier: partner, Issuer: partnerIssuer}}},
		"own":      &authn.Bearer{Realm: "orders", Keys: keys, Tokens: []authn.TokenVerifier{{Verifier: verifier, Issuer: issuer, Own: true, Accounts: set.Accounts, Epoch: set.Revision}}},
		"key":      &authn.APIKey{Realm: "orders", Keys: keys, Header: "X-API-Key"},
		"password": &authn.Basic{Realm: "orders", Sources: []authn.Passwords{twoStep{&authn.StorePasswords{Accounts: set.Accounts, Changes: set.Revision}}}},
	}
	cors := &gate401.CORS{Origins: []string{allowedOrigin}, Headers: []string{"Authorization"}}
	p, err := access.Compile([]access.Rule{
		{Path: "/", Anyone: true}, {Path: "/auth/**", Anyone: true}, {Path: "/demo/**", Anyone: true}, {Path: "/public/**", Anyone: true},
		{Path: "/orders", Verbs: []string{"POST"}, Scopes: []string{"orders:write"}, CORS: cors},
		{Path: "/orders", Verbs: []string{"GET"}, CORS: cors},
		{Path: "/users/{user}/**", Owner: "{user}"},
		{Path: "/admin/**", Groups: []string{"admin"}},
		{Path: "/partners/**", Methods: []string{"key"}},
		{Path: "/suppliers/**", Methods: []string{"partner"}},
		{Path: "/payments/**", Methods: []string{"own"}, MaxAge: 15 * time.Minute},
		{Path: "/intranet/**", Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		{Path: "/basket", Methods: []string{"browser"}},
		{Path: "/internal/**", Nobody: true},
	}, access.Rule{}, func(names []string) ([]gate401.Authenticator, error) {
		if len(names) == 0 {
			names = []string{"own", "key", "password"}
		}
		var all []gate401.Authenticator
		for _, name := range names {
			all = append(all, methods[name])
		}
		return all, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func tokens(tb testing.TB, key, other *token.SigningKey, issuer string) demo.Tokens {
	issue := func(k *token.SigningKey, change func(*token.Grant)) string {
		return must(k.Issue(grant(issuer, change)))(tb).Token
	}
	now := time.Now()
	return demo.Tokens{
		Valid:         issue(key, func(*token.Grant) {}),
		LowScope:      issue(key, func(g *token.Grant) { g.Scopes = []string{"orders:read"} }),
		Expired:       issue(key, func(g *token.Grant) { g.At = now.Add(-2 * time.Hour) }),
		NotYetValid:   issue(key, func(g *token.Grant) { g.NotBefore = now.Add(30 * time.Minute) }),
		WrongAudience: issue(key, func(g *token.Grant) { g.Audience = []string{"billing"} }),
		WrongIssuer:   issue(key, func(g *token.Grant) { g.Issuer = "https://idp.test.example" }),
		BadSignature:  issue(other, func(*token.Grant) {}),
	}
}

// grant is that of a good token, changed.
func grant(issuer string, change func(*token.Grant)) token.Grant {
	g := token.Grant{
		Issuer: issuer, Subject: "alice", Audience: []string{"orders"}, Scopes: []string{"orders:read", "orders:write"},
		TTL: time.Hour, AuthTime: time.Now(),
	}
	change(&g)
	return g
}

func person(tb testing.TB, set *store.Set, name string, groups ...string) demo.Person {
	word := must(password.Generate(nil))(tb)
	a := store.Account{Name: name, Groups: groups, Scopes: []string{"orders:read", "orders:write"}}
	a.SetPassword(must((&password.Hasher{}).Hash(tb.Context(), word))(tb), time.Now())
	must(set.Accounts.CreateAccount(tb.Context(), a))(tb)
	return demo.Person{Name: name, Password: word, Groups: groups}
}

func update(tb testing.TB, set *store.Set, name string, change func(*store.Account)) {
	a := must(set.Accounts.Account(tb.Context(), name))(tb)
	change(&a)
	must(set.Accounts.UpdateAccount(tb.Context(), a))(tb)
}

func apiKey(tb testing.TB, set *store.Set, environment string, record store.APIKey) string {
	key := must(token.NewAPIKey(rand.Reader, environment))(tb)
	record.Hash, record.Hint, record.Environment = key.Hash(), key.Display(), environment
	record.Owner, record.Name = "alice", record.ID
	must(set.APIKeys.CreateAPIKey(tb.Context(), record))(tb)
	return key.Reveal()
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
