package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	jose "github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"
)

// A signer is a key of every algorithm, for us and for the oracle.
type signer struct {
	alg    string
	sign   any // for go-jose
	verify any // for go-jose
	key    *token.Key
}

var secret = []byte("0123456789abcdef0123456789abcdef")

var signers = sync.OnceValue(func() []signer {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var list []signer
	add := func(alg string, private crypto.Signer) {
		key, err := token.NewKey("k-"+alg, alg, private.Public())
		must(err)
		list = append(list, signer{alg, private, private.Public(), key})
	}
	r := token.PrivateKeyOf(rsaKey())
	for _, alg := range []string{token.RS256, token.RS384, token.RS512, token.PS256, token.PS384, token.PS512} {
		add(alg, r)
	}
	for alg, curve := range map[string]elliptic.Curve{token.ES256: elliptic.P256(), token.ES384: elliptic.P384(), token.ES512: elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
		add(alg, k)
	}
	add(token.EdDSA, token.PrivateKeyOf(edKey()))
	key, err := token.NewSecretKey("k-HS256", secret)
	must(err)
	return append(list, signer{token.HS256, secret, secret, key})
})

func allAlgs() (names []string, ids []jose.SignatureAlgorithm) {
	for _, s := range signers() {
		names = append(names, s.alg)
		ids = append(ids, jose.SignatureAlgorithm(s.alg))
	}
	return names, ids
}

// Our verdict on a signature is that of another implementation, over all
// algorithms, for tokens that are right and for tokens that were tampered with.
func TestSignatureOracle(t *testing.T) {
	names, ids := allAlgs()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(signers()).Draw(t, "signer")
		other := rapid.SampledFrom(signers()).Draw(t, "other")
		js, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(s.alg), Key: s.sign}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := js.Sign([]byte(rapid.String().Draw(t, "payload")))
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		verifyWith := s
		part := strings.Split(text, ".")
		switch rapid.SampledFrom([]string{"nothing", "payload", "signature", "length", "key", "swap"}).Draw(t, "tamper") {
		case "payload":
			part[1] = base64.RawURLEncoding.EncodeToString([]byte(rapid.String().Draw(t, "other payload")))
		case "signature", "length":
			sig, _ := base64.RawURLEncoding.DecodeString(part[2])
			if rapid.Bool().Draw(t, "cut") {
				sig = sig[:rapid.IntRange(0, len(sig)).Draw(t, "length")]
			} else {
				sig[rapid.IntRange(0, len(sig)-1).Draw(t, "at")] ^= byte(rapid.IntRange(0, 255).Draw(t, "bits"))
			}
			part[2] = base64.RawURLEncoding.EncodeToString(sig)
		case "key":
			verifyWith = other
		case "swap":
			part[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + other.alg + `"}`))
		}
		text = strings.Join(part, ".")

		want := false
		if parsed, err := jose.ParseSignedCompact(text, ids); err == nil {
			// go-jose takes any key for any algorithm that fits its type; ours is
			// bound to one.
			_, err = parsed.Verify(verifyWith.verify)
			want = err == nil && parsed.Signatures[0].Header.Algorithm == verifyWith.alg
		}
		_, err = token.VerifySignature(t.Context(), text, token.NewKeySet(verifyWith.key), names)
		if got := err == nil; got != want {
			t.Fatalf("we say %v (%v), go-jose says %v of %s", got, err, want, text)
		}
	})
}

// The same over whole tokens: any octet of a good token changed makes it bad.
func TestAnyChangeIsNoticed(t *testing.T) {
	p := profile(edKey().Public())
	v := newVerifier(t, p)
	text := sign(t, edKey(), good(nil), "at+jwt")
	for i := range len(text) {
		for _, c := range []byte{text[i] ^ 1, 'A', '.', '=', 0} {
			if c == text[i] {
				continue
			}
			claims, err := v.Verify(t.Context(), text[:i]+string(rune(c))+text[i+1:])
			if err == nil || claims != nil || codeOf(err) == reason.CheckFailed {
				t.Fatalf("octet %d changed to %q: %v, %v", i, c, claims, err)
			}
		}
	}
}

// A key never verifies for an algorithm of another key, whatever the header says.
func TestEveryKeyKeepsToItsAlgorithm(t *testing.T) {
	names, _ := allAlgs()
	for _, s := range signers() {
		js, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(s.alg), Key: s.sign}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := js.Sign([]byte(mustJSON(good(nil))))
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range signers() {
			key := renamed(t, other, "k")
			p := profile(key)
			p.Algorithms = names
			_, err := newVerifier(t, p).Verify(t.Context(), text)
			want := reason.TokenAlgorithmRefused
			if other.alg == s.alg {
				want = ""
			}
			if got := codeOf(err); got != want {
				t.Errorf("token by %s, key for %s: got %q (%v), want %q", s.alg, other.alg, got, err, want)
			}
		}
	}
}

func renamed(t *testing.T, s signer, id string) *token.Key {
	t.Helper()
	var k *token.Key
	var err error
	if s.alg == token.HS256 {
		k, err = token.NewSecretKey(id, secret)
	} else {
		k, err = token.NewKey(id, s.alg, s.verify)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}
