package token_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
)

func grant(change func(*token.Grant)) token.Grant {
	g := token.Grant{Issuer: issuer, Subject: "alice", Audience: []string{audience}, At: now, ID: "t1"}
	if change != nil {
		change(&g)
	}
	return g
}

func TestIssue(t *testing.T) {
	tests := []struct {
		name   string
		change func(*token.Grant)
		want   string // claims as JSON, names in order
	}{
		{
			"least", nil,
			`{"aud":"orders","client_id":"alice","exp":1772366700,"iat":1772366400,"iss":"https://idp.example.com","jti":"t1","sub":"alice"}`,
		},
		{
			"most",
			func(g *token.Grant) {
				g.Audience = []string{"orders", "billing"}
				g.ClientID, g.Scopes, g.Groups = "shop", []string{"a:read", "b"}, []string{"staff"}
				g.TTL, g.NotBefore, g.AuthTime = time.Hour, now.Add(time.Second), now.Add(-time.Minute)
				g.ACR, g.AMR, g.Extra = "mfa", []string{"pwd"}, object{"tenant": "x"}
			},
			`{"acr":"mfa","amr":["pwd"],"aud":["orders","billing"],"auth_time":1772366340,"client_id":"shop","exp":1772370000,"groups":["staff"],` +
				`"iat":1772366400,"iss":"https://idp.example.com","jti":"t1","nbf":1772366401,"scope":"a:read b","sub":"alice","tenant":"x"}`,
		},
	}
	for _, test := range tests {
		for _, k := range []*token.SigningKey{ecKey(), edKey(), rsaKey()} {
			t.Run(test.name+" "+k.Alg(), func(t *testing.T) {
				issued, err := k.Issue(grant(test.change))
				if err != nil {
					t.Fatal(err)
				}
				// Another implementation reads it too.
				parsed, err := jwt.ParseSigned(issued.Token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(k.Alg())})
				if err != nil {
					t.Fatal(err)
				}
				var claims map[string]json.RawMessage
				if err := parsed.Claims(token.PublicKeyOf(k), &claims); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, mustJSON(claims)); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
				d := token.Decode(issued.Token)
				if d.Type != "at+jwt" || d.Alg != k.Alg() || d.KeyID != k.ID() || len(d.Problems) > 0 {
					t.Errorf("header %s, problems %v", d.Header, d.Problems)
				}
				if !issued.IssuedAt.Equal(now) || issued.ID != "t1" || !issued.Expires.Equal(d.Claims.Expires) {
					t.Errorf("issued %+v", issued)
				}
			})
		}
	}
	one, err := ecKey().Issue(grant(func(g *token.Grant) { g.ID = "" }))
	two, err2 := ecKey().Issue(grant(func(g *token.Grant) { g.ID = "" }))
	if errors.Join(err, err2) != nil || one.ID == two.ID || len(one.ID) < 22 {
		t.Errorf("random IDs %q, %q, %v", one.ID, two.ID, errors.Join(err, err2))
	}
}

func TestIssueRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*token.Grant)
		says   string
	}{
		{"zero", func(g *token.Grant) { *g = token.Grant{} }, "issuer is missing\nsubject is missing\naudience is missing"},
		{"empty audience", func(g *token.Grant) { g.Audience = []string{""} }, "audience"},
		{"too long a life", func(g *token.Grant) { g.TTL = time.Hour + time.Second }, "ttl 1h0m1s"},
		{"negative life", func(g *token.Grant) { g.TTL = -time.Second }, "ttl -1s"},
		{"two scopes in one", func(g *token.Grant) { g.Scopes = []string{"a admin"} }, `scope "a admin"`},
		{"scope by another door", func(g *token.Grant) { g.Extra = object{"scp": "admin"} }, `"scp"`},
		{"expiry by another door", func(g *token.Grant) { g.Extra = object{"exp": 1} }, `"exp"`},
		{"no JSON", func(g *token.Grant) { g.Extra = object{"x": func() {}} }, "unsupported type"},
		{"too large", func(g *token.Grant) { g.Groups = []string{strings.Repeat("x", token.MaxSize)} }, "more than 16384"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			issued, err := ecKey().Issue(grant(test.change))
			if err == nil || !strings.Contains(err.Error(), test.says) || issued != (token.Issued{}) {
				t.Errorf("got %+v, %v, want %q in the error", issued, err, test.says)
			}
		})
	}
}

// An id is an argument of commands, which take one with a dash in front for a flag.
func TestKeyIDs(t *testing.T) {
	for range 500 {
		k, err := token.GenerateKey(token.ES256)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(k.ID(), "-") {
			t.Fatalf("%s looks like a flag", k.ID())
		}
	}
}

func TestSigningKeyRoundTrip(t *testing.T) {
	for _, k := range []*token.SigningKey{ecKey(), edKey(), rsaKey()} {
		t.Run(k.Alg(), func(t *testing.T) {
			data, err := k.MarshalPrivate()
			if err != nil {
				t.Fatal(err)
			}
			back, err := token.ParseSigningKey(data)
			if err != nil {
				t.Fatal(err)
			}
			v := newVerifier(t, profile(k.Public()))
			if _, err := v.Verify(t.Context(), sign(t, back, good(nil), "")); err != nil {
				t.Error(err)
			}
			public, err := token.PublicKeySet(k)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(public), `"d":`) {
				t.Errorf("the public set shows the private half: %s", public)
			}
			set, err := token.ParseKeySet(public)
			if err != nil || set.Len() != 1 || set.All()[0].ID() != k.ID() {
				t.Errorf("the public set is not readable: %v, %v", set, err)
			}
			if print, err := token.Thumbprint(data); err != nil || print != k.ID() {
				t.Errorf("kid %s, thumbprint %s, %v", k.ID(), print, err)
			}
			if _, err := token.ParseSigningKey(set2jwk(public)); err == nil || !strings.Contains(err.Error(), "private half is missing") {
				t.Errorf("a public key signs: %v", err)
			}
		})
	}
	for _, bad := range []string{"", "{}", `{"kty":"oct","k":"AAAA","alg":"HS256"}`, `{"kty":"OKP","kty":"OKP"}`} {
		if k, err := token.ParseSigningKey([]byte(bad)); err == nil {
			t.Errorf("%s gave %v", bad, k)
		}
	}
	if _, err := token.NewSigningKey("k", token.ES256, token.PrivateKeyOf(rsaKey())); err == nil {
		t.Error("an RSA key signs by ES256")
	}
	if _, err := token.NewSigningKey("k", token.ES256, nil); err == nil {
		t.Error("no key signs")
	}
	if _, err := token.GenerateKey("none"); err == nil {
		t.Error("a key for none")
	}
}

func set2jwk(set []byte) []byte {
	return []byte(strings.TrimSuffix(strings.TrimPrefix(string(set), `{"keys":[`), `]}`))
}

// The form of a jti is what "token revoke" judges an identifier by that nobody has
// seen.
func TestIsGivenID(t *testing.T) {
	k, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		issued, err := k.Issue(token.Grant{Issuer: issuer, Subject: "alice", Audience: []string{audience}})
		if err != nil || !token.IsGivenID(issued.ID) {
			t.Fatalf("%q, %v", issued.ID, err)
		}
	}
	for _, other := range []string{"", "alice", "AB5DLQ3YPXKX6GJ2UVQ5OZ7K3", "AB5DLQ3YPXKX6GJ2UVQ5OZ7K3EE", "AB5DLQ3YPXKX6GJ2UVQ5OZ7K31", "ab5dlq3ypxkx6gj2uvq5oz7k3e"} {
		if token.IsGivenID(other) {
			t.Errorf("%q", other)
		}
	}
}
