package server

import (
	"context"
	"errors"
	"time"

	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// cast is who plays in the demo: made once, at the start.
type cast struct {
	maker    *samples.Maker
	fixtures demo.Fixtures
}

func newCast(ctx context.Context, h *house) (*cast, error) {
	system := h.current.Load().system
	scopes := []string{"orders:read", "orders:write"}
	c := &cast{maker: &samples.Maker{
		Set: h.stores.Set, Hasher: h.stores.Hasher, Keyring: h.stores.Keyring, Now: time.Now,
		Issuer: system.Issuer, Audience: "orders", Subject: "alice", Groups: []string{"customers"}, Scopes: scopes, KeyOwner: "alice",
	}}
	person := func(name string, suspended bool, groups ...string) (demo.Person, error) {
		secret, err := password.Generate(nil)
		if err != nil {
			return demo.Person{}, err
		}
		p := samples.Person{Name: name, Password: secret, Groups: groups, Scopes: scopes, Suspended: suspended, SecondFactor: name == "vera"}
		if name == "olga" {
			if p.Before, err = password.Generate(nil); err != nil {
				return demo.Person{}, err
			}
			c.fixtures.OldPassword = p.Before
		}
		return demo.Person{Name: name, Password: secret, Groups: groups, Suspended: suspended}, c.maker.Person(ctx, p)
	}
	f := &c.fixtures
	var other demo.Person
	for _, one := range []struct {
		name      string
		suspended bool
		group     string
		into      *demo.Person
	}{
		{"alice", false, "customers", &f.Member}, {"bob", false, "customers", &other}, {"root", false, "admins", &f.Admin},
		{"mallory", true, "customers", &f.Suspended}, {"olga", false, "customers", &f.Changed}, {"eve", false, "customers", &f.Guessed},
		{"vera", false, "customers", &f.TwoStep},
	} {
		var err error
		if *one.into, err = person(one.name, one.suspended, one.group); err != nil {
			return nil, err
		}
	}
	f.Credentials = demo.Credentials{
		Gate: h.current.Load().public.String(), Admin: "http://" + h.admin.Addr().String(), Issuer: system.Issuer,
		Paths:  demo.PathsFor("alice", "bob"),
		People: []demo.Person{f.Member, other, f.Admin, f.Suspended, f.Changed, f.Guessed},
	}
	f.Problems = system.Gate.Responder.Problems
	f.KeyHeader, f.KeyQuery, f.KeyOnly = "X-API-Key", "api_key", "/partners/orders"
	f.NoRule, f.AllowedOrigin = "/internal/metrics", "https://app.example.com"
	f.SessionCookie, f.SessionOnly = session.CookieName, "/basket"
	prefix := h.current.Load().config.Gate.Prefix
	f.Account, f.Logout = prefix+"/account", prefix+"/logout"
	if h.current.Load().public.Scheme == "https" {
		f.SessionCookie = "__Host-" + f.SessionCookie
	}
	f.RecentOnly, f.PartnerOnly, f.OfficeOnly = "/payments", "/suppliers/orders", "/intranet/report"
	// Somebody was here, and is not any more.
	if err := h.stores.RemoveAccount(ctx, samples.RemovedSubject); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return c, errors.Join(c.keys(ctx), c.sessions(ctx), c.clients(ctx, h))
}

// sessions makes the cookies of the rows.
func (c *cast) sessions(ctx context.Context) error {
	f := &c.fixtures
	for kind, into := range map[string]*string{
		samples.SessionLive: &f.Session, samples.SessionExpired: &f.SessionExpired,
		samples.SessionRevoked: &f.SessionRevoked, samples.SessionUnknown: &f.SessionUnknown,
	} {
		var err error
		if *into, err = c.maker.Session(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

// clients makes a client of each kind: one that can keep no secret, such as a
// page, an app or a command line, and one that can.
func (c *cast) clients(ctx context.Context, h *house) error {
	secret, kept, err := issuer.NewClientSecret(nil)
	if err != nil {
		return err
	}
	_, unused, err := issuer.NewClientSecret(nil)
	if err != nil {
		return err
	}
	kept.Created, unused.Created = time.Now(), time.Now()
	const guessed = "guessed"
	f := &c.fixtures
	f.TokenEndpoint, f.ClientGuessed, f.RefreshClient = h.current.Load().config.Gate.Prefix+"/token", guessed, samples.ClientPublic
	if f.RefreshExpired, err = c.maker.Refresh(ctx, samples.RefreshExpired); err != nil {
		return err
	}
	scopes := append([]string{"openid", "profile", "offline_access"}, c.maker.Scopes...)
	logins := []string{issuer.GrantAuthorizationCode, issuer.GrantRefreshToken}
	for _, one := range []store.Client{
		{ID: samples.ClientPublic, Name: "Order Book", Method: issuer.AuthNone, Scopes: scopes, Grants: append(logins[:2:2], issuer.GrantDeviceCode),
			RedirectURIs: []string{"http://127.0.0.1/callback"}},
		{ID: "shop", Name: "The shop", Method: issuer.AuthBasic, Scopes: scopes, Grants: append(logins[:2:2], issuer.GrantClientCredentials),
			RedirectURIs: []string{"https://shop.example.com/callback", "http://127.0.0.1/callback"}, Secrets: []store.ClientSecret{kept}},
		{ID: guessed, Name: "Guessed", Method: issuer.AuthBasic, Grants: []string{issuer.GrantClientCredentials}, Secrets: []store.ClientSecret{unused}},
	} {
		if _, err := h.stores.Set.Clients.CreateClient(ctx, one); err != nil {
			return err
		}
		if one.ID == guessed {
			continue // its secret is nobody's
		}
		told := demo.Client{ID: one.ID, RedirectURIs: one.RedirectURIs}
		if one.Secrets != nil {
			told.Secret = secret
		}
		f.Credentials.Clients = append(f.Credentials.Clients, told)
	}
	return nil
}

// keys makes the API keys.
func (c *cast) keys(ctx context.Context) error {
	f := &c.fixtures
	var low, test string
	for kind, into := range map[string]*string{
		samples.KeyLive: &f.Key, samples.KeyLowScope: &low, samples.KeyExpired: &f.KeyExpired, samples.KeyRevoked: &f.KeyRevoked,
		samples.KeyTest: &test, samples.KeyUnknown: &f.KeyUnknown,
	} {
		var err error
		if *into, err = c.maker.Key(ctx, kind); err != nil {
			return err
		}
	}
	f.KeyOtherEnvironment = test
	f.Credentials.APIKeys = []demo.APIKey{
		{Value: f.Key, Header: f.KeyHeader, Scopes: c.maker.Scopes, Environment: samples.KeyLive},
		{Value: low, Header: f.KeyHeader, Scopes: c.maker.Scopes[:1], Environment: samples.KeyLive},
		{Value: test, Header: f.KeyHeader, Scopes: c.maker.Scopes, Environment: samples.KeyTest},
	}
	return nil
}

// minted is the cast with tokens made now.
func (c *cast) minted(ctx context.Context) (demo.Fixtures, error) {
	f := c.fixtures
	t := &f.Credentials.Tokens
	for kind, into := range map[string]*string{
		samples.TokenValid: &t.Valid, samples.TokenLowScope: &t.LowScope, samples.TokenExpired: &t.Expired,
		samples.TokenNotYetValid: &t.NotYetValid, samples.TokenWrongAudience: &t.WrongAudience,
		samples.TokenWrongIssuer: &t.WrongIssuer, samples.TokenBadSignature: &t.BadSignature, samples.TokenWrongType: &f.WrongType,
		samples.TokenOldLogin: &f.OldLogin, samples.TokenPartner: &f.Partner,
		samples.TokenRemoved: &f.Removed,
	} {
		var err error
		if *into, err = c.maker.Token(ctx, kind); err != nil {
			return demo.Fixtures{}, err
		}
	}
	return f, nil
}
