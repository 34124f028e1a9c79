// Package sqldb keeps the records of package store in an SQL database through
// database/sql. It holds the one SQL text, which SQLite and PostgreSQL both
// understand ($1 placeholders, BIGINT milliseconds, TEXT JSON, BYTEA, BOOLEAN,
// ON CONFLICT DO NOTHING, RETURNING), and the migrations; it knows no driver.
//
// A backend opens its connections, then calls [Migrate] and [New]; users of the
// store import the backend (store/sqlite), never this package.
//
// Every change of a credential is one transaction that begins by raising the
// revision. That row is the lock which makes such changes one after the other
// in PostgreSQL as BEGIN IMMEDIATE does in SQLite, and its value is the new
// version of the changed record.
package sqldb
