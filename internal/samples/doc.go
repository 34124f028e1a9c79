// Package samples makes credentials in every state: tokens that expired or were
// signed by somebody else, keys that were revoked or belong elsewhere, people
// who are suspended or changed their password.
//
// Start with a [Maker]; [Maker.Person] makes an account, [Maker.Key] and
// [Maker.Token] a credential of a kind, [Maker.Session] somebody who is logged in. The demo and the tests of the cases use
// it, so that both mean the same by "expired".
//
// Everything is made in a real store by real keys; nothing here is a secret that
// exists elsewhere.
package samples
