// Package storage opens the records that a configuration names: SQLite, or memory
// that ends with the process.
//
// Start with [Open]. It is apart from package build, so that whoever builds a gate
// on records in memory links no database.
package storage
