package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

// administrator is the account that the first start makes.
const administrator = "admin"

// firstStart makes an administrator if the store has no account at all and a
// method asks for the store's people, and prints the password: once, and never
// into the log.
func (h *house) firstStart(ctx context.Context, out io.Writer) error {
	if h.stores.NewMasterKey {
		h.log.LogAttrs(ctx, slog.LevelInfo, "master key made; keep a copy of it apart from the database", slog.String("file", h.stores.MasterKey))
	}
	if h.stores.Upgraded != "" {
		h.log.LogAttrs(ctx, slog.LevelInfo, "records of an older program brought up to date", slog.String("schema", h.stores.Upgraded))
	}
	wanted := slices.ContainsFunc(h.options.Config.Methods, func(m config.Method) bool { return m.Basic != nil && m.Basic.Htpasswd == "" })
	set := h.stores.Set
	there, err := set.Accounts.ListAccounts(ctx, "", 1)
	if err != nil {
		return fmt.Errorf("reading the accounts: %w", err)
	}
	if len(there) > 0 || !wanted {
		return nil
	}
	if taken, err := (&people.People{Set: set}).ClientNames(ctx); err != nil {
		return err
	} else if id, ok := taken[administrator]; ok {
		// Its tokens would speak for the administrator.
		h.log.LogAttrs(ctx, slog.LevelWarn, "no administrator made: a client has the name; make an account: gate401 user add NAME --group admin", slog.String("client", id))
		return nil
	}
	secret, err := password.Generate(nil)
	if err != nil {
		return fmt.Errorf("making a password: %w", err)
	}
	hash, err := h.stores.Hasher.Hash(ctx, secret)
	if err != nil {
		return err
	}
	account := store.Account{Name: administrator, Display: "Administrator", Password: hash, Groups: []string{"admin"}}
	if _, err := set.Accounts.CreateAccount(ctx, account); errors.Is(err, store.ErrExists) {
		return nil // another process was faster, and printed its password
	} else if err != nil {
		return fmt.Errorf("making the administrator: %w", err)
	}
	// Before anything else can fail: nobody else knows it.
	_, err = fmt.Fprintf(out, "gate401: first start: made the account %q with the password\n\n    %s\n\n"+
		"gate401: it is shown this once; change it with: gate401 user passwd %s\n", administrator, secret, administrator)
	if err != nil {
		return err
	}
	if _, err := set.Audit.AppendAudit(ctx, store.AuditRecord{Actor: "first start", Action: "account.create", Object: administrator}); err != nil {
		return fmt.Errorf("writing the audit record: %w", err)
	}
	return nil
}
