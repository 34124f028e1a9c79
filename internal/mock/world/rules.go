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

// methods are the ways to prove something in a world: to its resources, and to
// its login.
type methods struct{ accept, login []gate401.Authenticator }

// newMethods makes the methods. Nothing is remembered: a script may change its
// mind between two requests.
func (l *life) newMethods() methods {
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
	login := &formLogin{
		Basic: &authn.Basic{Name: "password", Realm: Realm, Sources: people, Hasher: plain{}, Remember: -1},
		path:  l.world.path() + "/login",
	}
	return methods{accept, []gate401.Authenticator{login}}
}

// policy finds the rule of a request. Rules are put together here rather than
// prepared: ten thousand worlds have the same six, and a mock has the
// microsecond.
func (l *life) policy(r *gate401.Request) gate401.Requirement {
	path, ok := strings.CutPrefix(r.Path, l.world.path())
	if !ok {
		return gate401.Requirement{}
	}
	q := gate401.Requirement{Rule: "api", Accept: l.methods.accept, CORS: l.world.shared.cors}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case path == "/login":
		return gate401.Requirement{Rule: "login", Accept: l.methods.login}
	case path != "/api" && !strings.HasPrefix(path, "/api/"):
		return gate401.Requirement{}
	case first == "orders" && reads:
		q.Rule, q.Scopes = "orders-read", readScope
	case first == "orders":
		q.Rule, q.Scopes = "orders-write", writeScope
	case first == "admin":
		q.Rule, q.Groups = "admin", adminGroup
	case first == "payments":
		q.Rule, q.MaxAge = "payments", l.settings.Resource.MaxAge.std()
		if q.MaxAge == 0 {
			q.MaxAge = time.Minute
		}
	}
	return q
}

// What the rules ask for.
var (
	readScope  = []string{"orders:read"}
	writeScope = []string{"orders:write"}
	adminGroup = []string{"admin"}
)

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
