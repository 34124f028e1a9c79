package authn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

const methodBearer = "bearer"

// DefaultRefusedEntries is how many refused tokens are remembered.
const DefaultRefusedEntries = 10_000

// Bearer takes all credentials of the scheme Bearer (RFC 6750 section 2.1): the
// gate's own API keys and the tokens of any number of issuers. It chooses by the
// form of the credential and, for a JWT, by the issuer that it names, and never
// tries a second verifier. Do not copy it, and do not change its fields, after
// first use.
type Bearer struct {
	// Realm names what the token is for (RFC 9110 section 11.5).
	Realm string
	// Keys verifies API keys; nil takes none. It must be that of the [APIKey]
	// method of the same rule, if there is one.
	Keys *Keys
	// Tokens verify JWTs, each those of one issuer.
	Tokens []TokenVerifier
	// ResourceMetadata is the URL of the metadata of this resource (RFC 9728
	// section 5.1), for the challenge, where it is the same for all rules; empty
	// leaves it to the Resource of each rule.
	ResourceMetadata string
	// Remember is for how long a good token is not verified again, at most until
	// it expires; 0 means DefaultRemember, a negative value never remembers.
	Remember time.Duration
	// RememberRefused is the same for tokens whose signature or content was
	// found wrong; 0 means DefaultRememberRefused.
	RememberRefused time.Duration
	// Entries is about how many good tokens are remembered; 0 means
	// DefaultEntries. One takes some 70 octets; those that were used last are kept
	// ready to use besides, in some 32 MiB at most. The claims of any other are
	// read again from the token, which was verified.
	Entries int
	// RefusedEntries is the same for refused ones, which are kept apart so that
	// a flood of them pushes no good one out; 0 means DefaultRefusedEntries.
	RefusedEntries int

	once    sync.Once
	faulty  error
	hash    fingerprint
	known   *memory[knownToken]               // those that are ready to use
	all     *table[tokenFacts, TokenVerifier] // all that are remembered; nil if the others are all
	refused *memory[knownToken]
	byIssue map[string]*TokenVerifier
	other   *TokenVerifier // for issuers that nobody else has; nil for none
	asks    bearerChallenge
}

var (
	_ gate401.Authenticator = (*Bearer)(nil)
	_ gate401.Recaller      = (*Bearer)(nil)
	_ gate401.Misser        = (*Bearer)(nil)
)

// knownToken is what came of a token: an identity or a refusal.
type knownToken struct {
	id       *gate401.Identity
	err      error
	ends     time.Time
	verifier *TokenVerifier
	epoch    uint64
	size     int // of the token
}

// weight is about what it takes in memory.
func (m *knownToken) weight() uint32 {
	return uint32(600 + 3*m.size)
}

// tokenFacts is what must be remembered of a good token besides who judged it:
// the rest is in the token.
type tokenFacts struct{ epoch uint64 }

type tokenCredential struct {
	text    string
	key     [32]byte
	known   *knownToken // nil if it is not remembered as a good one
	refused *knownToken // nil if it is not remembered as a bad one
}

// Method returns "bearer".
func (c *tokenCredential) Method() string { return methodBearer }

// Account names none before the signature was verified, and a signature cannot
// be guessed.
func (c *tokenCredential) Account() (string, bool) { return "", false }

// Key identifies the token.
func (c *tokenCredential) Key() [32]byte { return c.key }

// String keeps the token out of logs.
func (c *tokenCredential) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (c *tokenCredential) GoString() string { return "[redacted]" }

func (b *Bearer) setup() {
	b.hash = newFingerprint()
	b.known, b.all = b.memories()
	entries := b.RefusedEntries
	if entries <= 0 {
		entries = DefaultRefusedEntries
	}
	b.refused = newMemory[knownToken](b.RememberRefused, entries)
	b.asks = newBearerChallenge(b.Realm, b.ResourceMetadata)
	b.byIssue = make(map[string]*TokenVerifier, len(b.Tokens))
	var faults []error
	for i := range b.Tokens {
		v := &b.Tokens[i]
		if err := v.validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		if v.DangerouslyAnyIssuer {
			if b.other != nil {
				faults = append(faults, errors.New("two token verifiers for any issuer"))
			}
			b.other = v
			continue
		}
		if b.byIssue[v.Issuer] != nil {
			faults = append(faults, fmt.Errorf("two token verifiers for the issuer %q", v.Issuer))
		}
		b.byIssue[v.Issuer] = v
	}
	if b.Keys == nil && len(b.Tokens) == 0 {
		faults = append(faults, errors.New("nothing to verify with: neither keys nor tokens"))
	}
	if len(faults) > 0 {
		b.faulty = fmt.Errorf("bearer method: %w", errors.Join(faults...))
	}
}

// memories for good tokens: few are all ready to use.
func (b *Bearer) memories() (*memory[knownToken], *table[tokenFacts, TokenVerifier]) {
	entries := b.Entries
	if entries <= 0 {
		entries = DefaultEntries
	}
	if b.Remember < 0 || entries <= readyFew {
		return newMemory[knownToken](b.Remember, entries), nil
	}
	return newWeighed(readyTokens, (*knownToken).weight), newTable[tokenFacts, TokenVerifier](entries)
}

// Issuers are the issuers whose tokens it takes, as clients find them to get one
// (RFC 9728 section 2, authorization_servers). The gate itself is among them where
// it answers the addresses that a client looks for there.
func (b *Bearer) Issuers() []string {
	var out, last []string
	for i := range b.Tokens {
		switch v := &b.Tokens[i]; {
		case v.Issuer == "" || v.Own && !v.Discoverable:
		case v.Own && v.Programs:
			last = append(last, v.Issuer)
		default:
			out = append(out, v.Issuer)
		}
	}
	return append(out, last...)
}

// Missing is the reason for a request without a credential: a Bearer that takes
// API keys alone misses a key.
func (b *Bearer) Missing() reason.Code {
	if b.Keys != nil && len(b.Tokens) == 0 {
		return reason.APIKeyMissing
	}
	return reason.CredentialsMissing
}

// Validate tells, at load, what is wrong with the fields. Until it is put right
// nothing is verified (503).
func (b *Bearer) Validate() error {
	b.once.Do(b.setup)
	return b.faulty
}

// Find takes the Authorization field if it has the scheme Bearer: exactly one
// space and a b64token. It refuses what is neither an API key nor a JWT as
// token-malformed.
func (b *Bearer) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	v := r.Header["Authorization"]
	if len(v) != 1 {
		return nil, false, nil
	}
	b.once.Do(b.setup)
	c := b.likely(v[0])
	if c != nil && (c.known != nil || c.refused != nil) {
		return c, true, nil // it was read before
	}
	text, err := httpauth.BearerToken(v[0])
	switch {
	case errors.Is(err, httpauth.ErrOtherScheme):
		return nil, false, nil
	case err != nil:
		return nil, false, unreadable(methodBearer, err)
	case looksLikeKey(text) && b.Keys == nil:
		return nil, false, deny(methodBearer, reason.TokenMalformed, "", errors.New("an API key, which this rule does not take"))
	case looksLikeKey(text):
		k, err := b.Keys.credential(text, false)
		if err != nil {
			return nil, false, err
		}
		return k, true, nil
	case c == nil:
		return nil, false, deny(methodBearer, reason.TokenMalformed, "", errors.New(notJWT(text)))
	}
	return c, true, nil
}

// likely takes what looks like a JWT at a glance, to see whether it is remembered
// before it is read octet by octet; nil if it does not look like one.
func (b *Bearer) likely(value string) *tokenCredential {
	const scheme = "Bearer "
	if len(value) > len(scheme)+token.MaxSize || len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return nil
	}
	text := value[len(scheme):]
	if strings.Count(text, ".") != 2 {
		return nil
	}
	c := &tokenCredential{text: text, key: b.hash.of(text)}
	if c.known, _ = b.known.GetIfPresent(c.key); c.known == nil {
		c.refused, _ = b.refused.GetIfPresent(c.key)
	}
	return c
}

// notJWT says why a b64token is not likely.
func notJWT(text string) string {
	switch n := strings.Count(text, "."); n {
	case 0:
		if strings.HasPrefix(text, token.RefreshTokenPrefix+"_") {
			return "a refresh token, which is for the token endpoint alone"
		}
		return "neither an API key nor a JWT: there is no dot in it"
	case 2:
		return fmt.Sprintf("the token has %d octets, more than %d", len(text), token.MaxSize)
	case 4:
		return "an encrypted token (JWE), which is not accepted"
	default:
		return fmt.Sprintf("it has %d parts, a JWT has 3", n+1)
	}
}

// Recall remembers good tokens until they expire, and refused ones for a moment,
// unless the keys of their issuer have changed.
func (b *Bearer) Recall(r *gate401.Request, c gate401.Credential) (*gate401.Identity, bool, error) {
	switch own := c.(type) {
	case *keyCredential:
		if b.Keys != nil {
			return b.Keys.recall(r, own)
		}
	case *tokenCredential:
		b.once.Do(b.setup)
		m := own.known
		if m == nil && own.refused == nil {
			m, _ = b.known.GetIfPresent(own.key)
		}
		if current(b.known, m, r, own) {
			return m.id, true, nil
		}
		if id := b.again(r, own); id != nil {
			return id, true, nil
		}
		if m = own.refused; m == nil {
			m, _ = b.refused.GetIfPresent(own.key)
		}
		if current(b.refused, m, r, own) {
			return nil, true, m.err
		}
	}
	return nil, false, nil
}

// current tells whether what is remembered still holds; if not it is forgotten.
func current(in *memory[knownToken], m *knownToken, r *gate401.Request, c *tokenCredential) bool {
	if m == nil {
		return false
	}
	if !r.Time.Before(m.ends) || m.verifier.epoch() != m.epoch {
		in.Invalidate(c.key)
		return false
	}
	return true
}

// again makes the identity of a token anew that is remembered, but was not kept
// ready: the same octets say the same. It returns nil if it does not hold.
func (b *Bearer) again(r *gate401.Request, c *tokenCredential) *gate401.Identity {
	facts, v, ends, ok := b.all.get(c.key)
	if !ok {
		return nil
	}
	if !r.Time.Before(ends) || v.epoch() != facts.epoch {
		b.all.remove(c.key)
		return nil
	}
	claims := token.Decode(c.text).Claims
	if claims == nil {
		return nil // cannot be: it was read before
	}
	m := &knownToken{id: v.identity(claims), ends: ends, verifier: v, epoch: facts.epoch, size: len(c.text)}
	b.known.Set(c.key, m)
	return m.id
}

// Verify verifies the credential by its kind.
func (b *Bearer) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	switch own := c.(type) {
	case *keyCredential:
		if b.Keys == nil {
			return nil, errNoKeys
		}
		return b.Keys.verify(ctx, r, own)
	case *tokenCredential:
		return b.verifyToken(ctx, r, own)
	}
	return nil, errors.New("a credential of another method")
}

// earlierName begins what is told of a token that the gate itself issued when it had
// another name. Nothing that a stranger wrote stands before it.
const earlierName = "the gate's own key signed it, under another name of the gate"

// unknown says what is wrong with an issuer that nobody knows.
func (b *Bearer) unknown(ctx context.Context, c *tokenCredential, issuer string) error {
	for i := range b.Tokens {
		if v := &b.Tokens[i]; v.Own && v.Signed != nil && v.Signed(ctx, c.text) {
			return fmt.Errorf("%s: issuer is %q, expected %q", earlierName, clip(issuer), v.Issuer)
		}
	}
	return fmt.Errorf("no verifier for the issuer %q", clip(issuer))
}

func (b *Bearer) verifyToken(ctx context.Context, r *gate401.Request, c *tokenCredential) (*gate401.Identity, error) {
	read, err := token.Parse(c.text)
	if err != nil {
		return nil, denied(methodBearer, err)
	}
	v := b.byIssue[read.Issuer()]
	if v == nil {
		v = b.other
	}
	if v == nil {
		return nil, deny(methodBearer, reason.TokenIssuerUnknown, "", b.unknown(ctx, c, read.Issuer()))
	}
	// Before the keys and records are read: what changes in between is noticed.
	m := &knownToken{verifier: v, epoch: v.epoch()}
	m.id, err = v.verify(ctx, read)
	if err != nil {
		err = denied(methodBearer, err)
		if lasts := b.refusedFor(err); lasts > 0 {
			m.err, m.ends = err, r.Time.Add(lasts)
			b.refused.Set(c.key, m)
		}
		return nil, err
	}
	if b.Remember >= 0 {
		m.ends, m.size = ending(r.Time, or(b.Remember, DefaultRemember), m.id.Expires), len(c.text)
		b.known.Set(c.key, m)
		b.all.set(c.key, tokenFacts{m.epoch}, v, m.ends, r.Time)
	}
	return m.id, nil
}

// refusedFor is for how long a refusal stays true whatever happens, and is
// worth remembering: those that cost a signature verification are, and those for
// which the whole token was read, because a client that is set up wrongly sends
// the same one again and again.
func (b *Bearer) refusedFor(err error) time.Duration {
	var d *gate401.Denial
	if b.RememberRefused < 0 || !errors.As(err, &d) {
		return 0
	}
	switch d.Reason {
	case reason.TokenSignatureInvalid, reason.TokenAudienceWrong, reason.TokenTypeWrong, reason.TokenExpired, reason.TokenAlgorithmRefused:
		return or(b.RememberRefused, DefaultRememberRefused)
	case reason.TokenNotYetValid, reason.TokenKeyUnknown:
		// The one becomes good by itself, and the leeway is not known here; the
		// keys of the other may be asked for again.
		return min(time.Second, or(b.RememberRefused, DefaultRememberRefused))
	default:
		return 0
	}
}

// Challenges asks for Bearer credentials; the error code, the scopes that would
// do and the age that is wanted are added where d is this method's own.
func (b *Bearer) Challenges(_ *gate401.Request, q *gate401.Requirement, d *gate401.Denial) []httpauth.Challenge {
	b.once.Do(b.setup)
	return b.asks.of(q, d)
}
