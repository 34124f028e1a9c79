package cli

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gate401/gate401/internal/storage"
)

func (a *app) restore() *cobra.Command {
	var w where
	var passphraseFile string
	var checkOnly, asJSON bool
	cmd := &cobra.Command{
		Use:   "restore FILE|-",
		Short: "Put the records of a backup in place",
		Long: "Proves the whole backup first: its digests, the records in it, that this program knows their form, and that the master key opens them. " +
			"Only then it replaces the records that storage.records names, and keeps those that were there beside them. The gate must be stopped. " +
			"Records of an older program are brought up to date.\n\n" +
			"What was changed since the backup is as it was then: passwords, and what was revoked.",
		Example: `gate401 restore --check gate401-backup-20260102T030405Z.tar
gate401 restore gate401-backup-20260102T030405Z.tar -c /etc/gate401/gate401.yaml`,
		Args: wants(1, 1, "the file of the backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.recordsConfig(w)
			if err != nil {
				return err
			}
			in := a.In
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fail(ExitUsage, err, hintsFor(err)...)
				}
				defer func() { _ = f.Close() }()
				in = f
			}
			progress, done := a.progress("read")
			report, err := storage.Restore(cmd.Context(), cfg, in, storage.RestoreOptions{
				Now: a.Now, CheckOnly: checkOnly, Progress: progress, Passphrase: a.passphraseOf(passphraseFile, args[0] == "-"),
			})
			done()
			if err != nil {
				return a.recordsFailed(err)
			}
			if asJSON {
				return a.json(report)
			}
			a.sayRestored(report, checkOnly)
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&checkOnly, "check", false, "only find out whether the backup is good, and change nothing")
	f.StringVar(&passphraseFile, "passphrase-file", "", "read the passphrase of the master key from the first line of `FILE` instead of asking for it")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// passphraseOf asks for the passphrase when the backup turns out to need one;
// nil where nobody can be asked.
func (a *app) passphraseOf(file string, inputTaken bool) func() ([]byte, error) {
	if file != "" {
		return func() ([]byte, error) { return passphraseIn(file) }
	}
	in, ok := a.In.(*os.File)
	if inputTaken || !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return func() ([]byte, error) {
		text, err := a.ask(in, "Passphrase of the master key: ")
		if errors.Is(err, io.EOF) || text == "" {
			return nil, storage.ErrNoPassphrase
		}
		return []byte(text), err
	}
}

func (a *app) sayRestored(r storage.Restored, checkOnly bool) {
	m := r.Manifest
	what := counted(int(m.Holds.Accounts), "account", "accounts") + ", " + counted(int(m.Holds.APIKeys), "API key", "API keys") + ", " +
		counted(int(m.Holds.SigningKeys), "signing key", "signing keys") + ", of " + m.Created.Format(time.RFC3339) + " by gate401 " + m.Program
	if checkOnly {
		a.say("the backup is good: %s", what)
	} else {
		a.say("restored %s: %s", r.Path, what)
	}
	if r.From > 0 {
		a.say("the records were brought up to date, from schema %d", r.From)
	}
	if r.Aside != "" {
		a.say("the records that were there are in %s", r.Aside)
	}
	if r.KeyRestored {
		a.say("the master key is in place")
	}
	if r.KeyAside != "" {
		a.say("the master key that was there is in %s", r.KeyAside)
	}
	if r.KeyMissing != "" {
		a.say("the master key is not here: put its copy at %s, mode 0600, before the gate starts", r.KeyMissing)
	}
	if !checkOnly {
		a.say("passwords, and what was revoked, are as they were at that time")
	}
}
