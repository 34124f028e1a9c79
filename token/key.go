package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"errors"
	"fmt"
)

// Limits of keys. RSA keys below 2048 bits must not be used (RFC 7518 section
// 3.3); beyond 8192 bits one verification takes so long that it is an attack.
// A secret for HS256 must have the length of its hash (RFC 7518 section 3.2).
const (
	MinRSABits   = 2048
	MaxRSABits   = 8192
	MinSecretLen = 32
)

// A Key verifies signatures. It is bound to the algorithms of its kind when it
// is made, so that a token cannot choose how a key is used: an RSA key is never
// the secret of an HMAC (RFC 8725 section 3.1).
type Key struct {
	id     string
	algs   algSet
	public any // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey; nil for a secret
	secret []byte
	size   int // octets of an RSA signature, of half an ECDSA signature
}

// NewKey is a key from a *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
// alg binds it to one algorithm; empty allows all that fit: RS and PS with every
// hash for RSA, the one of its curve for ECDSA.
func NewKey(id, alg string, public any) (*Key, error) {
	k := &Key{id: id, public: public}
	switch pub := public.(type) {
	case *rsa.PublicKey:
		if err := checkRSA(pub); err != nil {
			return nil, err
		}
		k.algs, k.size = rsaAlgs, pub.Size()
	case *ecdsa.PublicKey:
		var a algID
		//nolint:staticcheck // reading the fields is the only way to see that they are empty
		if pub != nil && pub.X != nil && pub.Y != nil {
			switch pub.Curve {
			case elliptic.P256():
				a = algES256
			case elliptic.P384():
				a = algES384
			case elliptic.P521():
				a = algES512
			}
		}
		if a == algUnknown {
			return nil, errors.New("the key is empty, or its curve is not P-256, P-384 or P-521")
		}
		if _, err := pub.ECDH(); err != nil {
			return nil, errors.New("the point is not on its curve")
		}
		k.algs, k.size = 1<<a, (pub.Curve.Params().BitSize+7)/8
	case ed25519.PublicKey:
		if len(pub) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("an Ed25519 key has %d octets, this one %d", ed25519.PublicKeySize, len(pub))
		}
		k.algs = 1 << algEdDSA
	default:
		return nil, fmt.Errorf("%T is no public key for signatures", public)
	}
	return k.bind(alg)
}

// NewSecretKey is a key for HS256 from a secret that issuer and verifier share.
// Whoever can verify with it can forge: prefer a key pair.
func NewSecretKey(id string, secret []byte) (*Key, error) {
	if len(secret) < MinSecretLen {
		return nil, fmt.Errorf("the secret has %d octets, HS256 needs %d", len(secret), MinSecretLen)
	}
	return &Key{id: id, algs: 1 << algHS256, secret: append([]byte(nil), secret...)}, nil
}

// bind narrows the key to one algorithm (RFC 7517 section 4.4).
func (k *Key) bind(alg string) (*Key, error) {
	if alg == "" {
		return k, nil
	}
	a := parseAlg(alg)
	if !k.algs.has(a) {
		return nil, fmt.Errorf("algorithm %s does not fit the key, which is one for %s", quote(alg), k.algs)
	}
	k.algs = 1 << a
	return k, nil
}

func checkRSA(pub *rsa.PublicKey) error {
	if pub == nil || pub.N == nil {
		return errors.New("the RSA key is empty")
	}
	switch bits := pub.N.BitLen(); {
	case bits < MinRSABits:
		return fmt.Errorf("the RSA key has %d bits, fewer than %d", bits, MinRSABits)
	case bits > MaxRSABits:
		return fmt.Errorf("the RSA key has %d bits, more than %d", bits, MaxRSABits)
	case pub.N.Bit(0) == 0:
		return errors.New("the RSA modulus is even")
	case pub.E < 3 || pub.E&1 == 0 || pub.E > 1<<31-1:
		return fmt.Errorf("the RSA exponent %d is not an odd number from 3 to 2^31-1", pub.E)
	}
	return nil
}

// ID is the kid of the key; may be empty.
func (k *Key) ID() string { return k.id }

// Algorithms names what the key may be used for.
func (k *Key) Algorithms() string { return k.algs.String() }

// String names the key without showing it.
func (k *Key) String() string { return fmt.Sprintf("key %s for %s", quote(k.id), k.algs) }

// GoString is String: a secret must not appear by way of %#v either.
func (k *Key) GoString() string { return k.String() }

var errSignature = errors.New("the signature does not fit the key and the text")

// verify checks one signature (RFC 7518 section 3, RFC 8037 section 3.1). What
// can be seen from the length alone never reaches the mathematics.
func (k *Key) verify(alg algID, signed, sig []byte) error {
	if !k.algs.has(alg) {
		return fmt.Errorf("%s is not usable for %s", k, alg)
	}
	if len(sig) == 0 {
		return errors.New("the signature is empty")
	}
	switch alg {
	case algEdDSA:
		if len(sig) != ed25519.SignatureSize {
			return sigLength(sig, ed25519.SignatureSize)
		}
		if !ed25519.Verify(k.public.(ed25519.PublicKey), signed, sig) {
			return errSignature
		}
		return nil
	case algHS256:
		mac := hmac.New(alg.hash().New, k.secret)
		mac.Write(signed)
		if !hmac.Equal(mac.Sum(nil), sig) {
			return errSignature
		}
		return nil
	case algES256, algES384, algES512:
		// R and S, each as long as the curve's order (RFC 7518 section 3.4).
		if len(sig) != 2*k.size {
			return sigLength(sig, 2*k.size)
		}
		der := derSignature(sig)
		if !ecdsa.VerifyASN1(k.public.(*ecdsa.PublicKey), digest(alg, signed), der) {
			return errSignature
		}
		return nil
	}
	if len(sig) != k.size {
		return sigLength(sig, k.size)
	}
	pub, h := k.public.(*rsa.PublicKey), alg.hash()
	var err error
	switch alg {
	case algRS256, algRS384, algRS512:
		err = rsa.VerifyPKCS1v15(pub, h, digest(alg, signed), sig)
	default:
		// The salt is as long as the hash (RFC 7518 section 3.5).
		err = rsa.VerifyPSS(pub, h, digest(alg, signed), sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	if err != nil {
		return errSignature
	}
	return nil
}

func sigLength(sig []byte, want int) error {
	return fmt.Errorf("the signature has %d octets, expected %d", len(sig), want)
}

// derSignature turns R || S into the form that the standard library reads:
// SEQUENCE { INTEGER r, INTEGER s }, without the detour over big integers.
func derSignature(sig []byte) []byte {
	half := len(sig) / 2
	out := make([]byte, 3, len(sig)+9)
	out = appendDERInteger(out, sig[:half])
	out = appendDERInteger(out, sig[half:])
	n := len(out) - 3
	if n < 0x80 {
		out = out[1:]
		out[0], out[1] = 0x30, byte(n)
		return out
	}
	out[0], out[1], out[2] = 0x30, 0x81, byte(n) // P-521: at most 138
	return out
}

func appendDERInteger(out, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	pad := n[0] >> 7 // a leading bit would make it negative
	out = append(out, 0x02, byte(len(n))+pad)
	if pad == 1 {
		out = append(out, 0)
	}
	return append(out, n...)
}
