package authn_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/authn/authntest"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

func TestConformance(t *testing.T) {
	const wrongPass = "not her password"
	passwords := authntest.Sample{
		Valid: []*gate401.Request{
			request("/", "Authorization", basic("alice", "correct horse")),
			request("/", "Authorization", basic("bob", "battery staple")),
		},
		None: []*gate401.Request{
			request("/"), request("/", "Authorization", "Bearer x"), request("/", "Authorization", "Basics x"),
		},
		Malformed: []authntest.Refusal{
			{Request: request("/", "Authorization", "Basic YWxpY2U"), Reason: reason.BasicMalformed},
			{Request: request("/", "Authorization", "Basic"), Reason: reason.AuthorizationMalformed},
		},
		Refused: []authntest.Refusal{
			{Request: request("/", "Authorization", basic("alice", wrongPass)), Reason: reason.PasswordWrong},
			{Request: request("/", "Authorization", basic("carol", wrongPass)), Reason: reason.AccountUnknown},
		},
		Secrets: []string{"correct horse", "battery staple", wrongPass, "YWxpY2U"},
	}
	t.Run("basic, store", func(t *testing.T) {
		authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
			f := newStore()
			f.person(t, "alice", "correct horse", nil)
			f.person(t, "bob", "battery staple", nil)
			s := passwords
			s.Method, s.Away = newBasic(f, cheap()), func() { f.away.Store(true) }
			return s
		}})
	})
	t.Run("basic, htpasswd", func(t *testing.T) {
		authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
			path := filepath.Join(t.TempDir(), "htpasswd")
			text := "alice:" + bcryptHash(t, "correct horse", 4) + "\nbob:" + hash(t, "battery staple") + "\n"
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := passwords
			s.Method = &authn.Basic{Realm: "orders", Hasher: cheap(), Sources: []authn.Passwords{&authn.Htpasswd{Path: path}}}
			return s
		}})
	})
	t.Run("api-key", func(t *testing.T) {
		authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
			f := newStore()
			f.person(t, "alice", "", nil)
			one := f.key(t, "one", "live", func(k *store.APIKey) { k.Owner = "alice" })
			two := f.key(t, "two", "live", nil)
			revoked := f.key(t, "revoked", "live", func(k *store.APIKey) { k.Revoked = noon })
			test := f.key(t, "test", "test", nil)
			unknown := newStore().key(t, "x", "live", nil)
			return authntest.Sample{
				Method: &authn.APIKey{Realm: "orders", Keys: newKeys(t, f), Header: "X-API-Key", Query: "key"},
				Valid: []*gate401.Request{
					request("/", "X-Api-Key", one), request("/?a=b&key=" + two),
				},
				None: []*gate401.Request{request("/"), request("/?keys=x", "Authorization", "Bearer a.b.c")},
				Malformed: []authntest.Refusal{
					{Request: request("/", "X-Api-Key", one[:len(one)-1]), Reason: reason.APIKeyMalformed},
					{Request: request("/", "X-Api-Key", one, "X-Api-Key", two), Reason: reason.CredentialsAmbiguous},
					{Request: request("/", "X-Token", one), Reason: reason.APIKeyWrongPlace},
				},
				Refused: []authntest.Refusal{
					{Request: request("/", "X-Api-Key", revoked), Reason: reason.APIKeyRevoked},
					{Request: request("/", "X-Api-Key", test), Reason: reason.APIKeyWrongEnvironment},
					{Request: request("/", "X-Api-Key", unknown), Reason: reason.APIKeyUnknown},
				},
				Away:    func() { f.away.Store(true) },
				Secrets: []string{one[12:], two[12:], revoked[12:], test[12:], unknown[12:]},
			}
		}})
	})
	t.Run("bearer", func(t *testing.T) {
		authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
			f, idp := newStore(), newIssuer(t, "https://idp.example.com", "ES256")
			key, good := f.key(t, "one", "live", nil), idp.token(t, nil)
			forged := newIssuer(t, idp.name, "ES256").token(t, claims{"jti": "forged"})
			return authntest.Sample{
				Method: &authn.Bearer{Realm: "orders", Keys: newKeys(t, f), Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}},
				Valid: []*gate401.Request{
					request("/", "Authorization", "Bearer "+good), request("/", "Authorization", "bearer "+key),
				},
				None: []*gate401.Request{request("/"), request("/", "Authorization", "Basic x")},
				Malformed: []authntest.Refusal{
					{Request: request("/", "Authorization", "Bearer  "+good), Reason: reason.AuthorizationMalformed},
					{Request: request("/", "Authorization", "Bearer opaque"), Reason: reason.TokenMalformed},
				},
				Refused: []authntest.Refusal{
					{Request: request("/", "Authorization", "Bearer "+forged), Reason: reason.TokenKeyUnknown},
					{Request: request("/", "Authorization", "Bearer "+idp.token(t, claims{"aud": "billing"})), Reason: reason.TokenAudienceWrong},
				},
				Away:    func() { f.away.Store(true); idp.away.Store(true) },
				Secrets: []string{good, forged, key[12:]},
			}
		}})
	})
	t.Run("func", func(t *testing.T) {
		authntest.Run(t, authntest.Suite{New: func(*testing.T) authntest.Sample {
			var away bool
			m := gate401.NewFunc("token", "Token", "orders", func(_ context.Context, _ *gate401.Request, value string) (*gate401.Identity, error) {
				switch {
				case away:
					return nil, errors.New("the table is away")
				case value == "right-1", value == "right-2":
					return &gate401.Identity{Subject: "alice"}, nil
				}
				return nil, &gate401.Denial{Reason: reason.TokenInactive}
			})
			return authntest.Sample{
				Method:    m,
				Valid:     []*gate401.Request{request("/", "Authorization", "Token right-1"), request("/", "Authorization", "token right-2")},
				None:      []*gate401.Request{request("/")},
				Malformed: []authntest.Refusal{{Request: request("/", "Authorization", "Token"), Reason: reason.AuthorizationMalformed}},
				Refused:   []authntest.Refusal{{Request: request("/", "Authorization", "Token wrong-1"), Reason: reason.TokenInactive}},
				Away:      func() { away = true },
				Secrets:   []string{"right-1", "right-2", "wrong-1"},
			}
		}})
	})
}
