// Package store holds the records that gate401 keeps (accounts, API keys,
// signing keys, logins with their refresh tokens, revocations, audit records, a
// few settings) and the small interfaces that every backend implements:
// store/memory and store/sqlite, both proved by the suite in store/storetest.
//
// Start with a [Set] from memory.Open or sqlite.Open, and with [Canonical],
// which turns what a person typed into the one name of an account.
//
// # Change feed
//
// Whoever remembers a verified credential must notice when its record changes.
// [Set.Revision] is one atomic load. It moves after every committed change of
// an account, an API key or a signing key, and after every revocation of
// tokens: before the call returns when this process made the change, within
// about 100 ms when another process did. Audit records, settings, the time of
// last use, logins and refreshes do not move it. The rule:
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
// along (token families and refresh tokens have none: they only ever go forward,
// each step by a call that says from which state); if the
// record has changed since it was read, the update fails with [ErrConflict]
// and nothing is written. Versions come from the same counter as the revision,
// so a record that is deleted and made anew never has an old version again.
//
// The package does no I/O, hashes no password, seals no key, and decides
// nothing: expired, revoked and suspended records are returned like any other.
package store
