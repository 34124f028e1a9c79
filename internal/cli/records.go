package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/store"
)

// defaultFile is used where no -c is given and there is one.
const defaultFile = "gate401.yaml"

// where says which configuration and which records a command works on.
type where struct{ file, store string }

func (w *where) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&w.file, "config", "c", "", "the configuration `FILE` (default gate401.yaml, if there is one)")
	cmd.Flags().StringVar(&w.store, "store", "", "the records, instead of those that the file names: `sqlite:FILE`")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	_ = cmd.RegisterFlagCompletionFunc("store", cobra.NoFileCompletions)
}

// readConfig reads a file; an empty name stands for gate401.yaml if there is
// one, else for the defaults. name is what was read, empty for the defaults.
func readConfig(file string) (cfg *config.File, name string, err error) {
	name, data, err := configText(file)
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		return config.Default(), "", nil
	}
	cfg, err = config.Load(name, data)
	return cfg, name, err
}

// configText reads the file itself; without a name the usual one, and there is
// no error if that is not there.
func configText(file string) (name string, data []byte, err error) {
	name = file
	if name == "" {
		name = defaultFile
	}
	data, err = os.ReadFile(name)
	if file == "" && errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	return name, data, missing(err, name)
}

// adminListen is where the file says that the admin listener is. A file with
// faults tells it too: the gate that runs goes on without that file.
func adminListen(file string) (string, error) {
	_, data, err := configText(file)
	if err != nil {
		return "", err
	}
	return (&config.Loader{}).AdminListen(data), nil
}

// records are the open stores, and who works on them.
type records struct {
	*build.Stores
	cfg   *config.File
	actor string
	app   *app
}

// open opens the records that are there; a command that only looks must not
// make any.
func (a *app) open(ctx context.Context, w where) (*records, error) {
	return a.openStores(ctx, w, false)
}

// openOrMake opens the records, and makes them if there are none.
func (a *app) openOrMake(ctx context.Context, w where) (*records, error) {
	return a.openStores(ctx, w, true)
}

func (a *app) openStores(ctx context.Context, w where, make bool) (*records, error) {
	cfg, _, err := readConfig(w.file)
	if err != nil {
		return nil, err
	}
	if w.store != "" {
		if !strings.HasPrefix(w.store, "sqlite:") || w.store == "sqlite:" {
			return nil, usagef("--store sqlite:gate401.db", "--store: %q names no store that this version knows", w.store)
		}
		cfg.Storage.Records = w.store
	}
	path, ok := cfg.Storage.SQLite()
	if !ok {
		return nil, usagef("name a file with --store sqlite:gate401.db, or storage.records in the configuration",
			"the records are kept in memory, so nothing would remain of this command")
	}
	fresh := absent(path)
	if !make && fresh {
		return nil, fail(ExitProblems, fmt.Errorf("there are no records yet: %s does not exist", path),
			`"gate401 user add NAME" makes them, "gate401 restore BACKUP" puts those of a backup in place; -c FILE or --store sqlite:FILE names others`)
	}
	stores, err := storage.Open(ctx, cfg, a.Now)
	if err != nil {
		return nil, fail(ExitUntested, err, hintsFor(err)...)
	}
	if fresh {
		a.say("made the records %s", path)
	}
	if stores.Upgraded != "" {
		a.say("the records were brought up to date: %s", stores.Upgraded)
	}
	if stores.NewMasterKey {
		a.say("made the master key %s; keep a copy of it in a safe place", stores.MasterKey)
	}
	return &records{Stores: stores, cfg: cfg, actor: a.actor(), app: a}, nil
}

// actor is who the audit records say it was: the account of the system.
func (a *app) actor() string {
	name := a.Env("USER")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if name == "" {
		return "command line"
	}
	return "command line:" + name
}

// audit records what was done. The change stands even if this fails, so the
// error says so.
func (r *records) audit(ctx context.Context, action, object string, detail any) error {
	record := store.AuditRecord{Actor: r.actor, Action: action, Object: object}
	if detail != nil {
		encoded, err := json.Marshal(detail)
		if err != nil {
			return err
		}
		record.Detail = encoded
	}
	if _, err := r.Set.Audit.AppendAudit(ctx, record); err != nil {
		return fail(ExitUntested, fmt.Errorf("the change was made, but not recorded: %w", err))
	}
	return nil
}

// attempts is how often a change is tried again because somebody else changed
// the same record in between.
const attempts = 5

// change reads an account, changes it and writes it back.
func (r *records) change(ctx context.Context, name string, edit func(*store.Account) error) (store.Account, error) {
	for try := 1; ; try++ {
		account, err := r.account(ctx, name)
		if err != nil {
			return store.Account{}, err
		}
		if err := edit(&account); err != nil {
			return store.Account{}, err
		}
		account, err = r.Set.Accounts.UpdateAccount(ctx, account)
		if err == nil || !errors.Is(err, store.ErrConflict) || try == attempts {
			return account, storeError(err)
		}
	}
}

// account finds an account by any spelling of its name.
func (r *records) account(ctx context.Context, name string) (store.Account, error) {
	canonical, err := store.Canonical(name)
	if err != nil {
		return store.Account{}, usagef("", "%w", err)
	}
	account, err := r.Set.Accounts.Account(ctx, canonical)
	if errors.Is(err, store.ErrNotFound) {
		hint := `"gate401 user list" lists them all`
		if meant := closest(canonical, r.people(ctx, "")); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		return store.Account{}, fail(ExitProblems, fmt.Errorf("there is no account %q", canonical), hint)
	}
	return account, storeError(err)
}

// people lists the names that begin with prefix, as many as a shell can show.
func (r *records) people(ctx context.Context, prefix string) []string {
	accounts, err := r.Set.Accounts.ListAccounts(ctx, "", store.MaxPage)
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range accounts {
		if strings.HasPrefix(a.Name, prefix) {
			out = append(out, a.Name)
		}
	}
	return out
}

// storeError tells refusals of the store from its failures.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrInvalid):
		return usagef("", "%w", err)
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrExists), errors.Is(err, store.ErrNotFound):
		return fail(ExitProblems, err)
	}
	return fail(ExitUntested, err, hintsFor(err)...)
}

// completePeople offers the names of accounts, without making a store.
func (a *app) completePeople(w *where) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		a.peek(cmd.Context(), *w, func(r *records) { out = r.people(cmd.Context(), toComplete) })
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// peek opens the records if they exist; a completion must not make any, nor
// say anything.
func (a *app) peek(ctx context.Context, w where, look func(*records)) {
	cfg, _, err := readConfig(w.file)
	if err != nil {
		return
	}
	if w.store != "" {
		cfg.Storage.Records = w.store
	}
	if _, ok := cfg.Storage.SQLite(); !ok {
		return
	}
	r, err := a.open(ctx, w)
	if err != nil {
		return
	}
	defer func() { _ = r.Close() }()
	look(r)
}
