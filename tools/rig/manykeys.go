package rig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/gate401/gate401/token"
)

// Multiply copies the records of m to a file of that name in its folder and adds
// keys to them until there are n. They are written in one transaction, past the
// store, which would take minutes for a million. It returns the added keys.
func (m *Material) Multiply(ctx context.Context, name string, n int) (_ []string, err error) {
	path := filepath.Join(m.Dir, name)
	for _, ext := range []string{".db", ".key"} {
		if err := copyFile(filepath.Join(m.Dir, "records"+ext), path[:len(path)-len(filepath.Ext(path))]+ext); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(0)&_pragma=cache_size(-262144)")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback()
		}
	}()
	// As the store wrote the first one, but for what tells it from others.
	insert, err := tx.PrepareContext(ctx, `INSERT INTO api_keys (id, hash, hint, environment, owner, name, scopes_json, groups_json, created, expires, revoked, last_used, successor, version)
		SELECT $1, $2, $3, environment, owner, name, scopes_json, groups_json, created, expires, revoked, last_used, successor, version FROM api_keys WHERE id = 'key-0000000'`)
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	var added []string
	for i := len(m.Keys); i < n; i++ {
		k, err := token.NewAPIKey(nil, "live")
		if err != nil {
			return nil, err
		}
		hash := k.Hash()
		if _, err := insert.ExecContext(ctx, fmt.Sprintf("key-%07d", i), hash[:], k.Display()); err != nil {
			return nil, err
		}
		added = append(added, k.Reveal())
	}
	return added, tx.Commit()
}

// copyFile copies a file that nobody writes to.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
