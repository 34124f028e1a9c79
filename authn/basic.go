package authn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

const methodBasic = "basic"

// invalidName stands for every name that cannot be an account's, so that they
// are counted together. Capital letters keep it apart from all real names
// (see store.Canonical).
const invalidName = "INVALID"

// Basic takes a name and a password (RFC 7617) and compares them with accounts
// of one or more sources. Do not copy it, and do not change its fields, after
// first use.
//
// A right password is remembered for a short time and forgotten the moment its
// account changes. All refusals of a password cost the same.
//
// An identity that Basic verifies has no AuthTime: browsers send the password
// by themselves for hours, so it does not show that the person is there.
type Basic struct {
	// Name is what the configuration calls the method.
	Name string
	// Realm names what the password is for (RFC 9110 section 11.5).
	Realm string
	// Sources know the accounts. The first one that knows a name decides.
	Sources []Passwords
	// Hasher compares passwords; nil means a new password hasher, which runs as
	// many at once as there are CPUs. Share one between methods.
	Hasher Hasher
	// Remember is for how long a right password is not hashed again; 0 means
	// DefaultRemember, a negative value never remembers.
	Remember time.Duration
	// Entries is how many are remembered; 0 means DefaultEntries.
	Entries int

	once       sync.Once
	hash       fingerprint
	known      *memory[knownPassword]
	effort     effort
	challenges []httpauth.Challenge
}

var (
	_ gate401.Authenticator = (*Basic)(nil)
	_ gate401.Recaller      = (*Basic)(nil)
)

// knownPassword is a right password: whose it was, and at which revision of the
// sources that was last found to be so.
type knownPassword struct {
	id       *gate401.Identity
	ends     time.Time
	source   int
	version  int64
	weak     bool // it was right, and alone proves nothing
	revision atomic.Uint64
}

// basicCredential keeps the encoded form: name and password are decoded again
// when they are needed, which they seldom are.
type basicCredential struct {
	token68 string
	key     [32]byte
}

// Method returns "basic".
func (c *basicCredential) Method() string { return methodBasic }

// Account returns the canonical name. Passwords can be guessed.
func (c *basicCredential) Account() (string, bool) {
	user, _, err := httpauth.DecodeBasic(c.token68)
	if err != nil {
		return invalidName, true
	}
	name, err := store.Canonical(user)
	if err != nil {
		return invalidName, true
	}
	return name, true
}

// Key identifies name and password together.
func (c *basicCredential) Key() [32]byte { return c.key }

// String keeps the password out of logs.
func (c *basicCredential) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (c *basicCredential) GoString() string { return "[redacted]" }

func (b *Basic) setup() {
	b.hash = newFingerprint()
	b.known = newMemory[knownPassword](b.Remember, b.Entries)
	b.effort.hasher = b.Hasher
	if b.Hasher == nil {
		b.effort.hasher = &password.Hasher{}
	}
	b.challenges = []httpauth.Challenge{httpauth.Basic(b.Realm)}
}

// Find reads the Authorization field strictly. One that has the scheme and
// cannot be read is refused as basic-malformed, or as authorization-malformed
// if there is nothing to decode.
func (b *Basic) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	v := r.Header["Authorization"]
	if len(v) != 1 || len(v[0]) < len("Basic") || !strings.EqualFold(v[0][:len("Basic")], "Basic") {
		return nil, false, nil
	}
	b.once.Do(b.setup)
	token68, err := readBasic(v[0])
	switch {
	case errors.Is(err, httpauth.ErrOtherScheme):
		return nil, false, nil
	case err != nil:
		return nil, false, unreadable(methodBasic, err)
	}
	return &basicCredential{token68: token68, key: b.hash.of(token68)}, true, nil
}

// readBasic finds what stands behind the scheme, and decodes it to see whether
// that can be done; on the stack, for the result is thrown away.
func readBasic(value string) (token68 string, err error) {
	var buf [512]byte
	if rest := value[len("Basic"):]; len(rest) > 1 && rest[0] == ' ' && len(value) <= httpauth.MaxFieldSize {
		if user, _, err := httpauth.AppendDecodeBasic(buf[:0], rest[1:]); err == nil {
			return rest[1:], keyAsUser(keyInOctets(user))
		}
	}
	// Several spaces are right too (RFC 7617 section 2), and errors are told
	// from the beginning of the field.
	user, _, err := httpauth.ParseBasic(value)
	if err != nil {
		return "", err
	}
	return strings.Trim(value[len("Basic"):], " \t"), keyAsUser(looksLikeKey(user))
}

// keyAsUser refuses an API key in the place of a name: names are logged.
func keyAsUser(is bool) error {
	if is {
		return wrongPlace("the place of the user name of Basic credentials")
	}
	return nil
}

// unreadable is the denial of an Authorization field that has a scheme and
// cannot be read. The errors of httpauth repeat nothing of the field.
func unreadable(method string, err error) error {
	code := reason.AuthorizationMalformed
	var denial *gate401.Denial
	var basic *httpauth.BasicError
	var syntax *httpauth.SyntaxError
	switch {
	case errors.As(err, &denial):
		return err
	case errors.As(err, &basic):
		code = reason.BasicMalformed
	case errors.As(err, &syntax) && (syntax.ID == httpauth.IDSchemeGlued || syntax.ID == httpauth.IDSchemeColon):
		code = reason.AuthorizationMisspelt
	}
	return deny(method, code, "", err)
}

// Recall remembers right passwords, and those that were right and too weak. If any
// account has changed since, it reads this one again and compares; a store that
// cannot be read recalls nothing, and Verify reports it.
func (b *Basic) Recall(r *gate401.Request, c gate401.Credential) (*gate401.Identity, bool, error) {
	own, ok := c.(*basicCredential)
	if !ok {
		return nil, false, nil
	}
	b.once.Do(b.setup)
	m, ok := b.known.GetIfPresent(own.key)
	if !ok {
		return nil, false, nil
	}
	if !r.Time.Before(m.ends) {
		b.known.Invalidate(own.key)
		return nil, false, nil
	}
	if rev := b.revision(); rev != m.revision.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), recallTimeout)
		defer cancel()
		a, source, err := b.lookup(ctx, m.id.Subject)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, false, nil
		case err != nil || source != m.source || a.Version != m.version || a.Suspended:
			b.known.Invalidate(own.key)
			return nil, false, nil
		}
		switch more, err := b.needsMore(ctx, a, source); {
		case err != nil:
			return nil, false, nil
		case more != m.weak:
			b.known.Invalidate(own.key)
			return nil, false, nil
		}
		m.revision.Store(rev)
	}
	if m.weak {
		return nil, true, tooWeak(m.id.Subject)
	}
	return m.id, true, nil
}

// tooWeak refuses a right password of an account that it alone does not prove.
func tooWeak(account string) error {
	return deny(methodBasic, reason.AuthenticationTooWeak, account, errors.New("the password was right, and the account has to prove itself with a second factor too"))
}

// revision moves when that of any source does.
func (b *Basic) revision() (sum uint64) {
	for _, s := range b.Sources {
		sum += s.Revision()
	}
	return sum
}

// lookup asks the sources in their order.
func (b *Basic) lookup(ctx context.Context, name string) (store.Account, int, error) {
	for i, s := range b.Sources {
		a, err := s.Account(ctx, name)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return a, i, err
		}
	}
	return store.Account{}, -1, store.ErrNotFound
}

// needsMore tells whether a password alone proves nothing of the account.
func (b *Basic) needsMore(ctx context.Context, a store.Account, source int) (bool, error) {
	s, ok := b.Sources[source].(Stronger)
	if !ok {
		return false, nil
	}
	more, err := s.NeedsMore(ctx, a)
	if err != nil {
		return false, fmt.Errorf("finding out how account %q proves itself: %w", a.Name, err)
	}
	return more, nil
}

// Verify compares the password. It refuses with account-unknown, password-wrong,
// password-outdated (the one before, for 90 days), and only when the password was
// right with account-suspended and, where the source is a [Stronger] one, with
// authentication-too-weak: a second factor that one way does not ask for protects
// nothing.
func (b *Basic) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	own, ok := c.(*basicCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	b.once.Do(b.setup)
	if len(b.Sources) == 0 {
		return nil, errors.New("no source of accounts is set")
	}
	user, pass, err := httpauth.DecodeBasic(own.token68)
	if err != nil {
		return nil, unreadable(methodBasic, err)
	}
	// Before the records are read: what changes in between is noticed later.
	rev := b.revision()
	account, source, err := b.prove(ctx, r.Time, user, pass)
	if err != nil {
		return nil, err
	}
	more, err := b.needsMore(ctx, account, source)
	if err != nil {
		return nil, err
	}
	id := &gate401.Identity{Subject: account.Name, Method: methodBasic, Name: b.Name, Groups: account.Groups, Scopes: account.Scopes}
	if b.Remember >= 0 {
		// A program that goes on sending what is too weak costs no hash each time.
		m := &knownPassword{id: id, ends: r.Time.Add(or(b.Remember, DefaultRemember)), source: source, version: account.Version, weak: more}
		m.revision.Store(rev)
		b.known.Set(own.key, m)
	}
	if more {
		return nil, tooWeak(account.Name)
	}
	return id, nil
}

// Prove compares a name and a password that came in another way than Basic's own,
// such as by a form, and refuses as Verify does. It remembers nothing, and counts
// no attempts either.
func (b *Basic) Prove(ctx context.Context, now time.Time, user, pass string) (store.Account, error) {
	b.once.Do(b.setup)
	if len(b.Sources) == 0 {
		return store.Account{}, errors.New("no source of accounts is set")
	}
	if looksLikeKey(user) {
		user = "" // names are logged
	}
	account, _, err := b.prove(ctx, now, user, pass)
	return account, err
}

// prove finds the account whose password this is, and the source that knows it.
func (b *Basic) prove(ctx context.Context, now time.Time, user, pass string) (account store.Account, source int, err error) {
	source = -1
	name, unnamed := store.Canonical(user)
	if unnamed != nil {
		name, err = invalidName, store.ErrNotFound
	} else {
		account, source, err = b.lookup(ctx, name)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Account{}, 0, fmt.Errorf("reading an account: %w", err)
	}
	at := attempt{effort: &b.effort, password: pass}
	right, rehash, err := at.try(ctx, account.Password)
	if err != nil {
		return store.Account{}, 0, fmt.Errorf("comparing the password of account %q: %w", name, err)
	}
	if !right {
		return store.Account{}, 0, b.refuse(ctx, now, &at, account, name, unnamed)
	}
	if account.Suspended {
		return store.Account{}, 0, deny(methodBasic, reason.AccountSuspended, name, errors.New("the password was right"))
	}
	if rehash {
		account = b.rehash(ctx, account, source, pass)
	}
	return account, source, nil
}

// refuse finds out why, at a cost that does not depend on it.
func (b *Basic) refuse(ctx context.Context, now time.Time, at *attempt, a store.Account, name string, unnamed error) error {
	previous := a.Previous
	if !now.Before(a.PreviousUntil) {
		previous = ""
	}
	outdated, _, err := at.try(ctx, previous)
	err = errors.Join(err, at.settle(ctx, b.Sources))
	switch {
	case err != nil && !at.compared:
		return fmt.Errorf("comparing the password of account %q: %w", name, err)
	// From here on the guess was judged, or as much was done as for one that was.
	// What failed afterwards must not make the answer "could not be checked", for
	// that costs whoever guesses nothing: guesses would be free under load.
	case unnamed != nil:
		return deny(methodBasic, reason.AccountUnknown, name, unnamed)
	case a.Name == "":
		return deny(methodBasic, reason.AccountUnknown, name, fmt.Errorf("no source has an account %q", name))
	case outdated:
		return deny(methodBasic, reason.PasswordOutdated, name, fmt.Errorf("the password before, changed %s",
			a.PasswordChanged.UTC().Format(time.RFC3339)))
	case a.Password == "":
		return deny(methodBasic, reason.PasswordWrong, name, fmt.Errorf("account %q has no password", name))
	}
	return deny(methodBasic, reason.PasswordWrong, name, nil)
}

// rehash replaces a hash that is weaker than new ones are. It is done when it
// can be; the person is let in either way.
func (b *Basic) rehash(ctx context.Context, a store.Account, source int, pass string) store.Account {
	up, _ := b.Sources[source].(Rehasher)
	if s, ok := b.Sources[source].(interface{ rehasher() Rehasher }); ok {
		up = s.rehasher()
	}
	if up == nil {
		return a
	}
	hash, err := b.effort.hasher.Hash(ctx, pass)
	if err != nil {
		return a
	}
	changed := a
	changed.Password = hash
	if stored, err := up.UpdateAccount(ctx, changed); err == nil {
		return stored
	}
	return a
}

// Challenges asks for UTF-8 (RFC 7617 section 2.1). Basic has no error codes.
func (b *Basic) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	b.once.Do(b.setup)
	return b.challenges
}
