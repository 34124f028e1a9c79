// Package sqlite keeps the records of package store in one SQLite file. It
// needs no cgo and no server, and several processes may have the file open.
//
// Start with [Open]; use the [store.Set] that it returns. The package makes the
// file and its schema, or refuses a file that it must not touch, with a
// [store.OpenError] that says what to do. It does not make backups: copy the
// file with "VACUUM INTO" or stop the program first.
package sqlite
