package samples

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Kinds of API keys. Unless the kind says otherwise, a key is of the environment
// live, may do what Maker.Scopes say, and does not expire.
const (
	KeyLive      = "live"       // nothing is wrong with it
	KeyLowScope  = "low-scope"  // may only read
	KeyExpired   = "expired"    // ended yesterday
	KeyRevoked   = "revoked"    // was revoked yesterday
	KeyTest      = "test"       // is of the environment test
	KeyUnknown   = "unknown"    // well formed, never stored
	KeyMalformed = "malformed"  // the live key with a wrong checksum
	KeyWrongCase = "wrong-case" // the live key with its prefix in capitals
)

// Key makes the key of a kind, or returns the one that was made before.
func (m *Maker) Key(ctx context.Context, kind string) (string, error) {
	if made, ok := m.keys[kind]; ok {
		return made, nil
	}
	text, err := m.key(ctx, kind)
	if err != nil {
		return "", fmt.Errorf("key %s: %w", kind, err)
	}
	if m.keys == nil {
		m.keys = map[string]string{}
	}
	m.keys[kind] = text
	return text, nil
}

func (m *Maker) key(ctx context.Context, kind string) (string, error) {
	yesterday := m.Now().Add(-24 * time.Hour)
	record := store.APIKey{Name: "sample: " + kind, Owner: m.KeyOwner, Scopes: m.Scopes, Environment: KeyLive}
	switch kind {
	case KeyMalformed, KeyWrongCase:
		live, err := m.Key(ctx, KeyLive)
		if err != nil {
			return "", err
		}
		if kind == KeyWrongCase {
			i := strings.LastIndexByte(live, '_')
			return strings.ToUpper(live[:i]) + live[i:], nil
		}
		last := "0"
		if strings.HasSuffix(live, last) {
			last = "1"
		}
		return live[:len(live)-1] + last, nil
	case KeyUnknown:
		k, err := token.NewAPIKey(nil, KeyLive)
		return k.Reveal(), err
	case KeyLive:
	case KeyLowScope:
		record.Scopes = m.Scopes[:1]
	case KeyExpired:
		record.Expires = yesterday
	case KeyRevoked:
		record.Revoked = yesterday
	case KeyTest:
		record.Environment = KeyTest
	default:
		return "", fmt.Errorf("there is no such kind")
	}
	k, err := token.NewAPIKey(nil, record.Environment)
	if err != nil {
		return "", err
	}
	record.ID, record.Hash, record.Hint = "sample-"+kind, k.Hash(), k.Display()
	if _, err := m.Set.APIKeys.CreateAPIKey(ctx, record); err != nil {
		return "", err
	}
	return k.Reveal(), nil
}
