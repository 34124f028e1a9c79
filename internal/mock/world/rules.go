package world

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// rules are what the gate of a world asks, prepared.
type rules struct{ login, read, write, admin, payments, any gate401.Requirement }

// newRules makes the methods and the rules. Nothing is remembered: a script may
// change its mind between two requests.
func (l *life) newRules() rules {
	people := []authn.Passwords{&authn.StorePasswords{Accounts: l.set.Accounts, Changes: l.set.Revision}}
	keys := &authn.Keys{Name: "key", Store: l.set.APIKeys, Accounts: l.set.Accounts, Environment: Environment, Remember: -1}
	metadata := l.world.base + "/.well-known/oauth-protected-resource" + l.world.path() + "/api"
	names := l.settings.accept()
	var accept []gate401.Authenticator
	for _, name := range names {
		switch name {
		case "bearer":
			b := &authn.Bearer{Realm: Realm, ResourceMetadata: metadata, Remember: -1, RememberRefused: -1,
				Tokens: []authn.TokenVerifier{{Name: "own", Verifier: l.verifier, Issuer: l.world.URL(), Own: true,
					Accounts: l.set.Accounts, Epoch: l.set.Revision, Check: l.check}}}
			if slices.Contains(names, "api-key") {
				b.Keys = keys
			}
			accept = append(accept, &scripted{b, l})
		case "api-key":
			accept = append(accept, &scripted{&authn.APIKey{Realm: Realm, Keys: keys, ResourceMetadata: metadata}, l})
		case "basic":
			accept = append(accept, &scripted{&authn.Basic{Name: "password", Realm: Realm, Sources: people, Hasher: plain{}, Remember: -1}, l})
		case "digest":
			d := &authn.Digest{Name: "digest", Realm: Realm, Accounts: l,
				Algorithms: []httpauth.DigestAlgorithm{httpauth.DigestSHA256, httpauth.DigestMD5},
				Nonces:     &authn.Nonces{Now: l.clock.now, Counts: &authn.NonceMemory{Entries: guardEntries}}}
			accept = append(accept, &fresh{scripted{d, l}})
		}
	}
	cors := l.world.shared.cors
	rule := func(name string, change func(q *gate401.Requirement)) gate401.Requirement {
		q := gate401.Requirement{Rule: name, Accept: accept, CORS: cors}
		if change != nil {
			change(&q)
		}
		q.Prepare()
		return q
	}
	age := l.settings.Resource.MaxAge.std()
	if age == 0 {
		age = time.Minute
	}
	return rules{
		any:      rule("api", nil),
		read:     rule("orders-read", func(q *gate401.Requirement) { q.Scopes = []string{"orders:read"} }),
		write:    rule("orders-write", func(q *gate401.Requirement) { q.Scopes = []string{"orders:write"} }),
		admin:    rule("admin", func(q *gate401.Requirement) { q.Groups = []string{"admin"} }),
		payments: rule("payments", func(q *gate401.Requirement) { q.MaxAge = age }),
		login: rule("login", func(q *gate401.Requirement) {
			q.Accept = []gate401.Authenticator{&formLogin{
				Basic: &authn.Basic{Name: "password", Realm: Realm, Sources: people, Hasher: plain{}, Remember: -1},
				path:  l.world.path() + "/login",
			}}
		}),
	}
}

// policy finds the rule of a request.
func (l *life) policy(r *gate401.Request) gate401.Requirement {
	path, ok := strings.CutPrefix(r.Path, l.world.path())
	if !ok {
		return gate401.Requirement{}
	}
	switch first, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/"); {
	case path == "/login":
		return l.rules.login
	case path != "/api" && !strings.HasPrefix(path, "/api/"):
		return gate401.Requirement{}
	case first == "orders" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return l.rules.read
	case first == "orders":
		return l.rules.write
	case first == "admin":
		return l.rules.admin
	case first == "payments":
		return l.rules.payments
	}
	return l.rules.any
}

// scripted is a method whose good credentials the script may refuse, so that
// even that answer is the gate's own. It leaves out what the method remembers.
type scripted struct {
	gate401.Authenticator
	life *life
}

// Verify asks the method, then the script.
func (s *scripted) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	id, err := s.Authenticator.Verify(ctx, r, c)
	if err != nil {
		return nil, err
	}
	if err := s.life.refuses(id, c.Method()); err != nil {
		return nil, err
	}
	return id, nil
}

// Missing is what the method says.
func (s *scripted) Missing() reason.Code {
	if m, ok := s.Authenticator.(gate401.Misser); ok {
		return m.Missing()
	}
	return reason.CredentialsMissing
}

// fresh is scripted, for Digest.
type fresh struct{ scripted }

// FreshChallenges says that challenges differ.
func (*fresh) FreshChallenges() {}

var (
	_ gate401.Misser = (*scripted)(nil)
	_ gate401.Fresh  = (*fresh)(nil)
)

// formLogin is Basic behind a form: the browser must not open its dialog.
type formLogin struct {
	*authn.Basic
	path string
}

// Challenges names the login.
func (f *formLogin) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	return []httpauth.Challenge{{Scheme: "Session", Params: []httpauth.Param{{Name: "realm", Value: Realm}, {Name: "login", Value: f.path}}}}
}
