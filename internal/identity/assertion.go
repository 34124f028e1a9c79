package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gate401/gate401"
)

// Type is typ in the header of an Assertion. No access token has it, no ID token
// and no proof of a client, so that none of those who verify them takes one of
// ours (RFC 8725 section 3.11).
const Type = "gate401-identity+jwt"

// DefaultHeader and DefaultTTL of an Assertion.
const (
	DefaultHeader = "Gate401-Token"
	DefaultTTL    = time.Minute
)

// Claim is a part of an Assertion that can be left out.
type Claim string

// The claims beside iss, sub, aud, iat, exp and jti, which are always there.
const (
	ClaimGroups   Claim = "groups"    // RFC 7643 section 4.1.2, by way of RFC 9068
	ClaimScope    Claim = "scope"     // RFC 8693 section 4.2
	ClaimAuthTime Claim = "auth_time" // OpenID Connect Core 1.0 section 2
	ClaimACR      Claim = "acr"       // the same
	ClaimAMR      Claim = "amr"       // the same, with the values of RFC 8176
	ClaimClient   Claim = "client_id" // RFC 8693 section 4.3
	ClaimMethod   Claim = "method"    // ours: the kind of method
	ClaimSubject  Claim = "sub_id"    // RFC 9493: who somebody is at whoever vouched for them
)

// Claims are all that can be chosen.
func Claims() []Claim {
	return []Claim{ClaimGroups, ClaimScope, ClaimAuthTime, ClaimACR, ClaimAMR, ClaimClient, ClaimMethod, ClaimSubject}
}

// Signer signs; token.SigningKey is one.
type Signer interface {
	// ID names the key.
	ID() string
	// Sign makes a compact JWS of the claims, with typ in its header.
	Sign(claims any, typ string) (string, error)
}

// Assertion tells the upstream who is asking in a JWT (RFC 7519) that the gate
// signs for it alone. One is used again for whoever is the same in all that it
// says, until half its life is over. Do not copy it, and do not change its
// fields, after first use; it is safe for concurrent use.
type Assertion struct {
	// Header is the field; empty means DefaultHeader. In Authorization it is a
	// bearer token.
	Header string
	// Issuer and Audience are iss and aud. Required.
	Issuer, Audience string
	// Audiences are aud for single rules, by their names: what one upstream was sent,
	// another one must not be able to use (RFC 9700 section 2.3).
	Audiences map[string]string
	// TTL is how long one is good; 0 means DefaultTTL.
	TTL time.Duration
	// Claims are those that it has if they are known; nil means all.
	Claims []Claim
	// Subject is sub of somebody for whom another issuer vouched: two of one name
	// must not become one (RFC 7519 section 4.1.2). Required.
	Subject func(issuer, subject string) string
	// Signer returns the key that signs now. Required.
	Signer func(ctx context.Context) (Signer, error)
	// Epoch moves when something may have been withdrawn: nothing is used again
	// that was signed before. nil never moves.
	Epoch func() uint64
	// Now is the clock, nil means time.Now; Rand the randomness, nil means that of
	// crypto/rand.
	Now  func() time.Time
	Rand io.Reader

	kept kept
}

// Check tells what is missing or wrong.
func (a *Assertion) Check() error {
	switch {
	case a.Header != "" && !isToken(a.Header):
		return fmt.Errorf("identity token: %q is no field name", a.Header)
	case a.Issuer == "" || a.Audience == "":
		return errors.New("identity token: the issuer or the audience is missing")
	case a.Subject == nil || a.Signer == nil:
		return errors.New("identity token: nobody signs it, or names its subject")
	case a.TTL < 0 || a.TTL > 0 && a.TTL < time.Second:
		return fmt.Errorf("identity token: %s is no life", a.TTL)
	}
	for rule, audience := range a.Audiences {
		if audience == "" {
			return fmt.Errorf("identity token: the audience is missing for the rule %q", rule)
		}
	}
	for _, c := range a.Claims {
		if !slices.Contains(Claims(), c) {
			return fmt.Errorf("identity token: unknown claim %q, want some of %q", c, Claims())
		}
	}
	return nil
}

// Name is the field, in canonical spelling.
func (a *Assertion) Name() string {
	if a.Header == "" {
		return DefaultHeader
	}
	return http.CanonicalHeaderKey(a.Header)
}

// Value of the field for what was decided; empty where nobody was identified. An
// error means that nobody can be told now.
func (a *Assertion) Value(ctx context.Context, d *gate401.Decision) (string, error) {
	id := d.Identity
	if id == nil {
		return "", nil
	}
	key, err := a.Signer(ctx)
	if err != nil {
		return "", fmt.Errorf("finding the key that signs for the upstream: %w", err)
	}
	var epoch uint64
	if a.Epoch != nil {
		epoch = a.Epoch()
	}
	audience, own := a.Audiences[d.Rule]
	if !own {
		audience = a.Audience
	}
	var buffer [512]byte
	e := a.kept.of(bounded(about(part(buffer[:0], audience), id)))
	now := a.now()
	if s := e.last.Load(); s.good(key.ID(), epoch, now) {
		return s.value, nil
	}
	// One signs, and whoever asks for the same meanwhile takes what it made.
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.last.Load(); s.good(key.ID(), epoch, now) {
		return s.value, nil
	}
	s, err := a.sign(key, id, audience, now)
	if err != nil {
		return "", fmt.Errorf("signing for the upstream: %w", err)
	}
	s.epoch = epoch
	e.last.Store(s)
	return s.value, nil
}

func (a *Assertion) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}

// least is how long one is good even if the credential ends sooner: the request
// was let through, and has to get there.
const least = 5 * time.Second

func (a *Assertion) sign(key Signer, id *gate401.Identity, audience string, now time.Time) (*signed, error) {
	random := a.Rand
	if random == nil {
		random = rand.Reader
	}
	var jti [16]byte
	if _, err := io.ReadFull(random, jti[:]); err != nil {
		return nil, fmt.Errorf("making an id: %w", err)
	}
	ttl := a.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if left := id.Expires.Sub(now); !id.Expires.IsZero() && left < ttl {
		ttl = min(ttl, max(left, least))
	}
	at := now.Truncate(time.Second)
	claims, err := a.claims(id)
	if err != nil {
		return nil, err
	}
	claims["aud"] = audience
	claims["iat"], claims["exp"], claims["jti"] = at.Unix(), at.Add(ttl).Unix(), hex.EncodeToString(jti[:])
	value, err := key.Sign(claims, Type)
	if err != nil {
		return nil, err
	}
	if a.Name() == "Authorization" {
		value = "Bearer " + value
	}
	return &signed{key: key.ID(), from: at, until: at.Add(ttl / 2), value: value}, nil
}

// claims are all but those that say when, and for whom.
func (a *Assertion) claims(id *gate401.Identity) (map[string]any, error) {
	// JSON has no words for other octets: two subjects could become one.
	if !utf8.ValidString(id.Subject) || !utf8.ValidString(id.Issuer) {
		return nil, errors.New("the subject or its issuer is not UTF-8, which a JWT cannot hold")
	}
	c := map[string]any{"iss": a.Issuer, "sub": id.Subject}
	if id.Issuer != "" {
		c["sub"] = a.Subject(id.Issuer, id.Subject)
	}
	set := func(name Claim, value any, known bool) {
		if known && a.has(name) {
			c[string(name)] = value
		}
	}
	set(ClaimSubject, map[string]string{"format": "iss_sub", "iss": id.Issuer, "sub": id.Subject}, id.Issuer != "")
	groups, scopes, amr := only(id.Groups, utf8.ValidString), only(id.Scopes, isScope), only(means(id), utf8.ValidString)
	set(ClaimGroups, groups, len(groups) > 0)
	set(ClaimScope, strings.Join(scopes, " "), len(scopes) > 0)
	set(ClaimAuthTime, id.AuthTime.Unix(), !id.AuthTime.IsZero())
	set(ClaimACR, text(id, "acr"), text(id, "acr") != "")
	set(ClaimAMR, amr, len(amr) > 0)
	set(ClaimClient, text(id, "client_id"), text(id, "client_id") != "")
	set(ClaimMethod, id.Method, id.Method != "")
	return c, nil
}

func (a *Assertion) has(c Claim) bool { return a.Claims == nil || slices.Contains(a.Claims, c) }

// only is what of list can be told. What cannot is left out and not refused: to
// know less of somebody never lets them do more, and the rest still holds.
func only(list []string, can func(string) bool) []string {
	for i, s := range list {
		if can(s) {
			continue
		}
		out := slices.Clone(list[:i])
		for _, s := range list[i+1:] {
			if can(s) {
				out = append(out, s)
			}
		}
		return out
	}
	return list
}

// isScope tells whether s stays one among others with spaces between (RFC 8693
// section 4.2), for those too who take more than U+0020 for a space.
func isScope(s string) bool {
	return s != "" && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}

// text is a claim of the credential that is a string which a JWT can hold.
func text(id *gate401.Identity, name string) string {
	s, _ := id.Claims[name].(string)
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}

// means are the authentication methods (RFC 8176).
func means(id *gate401.Identity) []string {
	switch all := id.Claims["amr"].(type) {
	case []string:
		return all
	case []any:
		var out []string
		for _, x := range all {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	if id.Method == "basic" || id.Method == "digest" {
		return password
	}
	return nil
}

var password = []string{"pwd"}
