// Package journal remembers what a mock was asked and what it answered, for
// people, for tests and for those who judge a client by it.
//
// Start with [Journal.Wrap], which records what passes a handler, and
// [Journal.Entries]. The credentials in an Entry are as they were sent, since a
// client is judged by them; a mock is not for real ones.
package journal
