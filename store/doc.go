// Package store holds the records that gate401 keeps (accounts with their second
// factors, API keys, signing keys, clients and what people allow them, sessions,
// tickets that are good once, logins with their refresh tokens, revocations,
// audit records, the lives of credentials, a few settings) and the small
// interfaces that every backend implements: store/memory and store/sqlite, both
// proved by the suite in store/storetest.
//
// Start with a [Set] from memory.Open or sqlite.Open, and with [Canonical],
// which turns what a person typed into the one name of an account.
//
// # Change feed
//
// Whoever remembers a verified credential must notice when its record changes.
// [Set.Revision] is one atomic load. It moves after every committed change of
// an account, its second factor, an API key, a signing key or a client, and
// after every revocation of tokens or of a session: before the call returns when
// this process made the change, within about 100 ms when another process did.
// Audit records, settings, the time of last use, tickets, consents, events,
// logins and refreshes do not move it. The rule:
//
//	rev := set.Revision()                        // first the revision,
//	account, err := set.Accounts.Account(ctx, n) // then the record
//	... verify, then remember (credential, account, rev)
//
// and, before using what was remembered, compare its revision with
// Revision(); if they differ, read the record again (one point lookup) and
// compare. Reading the revision after the record would miss a change made in
// between.
//
// # Compare and swap
//
// Every record that can be updated has a Version, which an update must bring
// along (sessions, token families and refresh tokens have none: they only ever
// go forward, each step by a call that says from which state); if the record has
// changed since it was read, the update fails with [ErrConflict] and nothing is
// written. Versions come from a counter, that of the revision where the change
// moves it, so a record that is deleted and made anew never has an old version
// again.
//
// The package does no I/O, hashes no password, seals no key, and decides
// nothing: expired, revoked and suspended records are returned like any other.
package store
