// Package judge says whether a client handled what the mock did to it: refreshed
// once, never repeated a wrong password, kept its credentials to itself, stopped
// when it should.
//
// Start with [Entries], which judges what a journal recorded of one client, and
// with [Rules], the catalogue of what is looked at. A finding names the entries
// that prove it; what cannot be seen in the journal is not claimed.
package judge
