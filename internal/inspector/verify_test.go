package inspector_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gate401/gate401/web/browsertest"
)

// testSignatures signs by every algorithm and has the page verify with the key
// in every form.
func testSignatures(t *testing.T, b *browsertest.Browser, url string) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	otherRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private := map[string]crypto.Signer{}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		private[alg] = key
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private["EdDSA"] = edKey
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		private[alg] = rsaKey
	}
	p := b.Tab(t)
	p.Open(url)
	check := func(t *testing.T, form, token, key, code string) {
		t.Helper()
		p := p.In(t)
		p.Fill("key", "")
		p.Fill("input", token)
		p.Wait(`document.querySelector("tr[data-step=Signature]").dataset.state === "open"`)
		p.Fill("key", key)
		state := "ok"
		if code != "" {
			state = "bad"
		}
		ready := fmt.Sprintf(`(() => { const s = [...document.querySelectorAll("tr[data-step=Signature], tr[data-step=Algorithm]")];
			return s.some((x) => x.dataset.state === %q && x.dataset.code === %q && (x.dataset.step === "Signature" || %q === "bad")); })()`, state, code, state)
		for range 100 {
			if browsertest.JS[bool](p, ready) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%s: want %s %q, have %s; %s", form, state, code, browsertest.JS[string](p, `[...document.querySelectorAll(".steps tr")].map((r) => r.innerText).join(" | ")`),
			browsertest.JS[string](p, `document.getElementById("keynote").textContent`))
	}
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			key := private[alg]
			token := sign(t, alg, "k1", key)
			jwk := jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Algorithm: alg, Use: "sig"}
			other := jose.JSONWebKey{Key: otherRSA.Public(), KeyID: "k2", Use: "sig"}
			der, err := x509.MarshalPKIXPublicKey(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			check(t, "JWK", token, asJSON(t, jwk), "")
			check(t, "JWK Set", token, asJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{other, jwk}}), "")
			check(t, "PEM", token, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "")
			check(t, "certificate", token, certificate(t, key), "")
			check(t, "changed", flip(token), asJSON(t, jwk), "token-signature-invalid")
			check(t, "other kid", token, asJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{other}}), "token-key-unknown")
			// The key says what it is for.
			wrong := "RS256"
			if strings.HasPrefix(alg, "RS") {
				wrong = "PS256"
			}
			if key == crypto.Signer(rsaKey) {
				check(t, "bound", sign(t, alg, "k1", rsaKey), asJSON(t, jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Algorithm: wrong}), "token-algorithm-refused")
				if alg == "RS256" {
					check(t, "PKCS1", token, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)})), "")
				}
			}
		})
	}
	t.Run("secrets", func(t *testing.T) {
		p := p.In(t)
		secret := []byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
		text := hs(sha256.New, "HS256", secret)
		check(t, "text", text, string(secret), "")
		check(t, "JWK", text, asJSON(t, jose.JSONWebKey{Key: secret}), "")
		check(t, "wrong", text, string(secret)+"x", "token-signature-invalid")
		// A public key is never a secret (RFC 8725 section 2.1).
		public := asJSON(t, jose.JSONWebKey{Key: rsaKey.Public()})
		check(t, "confusion", hs(sha256.New, "HS256", []byte(public)), public, "token-algorithm-refused")
		p.Do()
		browsertest.JS[string](p, `document.getElementById("encoding").value = "base64"`)
		check(t, "base64", text, base64.RawURLEncoding.EncodeToString(secret), "")
		browsertest.JS[string](p, `document.getElementById("encoding").value = "hex"`)
		check(t, "hex", text, fmt.Sprintf("%x", secret), "")
		browsertest.JS[string](p, `document.getElementById("encoding").value = "text"`)
		// The gate does not know these; whether they fit is told all the same.
		for alg, h := range map[string]func() hash.Hash{"HS384": sha512.New384, "HS512": sha512.New} {
			p.Fill("input", hs(h, alg, secret))
			p.Fill("key", string(secret))
			p.Wait(`document.querySelector("tr[data-step=Signature]")?.dataset.state === "ok" && document.querySelector("tr[data-step=Algorithm]").dataset.state === "bad"`)
		}
		p.Fill("key", "short")
		p.Wait(`document.getElementById("keynote").textContent.includes("takes none below 32")`)
	})
	t.Run("no public keys", func(t *testing.T) {
		p := p.In(t)
		p.Fill("input", sign(t, "ES256", "", private["ES256"]))
		der, err := x509.MarshalPKCS8PrivateKey(private["ES256"])
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{
			string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})): "this is a private key",
			`{"keys":`:                            "begins like JSON",
			`{"jwks_uri":"x"}`:                    "metadata of an issuer",
			`{"kty":"RSA","n":"AQAB","e":"AQAB"}`: "expected 2048 to 8192",
			"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----": "damaged",
			"-----BEGIN PUBLIC KEY-----\nAAAA":                           "cut off",
		} {
			p.Fill("key", key)
			p.Wait(`document.getElementById("keynote").textContent.includes(` + browsertest.Quoted(want) + `)`)
		}
		p.Fill("key", asJSON(t, jose.JSONWebKey{Key: private["ES256"]}))
		p.Wait(`document.getElementById("keynote").textContent.includes("This is a private key") && document.querySelector("tr[data-step=Signature]").dataset.state === "ok"`)
	})
	for _, line := range p.Console() {
		t.Error(line)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func claims() string {
	return fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"orders","sub":"alice","exp":%d}`, time.Now().Add(time.Hour).Unix())
}

// sign makes a token by go-jose, not by the code of the gate.
func sign(t *testing.T, alg, kid string, key crypto.Signer) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: key, KeyID: kid}}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(claims()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hs(h func() hash.Hash, alg string, secret []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"`+alg+`"}`)) + "." + encode([]byte(claims()))
	mac := hmac.New(h, secret)
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// flip changes one bit of the signature.
func flip(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[at:])
	if err != nil {
		return token
	}
	signature[3] ^= 1
	return token[:at] + base64.RawURLEncoding.EncodeToString(signature)
}

func certificate(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp.example.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
