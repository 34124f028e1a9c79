package openapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
	"github.com/getkin/kin-openapi/openapi3"
)

// scheme is one security scheme of the document with the method that enforces
// it. method is nil for what cannot be enforced here.
type scheme struct {
	name   string
	spec   *openapi3.SecurityScheme
	method gate401.Authenticator
	scoped bool     // its requirements name scopes
	scopes []string // those that the document knows
	secret string   // a key or token that it accepts
	uses   map[string]*use
}

// use is a scheme with the scopes that a requirement asks for, judged by a gate
// of its own.
type use struct {
	scheme *scheme
	scopes []string
	gate   *gate401.Gate
	rule   gate401.Requirement
}

func (d *Document) makeSchemes(spec *openapi3.T) error {
	if d.options.User == "" {
		d.options.User = "user"
	}
	if d.options.Password == "" {
		d.options.Password = "passwd"
	}
	if d.options.Issuer == "" {
		d.options.Issuer = Issuer
	}
	if d.options.Audience == "" {
		if d.options.Audience = d.Title; d.Title == "" {
			d.options.Audience = "mock"
		}
	}
	if d.options.SigningKey == nil {
		key, err := token.GenerateKey("")
		if err != nil {
			return err
		}
		d.options.SigningKey = key
	}
	if spec.Components == nil {
		return nil
	}
	for name, ref := range spec.Components.SecuritySchemes {
		if ref == nil || ref.Value == nil {
			continue
		}
		s := &scheme{name: name, spec: ref.Value, uses: map[string]*use{}}
		if err := d.enforce(s); err != nil {
			return fmt.Errorf("security scheme %q: %w", name, err)
		}
		d.schemes[name] = s
		d.names = append(d.names, name)
	}
	slices.Sort(d.names)
	return nil
}

// realm is the title as far as every client can read it.
func (d *Document) realm() string {
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, d.Title)
	if out = strings.TrimSpace(out); out == "" {
		return "mock"
	}
	return out[:min(len(out), 64)]
}

// enforce gives a scheme its method.
func (d *Document) enforce(s *scheme) error {
	var err error
	switch s.spec.Type {
	case "http":
		return d.enforceHTTP(s)
	case "apiKey":
		if s.secret, err = d.newSecret(); err != nil {
			return err
		}
		s.method = &keyMethod{realm: d.realm(), in: s.spec.In, name: s.spec.Name, known: hashed(append([]string{s.secret}, d.options.Keys...))}
		if len(d.options.Keys) > 0 {
			s.secret = d.options.Keys[0]
		}
	case "oauth2", "openIdConnect":
		s.scoped = true
		s.scopes = flowScopes(s.spec.Flows)
		s.method, err = d.bearer(s)
		return err
	case "mutualTLS":
		d.warn("the scheme %q (mutualTLS) is not enforced: a certificate is part of the connection, and the mock asks for none", s.name)
	default:
		d.warn("the scheme %q has the unknown type %q and is not enforced", s.name, clip(s.spec.Type))
	}
	return nil
}

func (d *Document) enforceHTTP(s *scheme) error {
	var err error
	switch strings.ToLower(s.spec.Scheme) {
	case "basic":
		s.method = &authn.Basic{Name: s.name, Realm: d.realm(), Hasher: plainHasher{}, Remember: -1,
			Sources: []authn.Passwords{person{d.options.User, d.options.Password}}}
	case "digest":
		// Both that clients have: RFC 7616 section 3.7 wants the strongest first.
		s.method = &authn.Digest{Name: s.name, Realm: d.realm(), Accounts: authn.DangerouslyClear{d.options.User: d.options.Password},
			Algorithms: []httpauth.DigestAlgorithm{httpauth.DigestSHA256, httpauth.DigestMD5}}
	case "bearer":
		if strings.EqualFold(s.spec.BearerFormat, "jwt") {
			s.method, err = d.bearer(s)
			return err
		}
		if s.secret, err = d.newSecret(); err != nil {
			return err
		}
		s.method, err = d.bearer(s)
		if len(d.options.Tokens) > 0 {
			s.secret = d.options.Tokens[0]
		}
		return err
	default:
		if !isScheme(s.spec.Scheme) {
			d.warn("the scheme %q is not enforced: %q is no scheme of HTTP", s.name, clip(s.spec.Scheme))
			return nil
		}
		if s.secret, err = d.newSecret(); err != nil {
			return err
		}
		known := hashed([]string{s.secret})
		s.method = gate401.NewFunc(s.name, s.spec.Scheme, d.realm(), func(_ context.Context, _ *gate401.Request, credential string) (*gate401.Identity, error) {
			if !known.has(credential) {
				return nil, &gate401.Denial{Reason: reason.CredentialsInvalid, Err: errors.New("not the credential of the mock")}
			}
			return &gate401.Identity{Subject: d.options.User}, nil
		}).DangerouslyUncounted()
		d.warn("of the scheme %q only one fixed credential behind %q is accepted: the mock does not know how %s works", s.name, s.spec.Scheme, clip(s.spec.Scheme))
	}
	return nil
}

// isScheme tells whether s can be a scheme (RFC 9110 section 11.1).
func isScheme(s string) bool {
	scheme, _, ok := httpauth.CutScheme(s)
	return ok && scheme == s
}

// newSecret makes what is accepted as a key or an opaque token.
func (d *Document) newSecret() (string, error) {
	src := d.options.Rand
	if src == nil {
		src = rand.Reader
	}
	k, err := token.NewAPIKey(src, "mock")
	if err != nil {
		return "", err
	}
	return k.Reveal(), nil
}

// login is what Options.Login said of the token of a request, which is asked once
// however many schemes of an operation take tokens.
type login struct {
	id  *gate401.Identity
	ok  bool
	err error
}

func (d *Document) login(ctx context.Context, r *gate401.Request, credential string) login {
	if d.options.Login == nil {
		return login{}
	}
	if said, ok := d.logins.Load(r); ok {
		l, _ := said.(login)
		return l
	}
	var l login
	l.id, l.ok, l.err = d.options.Login(ctx, r, credential)
	d.logins.Store(r, l)
	return l
}

// bearer is a method for the tokens that the mock signed, for those that it knows,
// and for those of a login. The secret of a scheme says that its tokens are opaque.
func (d *Document) bearer(s *scheme) (gate401.Authenticator, error) {
	v, err := token.New(token.Profile{
		Keys: token.NewKeySet(d.options.SigningKey.Public()), Issuer: d.options.Issuer,
		Audience: []string{d.options.Audience}, Now: d.options.Now,
	})
	if err != nil {
		return nil, err
	}
	known, published := hashed([]string{s.secret}), hashed(d.options.Tokens)
	opaque := s.secret != ""
	check := func(ctx context.Context, r *gate401.Request, credential string) (*gate401.Identity, error) {
		if _, err := httpauth.BearerToken("Bearer " + credential); err != nil {
			return nil, &gate401.Denial{Reason: reason.TokenMalformed, Err: err}
		}
		if known.has(credential) {
			return &gate401.Identity{Subject: d.options.User}, nil
		}
		if published.has(credential) {
			return &gate401.Identity{Subject: d.options.User, Scopes: d.scopeSets(s)[0]}, nil
		}
		if l := d.login(ctx, r, credential); l.ok {
			return l.id, l.err
		}
		if opaque && strings.Count(credential, ".") != 2 {
			return nil, &gate401.Denial{Reason: reason.TokenInactive, Err: errors.New("no token that the mock knows")}
		}
		c, err := v.Verify(ctx, credential)
		var refused *token.Error
		if errors.As(err, &refused) {
			return nil, &gate401.Denial{Reason: refused.Reason, Err: refused.Err}
		}
		if err != nil {
			return nil, err
		}
		if c.Subject == "" {
			return nil, &gate401.Denial{Reason: reason.TokenMalformed, Err: errors.New("the token names nobody")}
		}
		return &gate401.Identity{Subject: c.Subject, Issuer: c.Issuer, Scopes: c.Scopes, Expires: c.Expires, AuthTime: c.AuthTime}, nil
	}
	return gate401.NewFunc("bearer", "Bearer", d.realm(), check).DangerouslyUncounted(), nil
}

func flowScopes(flows *openapi3.OAuthFlows) []string {
	if flows == nil {
		return nil
	}
	var out []string
	for _, f := range []*openapi3.OAuthFlow{flows.AuthorizationCode, flows.ClientCredentials, flows.Implicit, flows.Password} {
		if f == nil {
			continue
		}
		for s := range f.Scopes {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}

// secrets are known keys or tokens by their hashes, so that looking one up takes
// no time that depends on it.
type secrets map[[32]byte]bool

func hashed(all []string) secrets {
	out := secrets{}
	for _, s := range all {
		if s != "" {
			out[sha256.Sum256([]byte(s))] = true
		}
	}
	return out
}

func (s secrets) has(v string) bool { return s[sha256.Sum256([]byte(v))] }

// person is the one account of the mock. Its password is printed for everybody,
// so that hashing it would only cost time.
type person struct{ name, password string }

func (p person) Account(_ context.Context, name string) (store.Account, error) {
	canonical, err := store.Canonical(p.name)
	if err != nil || canonical != name {
		return store.Account{}, store.ErrNotFound
	}
	return store.Account{Name: canonical, Password: digestOf(p.password), Version: 1}, nil
}

func (person) Revision() uint64  { return 1 }
func (person) Dearest() []string { return []string{digestOf("")} }

type plainHasher struct{}

func digestOf(password string) string {
	sum := sha256.Sum256([]byte(password))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (plainHasher) Hash(_ context.Context, password string) (string, error) {
	return digestOf(password), nil
}

func (plainHasher) Verify(_ context.Context, hash, password string) (ok, rehash bool, err error) {
	// Both are hashes of 256 bits; where they begin to differ says nothing.
	return hash == digestOf(password), false, nil
}

func (plainHasher) Dummy(context.Context, string, string) error { return nil }

var (
	_ authn.Passwords = person{}
	_ authn.Hasher    = plainHasher{}
)
