// Package resource publishes what a client needs to know to get a token for an
// API: the metadata of protected resources (RFC 9728).
//
// Start with [New], and give its Handler every request whose path [Owns].
//
// Each URL that a rule protects is a resource of its own, unless the rule names
// one for all of them, so that the metadata that a challenge leads to speaks of
// the very URL that was called (section 3.3). What it says comes from the same
// requirements that decide; of a path that no rule protects with tokens it says
// nothing.
//
// It does not write challenges: package gate401 does, see gate401.Resource.
package resource
