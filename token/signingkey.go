package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
)

// A SigningKey signs tokens by one algorithm. Its ID is the thumbprint of its
// public half (RFC 7638), unless another one is given. It is immutable.
type SigningKey struct {
	private crypto.Signer
	public  *Key
	alg     algID
}

// GenerateKey makes a key for ES256 (the default, for ""), EdDSA or RS256.
func GenerateKey(alg string) (*SigningKey, error) {
	for {
		// A command line would take an id that begins with a dash for a flag.
		if k, err := generate(alg); err != nil || !strings.HasPrefix(k.ID(), "-") {
			return k, err
		}
	}
}

func generate(alg string) (*SigningKey, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case "", ES256:
		alg = ES256
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case RS256:
		private, err = rsa.GenerateKey(rand.Reader, MinRSABits)
	default:
		return nil, fmt.Errorf("keys are generated for %s, %s or %s, not for %s", ES256, EdDSA, RS256, quote(alg))
	}
	if err != nil {
		return nil, fmt.Errorf("generating a key for %s: %w", alg, err)
	}
	return NewSigningKey("", alg, private)
}

// NewSigningKey is a key from a *ecdsa.PrivateKey, ed25519.PrivateKey or
// *rsa.PrivateKey. An empty id means the thumbprint.
func NewSigningKey(id, alg string, private crypto.Signer) (*SigningKey, error) {
	switch p := private.(type) {
	case *ecdsa.PrivateKey:
		if p == nil {
			return nil, errors.New("the private key is empty")
		}
	case *rsa.PrivateKey:
		if p == nil {
			return nil, errors.New("the private key is empty")
		}
	case ed25519.PrivateKey:
		if len(p) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("an Ed25519 private key has %d octets, this one %d", ed25519.PrivateKeySize, len(p))
		}
	default:
		return nil, fmt.Errorf("%T is no private key that tokens can be signed with", private)
	}
	if parseAlg(alg) == algUnknown {
		return nil, fmt.Errorf("algorithm %s is unknown", quote(alg))
	}
	public := private.Public()
	if id == "" {
		sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
		if err != nil {
			return nil, fmt.Errorf("thumbprint: %w", err)
		}
		id = base64.RawURLEncoding.EncodeToString(sum)
	}
	key, err := NewKey(id, alg, public)
	if err != nil {
		return nil, err
	}
	return &SigningKey{private: private, public: key, alg: parseAlg(alg)}, nil
}

// ParseSigningKey reads what [SigningKey.MarshalPrivate] wrote: a private JWK
// with its alg.
func ParseSigningKey(data []byte) (*SigningKey, error) {
	if len(data) > MaxKeySetSize {
		return nil, fmt.Errorf("signing key: %d octets, more than %d", len(data), MaxKeySetSize)
	}
	if err := checkJSONObject(string(data)); err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(data); err != nil {
		return nil, errors.New("signing key: not a JWK that is understood")
	}
	private, ok := parsed.Key.(crypto.Signer)
	if !ok {
		return nil, errors.New("signing key: the private half is missing")
	}
	k, err := NewSigningKey(parsed.KeyID, parsed.Algorithm, private)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return k, nil
}

// MarshalPrivate is the key as a JWK with its private half, to be encrypted
// before it is stored.
func (k *SigningKey) MarshalPrivate() ([]byte, error) {
	return json.Marshal(jose.JSONWebKey{Key: k.private, KeyID: k.ID(), Algorithm: k.Alg(), Use: "sig"})
}

// ID is the kid.
func (k *SigningKey) ID() string { return k.public.id }

// Alg is the name of the one algorithm that the key signs by.
func (k *SigningKey) Alg() string { return k.alg.String() }

// Public is the half that verifies.
func (k *SigningKey) Public() *Key { return k.public }

// String names the key without showing it.
func (k *SigningKey) String() string { return "signing " + k.public.String() }

// GoString is String.
func (k *SigningKey) GoString() string { return k.String() }

// LogValue is String, for logs.
func (k *SigningKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// PublicKeySet prints the public halves of keys as a JWK Set (RFC 7517 section
// 5), to be published. Keys that only verify have no place in it.
func PublicKeySet(keys ...*SigningKey) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, 0, len(keys))}
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.ID(), Algorithm: k.Alg(), Use: "sig"})
	}
	return json.Marshal(set)
}

// Thumbprint is the SHA-256 thumbprint of a JWK, in base64url (RFC 7638). A
// private key has the thumbprint of its public half (section 3.2.1).
func Thumbprint(data []byte) (string, error) {
	if len(data) > MaxKeySetSize {
		return "", fmt.Errorf("key: %d octets, more than %d", len(data), MaxKeySetSize)
	}
	if err := checkJSONObject(string(data)); err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(data); err != nil {
		return "", errors.New("key: not a JWK that is understood")
	}
	sum, err := parsed.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", errors.New("key: it has no thumbprint")
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Sign makes a compact JWS of the claims, anything that encodes to a JSON
// object. typ goes into the header ("at+jwt" for access tokens); empty leaves it
// out.
func (k *SigningKey) Sign(claims any, typ string) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if err := checkJSONObject(string(payload)); err != nil {
		return "", fmt.Errorf("signing a token: claims: %w", err)
	}
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(k.Alg()),
		Key:       jose.JSONWebKey{Key: k.private, KeyID: k.ID(), Algorithm: k.Alg()},
	}, opts)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if len(text) > MaxSize {
		return "", fmt.Errorf("signing a token: it would have %d octets, more than %d", len(text), MaxSize)
	}
	return text, nil
}
