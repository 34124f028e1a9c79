package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
)

// Limits of a JWK Set. Real sets have a handful of keys.
const (
	MaxKeySetSize = 1 << 20
	MaxKeys       = 100
)

// A KeySource finds the keys that may verify a token.
//
// Keys gives those whose kid is kid; for an empty kid, those that can verify alg.
// A source that knows its keys and has none returns [ErrKeyUnknown], which makes
// the token refused; any other error means that the keys are out of reach, and
// the token is neither good nor bad. Keys may return keys that do not fit alg:
// the caller checks.
type KeySource interface {
	Keys(ctx context.Context, kid, alg string) ([]*Key, error)
}

var _ KeySource = (*KeySet)(nil)

// A KeySet is a fixed set of keys. The zero value has none.
type KeySet struct {
	keys    []*Key
	byID    map[string][]*Key
	skipped []string
}

// NewKeySet is a set of the given keys. Keys may share an ID (RFC 7517 section
// 4.5); those without one stand in for every ID that the set does not have.
func NewKeySet(keys ...*Key) *KeySet {
	s := &KeySet{keys: slices.Clone(keys), byID: make(map[string][]*Key, len(keys))}
	for _, k := range keys {
		s.byID[k.id] = append(s.byID[k.id], k)
	}
	return s
}

// Keys is part of [KeySource].
func (s *KeySet) Keys(_ context.Context, kid, alg string) ([]*Key, error) {
	keys, _, err := s.find(kid, alg)
	return keys, err
}

// find also tells whether the set has a key of that very ID.
func (s *KeySet) find(kid, alg string) (keys []*Key, exact bool, err error) {
	if kid != "" {
		if keys := s.byID[kid]; len(keys) > 0 {
			return keys, true, nil
		}
		if keys := s.byID[""]; len(keys) > 0 {
			return keys, false, nil
		}
		return nil, false, fmt.Errorf("%w: kid %s is not among the %d keys of the set", ErrKeyUnknown, quote(kid), len(s.keys))
	}
	a := parseAlg(alg)
	fits := func(k *Key) bool { return k.algs.has(a) }
	if i := slices.IndexFunc(s.keys, func(k *Key) bool { return !fits(k) }); i < 0 && len(s.keys) > 0 {
		return s.keys, true, nil
	}
	for _, k := range s.keys {
		if fits(k) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, false, fmt.Errorf("%w: the token has no kid, and none of the %d keys of the set is one for %s", ErrKeyUnknown, len(s.keys), quote(alg))
	}
	return keys, true, nil
}

// Len is how many keys of the set are usable.
func (s *KeySet) Len() int { return len(s.keys) }

// All is every usable key.
func (s *KeySet) All() []*Key { return slices.Clone(s.keys) }

// Skipped says, for the operator, which keys of a parsed set are not used, and
// why: for encryption, too short, of a kind that is not known here.
func (s *KeySet) Skipped() []string { return slices.Clone(s.skipped) }

// ParseKeySet reads a JWK Set (RFC 7517 section 5) that somebody publishes.
// Symmetric keys and keys that show their private half are left out: a secret
// that is published is none.
func ParseKeySet(data []byte) (*KeySet, error) { return parseKeySet(data, false) }

// ParseLocalKeySet reads a JWK Set, or one JWK, from a place that is one's own,
// such as a file: there, symmetric keys count (for HS256), and of a private key
// the public half does.
func ParseLocalKeySet(data []byte) (*KeySet, error) { return parseKeySet(data, true) }

// jwk is what is read of a JWK. Certificates are not: nobody here checks chains.
type jwk struct {
	Kty    string   `json:"kty"`
	Kid    string   `json:"kid,omitempty"`
	Alg    string   `json:"alg,omitempty"`
	Use    string   `json:"use,omitempty"`
	KeyOps []string `json:"key_ops,omitempty"`
	N      string   `json:"n,omitempty"`
	E      string   `json:"e,omitempty"`
	Crv    string   `json:"crv,omitempty"`
	X      string   `json:"x,omitempty"`
	Y      string   `json:"y,omitempty"`
	K      string   `json:"k,omitempty"`
	D      any      `json:"d,omitempty"`
}

func parseKeySet(data []byte, local bool) (*KeySet, error) {
	if len(data) > MaxKeySetSize {
		return nil, fmt.Errorf("key set: %d octets, more than %d", len(data), MaxKeySetSize)
	}
	// The strict reader goes first: no name twice, no absurd nesting or numbers.
	if err := checkJSONObject(string(data)); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var doc map[string]json.RawMessage // a map, for struct fields match in any case
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var list []json.RawMessage
	if raw, ok := doc["keys"]; ok {
		if err := json.Unmarshal(raw, &list); err != nil || list == nil {
			return nil, errors.New(`key set: "keys" is not a list`)
		}
	} else if _, ok := doc["kty"]; ok && local {
		list = []json.RawMessage{data}
	} else {
		return nil, errors.New(`key set: "keys" is missing`)
	}
	if len(list) > MaxKeys {
		return nil, fmt.Errorf("key set: %d keys, more than %d", len(list), MaxKeys)
	}
	var keys []*Key
	var skipped []string
	for i, raw := range list {
		k, err := parseJWK(raw, local)
		if err != nil {
			// RFC 7517 section 5: what is not understood is passed over.
			skipped = append(skipped, fmt.Sprintf("key %d: %v", i+1, err))
			continue
		}
		keys = append(keys, k)
	}
	set := NewKeySet(keys...)
	set.skipped = skipped
	return set, nil
}

func parseJWK(raw json.RawMessage, local bool) (*Key, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return nil, errors.New("it is not an object")
	}
	for name := range members {
		switch name {
		case "kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y", "k", "d":
		default:
			delete(members, name)
		}
	}
	exact, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	var j jwk
	if err := json.Unmarshal(exact, &j); err != nil {
		return nil, errors.New("a member has the wrong type")
	}
	switch {
	case j.Use != "" && j.Use != "sig":
		return nil, fmt.Errorf("kid %s: its use is %s, not sig", quote(j.Kid), quote(j.Use))
	case j.KeyOps != nil && !slices.Contains(j.KeyOps, "verify") && !(local && slices.Contains(j.KeyOps, "sign")):
		return nil, fmt.Errorf("kid %s: its key_ops do not allow verify", quote(j.Kid))
	case j.Kty == "oct" && !local:
		return nil, fmt.Errorf("kid %s: a symmetric key, published", quote(j.Kid))
	case j.D != nil && !local:
		return nil, fmt.Errorf("kid %s: it shows its private half and is worthless", quote(j.Kid))
	}
	j.D, j.KeyOps = nil, nil
	public, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(public); err != nil {
		return nil, fmt.Errorf("kid %s of type %s: not usable", quote(j.Kid), quote(j.Kty))
	}
	var k *Key
	if secret, ok := parsed.Key.([]byte); ok {
		if k, err = NewSecretKey(j.Kid, secret); err == nil {
			k, err = k.bind(j.Alg)
		}
	} else {
		k, err = NewKey(j.Kid, j.Alg, parsed.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("kid %s: %w", quote(j.Kid), err)
	}
	return k, nil
}
