package world

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// numberClaim is the claim with the number of an access token in its world, by
// which commands and counts know it.
const numberClaim = "number"

// signer makes the access tokens of a world, with the fault that its script
// wants.
type signer struct{ *life }

var _ issuer.Signer = signer{}

// Issue makes an access token.
func (s signer) Issue(g token.Grant) (token.Issued, error) {
	s.mu.Lock()
	s.issued++
	number, key := s.issued, s.keys[len(s.keys)-1]
	s.mu.Unlock()
	access := s.settings.Access
	g.Extra[numberClaim] = number
	fault := access.Fault
	if access.Until > 0 && number > access.Until {
		fault = ""
	}
	at, ttl := g.At, g.TTL
	switch fault {
	case AccessWrongAudience:
		g.Audience = []string{"another-api"}
	case AccessWrongIssuer:
		g.Issuer = "https://issuer.example"
	case AccessNotYetValid:
		g.NotBefore = at.Add(time.Hour)
	case AccessUnknownKey:
		other, err := s.world.shared.stranger()
		if err != nil {
			return token.Issued{}, err
		}
		key = other
	}
	if access.Expired && (access.Until == 0 || number <= access.Until) {
		g.At = at.Add(-ttl - time.Second)
	}
	out, err := key.Issue(g)
	if err != nil {
		return token.Issued{}, err
	}
	// What the answer promises: a token that is over is not announced as such.
	out.Expires = at.Truncate(time.Second).Add(ttl)
	switch fault {
	case AccessWrongSignature:
		out.Token, err = spoil(out.Token)
	case AccessWrongType:
		out.Token, err = retype(key, out.Token)
	case AccessMalformed:
		out.Token = "this-is-not-a-jwt-" + strconv.Itoa(number)
	}
	return out, err
}

// spoil changes one bit of the signature.
func spoil(text string) (string, error) {
	signed, signature, err := cutSignature(text)
	if err != nil {
		return "", err
	}
	signature[0] ^= 1
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func cutSignature(text string) (signed string, signature []byte, err error) {
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return "", nil, errors.New("a token without a signature")
	}
	signature, err = base64.RawURLEncoding.DecodeString(text[i+1:])
	if err != nil || len(signature) == 0 {
		return "", nil, errors.New("a token without a signature")
	}
	return text[:i], signature, nil
}

// retype signs the same claims as a token of another kind.
func retype(key *token.SigningKey, text string) (string, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return "", errors.New("a token without claims")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	return key.Sign(json.RawMessage(payload), "logout+jwt")
}

// Keys finds the keys of the world: those that are published, and the one that
// signs.
func (l *life) Keys(ctx context.Context, kid, alg string) ([]*token.Key, error) {
	l.mu.Lock()
	signing := l.keys
	l.mu.Unlock()
	keys := make([]*token.Key, len(signing))
	for i, k := range signing {
		keys[i] = k.Public()
	}
	return token.NewKeySet(keys...).Keys(ctx, kid, alg)
}

// check has the last word about an access token: revoked, expired on command, or
// used up.
func (l *life) check(ctx context.Context, c *token.Claims) error {
	if err := l.issuer.Check(ctx, c); err != nil {
		return err
	}
	// The key is older than the world: what was issued before a reset, or to a
	// forgotten world of the same name, has a good signature and no login.
	sid := c.Strings(issuer.FamilyClaim)
	if len(sid) != 1 {
		sid = []string{""}
	}
	if _, err := l.set.Tokens.TokenFamily(ctx, sid[0]); errors.Is(err, store.ErrNotFound) {
		return &gate401.Denial{Reason: reason.TokenRevoked, Subject: c.Subject, Err: errors.New("it is of a login before the world was reset")}
	} else if err != nil {
		return err
	}
	number := -1
	if n, ok := c.Raw()[numberClaim].(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			number = int(i)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	over := func(why string) error {
		return &gate401.Denial{Reason: reason.TokenExpired, Subject: c.Subject, Err: errors.New(why)}
	}
	switch {
	case number <= l.revoked:
		return &gate401.Denial{Reason: reason.TokenRevoked, Subject: c.Subject, Err: errors.New("it was revoked on command")}
	case number <= l.expired:
		return over("it expired on command")
	}
	most := l.settings.Access.Uses
	if most == 0 {
		return nil
	}
	if number <= l.issued-maxRemembered {
		return over("it is so old that its uses are forgotten")
	}
	if l.uses == nil {
		l.uses = make(map[int]int)
	}
	if l.uses[number] >= most {
		return over("it was good for a number of uses, and has had them")
	}
	l.uses[number]++
	delete(l.uses, l.issued-maxRemembered)
	return nil
}
