// Package build makes a gate and what it stands on from the file.
//
// Start with [OpenStores], which opens the records and the keys, and [New],
// which makes the gate over them. Every kind of method and store is named in a
// switch here and nowhere else.
//
// It listens to nothing and writes nothing to anyone; package server does.
package build
