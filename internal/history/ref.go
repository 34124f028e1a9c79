package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Ref names a credential. It never holds a secret: of a token or key that was
// given, the public identifier or the hash is left.
type Ref struct {
	// Kind of the credential; empty if that is not known.
	Kind Kind
	// ID is its public identifier.
	ID string
	// Family is its login, where the credential itself says so.
	Family string

	hash [32]byte // of the secret that was given; zero for none
}

// sessionPrefix starts the secret of a session.
const sessionPrefix = "g401s_"

// ErrNoID says that a token has no identifier by which it could be traced.
var ErrNoID = errors.New("the token has no identifier (jti)")

// Read reads what somebody gives to name a credential: an identifier, or the
// token or key itself. Of a token nothing is verified: its identifier is looked
// for, and nothing else believed.
func Read(text string) (Ref, error) {
	text = strings.TrimSpace(text)
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") {
		text = strings.TrimSpace(text[7:])
	}
	sum := sha256.Sum256([]byte(text))
	switch {
	case text == "":
		return Ref{}, errors.New("it is empty")
	case strings.HasPrefix(text, token.RefreshTokenPrefix+"_"):
		if _, err := token.ParseRefreshToken(text); err != nil {
			return Ref{}, fmt.Errorf("the refresh token: %w", err)
		}
		return Ref{Kind: KindRefresh, ID: hex.EncodeToString(sum[:4]), hash: sum}, nil
	case strings.HasPrefix(text, token.APIKeyPrefix+"_"):
		if _, err := token.ParseAPIKey(text); err != nil {
			return Ref{}, fmt.Errorf("the API key: %w", err)
		}
		return Ref{Kind: KindKey, hash: sum}, nil
	case strings.HasPrefix(text, sessionPrefix):
		return Ref{Kind: KindSession, hash: sum}, nil
	case strings.Count(text, ".") == 2 && len(text) > 64:
		decoded := token.Decode(text)
		if decoded.Claims == nil {
			return Ref{}, errors.New("it looks like a token and cannot be read")
		}
		if decoded.Claims.ID == "" {
			return Ref{}, ErrNoID
		}
		ref := Ref{Kind: KindToken, ID: decoded.Claims.ID}
		if sid := decoded.Claims.Strings(FamilyClaim); len(sid) == 1 {
			ref.Family = sid[0]
		}
		return ref, nil
	case len(text) > store.MaxText:
		return Ref{}, errors.New("it is longer than any identifier")
	}
	return Ref{ID: text}, nil
}

// find looks up what the ref does not say.
func (r Ref) find(ctx context.Context, set *store.Set) (Ref, error) {
	secret := r.hash != [32]byte{}
	var err error
	switch {
	case r.Kind == KindRefresh && secret:
		var t store.RefreshToken
		if t, err = set.Tokens.RefreshToken(ctx, r.hash); err == nil {
			r.Family = t.Family
		} else if errors.Is(err, store.ErrNotFound) {
			err = nil // it may have been swept, and its events not yet
		}
	case r.Kind == KindKey && secret:
		var k store.APIKey
		k, err = set.APIKeys.APIKeyByHash(ctx, r.hash)
		r.ID = k.ID
	case r.Kind == KindSession && secret:
		var s store.Session
		s, err = set.Sessions.SessionByHash(ctx, r.hash)
		r.ID = s.ID
	case r.Kind == "":
		return r.guess(ctx, set)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", r.Kind, err)
	}
	return r, nil
}

// guess finds out what has that identifier.
func (r Ref) guess(ctx context.Context, set *store.Set) (Ref, error) {
	for _, try := range []struct {
		kind Kind
		look func() error
	}{
		{KindKey, func() error { _, err := set.APIKeys.APIKey(ctx, r.ID); return err }},
		{KindSession, func() error { _, err := set.Sessions.Session(ctx, r.ID); return err }},
		{KindFamily, func() error { _, err := set.Tokens.TokenFamily(ctx, r.ID); return err }},
	} {
		err := try.look()
		switch {
		case err == nil:
			r.Kind = try.kind
			return r, nil
		case !errors.Is(err, store.ErrNotFound):
			return r, err
		}
	}
	// Its record is gone, or it never had one: the history knows.
	events, err := set.Events.ListEvents(ctx, r.ID, 0, 1)
	if err != nil {
		return r, fmt.Errorf("reading the history: %w", err)
	}
	r.Kind = KindToken
	for _, e := range events {
		switch {
		case e.Object != r.ID && e.Family == r.ID:
			r.Kind = KindFamily
		case e.Object != r.ID:
			r.Kind = KindSession
		case e.Method == string(KindKey), e.Method == string(KindSession), e.Method == string(KindRefresh):
			r.Kind = Kind(e.Method)
		}
	}
	return r, nil
}
