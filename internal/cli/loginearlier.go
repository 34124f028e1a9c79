package cli

import (
	"context"
	"errors"
	"net/http"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/internal/explain"
)

// replace stores e, and returns what stood in its place; empty for nothing. wait
// bounds the lock: a process that renews the earlier login must not overwrite this
// one.
func replace(ctx, wait context.Context, s storage.Store, e storage.Entry) (storage.Entry, error) {
	unlock, err := s.Lock(wait, e.Key)
	if err != nil {
		return storage.Entry{}, err
	}
	defer unlock()
	earlier, err := s.Get(ctx, e.Key)
	if err != nil {
		// One that cannot be read is nothing that could be revoked.
		earlier = storage.Entry{}
	}
	return earlier, s.Put(ctx, e)
}

// endEarlier revokes the refresh token of a login that another has replaced: nobody
// has it any more who could, and it stays good for weeks. The new login holds
// whatever comes of it.
func (a *app) endEarlier(ctx context.Context, earlier, e storage.Entry) {
	if earlier.Refresh == "" || earlier.Refresh == e.Refresh {
		return
	}
	wait, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	c := oauth.Stored(earlier)
	c.HTTP, c.Now = &http.Client{Timeout: revokeTimeout}, a.Now
	err := c.Revoke(wait, oauth.Tokens{Refresh: earlier.Refresh})
	switch {
	case err == nil:
		a.say("the earlier login of this client is revoked")
	case errors.Is(err, oauth.ErrNoRevocation):
		a.say("note: the earlier login of this client stays good until it ends: %s", err)
	default:
		a.say("note: the earlier login of this client could not be revoked, and stays good until it ends: %s", explain.Visible(err.Error()))
	}
}
