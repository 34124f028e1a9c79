// Package diagnose names the first cause of a failing request. It joins what
// was sent, what came back, the challenge, the token, the key set, the metadata
// and the clocks, and says what was expected, what is there, and the one thing
// to do.
//
// Start with [Run]; [Rules] is the list of everything it can recognise, in the
// order in which a request meets it.
//
// It sends nothing, and it guesses only where it says so: an answer that cannot
// be explained is reported as such, with what was ruled out. A [Report] holds no
// secret unless [Options] ask for it.
package diagnose
