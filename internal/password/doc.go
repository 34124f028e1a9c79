// Package password hashes and checks passwords.
//
// Start with a [Hasher] (its zero value is good): [Hasher.Hash] for a new
// password, [Hasher.Verify] for one that was sent. New hashes are argon2id in
// the PHC string format; bcrypt hashes from elsewhere can be verified.
//
// It does not count attempts and does not remember results; both belong to its
// callers. For an unknown account they call [Hasher.Dummy], so that the answer
// takes as long.
package password
