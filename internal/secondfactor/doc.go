// Package secondfactor is what an account proves itself with besides its
// password: the one-time passwords of an app (TOTP, RFC 6238), and recovery codes
// for when the app is lost.
//
// Start with a [Factors] on the records: [Factors.Needed] and [Factors.Check] are
// for the login; [Factors.Begin] and [Factors.Confirm] set it up.
//
// A password of the app is accepted once, and within one step of 30 seconds
// around the gate's clock. Guesses are not counted here: whoever calls Check
// reserves each attempt with the guard, as for a password.
package secondfactor
