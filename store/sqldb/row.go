package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/store"
)

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(into ...any) error }

// rowser is a *sql.DB or *sql.Tx.
type rowser interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func collect[T any](ctx context.Context, from rowser, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return all, nil
}

// inserted turns the result of INSERT ... ON CONFLICT DO NOTHING into an error.
// It needs no driver's error codes.
func inserted(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrExists
	}
	return nil
}

// updated turns the result of a compare-and-swap into an error; exists selects
// the record whatever its version.
func updated(ctx context.Context, tx *sql.Tx, result sql.Result, err error, exists string, id string) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 1 {
		return nil
	}
	var one int64
	if err := tx.QueryRowContext(ctx, exists, id).Scan(&one); err != nil {
		return err
	}
	return store.ErrConflict
}

func toJSON(list []string) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func fromJSON(column, text string) ([]string, error) {
	if text == "[]" {
		return nil, nil
	}
	if list, ok := plainList(text); ok {
		return list, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("column %s: %w", column, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// plainList reads what toJSON writes where nothing is escaped, which is all but
// always; anything else is for encoding/json. The strings share one memory.
func plainList(text string) ([]string, bool) {
	if len(text) < 4 || text[:2] != `["` || text[len(text)-2:] != `"]` || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, func(c rune) bool { return c == '\\' || c < ' ' }) {
		return nil, false
	}
	list := strings.Split(text[2:len(text)-2], `","`)
	for _, s := range list {
		if strings.IndexByte(s, '"') >= 0 {
			return nil, false
		}
	}
	return list, true
}

// noNil keeps an empty blob from becoming NULL.
func noNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func nilIfEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
