// Package defend holds off those who guess credentials.
//
// Start with [Guard], whose zero value is a [gate401.Guard] with safe limits,
// and with [Guard.List], which shows an operator who is being held off:
//
//	guard := &defend.Guard{}
//	gate := &gate401.Gate{Policy: policy, Guard: guard}
//
// # What is counted
//
// An attempt is counted before it is verified, in up to three buckets at once:
// the account from this client network, the client network, and the account
// from everywhere. Attempts that turn out right, or that could not be checked,
// are given back; see [Guard.Reserve].
//
// # The owner is not locked out
//
// Whoever knows a name can exhaust that account's bucket from many addresses.
// A network from which the account proved itself right within [KnownFor] has
// buckets of its own that strangers cannot drain, which is the allow list of
// NIST SP 800-63B section 5.2.2. It is forgotten when the process ends, and so
// are the buckets.
//
// # What it does not do
//
// It verifies nothing, shares nothing between processes, and does not look at
// requests without a guessable credential. [Blocklist] refuses networks by
// configuration; nothing here adds to it by itself.
package defend
