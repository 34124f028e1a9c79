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

// leaveEarlier tells what becomes of a login that another has replaced: nobody has
// its refresh token any more, and it stays good for weeks. It is revoked on request
// alone, since RFC 7009 section 2.1 lets a server end all that rests on the same
// grant, the new login with it. The new login holds whatever comes of it.
func (a *app) leaveEarlier(ctx context.Context, end bool, earlier, e storage.Entry) {
	switch {
	case earlier.Refresh == "" || earlier.Refresh == e.Refresh:
		return
	case !end:
		a.say("note: the earlier login of this client stays good at the server until it ends; --end-earlier revokes it, and so does \"gate401 logout\" before the next login")
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
