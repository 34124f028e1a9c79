package authn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

const methodDigest = "digest"

// DefaultDigestBody is the largest body that is hashed for auth-int.
const DefaultDigestBody = 1 << 20

// Digest takes the answer to a challenge instead of a password (RFC 7616). Do not
// copy it, and do not change its fields, after first use. The zero value finds
// nobody.
//
// Each answer counts once: a nonce is ours, lives for a short time, and every
// count of it is used once. All refusals of a password cost the same. What RFC
// 7616 does not have is refused as digest-malformed: answers without qop (RFC
// 2069), and algorithms and qualities that were not offered.
type Digest struct {
	// Name is what the configuration calls the method.
	Name string
	// Realm names what the password is for; it is hashed with the password.
	Realm string
	// Domain lists the URIs for which one answer is good (RFC 7616 section 3.3);
	// empty means all of the host.
	Domain []string
	// Algorithms are offered in a challenge each, the strongest first; empty
	// means SHA-256. Clients that do not know one pass it over, but curl 7.88
	// answers SHA-512-256 with SHA-256 and is refused.
	Algorithms []httpauth.DigestAlgorithm
	// QOP is what is offered; empty means auth. auth-int wants a surface that
	// has the body; of the common clients curl hashes none, whatever it sends.
	QOP []httpauth.DigestQOP
	// Accounts know what the accounts keep for Digest.
	Accounts DigestAccounts
	// Names finds the account of a hashed user name, without I/O. Where it is
	// set, challenges offer userhash.
	Names DigestNames
	// Nonces makes and judges nonces; nil means a zero Nonces. Methods that
	// answer for each other share one.
	Nonces *Nonces
	// MaxBody is the largest body that is hashed for auth-int; 0 means
	// DefaultDigestBody.
	MaxBody int64

	once   sync.Once
	hash   fingerprint
	decoy  string // nobody's password
	offers []httpauth.DigestChallenge
}

var (
	_ gate401.Authenticator = (*Digest)(nil)
	_ gate401.Fresh         = (*Digest)(nil)
)

// DigestAccount is an account as Digest needs it.
type DigestAccount struct {
	// Name is the account's canonical name.
	Name string
	// HA1 is what httpauth.DigestHA1 returns for its password; empty if the
	// account has none for that realm and algorithm.
	HA1 string
	// Groups and Scopes go into the identity.
	Groups, Scopes []string
	// Suspended accounts are told so when their proof was right.
	Suspended bool
}

// DigestAccounts looks up accounts.
type DigestAccounts interface {
	// DigestAccount returns the account of that canonical name with its H(A1)
	// for the realm and the algorithm, which is never a -sess one; or
	// store.ErrNotFound. It should take as long for either.
	DigestAccount(ctx context.Context, name, realm string, algorithm httpauth.DigestAlgorithm) (DigestAccount, error)
}

// DigestNames turns hashed user names back (RFC 7616 section 3.4.4).
type DigestNames interface {
	// DigestName returns the canonical name of the account whose
	// httpauth.DigestUserHash it is, without I/O.
	DigestName(hash, realm string, algorithm httpauth.DigestAlgorithm) (name string, ok bool)
}

// digestCredential is an answer that was read.
type digestCredential struct {
	httpauth.DigestCredentials
	account string
	key     [32]byte
}

// Method returns "digest".
func (c *digestCredential) Method() string { return methodDigest }

// Account returns the canonical name. Passwords can be guessed.
func (c *digestCredential) Account() (string, bool) { return c.account, true }

// Key identifies the whole answer.
func (c *digestCredential) Key() [32]byte { return c.key }

func (d *Digest) setup() {
	d.hash = newFingerprint()
	random := newFingerprint()
	d.decoy = string(random.key[:])
	if d.Nonces == nil {
		d.Nonces = &Nonces{}
	}
	algorithms := slices.Clone(d.Algorithms)
	if len(algorithms) == 0 {
		algorithms = []httpauth.DigestAlgorithm{httpauth.DigestSHA256}
	}
	slices.SortStableFunc(algorithms, func(a, b httpauth.DigestAlgorithm) int { return b.Strength() - a.Strength() })
	qop := d.QOP
	if len(qop) == 0 {
		qop = []httpauth.DigestQOP{httpauth.DigestAuth}
	}
	for _, a := range algorithms {
		if a.Known() {
			d.offers = append(d.offers, httpauth.DigestChallenge{Realm: d.Realm, Domain: d.Domain, Algorithm: a.Canonical(), QOP: qop,
				UTF8: true, UserHash: d.Names != nil})
		}
	}
}

// Find reads the Authorization field strictly. An answer that cannot be read, or
// is not one to a challenge of ours, is refused as digest-malformed; one for
// another address as digest-uri-mismatch.
func (d *Digest) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	v := r.Header["Authorization"]
	if len(v) != 1 || len(v[0]) < len("Digest") || !strings.EqualFold(v[0][:len("Digest")], "Digest") {
		return nil, false, nil
	}
	d.once.Do(d.setup)
	c, err := httpauth.ParseDigest(v[0], httpauth.Strict)
	var syntax *httpauth.SyntaxError
	switch {
	case errors.Is(err, httpauth.ErrOtherScheme):
		return nil, false, nil
	case errors.As(err, &syntax) && (syntax.ID == httpauth.IDSchemeGlued || syntax.ID == httpauth.IDSchemeColon):
		return nil, false, deny(methodDigest, reason.AuthorizationMisspelt, "", err)
	case errors.As(err, &syntax) && syntax.ID == httpauth.IDSchemeOnly:
		return nil, false, deny(methodDigest, reason.AuthorizationMalformed, "", err)
	case err != nil:
		return nil, false, deny(methodDigest, reason.DigestMalformed, "", err)
	}
	own := &digestCredential{DigestCredentials: c, account: d.account(c), key: d.hash.of(v[0])}
	if err := d.offered(c); err != nil {
		return nil, false, deny(methodDigest, reason.DigestMalformed, own.account, err)
	}
	if !sameResource(c.URI, r) {
		return nil, false, deny(methodDigest, reason.DigestURIMismatch, own.account,
			errors.New("the parameter uri and the request target name different resources"))
	}
	return own, true, nil
}

// account is the canonical name that the answer claims. Hashed or not, the
// guesses at one account are counted together.
func (d *Digest) account(c httpauth.DigestCredentials) string {
	name := c.Username
	if c.UserHash {
		ok := false
		if d.Names != nil {
			name, ok = d.Names.DigestName(strings.ToLower(c.Username), d.Realm, c.Algorithm.Base())
		}
		if !ok {
			return invalidName
		}
	}
	name, err := store.Canonical(name)
	if err != nil {
		return invalidName
	}
	return name
}

// offered compares the answer with what we ask.
func (d *Digest) offered(c httpauth.DigestCredentials) error {
	if c.Realm != d.Realm {
		return errors.New("parameter realm: not that of the challenge")
	}
	if c.UserHash && d.Names == nil {
		return errors.New("parameter userhash: not offered")
	}
	if keyAsUser(looksLikeKey(c.Username)) != nil {
		return errors.New("parameter username: an API key stands in its place")
	}
	if c.Count() == 0 {
		return errors.New("parameter nc: counting starts with 00000001")
	}
	for _, o := range d.offers {
		if o.Algorithm != c.Algorithm.Canonical() {
			continue
		}
		if !o.Offers(c.QOP) {
			return fmt.Errorf("parameter qop: %q is not offered", c.QOP)
		}
		return nil
	}
	return fmt.Errorf("parameter algorithm: %q is not offered", c.Algorithm.Canonical())
}

// Verify refuses with account-unknown and password-wrong; if the password was
// right with digest-stale for a nonce that is too old or not ours,
// digest-replayed for a count that was used, and account-suspended.
func (d *Digest) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	own, ok := c.(*digestCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	d.once.Do(d.setup)
	a, err := d.prove(ctx, r, own)
	if err != nil {
		return nil, err
	}
	n, good := d.Nonces.read(own.Nonce, r.Time)
	if !good {
		return nil, deny(methodDigest, reason.DigestStale, a.Name, errors.New("the nonce is too old, or was made by another process"))
	}
	switch err := d.Nonces.use(ctx, n, own.Count()); {
	case errors.Is(err, errCountUsed):
		return nil, deny(methodDigest, reason.DigestReplayed, a.Name, fmt.Errorf("nc=%s was used with this nonce, or is too far behind", own.NC))
	case errors.Is(err, ErrNonceForgotten):
		return nil, deny(methodDigest, reason.DigestStale, a.Name, err)
	case err != nil:
		return nil, fmt.Errorf("counting a nonce: %w", err)
	}
	if a.Suspended {
		return nil, deny(methodDigest, reason.AccountSuspended, a.Name, errors.New("the password was right"))
	}
	return &gate401.Identity{Subject: a.Name, Method: methodDigest, Name: d.Name, Groups: a.Groups, Scopes: a.Scopes}, nil
}

// prove compares the response with that of the account, or of nobody, at the
// same cost.
func (d *Digest) prove(ctx context.Context, r *gate401.Request, c *digestCredential) (DigestAccount, error) {
	a, found, err := d.lookup(ctx, c)
	if err != nil {
		return a, err
	}
	var body string
	if c.QOP.Is(httpauth.DigestAuthInt) {
		if body, err = d.hashBody(r, c.Algorithm); err != nil {
			return a, err
		}
	}
	ha1 := a.HA1
	// Computed for known accounts too, so that both cost the same.
	nobody := httpauth.DigestHA1(c.Algorithm, c.account, d.Realm, d.decoy)
	if ha1 == "" {
		ha1 = nobody
	}
	right := c.Matches(c.Compute(ha1, r.Method, body))
	switch {
	case !found:
		return a, deny(methodDigest, reason.AccountUnknown, c.account, errors.New("there is no such account"))
	case a.HA1 == "":
		return a, deny(methodDigest, reason.PasswordWrong, a.Name,
			fmt.Errorf("account %q has no password for Digest with %s", a.Name, c.Algorithm.Base()))
	case !right:
		return a, deny(methodDigest, reason.PasswordWrong, a.Name, nil)
	}
	return a, nil
}

func (d *Digest) lookup(ctx context.Context, c *digestCredential) (a DigestAccount, found bool, err error) {
	if d.Accounts == nil {
		return a, false, errors.New("no source of accounts is set")
	}
	a, err = d.Accounts.DigestAccount(ctx, c.account, d.Realm, c.Algorithm.Base())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return DigestAccount{}, false, nil
	case err != nil:
		return DigestAccount{}, false, fmt.Errorf("reading an account: %w", err)
	}
	return a, true, nil
}

// hashBody hashes the body for auth-int (RFC 7616 section 3.4.3).
func (d *Digest) hashBody(r *gate401.Request, a httpauth.DigestAlgorithm) (string, error) {
	if r.Body == nil {
		return a.Hash(nil), nil
	}
	limit := d.MaxBody
	if limit <= 0 {
		limit = DefaultDigestBody
	}
	body, err := r.Body(limit + 1)
	if err != nil {
		return "", deny(methodDigest, reason.RequestMalformed, "", fmt.Errorf("reading the body for auth-int: %w", err))
	}
	if int64(len(body)) > limit {
		return "", deny(methodDigest, reason.RequestMalformed, "", fmt.Errorf("the body is larger than the %d octets that are hashed for auth-int", limit))
	}
	return a.Hash(body), nil
}
