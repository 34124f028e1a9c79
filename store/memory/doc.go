// Package memory keeps the records of package store in memory, for tests and
// for programs that link gate401 without SQL. Everything is lost at the end of
// the process.
//
// Start with [Open]; use the [store.Set] that it returns. It behaves like
// store/sqlite in every respect but durability, and keeps about the newest
// [MaxAudit] audit records.
package memory
