package authn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// TokenVerifier verifies the tokens of one issuer for [Bearer].
//
// The subject of an Identity is the sub of the token as it is. That of another
// issuer is not our account of the same name: Identity.Issuer tells them apart,
// and rules about owners compare it too.
type TokenVerifier struct {
	// Name is what the configuration calls the method.
	Name string
	// Verifier judges the tokens. Required.
	Verifier *token.Verifier
	// Issuer is the exact iss of the tokens to judge. Required, unless
	// DangerouslyAnyIssuer.
	Issuer string
	// GroupsFrom are the claims that name groups, dots lead into objects; nil
	// means groups and roles.
	GroupsFrom []string
	// Own tells that the gate issued the tokens: their subjects are its own
	// accounts, and Identity.Issuer is empty.
	Own bool
	// Discoverable tells of Own that the gate is an authorization server too, with
	// metadata (RFC 8414), which gives clients such tokens.
	Discoverable bool
	// Programs tells of Discoverable that nobody can log in there. Clients take the
	// first server that they are told of, so such a one is named last.
	Programs bool
	// Audience, if set, judges whom a token is for, in place of the Verifier, whose
	// profile must then take any audience.
	Audience *Audience
	// Accounts, if set, must have an account for every subject; tokens of
	// suspended accounts are refused as account-suspended, those of deleted ones,
	// and of earlier ones of the same name, as token-revoked. Only for Own.
	Accounts AccountReader
	// Check, if set, has the last word about a token that is good otherwise: a
	// *gate401.Denial refuses it (token-revoked), any other error means that it
	// could not be told (503). It is not asked again about a remembered token
	// before Epoch moves.
	Check func(ctx context.Context, c *token.Claims) error
	// Signed, if set, tells of Own whether the gate's own key signed a token,
	// whatever issuer it names. It is asked of tokens of an issuer that nobody
	// knows, for the operator alone: the gate may have had another name.
	Signed func(ctx context.Context, text string) bool
	// Epoch moves when the issuer's keys, or the accounts, or what Check says,
	// change; what was remembered before is then verified again: the Epoch of a
	// token.FileKeys or token.RemoteKeys, or store.Set's Revision. It is called
	// at each request. Nil means never: a key that was withdrawn is noticed after
	// [Bearer.Remember]. Required with Accounts and with Check.
	Epoch func() uint64
	// DangerouslyAnyIssuer judges the tokens of all issuers that no other
	// verifier has.
	DangerouslyAnyIssuer bool
}

func (v *TokenVerifier) validate() error {
	what := v.Name
	if what == "" {
		what = v.Issuer
	}
	switch {
	case v.Verifier == nil:
		return fmt.Errorf("token verifier %q: no verifier", what)
	case v.Issuer == "" && !v.DangerouslyAnyIssuer:
		return fmt.Errorf("token verifier %q: no issuer", what)
	case v.Accounts != nil && !v.Own:
		return fmt.Errorf("token verifier %q: accounts are those of own tokens only", what)
	case v.Accounts != nil && v.Epoch == nil:
		return fmt.Errorf("token verifier %q: accounts without an epoch", what)
	case v.Check != nil && v.Epoch == nil:
		return fmt.Errorf("token verifier %q: a check without an epoch", what)
	}
	return nil
}

func (v *TokenVerifier) epoch() uint64 {
	if v.Epoch == nil {
		return 0
	}
	return v.Epoch()
}

// verify judges a token and says who it speaks for.
func (v *TokenVerifier) verify(ctx context.Context, read *token.Unverified) (*gate401.Identity, error) {
	claims, err := v.Verifier.VerifyParsed(ctx, read)
	if err != nil {
		return nil, v.aboutToken(err, nil)
	}
	if v.Audience != nil {
		if err := v.Audience.check(claims); err != nil {
			return nil, err
		}
	}
	if claims.Subject == "" {
		return nil, deny(methodBearer, reason.TokenMalformed, "", errors.New("sub is missing: the token speaks for nobody"))
	}
	if v.Accounts != nil {
		if err := v.owner(ctx, claims.Subject, claims.IssuedAt); err != nil {
			return nil, v.aboutToken(err, claims)
		}
	}
	if v.Check != nil {
		if err := v.Check(ctx, claims); err != nil {
			return nil, v.aboutToken(err, claims)
		}
	}
	return v.identity(claims), nil
}

// identity is who a good token speaks for.
func (v *TokenVerifier) identity(claims *token.Claims) *gate401.Identity {
	id := &gate401.Identity{
		Subject: claims.Subject, Method: methodBearer, Name: v.Name, Issuer: claims.Issuer, Credential: claims.ID, Key: claims.KeyID,
		Groups: v.groups(claims), Scopes: claims.Scopes, Claims: claims.Raw(),
		AuthTime: claims.AuthTime, Expires: claims.Expires, Leeway: v.Verifier.Leeway(),
	}
	if v.Own {
		id.Issuer = ""
	}
	if v.Audience != nil && !v.Audience.AnyPart && !v.Audience.whole(claims) {
		id.Paths = v.Audience.paths(claims)
	}
	return id
}

// owner checks the account that an own token, issued then, speaks for.
func (v *TokenVerifier) owner(ctx context.Context, subject string, issued time.Time) error {
	return OwnerStands(ctx, v.Accounts, subject, issued)
}

// OwnerStands tells whether the account that an own token, issued then, speaks for
// stands behind it: a *gate401.Denial says why not, any other error that it could
// not be told. [TokenVerifier.Accounts] asks it of every token.
func OwnerStands(ctx context.Context, accounts AccountReader, subject string, issued time.Time) error {
	account, err := accounts.Account(ctx, subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return deny(methodBearer, reason.TokenRevoked, subject, fmt.Errorf("the account %q does not exist any more", clip(subject)))
	case err != nil:
		return fmt.Errorf("reading the account of a token: %w", err)
	case account.Suspended:
		return deny(methodBearer, reason.AccountSuspended, subject, errors.New("the token was good"))
	case !account.Created.IsZero() && issued.Add(time.Second).Before(account.Created):
		// Names are given again; the rights of whoever had it before are not. The
		// second is the one that iat is cut to (RFC 7519 section 2, NumericDate).
		return deny(methodBearer, reason.TokenRevoked, subject,
			fmt.Errorf("it is of an earlier account %q: issued %s, this one was made %s", clip(subject), when(issued), when(account.Created)))
	}
	return nil
}

func when(t time.Time) string {
	if t.IsZero() {
		return "it does not say when"
	}
	return t.UTC().Format(time.RFC3339)
}

// groups gathers the groups of all paths, each once.
func (v *TokenVerifier) groups(claims *token.Claims) (groups []string) {
	take := func(path string) {
		for _, g := range claims.Strings(path) {
			if g != "" && !slices.Contains(groups, g) {
				groups = append(groups, g)
			}
		}
	}
	if v.GroupsFrom == nil {
		take("groups")
		take("roles")
		return groups
	}
	for _, path := range v.GroupsFrom {
		take(path)
	}
	return groups
}
