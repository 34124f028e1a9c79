package token_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/gate401/gate401/token"
	jose "github.com/go-jose/go-jose/v4"
)

func jwkOf(key any, kid, alg, use string) string {
	return mustJSON(jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: alg, Use: use})
}

func TestParseKeySet(t *testing.T) {
	ed, ec := token.PublicKeyOf(edKey()), token.PublicKeyOf(ecKey())
	small := &rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 1023), big.NewInt(1)), E: 65537}
	secretJWK := jwkOf(secret, "s", "HS256", "sig")
	good := jwkOf(ed, "a", "EdDSA", "sig")
	with := func(jwk, member string) string { return jwk[:len(jwk)-1] + "," + member + "}" }
	set := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	var hundred []string
	for i := range token.MaxKeys + 1 {
		hundred = append(hundred, jwkOf(ed, fmt.Sprint(i), "EdDSA", "sig"))
	}
	tests := []struct {
		name, in string
		public   int // keys that count when the set is published; -1: an error
		local    int // keys that count when the set is our own file
		says     string
	}{
		{"one", set(good), 1, 1, ""},
		{"empty", set(), 0, 0, ""},
		{"extra members", `{"x":1,"keys":[` + with(good, `"x5t":"abc","x5c":["broken"]`) + `]}`, 1, 1, ""},
		{"a lone JWK", good, -1, 1, `"keys" is missing`},
		{"same kid twice", set(good, jwkOf(ec, "a", "ES256", "")), 2, 2, ""},
		{"no kid, no alg, no use", set(jwkOf(ec, "", "", "")), 1, 1, ""},
		{"most keys", set(hundred[:token.MaxKeys]...), token.MaxKeys, token.MaxKeys, ""},
		{"too many keys", set(hundred...), -1, -1, "101 keys, more than 100"},
		{"too long", set(good) + strings.Repeat(" ", token.MaxKeySetSize), -1, -1, "more than 1048576"},
		{"not JSON", "<html>", -1, -1, "bad JSON at offset 0"},
		{"keys null", `{"keys":null}`, -1, -1, "not a list"},
		{"keys in capitals", `{"KEYS":[]}`, -1, -1, `"keys" is missing`},
		{"keys twice", `{"keys":[],"keys":[]}`, -1, -1, "twice"},
		{"member twice", set(with(good, `"kid":"b"`)), -1, -1, "twice"},
		{"absurd number", `{"keys":[],"x":1e1000000000}`, -1, -1, "out of range"},

		{"secret", set(secretJWK), 0, 1, "symmetric"},
		{"secret too short", set(jwkOf([]byte("short"), "s", "HS256", "")), 0, 0, "kid \"s\""},
		{"private half", set(jwkOf(token.PrivateKeyOf(edKey()), "a", "EdDSA", "sig")), 0, 1, "private half"},
		{"for encryption", set(jwkOf(ec, "a", "ES256", "enc")), 0, 0, `use is "enc"`},
		{"key_ops verify", set(with(good, `"key_ops":["verify"]`)), 1, 1, ""},
		{"key_ops encrypt", set(with(good, `"key_ops":["encrypt"]`)), 0, 0, "key_ops"},
		{"alg of another kind", set(jwkOf(ec, "a", "RS256", "sig")), 0, 0, "does not fit"},
		{"alg of another curve", set(jwkOf(ec, "a", "ES384", "sig")), 0, 0, "does not fit"},
		{"alg none", set(jwkOf(ed, "a", "none", "sig")), 0, 0, "does not fit"},
		{"alg HS256 on an RSA key", set(jwkOf(token.PublicKeyOf(rsaKey()), "a", "HS256", "sig")), 0, 0, "does not fit"},
		{"RSA of 1024 bits", set(jwkOf(small, "a", "RS256", "sig")), 0, 0, "fewer than 2048"},
		{"point off the curve", set(`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}`), 0, 0, "not usable"},
		{"unknown kty beside a good one", set(`{"kty":"X","kid":"x"}`, good), 1, 1, "not usable"},
		{"unknown curve", set(`{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), 0, 0, "not usable"},
		{"kty missing", set(`{"kid":"x"}`), 0, 0, "not usable"},
		{"members of the wrong type", set(`{"kty":1}`, `7`, `null`, `[]`), 0, 0, "wrong type"},
	}
	for _, test := range tests {
		for _, way := range []struct {
			name  string
			parse func([]byte) (*token.KeySet, error)
			want  int
		}{{"public", token.ParseKeySet, test.public}, {"local", token.ParseLocalKeySet, test.local}} {
			t.Run(test.name+", "+way.name, func(t *testing.T) {
				set, err := way.parse([]byte(test.in))
				if way.want < 0 {
					if err == nil || !strings.Contains(err.Error(), test.says) {
						t.Fatalf("got %v, want an error with %q", err, test.says)
					}
					return
				}
				if err != nil || set.Len() != way.want {
					t.Fatalf("got %v keys, %v, want %d", set.Len(), err, way.want)
				}
				if skipped := strings.Join(set.Skipped(), "\n"); way.want == 0 && !strings.Contains(skipped, test.says) {
					t.Errorf("skipped says %q, want %q in it", skipped, test.says)
				}
			})
		}
	}
}

func TestKeySetFind(t *testing.T) {
	pub := func(id string, k *token.SigningKey) *token.Key {
		key, err := token.NewKey(id, "", token.PublicKeyOf(k))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	a, b, c := pub("a", edKey()), pub("b", ecKey()), pub("b", rsaKey())
	anonymous := pub("", rsaKey())
	tests := []struct {
		name     string
		set      *token.KeySet
		kid, alg string
		want     int // -1: unknown
	}{
		{"by kid", token.NewKeySet(a, b), "a", "EdDSA", 1},
		{"by kid, shared", token.NewKeySet(a, b, c), "b", "ES256", 2},
		{"other kid", token.NewKeySet(a, b), "c", "EdDSA", -1},
		{"other kid, a key without one", token.NewKeySet(a, anonymous), "c", "RS256", 1},
		{"no kid", token.NewKeySet(a, b), "", "EdDSA", 1},
		{"no kid, nothing fits", token.NewKeySet(a, b), "", "RS256", -1},
		{"no kid, invented alg", token.NewKeySet(a, b), "", "none", -1},
		{"empty set", token.NewKeySet(), "", "EdDSA", -1},
		{"zero set", new(token.KeySet), "a", "EdDSA", -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys, err := test.set.Keys(t.Context(), test.kid, test.alg)
			if test.want < 0 {
				if !errors.Is(err, token.ErrKeyUnknown) || keys != nil {
					t.Errorf("got %v, %v", keys, err)
				}
			} else if err != nil || len(keys) != test.want {
				t.Errorf("got %v, %v, want %d keys", keys, err, test.want)
			}
		})
	}
}

func TestNewKeyRefuses(t *testing.T) {
	odd := func(bits uint) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(1))
	}
	for name, public := range map[string]any{
		"nil":                nil,
		"text":               "key",
		"private":            token.PrivateKeyOf(edKey()),
		"RSA nil":            (*rsa.PublicKey)(nil),
		"RSA empty":          &rsa.PublicKey{},
		"RSA short":          &rsa.PublicKey{N: odd(2047), E: 65537},
		"RSA long":           &rsa.PublicKey{N: odd(8193), E: 65537},
		"RSA even":           &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537},
		"RSA exponent 1":     &rsa.PublicKey{N: odd(2048), E: 1},
		"RSA exponent even":  &rsa.PublicKey{N: odd(2048), E: 4},
		"EC nil":             (*ecdsa.PublicKey)(nil),
		"EC empty":           &ecdsa.PublicKey{},
		"EC P-224":           &ecdsa.PublicKey{Curve: elliptic.P224()},
		"EC without a point": &ecdsa.PublicKey{Curve: elliptic.P256()},
		"Ed25519 short":      ed25519.PublicKey("short"),
	} {
		if k, err := token.NewKey("k", "", public); err == nil {
			t.Errorf("%s: got %v", name, k)
		}
	}
	if k, err := token.NewSecretKey("k", secret[1:]); err == nil {
		t.Errorf("a secret of 31 octets: got %v", k)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	k, err := token.NewSecretKey("k", secret)
	if err != nil {
		t.Fatal(err)
	}
	octets, err := token.PrivateKeyOf(ecKey()).(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	d := new(big.Int).SetBytes(octets).String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, k); strings.Contains(s, string(secret)) || strings.Contains(s, "48 49 50 51") || strings.Contains(s, "0x30, 0x31") {
			t.Errorf("%s shows the secret: %s", verb, s)
		}
		if s := fmt.Sprintf(verb, ecKey()); strings.Contains(s, d) {
			t.Errorf("%s shows the private key: %s", verb, s)
		}
	}
}
