package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
)

// minPassphrase is how long a passphrase must be: it protects a file that may be
// guessed at for as long as somebody likes.
const minPassphrase = 12

func (a *app) backup() *cobra.Command {
	var w where
	var out, passphraseFile string
	var withKey, asJSON bool
	cmd := &cobra.Command{
		Use:   "backup [-o FILE]",
		Short: "Copy the records into one file, while the gate runs",
		Long: "Writes accounts, keys, tokens, certificates and audit records, as they are at one moment, into a tar file that says what it holds " +
			"(manifest.json) and can prove it. Nobody is held up. Secrets in it are hashed or encrypted as in the records; whoever has it still " +
			"learns names, groups and what was done when, so its mode is 0600.\n\n" +
			"The master key is not in it, since who has both can sign tokens: keep a copy of the key elsewhere. With --with-master-key it is, " +
			"under a passphrase; without that passphrase nobody can use it.",
		Example: `gate401 backup
gate401 backup -o - | ssh backup@example.com 'cat > gate401.tar'
gate401 backup --with-master-key --passphrase-file /run/secrets/backup`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if passphraseFile != "" && !withKey {
				return usagef("add --with-master-key", "--passphrase-file: there is nothing to protect with a passphrase")
			}
			cfg, err := a.recordsConfig(w)
			if err != nil {
				return err
			}
			if path, _ := cfg.Storage.SQLite(); absent(path) {
				return fail(ExitProblems, fmt.Errorf("there are no records to copy: %s does not exist", path),
					"-c FILE or --store sqlite:FILE names others; \"gate401 restore BACKUP\" puts those of a backup in place")
			}
			o := storage.BackupOptions{Program: a.Version, Now: a.Now}
			if withKey {
				if o.Passphrase, err = a.newPassphrase(passphraseFile); err != nil {
					return err
				}
			}
			if out == "-" {
				return a.backupToOutput(cmd.Context(), cfg, o, asJSON)
			}
			if out == "" {
				out = "gate401-backup-" + a.Now().UTC().Format("20060102T150405Z") + ".tar"
			}
			progress, done := a.progress("copied")
			o.Progress = progress
			m, err := backupTo(cmd.Context(), cfg, out, o)
			done()
			if err != nil {
				return a.recordsFailed(err)
			}
			if asJSON {
				return a.json(struct {
					File string `json:"file"`
					storage.Manifest
				}{out, m})
			}
			a.sayBackup(m, out, cfg)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "the `FILE` to write, which must not exist; - for standard output (default gate401-backup-TIME.tar)")
	f.BoolVar(&withKey, "with-master-key", false, "put the master key into it, under a passphrase")
	f.StringVar(&passphraseFile, "passphrase-file", "", "read the passphrase from the first line of `FILE` instead of asking for it")
	f.BoolVar(&asJSON, "json", false, "print the manifest as JSON")
	w.flags(cmd)
	return cmd
}

// absent tells whether there is no such file.
func absent(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// backupTo writes the file complete or not at all.
func backupTo(ctx context.Context, cfg *config.File, name string, o storage.BackupOptions) (storage.Manifest, error) {
	taken := func() error {
		if _, err := os.Lstat(name); err == nil {
			return usagef("name another file with -o", "%s exists, and was left as it is", name)
		}
		return nil
	}
	if err := taken(); err != nil {
		return storage.Manifest{}, err
	}
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return storage.Manifest{}, usagef("if no other backup is running, remove it", "%s.part exists: another backup is running, or did not end", name)
	}
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			// Nobody asked for the file that it is until it is complete.
			at.Path = name
		}
		if errors.Is(err, fs.ErrNotExist) {
			return storage.Manifest{}, fail(ExitProblems, err, "make the folder "+filepath.Dir(name)+" first, or name another file with -o")
		}
		return storage.Manifest{}, err
	}
	m, err := storage.Backup(ctx, cfg, f, o)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		if err = taken(); err == nil {
			err = os.Rename(f.Name(), name)
		}
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return m, err
}

func (a *app) backupToOutput(ctx context.Context, cfg *config.File, o storage.BackupOptions, asJSON bool) error {
	switch {
	case isTerminal(a.Out):
		return usagef("gate401 backup -o FILE", "a backup is no text: it is not written to a terminal")
	case asJSON:
		return usagef("", "backup: --json and -o - both want standard output")
	}
	m, err := storage.Backup(ctx, cfg, a.Out, o)
	if err != nil {
		return a.recordsFailed(err)
	}
	a.sayBackup(m, "standard output", cfg)
	return nil
}

func (a *app) sayBackup(m storage.Manifest, name string, cfg *config.File) {
	a.say("%s: %s, %s, %s, of %s", name, counted(int(m.Holds.Accounts), "account", "accounts"), counted(int(m.Holds.APIKeys), "API key", "API keys"),
		counted(int(m.Holds.SigningKeys), "signing key", "signing keys"), m.Created.Format(time.RFC3339))
	path, _ := cfg.Storage.SQLite()
	switch {
	case m.MasterKey != nil:
		a.say("the master key is in it, under the passphrase; without the passphrase it is of no use")
	case m.Holds.SigningKeys > 0:
		a.say("the master key is not in it: keep a copy of %s elsewhere, or the signing keys cannot be read again", storage.KeyFile(path))
	}
}

// recordsConfig is the configuration whose records are meant.
func (a *app) recordsConfig(w where) (*config.File, error) {
	cfg, _, err := readConfig(w.file)
	if err != nil {
		return nil, err
	}
	w.outrank(cfg)
	if path, ok := cfg.Storage.SQLite(); !ok || path == "" {
		return nil, usagef("name a file with --store sqlite:gate401.db, or storage.records in the configuration",
			"the records are kept in memory, so there is no file of them")
	}
	return cfg, nil
}

// recordsFailed gives the errors of backup and restore the hints that help.
func (a *app) recordsFailed(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	hints := hintsFor(err)
	switch {
	case errors.Is(err, storage.ErrOtherKey):
		hints = []string{"put the master key of the backup in place, or move away the one that is there and bring the right one later"}
	case errors.Is(err, storage.ErrNoPassphrase):
		hints = []string{"give it with --passphrase-file FILE"}
	case errors.Is(err, storage.ErrBackup):
		hints = []string{"nothing was changed; take another backup"}
	}
	return fail(ExitProblems, err, hints...)
}

// progress tells on a terminal how far long work is, and clears the line at the
// end.
func (a *app) progress(word string) (tell func(done, total int64), done func()) {
	if !isTerminal(a.Err) {
		return nil, func() {}
	}
	said := false
	return func(done, total int64) {
			said = true
			fmt.Fprintf(a.Err, "\r\x1b[Kgate401: %s %d of about %d MiB", word, done>>20, max(total>>20, 1))
		}, func() {
			if said {
				fmt.Fprint(a.Err, "\r\x1b[K")
			}
		}
}

// newPassphrase reads a passphrase from a file, or asks for it twice.
func (a *app) newPassphrase(file string) ([]byte, error) {
	if file != "" {
		return passphraseIn(file)
	}
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, usagef("give it with --passphrase-file FILE", "there is no terminal to ask for the passphrase")
	}
	text, err := a.ask(in, "Passphrase for the master key: ")
	if err != nil {
		return nil, err
	}
	if len(text) < minPassphrase {
		return nil, tooShort()
	}
	again, err := a.ask(in, "The same again: ")
	if err != nil {
		return nil, err
	}
	if again != text {
		return nil, fail(ExitProblems, errors.New("the two passphrases differ; nothing was written"))
	}
	return []byte(text), nil
}

func tooShort() error {
	return usagef("take several words", "the passphrase has fewer than %d characters", minPassphrase)
}

// passphraseIn is the first line of a file.
func passphraseIn(file string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, fail(ExitUsage, err, hintsFor(err)...)
	}
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) < minPassphrase {
		return nil, tooShort()
	}
	return line, nil
}
