// Package account is the pages where people see and change what is theirs: the
// browsers in which they are logged in, their API keys, the apps that have
// access, their password and their second factor; and the page behind a link for
// a forgotten password.
//
// Start with a [Handler]: mount [Handler.ServeHTTP] at its Prefix + "account",
// everything below that, and Prefix + "link". Who is logged in, and the page that
// asks for a login, are its fields.
//
// The pages work without scripts. Nothing is changed by GET; every POST is
// answered by a redirect, but where a secret is shown, once. What gives power or
// weakens the account asks for a login that is not older than [Recent]; what only
// takes away (a session, a key, an app) does not, so that nothing stands in the
// way of somebody who has seen a thief. The ID of somebody else's record is as
// unknown as any other.
//
// It knows no rules and refuses no request of the gate.
package account
