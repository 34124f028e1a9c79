// Package session knows who is logged in by which browser: it begins sessions,
// finds them by their cookie, and ends them.
//
// Start with [Manager], one for a gate, and with [Manager.Begin] when somebody
// has proved who they are. [Door] is the same for handlers that have an
// *http.Request in their hands:
//
//	person, err := door.Find(ctx, hr)
//	if errors.Is(err, session.ErrNone) {
//		// nobody is logged in
//	}
//
// A session ends when it was not used for a while, at a fixed time however busy
// it is, and when it is revoked. A warm one is found without the store, which
// hears now and then, in batches, that sessions are alive.
//
// It verifies no password, shows no page and guards no form against other sites:
// packages login and authn do.
package session
