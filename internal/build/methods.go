package build

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// methods makes the authenticators of the file: for each named method its parts
// once, and for each set of names that rules ask for one authenticator per wire
// scheme. Sets are made once, so that rules share what was verified.
type methods struct {
	file   *config.File
	stores *Stores
	issuer string // of our own tokens
	now    func() time.Time
	client *http.Client
	log    *slog.Logger
	record func(store.Event) // hears of sessions; nil for nobody
	parts  map[string]*part  // by name of a method
	sets   map[string][]gate401.Authenticator
	before *methods // those of the gate that this one replaces; nil for none
}

// prepare makes the parts of every method, and reports all that is wrong.
func (m *methods) prepare() error {
	m.parts = make(map[string]*part, len(m.file.Methods))
	m.sets = map[string][]gate401.Authenticator{}
	var faults []error
	for _, method := range m.file.Methods {
		if p := m.inherited(method); p != nil {
			m.parts[method.Name] = p
			continue
		}
		p := &part{}
		p.holders.Store(1)
		var err error
		switch method.Type {
		case config.TypeBasic:
			err = m.basic(p, method)
		case config.TypeAPIKey:
			m.apiKey(p, method)
		case config.TypeBearer:
			err = m.bearer(p, method)
		case config.TypeSession:
			err = m.session(p, method)
		default:
			err = fmt.Errorf("type %q is not known", method.Type)
		}
		// What it started is to be closed even if it cannot be used.
		m.parts[method.Name] = p
		if err != nil {
			faults = append(faults, fmt.Errorf("method %q: %w", method.Name, err))
		}
	}
	return errors.Join(faults...)
}

func (m *methods) basic(p *part, method config.Method) error {
	if halfProof(m.file, method) && !method.Basic.PasswordAlone {
		p.source = &stronger{m.accounts(), &secondfactor.Factors{Records: m.stores.Set.Factors}, Required(m.file)}
		return nil
	}
	var err error
	p.source, err = m.passwords(method.Basic.Htpasswd)
	return err
}

// accounts are the people of the store.
func (m *methods) accounts() *authn.StorePasswords {
	return &authn.StorePasswords{Accounts: m.stores.Set.Accounts, Changes: m.stores.Set.Revision}
}

// passwords are those of a file, or of the store if there is none.
func (m *methods) passwords(htpasswd string) (authn.Passwords, error) {
	if htpasswd == "" {
		return m.accounts(), nil
	}
	file := &authn.Htpasswd{Path: htpasswd, Now: m.now, Log: m.log}
	if err := file.Load(); err != nil {
		return nil, err
	}
	return file, nil
}

// session makes the manager of the sessions of browsers.
func (m *methods) session(p *part, method config.Method) error {
	var err error
	if p.source, err = m.passwords(method.Session.Htpasswd); err != nil {
		return err
	}
	set := m.stores.Set
	p.sessions = &session.Manager{
		Name: method.Name, Store: set.Sessions, Accounts: p.source, Revocations: set.Tokens,
		Changes: set.Revision, Idle: method.Session.Idle, Absolute: method.Session.Absolute, Now: m.now, Log: m.log,
		Record: m.record, Vouches: m.file.Vouches,
	}
	if method.Session.Htpasswd != "" {
		file := p.source
		p.sessions.OfFile = true
		p.sessions.Changes = func() uint64 { return set.Revision() + file.Revision() }
	}
	p.close = p.sessions.Close
	return nil
}

// browser makes the method for the sessions of a part.
func (m *methods) browser(method config.Method) (*authn.Session, error) {
	cross := http.NewCrossOriginProtection()
	for _, o := range method.Session.TrustedOrigins {
		if err := cross.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
	}
	return &authn.Session{
		Realm: m.file.Gate.Realm, Login: m.file.Gate.Prefix + "/login", Sessions: m.parts[method.Name].sessions, CrossOrigin: cross,
	}, nil
}

func (m *methods) apiKey(p *part, method config.Method) {
	set := m.stores.Set
	p.keys = &authn.Keys{
		Name: method.Name, Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision,
		Environment: method.APIKey.Environment, Used: set.APIKeys, Log: m.log,
	}
	p.close = p.keys.Close
}

func (m *methods) bearer(p *part, method config.Method) error {
	b := method.Bearer
	profile := token.Profile{
		Issuer: b.Issuer, Audience: b.Audience, Algorithms: b.Algorithms, Types: b.Types, Leeway: b.Leeway, Now: m.now,
	}
	v := authn.TokenVerifier{Name: method.Name, Issuer: b.Issuer, GroupsFrom: b.GroupsFrom}
	switch {
	case b.Own():
		profile.Issuer, profile.Keys = m.issuer, m.stores.Keyring
		v.Issuer, v.Own, v.Discoverable, v.Epoch = m.issuer, true, true, m.stores.Set.Revision
		_, logins := m.file.Session()
		v.Programs = !logins
		if len(profile.Types) == 0 {
			// We know how ours are made: what the same keys sign for another purpose,
			// such as an ID token, is none (RFC 9068 section 4).
			profile.Types = []string{"at+jwt"}
		}
		// A token may also be for a part of the gate alone.
		v.Audience = &authn.Audience{Names: b.Audience, Origin: m.issuer}
		profile.Audience, profile.DangerouslyAnyAudience = nil, true
		v.Accounts, v.Check = people{m.stores.Set}, withdrawn(m.stores.Set)
		v.Signed = func(ctx context.Context, text string) bool {
			_, err := token.VerifySignature(ctx, text, m.stores.Keyring, nil)
			return err == nil
		}
	case b.Secret.Set():
		key, err := token.NewSecretKey("", []byte(b.Secret.Reveal()))
		if err != nil {
			return err
		}
		profile.Keys = token.NewKeySet(key)
		if len(profile.Algorithms) == 0 {
			profile.Algorithms = []string{token.HS256}
		}
	case strings.HasPrefix(b.JWKS, "https://"), strings.HasPrefix(b.JWKS, "http://"):
		v.Epoch = p.remote(&profile, &token.RemoteKeys{URL: b.JWKS, Now: m.now, Client: m.client})
	case b.JWKS != "":
		file := &token.FileKeys{Path: b.JWKS, Now: m.now}
		if err := file.Refresh(context.Background()); err != nil {
			return err
		}
		profile.Keys, v.Epoch = file, file.Epoch
	default:
		v.Epoch = p.remote(&profile, &token.RemoteKeys{Issuer: b.Issuer, Now: m.now, Client: m.client})
	}
	verifier, err := token.New(profile)
	if err != nil {
		return err
	}
	v.Verifier = verifier
	p.tokens = v
	return nil
}

// set finds the authenticators for the named methods, in their order, those of
// one wire scheme joined in one; no names means all methods. It is an
// access.Methods.
func (m *methods) set(names []string) ([]gate401.Authenticator, error) {
	if len(names) == 0 {
		for _, method := range m.file.Methods {
			names = append(names, method.Name)
		}
	}
	id := strings.Join(names, "\x00")
	if made, ok := m.sets[id]; ok {
		return made, nil
	}
	if kept, ok := m.inheritedSet(id, names); ok {
		m.sets[id] = kept
		return kept, nil
	}
	realm := m.file.Gate.Realm
	var (
		out    []gate401.Authenticator
		basic  *authn.Basic
		bearer *authn.Bearer
		key    *authn.APIKey
	)
	ask := func() {
		if bearer == nil {
			bearer = &authn.Bearer{Realm: realm}
			out = append(out, bearer)
		}
	}
	for _, name := range names {
		method, ok := m.file.Method(name)
		switch {
		case !ok:
			return nil, fmt.Errorf("there is no method %q", name)
		case method.Basic != nil:
			if basic == nil {
				basic = &authn.Basic{Name: name, Realm: realm, Hasher: m.stores.Hasher}
				out = append(out, basic)
			}
			basic.Sources = append(basic.Sources, m.parts[name].source)
		case method.APIKey != nil:
			if key != nil {
				return nil, fmt.Errorf("methods %q and %q both take API keys, a rule can have one of them", key.Keys.Name, name)
			}
			key = &authn.APIKey{
				Realm: realm, Keys: m.parts[name].keys,
				Header: method.APIKey.Header, Query: method.APIKey.Query, Cookie: method.APIKey.Cookie,
			}
			out = append(out, key)
			// A key is always accepted as a Bearer credential too, so that the
			// Bearer challenge speaks for it.
			ask()
			bearer.Keys = m.parts[name].keys
		case method.Session != nil:
			s, err := m.browser(method)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		case method.Bearer != nil:
			ask()
			bearer.Tokens = append(bearer.Tokens, m.parts[name].tokens)
		}
	}
	if bearer != nil {
		if err := bearer.Validate(); err != nil {
			return nil, err
		}
	}
	m.sets[id] = out
	return out, nil
}

// places are where the credentials of all methods may be, for whoever strips
// them from what is forwarded.
func (m *methods) places() (headers, query, cookies []string) {
	headers = []string{"Authorization"}
	for _, method := range m.file.Methods {
		if method.Session != nil {
			cookies = append(cookies, session.CookieNames()...)
		}
		k := method.APIKey
		if k == nil {
			continue
		}
		add := func(list *[]string, name string) {
			if name != "" && !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
		if k.Header == "" && k.Query == "" && k.Cookie == "" {
			add(&headers, authn.DefaultKeyHeader)
		}
		add(&headers, k.Header)
		add(&query, k.Query)
		add(&cookies, k.Cookie)
	}
	return headers, query, cookies
}

// people tells which subjects of our own tokens are suspended or removed. A
// subject that never had an account, such as a service, is nobody's to suspend.
type people struct{ set *store.Set }

func (p people) Account(ctx context.Context, name string) (store.Account, error) {
	a, err := p.set.Accounts.Account(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	switch _, gone := p.set.Settings.Setting(ctx, removed(name)); {
	case errors.Is(gone, store.ErrNotFound):
		return store.Account{Name: name}, nil
	case gone != nil:
		return store.Account{}, gone
	}
	// Names are given again, to a client too. It speaks for itself with what was
	// issued since, and with nothing of the account.
	client, none := p.set.Clients.Client(ctx, name)
	switch {
	case errors.Is(none, store.ErrNotFound):
		return store.Account{}, err
	case none != nil:
		return store.Account{}, fmt.Errorf("reading a client by the name of an account that was removed: %w", none)
	}
	return store.Account{Name: name, Created: client.Created}, nil
}

// issuer is the iss of our own tokens: where the gate is reached.
func issuer(public *url.URL) string {
	return strings.TrimSuffix(public.Scheme+"://"+public.Host, "/")
}
