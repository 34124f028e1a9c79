package issuer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// AssertionType is client_assertion_type of a JWT (RFC 7523 section 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// MaxAssertion is how far ahead exp of an assertion may be: a client makes one
// for each request, so that one that is good for long was made to be kept.
const MaxAssertion = 5 * time.Minute

// assertionLeeway forgives clocks that disagree.
const assertionLeeway = token.DefaultLeeway

// maxAssertionID bounds what a client may call an assertion.
const maxAssertionID = 256

// AssertionAlgorithms are the algorithms that a client may sign with.
func AssertionAlgorithms() []string {
	return []string{"ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
}

// asserted reads whom an assertion speaks for; it is not believed yet. client_id
// may be left out (RFC 7521 section 4.2).
func asserted(id, kind, assertion string) (presented, error) {
	if kind != AssertionType {
		return presented{}, invalid("client_assertion_type must be " + AssertionType + ".")
	}
	subject := token.Decode(assertion).Claims
	switch {
	case subject == nil || subject.Subject == "":
		return presented{}, deny(reason.ClientUnknown, "", "the client assertion is no JWT with a sub")
	case id != "" && id != subject.Subject:
		return presented{}, invalid("client_id in the body is not the client that client_assertion names.")
	}
	return presented{subject.Subject, AuthPrivateKey, assertion}, nil
}

// assertion judges a JWT by which a client proves itself (RFC 7523 section 3).
func (a *ClientAuth) assertion(ctx context.Context, client store.Client, text string, unknown bool) error {
	if unknown {
		return deny(reason.ClientUnknown, "", "no client has the id that the assertion names")
	}
	no := func(format string, args ...any) error {
		return deny(reason.ClientSecretWrong, client.ID, "the client assertion: "+format, args...)
	}
	keys, err := a.keys(client)
	if err != nil {
		return err
	}
	verifier, err := token.New(token.Profile{
		Keys: keys, Issuer: client.ID, Audience: a.Audiences, Algorithms: AssertionAlgorithms(),
		Types: []string{"JWT", "client-authentication+jwt", ""}, Leeway: assertionLeeway, Now: a.now,
	})
	if err != nil {
		return fmt.Errorf("judging a client assertion: %w", err)
	}
	claims, err := verifier.Verify(ctx, text)
	var refused *token.Error
	now := a.now()
	switch {
	case errors.As(err, &refused):
		return no("%w", refused.Err)
	case err != nil:
		return fmt.Errorf("judging a client assertion: %w", err)
	case !within(claims.Audience, a.Audiences):
		// Else another server that it is also for could be the client here.
		return no("it is also for others: aud must be this server alone")
	case claims.Subject != client.ID:
		return no("iss and sub are not both the client")
	case claims.ID == "" || len(claims.ID) > maxAssertionID:
		return no("jti is missing, or longer than %d octets", maxAssertionID)
	case claims.Expires.After(now.Add(MaxAssertion + assertionLeeway)):
		return no("it expires %s, more than %s from now", stamp(claims.Expires), MaxAssertion)
	case a.Proofs == nil:
		return errors.New("judging a client assertion: nothing remembers those that were used")
	}
	_, err = a.Proofs.CreateTicket(ctx, store.Ticket{
		Kind: store.TicketProof, Hash: sha256.Sum256([]byte(client.ID + "\x00" + claims.ID)), Client: client.ID,
		Expires: claims.Expires.Add(assertionLeeway),
	})
	switch {
	case errors.Is(err, store.ErrExists):
		return no("jti %q was used before", clip(claims.ID))
	case err != nil:
		return fmt.Errorf("remembering a client assertion: %w", err)
	}
	return nil
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// keys finds the keys of a client: those of its record, or those that it
// publishes.
func (a *ClientAuth) keys(c store.Client) (token.KeySource, error) {
	switch {
	case len(c.Keys) > 0:
		set, err := token.ParseKeySet(c.Keys)
		if err != nil {
			return nil, fmt.Errorf("reading the keys of the client %q: %w", c.ID, err)
		}
		return set, nil
	case c.KeysURL != "" && a.Keys != nil:
		return a.Keys.of(c.KeysURL)
	}
	return nil, deny(reason.ClientSecretWrong, c.ID, "the client has no keys")
}

// DefaultClientKeys is how many key sets of clients are kept.
const DefaultClientKeys = 256

// ClientKeys fetches and keeps the key sets that clients publish. The zero value
// works. Close it when done.
type ClientKeys struct {
	// Client does the requests; nil means one of the key cache's own.
	Client *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Max is how many sets are kept; 0 means DefaultClientKeys.
	Max int

	mu     sync.Mutex
	sets   map[string]*keptKeys
	closed bool
}

type keptKeys struct {
	keys *token.RemoteKeys
	used time.Time
}

// of is the key set at a URL. The one that was not asked for the longest gives
// way to a new one.
func (k *ClientKeys) of(url string) (token.KeySource, error) {
	now := time.Now
	if k.Now != nil {
		now = k.Now
	}
	most := k.Max
	if most <= 0 {
		most = DefaultClientKeys
	}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return nil, errors.New("the keys of clients are not read any more")
	}
	kept := k.sets[url]
	var gone *token.RemoteKeys
	if kept == nil {
		if len(k.sets) >= most {
			gone = k.oldest()
		}
		if k.sets == nil {
			k.sets = map[string]*keptKeys{}
		}
		kept = &keptKeys{keys: &token.RemoteKeys{URL: url, Client: k.Client, Now: k.Now}}
		k.sets[url] = kept
	}
	kept.used = now()
	k.mu.Unlock()
	if gone != nil {
		_ = gone.Close()
	}
	return kept.keys, nil
}

// oldest takes the set away that was used before all others.
func (k *ClientKeys) oldest() *token.RemoteKeys {
	least := ""
	for url, one := range k.sets {
		if least == "" || one.used.Before(k.sets[least].used) {
			least = url
		}
	}
	keys := k.sets[least].keys
	delete(k.sets, least)
	return keys
}

// Close ends what is being fetched.
func (k *ClientKeys) Close() error {
	k.mu.Lock()
	sets := k.sets
	k.sets, k.closed = nil, true
	k.mu.Unlock()
	var faults []error
	for _, one := range sets {
		faults = append(faults, one.keys.Close())
	}
	return errors.Join(faults...)
}
