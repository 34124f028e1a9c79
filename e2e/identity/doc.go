// Package identity holds end-to-end tests of what an upstream is told about who is
// asking: the token that the gate signs for it, as software reads it that nobody
// here wrote.
//
// It has nothing but tests.
package identity
