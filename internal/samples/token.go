package samples

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/gate401/gate401/token"
)

// Kinds of access tokens. Unless the kind says otherwise, a token was issued now
// for an hour by the gate's own key.
const (
	TokenValid         = "valid"          // nothing is wrong with it
	TokenLowScope      = "low-scope"      // may only read
	TokenOldLogin      = "old-login"      // its auth_time is two hours ago
	TokenExpired       = "expired"        // expired an hour ago
	TokenNotYetValid   = "not-yet-valid"  // nbf is in one hour
	TokenWrongAudience = "wrong-audience" // for another API
	TokenWrongIssuer   = "wrong-issuer"   // of an issuer that nobody trusts
	TokenBadSignature  = "bad-signature"  // the signature is of another text
	TokenAlgNone       = "alg-none"       // says that it needs no signature
	TokenHS256         = "alg-hs256-confusion"
	TokenUnknownKid    = "unknown-kid" // signed by a key that the gate does not have
	TokenWrongType     = "wrong-type"  // a logout token
	TokenRemoved       = "removed"     // speaks for RemovedSubject
	TokenMalformed     = "malformed"   // its header is cut in the middle
	TokenPartner       = "partner"     // of PartnerIssuer, by a key that only the partner has
)

// RemovedSubject is who TokenRemoved speaks for: somebody whose account is to be
// removed by whoever asks for such a token.
const RemovedSubject = "gone"

// ForeignIssuer is the iss of TokenWrongIssuer.
const ForeignIssuer = "https://elsewhere.example"

// PartnerIssuer is the iss of TokenPartner: an issuer that a gate may trust, and
// whose keys are nowhere to be fetched.
const PartnerIssuer = "https://idp.example.com"

// Token makes a token of a kind.
func (m *Maker) Token(ctx context.Context, kind string) (string, error) {
	text, err := m.token(ctx, kind)
	if err != nil {
		return "", fmt.Errorf("token %s: %w", kind, err)
	}
	return text, nil
}

func (m *Maker) token(ctx context.Context, kind string) (string, error) {
	now := m.Now()
	g := token.Grant{
		Issuer: m.Issuer, Subject: m.Subject, Audience: []string{m.Audience}, Groups: m.Groups, Scopes: m.Scopes,
		TTL: time.Hour, At: now, AuthTime: now,
	}
	change := func(text string) (string, error) { return text, nil }
	switch kind {
	case TokenValid:
	case TokenRemoved:
		g.Subject = RemovedSubject
	case TokenLowScope:
		g.Scopes = m.Scopes[:1]
	case TokenOldLogin:
		g.AuthTime = now.Add(-2 * time.Hour)
	case TokenExpired:
		g.At = now.Add(-2 * time.Hour)
	case TokenNotYetValid:
		// It must outlive its nbf, or it would be expired once it is valid.
		g.NotBefore = now.Add(time.Hour)
		change = func(text string) (string, error) {
			return m.resign(ctx, text, "at+jwt", map[string]any{"exp": now.Add(2 * time.Hour).Unix()})
		}
	case TokenWrongAudience:
		g.Audience = []string{"billing"}
	case TokenWrongIssuer:
		g.Issuer = ForeignIssuer
	case TokenPartner:
		g.Issuer = PartnerIssuer
		change = unknownKey
	case TokenBadSignature:
		change = func(text string) (string, error) { return m.foreignSignature(ctx, text, g) }
	case TokenAlgNone:
		change = func(text string) (string, error) {
			return rehead(text, map[string]any{"alg": "none"}, func(string) ([]byte, error) { return nil, nil })
		}
	case TokenHS256:
		change = func(text string) (string, error) { return m.confuse(ctx, text) }
	case TokenUnknownKid:
		change = unknownKey
	case TokenWrongType:
		change = func(text string) (string, error) { return m.resign(ctx, text, "logout+jwt", nil) }
	case TokenMalformed:
		change = func(text string) (string, error) {
			header, rest, _ := strings.Cut(text, ".")
			return header[:len(header)/2] + "." + rest, nil
		}
	default:
		return "", fmt.Errorf("there is no such kind")
	}
	issued, err := m.Keyring.Issue(ctx, g)
	if err != nil {
		return "", err
	}
	return change(issued.Token)
}

// resign signs the claims of a token anew, with another typ or other claims.
func (m *Maker) resign(ctx context.Context, text, typ string, claims map[string]any) (string, error) {
	signer, err := m.Keyring.Signer(ctx)
	if err != nil {
		return "", err
	}
	all, err := claimsOf(text)
	if err != nil {
		return "", err
	}
	for name, value := range claims {
		all[name] = value
	}
	return signer.Sign(all, typ)
}

// foreignSignature puts the signature of another token below text.
func (m *Maker) foreignSignature(ctx context.Context, text string, g token.Grant) (string, error) {
	g.Subject = "somebody-else"
	other, err := m.Keyring.Issue(ctx, g)
	if err != nil {
		return "", err
	}
	return text[:strings.LastIndexByte(text, '.')] + other.Token[strings.LastIndexByte(other.Token, '.'):], nil
}

// confuse signs by HMAC with the public key as the secret: the attack on
// verifiers that believe the alg of the token (RFC 8725 section 2.1).
func (m *Maker) confuse(ctx context.Context, text string) (string, error) {
	published, err := m.Keyring.PublicKeySet(ctx)
	if err != nil {
		return "", err
	}
	key, err := publicPEM(published)
	if err != nil {
		return "", err
	}
	return rehead(text, map[string]any{"alg": "HS256"}, func(signed string) ([]byte, error) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return mac.Sum(nil), nil
	})
}

// publicPEM is the first EC key of a JWK Set as anybody could write it down.
func publicPEM(set []byte) ([]byte, error) {
	var doc struct {
		Keys []struct{ X, Y string }
	}
	if err := json.Unmarshal(set, &doc); err != nil || len(doc.Keys) == 0 {
		return nil, fmt.Errorf("no published key: %w", err)
	}
	x, err := base64.RawURLEncoding.DecodeString(doc.Keys[0].X)
	if err != nil {
		return nil, err
	}
	y, err := base64.RawURLEncoding.DecodeString(doc.Keys[0].Y)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// unknownKey signs the claims by a fresh key of the right kind.
func unknownKey(text string) (string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	stranger, err := token.NewSigningKey("nobody", token.ES256, private)
	if err != nil {
		return "", err
	}
	claims, err := claimsOf(text)
	if err != nil {
		return "", err
	}
	return stranger.Sign(claims, "at+jwt")
}

// rehead changes members of the header and signs by sign.
func rehead(text string, members map[string]any, sign func(signed string) ([]byte, error)) (string, error) {
	parts := strings.Split(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return "", err
	}
	header := map[string]any{}
	if err := json.Unmarshal(raw, &header); err != nil {
		return "", err
	}
	for name, value := range members {
		header[name] = value
	}
	if raw, err = json.Marshal(header); err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(raw) + "." + parts[1]
	signature, err := sign(signed)
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func claimsOf(text string) (map[string]any, error) {
	parts := strings.Split(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	return claims, json.Unmarshal(raw, &claims)
}
