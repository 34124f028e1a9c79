package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lifetimes of access tokens. A stolen one works until it expires.
const (
	DefaultTTL = 5 * time.Minute
	MaxTTL     = time.Hour
)

// A Grant says what an access token shall say (RFC 9068 section 2.2).
type Grant struct {
	Issuer   string   // iss; required
	Subject  string   // sub; required
	Audience []string // aud; required

	// ClientID is client_id, which RFC 9068 requires. Empty means the subject,
	// who then acts without a client between.
	ClientID string

	Scopes []string // scope
	Groups []string // groups (RFC 9068 section 2.2.3.1)

	// TTL is how long the token is good; 0 means DefaultTTL; at most MaxTTL.
	TTL time.Duration

	// At is when it is issued; zero means now.
	At time.Time

	// NotBefore is nbf; zero leaves it out.
	NotBefore time.Time

	// AuthTime is auth_time: when the subject proved who they are; zero leaves it
	// out.
	AuthTime time.Time

	ACR string   // acr: how strong that proof was
	AMR []string // amr: by which means

	// ID is jti; empty means a random one.
	ID string

	// Extra is further claims. It cannot name one of those above.
	Extra map[string]any
}

// Issued is a token and what to remember of it: by its ID it can be revoked.
type Issued struct {
	Token    string
	ID       string
	IssuedAt time.Time
	Expires  time.Time
}

// IsGivenID tells whether id has the form of the jti that Issue gives where a Grant
// names none: that of crypto/rand.Text. Nobody can tell more of a token that was
// never seen.
func IsGivenID(id string) bool {
	const length, letters = 26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	return len(id) == length && strings.Trim(id, letters) == ""
}

// Issue makes an access token of the shape of RFC 9068, with typ at+jwt.
func (k *SigningKey) Issue(g Grant) (Issued, error) {
	claims, out, err := g.claims()
	if err != nil {
		return Issued{}, fmt.Errorf("issuing a token: %w", err)
	}
	if out.Token, err = k.Sign(claims, "at+jwt"); err != nil {
		return Issued{}, err
	}
	return out, nil
}

func (g *Grant) claims() (map[string]any, Issued, error) {
	var faults []error
	if g.Issuer == "" {
		faults = append(faults, errors.New("issuer is missing"))
	}
	if g.Subject == "" {
		faults = append(faults, errors.New("subject is missing"))
	}
	if len(g.Audience) == 0 || slices.Contains(g.Audience, "") {
		faults = append(faults, errors.New("audience is missing"))
	}
	for _, scope := range g.Scopes {
		if !validScope(scope) {
			faults = append(faults, fmt.Errorf("scope %s is not a scope token", quote(scope)))
		}
	}
	ttl := g.TTL
	switch {
	case ttl == 0:
		ttl = DefaultTTL
	case ttl < time.Second || ttl > MaxTTL:
		faults = append(faults, fmt.Errorf("ttl %s is not between 1s and %s", ttl, MaxTTL))
	}
	at := g.At
	if at.IsZero() {
		at = clock(nil)
	}
	at = at.Truncate(time.Second).UTC()
	out := Issued{ID: g.ID, IssuedAt: at, Expires: at.Add(ttl).Truncate(time.Second)}
	if out.ID == "" {
		out.ID = rand.Text()
	}
	claims := map[string]any{
		"iss": g.Issuer, "sub": g.Subject, "jti": out.ID,
		"iat": at.Unix(), "exp": out.Expires.Unix(),
		"client_id": g.ClientID,
	}
	if g.ClientID == "" {
		claims["client_id"] = g.Subject
	}
	if len(g.Audience) == 1 {
		claims["aud"] = g.Audience[0] // what every reader understands
	} else {
		claims["aud"] = g.Audience
	}
	if len(g.Scopes) > 0 {
		claims["scope"] = strings.Join(g.Scopes, " ")
	}
	if len(g.Groups) > 0 {
		claims["groups"] = g.Groups
	}
	if !g.NotBefore.IsZero() {
		claims["nbf"] = g.NotBefore.Unix()
	}
	if !g.AuthTime.IsZero() {
		claims["auth_time"] = g.AuthTime.Unix()
	}
	if g.ACR != "" {
		claims["acr"] = g.ACR
	}
	if len(g.AMR) > 0 {
		claims["amr"] = g.AMR
	}
	for name, value := range g.Extra {
		if slices.Contains(grantClaims, name) {
			faults = append(faults, fmt.Errorf("extra claim %s has a field of its own", quote(name)))
			continue
		}
		claims[name] = value
	}
	if len(faults) > 0 {
		return nil, Issued{}, errors.Join(faults...)
	}
	return claims, out, nil
}

// grantClaims are the claims that Extra must not set, absent or not: a scope
// that was not granted must not come in by another door.
var grantClaims = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "azp",
	"scope", "scp", "groups", "auth_time", "acr", "amr",
}

// validScope is scope-token = 1*( %x21 / %x23-5B / %x5D-7E )   (RFC 6749 3.3)
func validScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '\\' || c > '~' {
			return false
		}
	}
	return s != ""
}
