// Package clientjs serves the script by which pages behind the gate call it: a
// fetch() that renews what it sends when it is over, once for any number of
// requests, and says when somebody has to log in.
//
// Start with [New], and with [Script.Owns], which tells what is for it.
//
// It knows nothing of who is asking: the script is the same for everybody, and
// learns from its own address where the gate is.
package clientjs
