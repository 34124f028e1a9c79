// Package seal encrypts small secrets (signing keys) at rest under a master
// key, and keeps that key in a file that only its owner can read.
//
// Start with [LoadOrCreate] (or [Parse] and [New] for a key that is given),
// then [Ring.Seal] and [Ring.Open].
//
// What is sealed is bound to its kind and id, so that it cannot be put in
// another record's place. The package protects a stolen database or backup; it
// does not protect against who can read the key file or the process.
package seal
