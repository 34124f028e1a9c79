// Package login is where people log in and out with a browser: the page, with
// its second step for a one-time password, /auth/login, /auth/logout and /auth/me.
//
// Start with a [Login], which is the handler of these addresses, and give its
// [Login.Page] to [gate401.Responder], so that a page that is opened without a
// session gets the login itself, with status 401, at the very address that was
// asked for. Another surface asks for a login with [Login.Ask], and a provider
// that has vouched for somebody hands them over to [Login.Admit].
//
// The pages work without scripts. Guesses are counted by the gate's own guard, and
// every refused login is a decision that the gate's own observers see. After it
// the browser is led to where it wanted to go, on this site alone (package
// returnto).
//
// It keeps no sessions (package session does), hashes no passwords (authn) and
// knows no provider by name.
package login
