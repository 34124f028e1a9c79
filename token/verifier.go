package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/reason"
)

// Bounds of the difference between clocks that is forgiven.
const (
	DefaultLeeway = 30 * time.Second
	MaxLeeway     = 5 * time.Minute
)

// MaxKeyTries is how many keys are tried on one token, when it names none or the
// set has several of that name. One request must not cost any number of
// signature verifications.
const MaxKeyTries = 4

// A Profile says which tokens are good. Its zero value accepts none: what is not
// said is not allowed.
type Profile struct {
	// Keys finds the keys of the issuer. Required.
	Keys KeySource

	// Issuer is the exact iss of the tokens (RFC 7519 section 4.1.1). Required,
	// unless DangerouslyAnyIssuer.
	Issuer string

	// Audience names us: a token must be for one of these (RFC 7519 section
	// 4.1.3). Required, unless DangerouslyAnyAudience.
	Audience []string

	// Algorithms is the allow-list, by exact name. Empty means RS, PS and ES with
	// 256, 384 and 512, and EdDSA. HS256 must be named, and then works only with
	// keys from [NewSecretKey] or [ParseLocalKeySet]. There is no way to allow
	// "none".
	Algorithms []string

	// Types is what typ in the header may be, without "application/" and in any
	// case; "" stands for no typ at all. Empty means at+jwt (RFC 9068), JWT, and
	// none, and then tokens that show themselves to be something else, such as ID
	// tokens, refresh tokens and logout tokens of common issuers, are refused
	// too. Name the type where the issuer sets one: it is what keeps tokens of
	// one kind from being used as another (RFC 8725 section 3.11).
	Types []string

	// Leeway forgives clocks that disagree, at exp, nbf and iat. 0 means
	// DefaultLeeway, a negative value none; at most MaxLeeway.
	Leeway time.Duration

	// DangerouslyAllowNoExpiry accepts tokens without exp: they are good for ever.
	DangerouslyAllowNoExpiry bool

	// DangerouslyAnyIssuer accepts whatever iss a rightly signed token has.
	DangerouslyAnyIssuer bool

	// DangerouslyAnyAudience accepts tokens that were made for somebody else.
	DangerouslyAnyAudience bool

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Verifier judges tokens by one [Profile]. It is immutable, and safe to be used
// by many goroutines.
type Verifier struct {
	profile Profile
	algs    algSet
	types   []string
	strict  bool // types were given: what they allow is allowed
	leeway  time.Duration
}

// Leeway is how long after its expiry a token is still accepted.
func (v *Verifier) Leeway() time.Duration { return v.leeway }

// New compiles a profile. It returns every fault that it finds, joined.
func New(p Profile) (*Verifier, error) {
	v := &Verifier{profile: p, leeway: p.Leeway, strict: len(p.Types) > 0}
	v.profile.Audience = slices.Clone(p.Audience)
	var faults []error
	if p.Keys == nil {
		faults = append(faults, errors.New("keys are missing"))
	}
	if p.Issuer == "" && !p.DangerouslyAnyIssuer {
		faults = append(faults, errors.New("issuer is missing"))
	}
	if len(p.Audience) == 0 && !p.DangerouslyAnyAudience {
		faults = append(faults, errors.New("audience is missing"))
	}
	if slices.Contains(p.Audience, "") {
		faults = append(faults, errors.New("audience is empty"))
	}
	algs, err := parseAlgs(p.Algorithms)
	if err != nil {
		faults = append(faults, err)
	}
	v.algs = algs
	for _, t := range p.Types {
		v.types = append(v.types, mediaType(t))
	}
	if !v.strict {
		v.types = accessTypes()
	}
	switch {
	case p.Leeway == 0:
		v.leeway = DefaultLeeway
	case p.Leeway < 0:
		v.leeway = 0
	case p.Leeway > MaxLeeway:
		faults = append(faults, fmt.Errorf("leeway %s is more than %s", p.Leeway, MaxLeeway))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("token profile: %w", errors.Join(faults...))
	}
	return v, nil
}

// accessTypes are the types of access tokens where a profile names none.
func accessTypes() []string { return []string{"at+jwt", "jwt", ""} }

// NotAccess says what a token shows itself to be when a [Verifier] whose profile
// names no types refuses it for that; empty for an access token.
func (c *Claims) NotAccess() string {
	typ := mediaType(c.Type)
	switch {
	case !slices.Contains(accessTypes(), typ):
		return "its type is " + quote(c.Type)
	case c.other != "" && typ != "at+jwt":
		return "it is " + c.other
	}
	return ""
}

// mediaType is typ as it is compared: media types ignore case, and
// "application/" may be left out (RFC 7515 section 4.1.9).
func mediaType(typ string) string {
	typ = strings.ToLower(typ)
	if short, ok := strings.CutPrefix(typ, "application/"); ok && !strings.Contains(short, "/") {
		return short
	}
	return typ
}

// An Unverified token was read, not believed. It serves to choose a [Verifier].
type Unverified struct {
	jws    jws
	claims *Claims
}

// Parse reads a token and judges its shape alone.
func Parse(text string) (*Unverified, error) {
	u := new(Unverified)
	if err := u.parse(text); err != nil {
		return nil, err
	}
	return u, nil
}

func (u *Unverified) parse(text string) error {
	if err := u.jws.parse(text); err != nil {
		return err
	}
	return u.parseClaims()
}

func (u *Unverified) parseClaims() error {
	u.claims = new(Claims) // on its own: it outlives the token
	if err := u.claims.parse(u.jws.payload); err != nil {
		return malformed("payload: %w", err)
	}
	u.claims.Type, u.claims.KeyID, u.claims.Alg = u.jws.header.typ, u.jws.header.kid, u.jws.header.alg
	return nil
}

// Issuer is what the token says of its issuer: it may be used to choose whose
// keys to try, and for nothing else before the signature was verified.
func (u *Unverified) Issuer() string { return u.claims.Issuer }

// Verify judges a token. On any error the claims are nil.
func (v *Verifier) Verify(ctx context.Context, text string) (*Claims, error) {
	var u Unverified
	// The algorithm is looked at before the payload is read.
	if err := u.jws.parse(text); err != nil {
		return nil, err
	}
	if _, err := u.jws.header.algorithm(v.algs); err != nil {
		return nil, err
	}
	if err := u.parseClaims(); err != nil {
		return nil, err
	}
	return v.VerifyParsed(ctx, &u)
}

// VerifyParsed is Verify for a token that was read already.
func (v *Verifier) VerifyParsed(ctx context.Context, u *Unverified) (*Claims, error) {
	alg, err := u.jws.header.algorithm(v.algs)
	if err != nil {
		return nil, err
	}
	if !v.profile.DangerouslyAnyIssuer && u.claims.Issuer != v.profile.Issuer {
		return nil, refuse(reason.TokenIssuerUnknown, "issuer is %s, expected %s", quote(u.claims.Issuer), quote(v.profile.Issuer))
	}
	if err := u.jws.verify(ctx, v.profile.Keys, alg); err != nil {
		return nil, err
	}
	if err := v.judge(u.claims); err != nil {
		return nil, err
	}
	return u.claims, nil
}

// verify finds the keys and tries them.
func (j *jws) verify(ctx context.Context, source KeySource, alg algID) error {
	keys, err := source.Keys(ctx, j.header.kid, j.header.alg)
	if errors.Is(err, ErrKeyUnknown) {
		return &Error{Reason: reason.TokenKeyUnknown, Err: err}
	}
	if err != nil {
		return fmt.Errorf("finding the key of a token: %w", err)
	}
	if len(keys) == 0 {
		return &Error{Reason: reason.TokenKeyUnknown, Err: ErrKeyUnknown}
	}
	tries := 0
	for _, k := range keys {
		if !k.algs.has(alg) {
			continue
		}
		if tries++; tries > MaxKeyTries {
			break
		}
		if err = k.verify(alg, j.signed, j.sig); err == nil {
			return nil
		}
	}
	switch {
	case tries == 0:
		return refuse(reason.TokenAlgorithmRefused, "algorithm is %s, but %s", j.header.alg, keys[0])
	case tries > MaxKeyTries:
		return refuse(reason.TokenSignatureInvalid, "kid %s: none of the first %d keys fits, of %d: %w", quote(j.header.kid), MaxKeyTries, len(keys), err)
	}
	return refuse(reason.TokenSignatureInvalid, "kid %s, algorithm %s: %w", quote(j.header.kid), j.header.alg, err)
}

// judge checks what a token with a right signature says.
func (v *Verifier) judge(c *Claims) error {
	no := func(code reason.Code, format string, args ...any) error {
		return &Error{Reason: code, Err: fmt.Errorf(format, args...), Claims: c}
	}
	if typ := mediaType(c.Type); !slices.Contains(v.types, typ) {
		return no(reason.TokenTypeWrong, "type is %s, expected one of %q", quote(c.Type), v.types)
	} else if c.other != "" && !v.strict && typ != "at+jwt" {
		return no(reason.TokenTypeWrong, "it is %s, expected an access token", c.other)
	}
	now := clock(v.profile.Now)
	switch {
	case c.Expires.IsZero():
		if !v.profile.DangerouslyAllowNoExpiry {
			return no(reason.TokenMalformed, "exp is missing: the token would be good for ever")
		}
	case !now.Before(c.Expires.Add(v.leeway)):
		return no(reason.TokenExpired, "expired %s, now %s, leeway %s", when(c.Expires, now), stamp(now), v.leeway)
	}
	if now.Before(c.NotBefore.Add(-v.leeway)) {
		return no(reason.TokenNotYetValid, "valid from (nbf) %s, now %s, leeway %s: does the issuer's clock agree with ours?", when(c.NotBefore, now), stamp(now), v.leeway)
	}
	if now.Before(c.IssuedAt.Add(-v.leeway)) {
		return no(reason.TokenNotYetValid, "issued (iat) %s, now %s, leeway %s: does the issuer's clock agree with ours?", when(c.IssuedAt, now), stamp(now), v.leeway)
	}
	if v.profile.DangerouslyAnyAudience {
		return nil
	}
	for _, aud := range c.Audience {
		if slices.Contains(v.profile.Audience, aud) {
			return nil
		}
	}
	return no(reason.TokenAudienceWrong, "audience is %s, expected one of %q", quoteList(c.Audience), v.profile.Audience)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quoteList bounds how much of a token a message repeats.
func quoteList(list []string) string {
	if len(list) == 0 {
		return "missing"
	}
	const most = 5
	var b strings.Builder
	for i, s := range list {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(list)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(s))
	}
	return b.String()
}

// VerifySignature checks the signature of a compact JWS (RFC 7515) and nothing
// else: not who made it, for whom, or when. The payload may be anything and is
// returned. algorithms is as in [Profile]. It is for looking at tokens, never
// for letting somebody in.
func VerifySignature(ctx context.Context, text string, keys KeySource, algorithms []string) ([]byte, error) {
	algs, err := parseAlgs(algorithms)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		return nil, errors.New("keys are missing")
	}
	var j jws
	if err := j.parse(text); err != nil {
		return nil, err
	}
	alg, err := j.header.algorithm(algs)
	if err != nil {
		return nil, err
	}
	if err := j.verify(ctx, keys, alg); err != nil {
		return nil, err
	}
	return []byte(j.payload), nil
}
