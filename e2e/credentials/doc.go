// Package credentials tests the life of credentials with the program itself: a
// gate that runs, and commands beside it.
package credentials
