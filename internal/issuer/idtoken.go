package issuer

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// IDSigner is a Signer that also signs ID tokens; *token.SigningKey is one.
type IDSigner interface {
	Signer
	// Sign makes a compact JWS of the claims.
	Sign(claims any, typ string) (string, error)
	// Alg is the name of the algorithm.
	Alg() string
}

// identify adds an ID token (OpenID Connect Core 1.0 section 2) to a grant whose
// scopes ask for one. nonce is that of the authorization request; at a refresh
// there is none (section 12.2).
func (s *Issuer) identify(ctx context.Context, g *Grant, f *store.TokenFamily, nonce string, now time.Time) error {
	if !slices.Contains(g.Scopes, ScopeOpenID) {
		return nil
	}
	signer, err := s.Signer(ctx)
	if err != nil {
		return fmt.Errorf("finding the signing key: %w", err)
	}
	key, ok := signer.(IDSigner)
	if !ok {
		return errors.New("issuing an ID token: the signing key signs access tokens alone")
	}
	// As long as the access token of the same answer: it says who logged in, and
	// is not renewed to prove that they still are.
	claims := map[string]any{
		"iss": s.Name, "sub": SubjectOf(f.Issuer, f.Subject), "aud": f.Client, "azp": f.Client,
		"iat": now.Unix(), "exp": g.Access.Expires.Unix(), "auth_time": f.AuthTime.Unix(), FamilyClaim: f.ID,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if f.ACR != "" {
		claims["acr"] = f.ACR
	}
	if len(f.AMR) > 0 {
		claims["amr"] = f.AMR
	}
	if hash, ok := halfHash(key.Alg(), g.Access.Token); ok {
		claims["at_hash"] = hash
	}
	if g.IDToken, err = key.Sign(claims, "JWT"); err != nil {
		return fmt.Errorf("issuing an ID token: %w", err)
	}
	return nil
}

// halfHash is at_hash of an access token (OpenID Connect Core 1.0 section
// 3.1.3.6): the left half of its hash, by the hash of the algorithm.
func halfHash(alg, text string) (string, bool) {
	switch alg {
	case "ES256", "RS256", "PS256":
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:16]), true
	case "EdDSA":
		sum := sha512.Sum512([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:32]), true
	}
	return "", false
}
