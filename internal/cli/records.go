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
		cfg = config.Default()
		cfg.Resolve(whole("."))
		return cfg, "", nil
	}
	cfg, err = loader(name).Load(name, data)
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
	name, data, err := configText(file)
	if err != nil {
		return "", err
	}
	return loader(name).AdminListen(data), nil
}

// records are the open stores, and who works on them.
type records struct {
	*build.Stores
	cfg   *config.File
	at    where
	actor string
	app   *app
}

// open opens the records that are there.
func (a *app) open(ctx context.Context, w where) (*records, error) {
	return a.openStores(ctx, w, false)
}

// begin opens the records of this folder, and makes them if there are none. Who
// names a file or records means some that are there.
func (a *app) begin(ctx context.Context, w where) (*records, error) {
	return a.openStores(ctx, w, w == where{})
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
		w.outrank(cfg)
	}
	path, ok := cfg.Storage.SQLite()
	if !ok {
		return nil, usagef("name a file with --store sqlite:gate401.db, or storage.records in the configuration",
			"the records are kept in memory, so nothing would remain of this command")
	}
	fresh := absent(path)
	if !make && fresh {
		return nil, w.noRecords(path)
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
	return &records{Stores: stores, cfg: cfg, at: w, actor: a.actor(), app: a}, nil
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

// with is a command on the records that are there.
func (a *app) with(w *where, run func(ctx context.Context, r *records, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		r, err := a.open(cmd.Context(), *w)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		return run(cmd.Context(), r, args)
	}
}

// attempts is how often a change is tried again because somebody else changed
// the same record in between.
const attempts = 5

// account finds an account by any spelling of its name.
func (r *records) account(ctx context.Context, name string) (store.Account, error) {
	canonical, err := store.Canonical(name)
	if err != nil {
		return store.Account{}, usagef("", "%w", err)
	}
	account, err := r.Set.Accounts.Account(ctx, canonical)
	if errors.Is(err, store.ErrNotFound) {
		return store.Account{}, unknown("account", canonical, r.accountNames(ctx), "user list")
	}
	return account, storeError(err)
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

// peek opens the records if they exist; a completion must not make any, nor
// say anything.
func (a *app) peek(ctx context.Context, w where, look func(*records)) {
	cfg, _, err := readConfig(w.file)
	if err != nil {
		return
	}
	w.outrank(cfg)
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
