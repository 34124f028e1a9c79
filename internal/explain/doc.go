// Package explain says in words what is wrong with a challenge, an
// Authorization value, a token or a refused request, and what to do about it.
//
// Start with [Challenge] for what a server sent and [Authorization] for what a
// client sent; [Token], [Reason] and [ParseTrace] explain the rest, and [Guess]
// tells which of them a piece of text is for. Each returns a value that encodes
// as JSON and whose Text is for people.
//
// It verifies no signature, asks nobody and opens no file. Secrets are left out
// of everything that it returns unless the caller asks for them.
package explain
