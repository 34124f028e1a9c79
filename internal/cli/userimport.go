package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

// The formats of a file that is imported.
const (
	formatHtpasswd = "htpasswd"
	formatCSV      = "csv"
)

// importFlags say what is done with whom.
type importFlags struct {
	format                  string
	check                   bool
	update, skip            bool
	withoutPassword, asJSON bool
}

// imported counts what came of a file.
type imported struct {
	Added     int  `json:"added"`
	Changed   int  `json:"changed"`
	Unchanged int  `json:"unchanged"`
	Skipped   int  `json:"skipped"`
	Checked   bool `json:"checked_only"`
	// WithoutPassword are the accounts that nobody can log in with yet.
	WithoutPassword []string `json:"without_password"`
	// Wrong are the lines for which nothing was imported.
	Wrong []importFault `json:"wrong"`
}

func (a *app) userImport() *cobra.Command {
	var w where
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Add the accounts of an htpasswd or CSV file",
		Long: "Reads an htpasswd file (name:hash), or a CSV file whose first line names its columns: name, password or hash, groups, scopes, display; " +
			"lists have spaces or semicolons between.\n\n" +
			"Hashes of bcrypt and argon2id are taken over, and replaced by argon2id when their password is used the next time. Others (MD5, SHA-1, crypt, ...) " +
			"cannot be turned into good ones without the password and are refused; --without-password adds those accounts without one, and \"gate401 user link NAME\" lets each person set it.\n\n" +
			"The whole file is judged before anything is changed: one wrong line, and nothing is. If it is interrupted after that, run it again: what was done is found to be done. " +
			"An account that exists and differs is a wrong line, unless --update changes it (which ends its sessions if the password is another one) or --skip leaves it alone.",
		Example: `gate401 user import users.htpasswd --check
gate401 user import people.csv --update

# name,display,password,groups,scopes
# alice,Alice Smith,correct horse battery staple,admin support,orders:read orders:write`,
		Args: wants(1, 1, "the file"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importPeople(cmd.Context(), w, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "the `FORMAT` of the file: htpasswd or csv (default: by its name)")
	fl.BoolVar(&f.check, "check", false, "say what would be done, and do nothing")
	fl.BoolVar(&f.update, "update", false, "change accounts that exist to what the file says")
	fl.BoolVar(&f.skip, "skip", false, "leave accounts that exist as they are")
	fl.BoolVar(&f.withoutPassword, "without-password", false, "add accounts whose hash cannot be used, without a password")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	exclusive(cmd, "update", "skip")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formatHtpasswd, formatCSV}, cobra.ShellCompDirectiveNoFileComp))
	w.flags(cmd)
	return cmd
}

func (a *app) importPeople(ctx context.Context, w where, f importFlags, file string) error {
	name, data, err := a.importText(file)
	if err != nil {
		return err
	}
	switch {
	case f.format == "" && strings.EqualFold(filepath.Ext(file), ".csv"):
		f.format = formatCSV
	case f.format == "":
		f.format = formatHtpasswd
	case f.format != formatHtpasswd && f.format != formatCSV:
		return usagef("--format htpasswd or --format csv", "--format: there is no format %q", explain.Visible(f.format))
	}
	faults := &importFaults{name: name}
	people, err := readPeople(name, f.format, data, faults)
	if err != nil {
		return err
	}
	var hints []string
	for _, p := range people {
		if p.unusable != "" && !f.withoutPassword {
			faults.add(p.line, "%q: %s", explain.Visible(p.account.Name), p.unusable)
			hints = []string{`--without-password adds those accounts without a password, and "gate401 user link NAME" lets each person set one`}
		}
	}
	if err := a.refusedImport(f, faults, hints...); err != nil {
		return err
	}
	if len(people) == 0 {
		return fail(ExitProblems, fmt.Errorf("there is nobody in %s", explain.Visible(name)))
	}
	return a.importInto(ctx, w, f, people, faults)
}

// importText reads the file, or standard input for "-".
func (a *app) importText(file string) (name string, data []byte, err error) {
	name = file
	in := a.In
	if file == "-" {
		name = "standard input"
	} else {
		opened, err := os.Open(file)
		if err != nil {
			return "", nil, missing(err, file)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	data, err = io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return "", nil, missing(err, file)
	}
	if len(data) > maxImport {
		return "", nil, fail(ExitProblems, fmt.Errorf("%s is larger than %d MiB", explain.Visible(name), maxImport>>20), "split it")
	}
	return explain.Visible(name), data, nil
}

func (a *app) importInto(ctx context.Context, w where, f importFlags, people []incoming, faults *importFaults) error {
	r, err := a.recordsFor(ctx, w, f.check)
	if err != nil {
		return err
	}
	defer r.close()
	taken, err := r.takenNames(ctx)
	if err != nil {
		return err
	}
	plan, hints, err := r.planImport(ctx, f, people, taken, faults)
	if err != nil {
		return err
	}
	if err := a.refusedImport(f, faults, hints...); err != nil {
		return err
	}
	result := imported{Checked: f.check, WithoutPassword: []string{}, Wrong: []importFault{}}
	tell, done := a.progressOf("imported")
	defer done()
	for i, p := range plan {
		if !f.check && p.what != importSkip && p.what != importNothing {
			if err := r.importOne(ctx, p, taken); err != nil {
				done()
				return fail(ExitUntested, fmt.Errorf("after %d of %d accounts, at line %d: %w", i, len(plan), p.line, err),
					"run the same command again to go on: what was done is found to be done")
			}
		}
		switch p.what {
		case importAdd:
			result.Added++
		case importChange:
			result.Changed++
		case importSkip:
			result.Skipped++
		default:
			result.Unchanged++
		}
		if p.what == importAdd && !p.secret() {
			result.WithoutPassword = append(result.WithoutPassword, p.account.Name)
		}
		tell(i+1, len(plan))
	}
	done()
	return a.toldImport(f, result)
}

// recordsFor opens the records. Where there are none, a check makes none: nil.
func (a *app) recordsFor(ctx context.Context, w where, check bool) (*records, error) {
	if !check {
		return a.open(ctx, w)
	}
	cfg, _, err := readConfig(w.file)
	if err != nil {
		return nil, err
	}
	w.outrank(cfg)
	if path, ok := cfg.Storage.SQLite(); ok && absent(path) {
		return nil, nil //nolint:nilnil // nobody is there yet
	}
	return a.open(ctx, w)
}

// close closes the records, if there are any.
func (r *records) close() {
	if r != nil {
		_ = r.Close()
	}
}

// refusedImport is nil if nothing is wrong; else the lines are told in JSON too,
// where that was asked for.
func (a *app) refusedImport(f importFlags, faults *importFaults, hints ...string) error {
	err := faults.err(hints...)
	if err == nil || !f.asJSON {
		return err
	}
	if told := a.json(imported{Checked: f.check, WithoutPassword: []string{}, Wrong: faults.list}); told != nil {
		return told
	}
	return err
}

func (a *app) toldImport(f importFlags, result imported) error {
	if f.asJSON {
		return a.json(result)
	}
	verb := "imported"
	if f.check {
		verb = "nothing is wrong; would import"
	}
	a.say("%s: %d added, %d changed, %d unchanged, %d skipped", verb, result.Added, result.Changed, result.Unchanged, result.Skipped)
	if n := len(result.WithoutPassword); n > 0 {
		shown := result.WithoutPassword[:min(n, 10)]
		more := ""
		if n > len(shown) {
			more = ", ..."
		}
		a.say("note: %s no password: %s%s", map[bool]string{true: "1 account has", false: fmt.Sprintf("%d accounts have", n)}[n == 1], explain.Visible(strings.Join(shown, ", ")), more)
		a.say(`hint: "gate401 user link NAME" makes a link by which the person sets one`)
	}
	return nil
}

// What is done with one account.
const (
	importNothing = iota // it is as the file says
	importAdd
	importChange
	importSkip
)

// planned is one account, and what is done with it.
type planned struct {
	incoming
	what int
}

// takenNames are those that no account can have.
func (r *records) takenNames(ctx context.Context) (people.ClientNames, error) {
	if r == nil {
		return people.ClientNames{}, nil
	}
	taken, err := r.users(ctx).ClientNames(ctx)
	return taken, storeError(err)
}

// planImport compares the file with the accounts that exist. The hints are those
// for its faults.
func (r *records) planImport(ctx context.Context, f importFlags, incomings []incoming, taken people.ClientNames, faults *importFaults) ([]planned, []string, error) {
	plan := make([]planned, 0, len(incomings))
	var hints []string
	hint := func(text string) {
		if !slices.Contains(hints, text) {
			hints = append(hints, text)
		}
	}
	for _, p := range incomings {
		what := importAdd
		if r == nil {
			plan = append(plan, planned{p, what})
			continue
		}
		account, err := r.Set.Accounts.Account(ctx, p.account.Name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			if id, ok := taken[p.account.Name]; ok {
				faults.add(p.line, "there is a client %q: an account %q would end its tokens, and they could speak for it", id, explain.Visible(p.account.Name))
				hint("an account cannot be called as a client is: choose another name")
			}
		case err != nil:
			return nil, nil, storeError(err)
		default:
			same, err := r.sameAs(ctx, account, &p)
			switch {
			case err != nil:
				return nil, nil, storeError(err)
			case same:
				what = importNothing
			case f.update:
				what = importChange
			case f.skip:
				what = importSkip
			default:
				faults.add(p.line, "there is an account %q already, and it differs", explain.Visible(account.Name))
				hint("--update changes accounts that exist, --skip leaves them as they are")
			}
		}
		plan = append(plan, planned{p, what})
	}
	return plan, hints, nil
}

// sameAs tells whether an account is what the file says. A hash that was replaced
// since, because its password was used, cannot be compared and counts as another
// one.
func (r *records) sameAs(ctx context.Context, account store.Account, p *incoming) (bool, error) {
	switch {
	case p.groups && !alike(account.Groups, p.account.Groups),
		p.scopes && !alike(account.Scopes, p.account.Scopes),
		p.display && account.Display != p.account.Display,
		p.account.Password != "" && account.Password != p.account.Password:
		return false, nil
	case p.plain == "":
		return true, nil
	}
	ok, _, err := r.Hasher.Verify(ctx, account.Password, p.plain)
	return ok, err
}

// alike tells whether two lists name the same.
func alike(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// importOne adds or changes one account.
func (r *records) importOne(ctx context.Context, p planned, taken people.ClientNames) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	next := people.NewPassword{Text: p.plain, Hash: p.account.Password}
	users := r.users(ctx)
	users.Taken = taken
	if p.what == importAdd {
		_, err := users.Add(ctx, r.by(), p.account, next, "imported")
		return err
	}
	changes := people.Changes{Password: next}
	if p.groups {
		changes.Groups = &p.account.Groups
	}
	if p.scopes {
		changes.Scopes = &p.account.Scopes
	}
	if p.display {
		changes.Display = &p.account.Display
	}
	_, _, err := users.Update(ctx, r.by(), p.account.Name, changes, "imported")
	return err
}

// progressOf tells on a terminal how many are done, and clears the line at the
// end.
func (a *app) progressOf(word string) (tell func(done, total int), done func()) {
	if !isTerminal(a.Err) {
		return func(int, int) {}, func() {}
	}
	said := false
	return func(done, total int) {
			if done%10 == 0 || done == total {
				said = true
				fmt.Fprintf(a.Err, "\r\x1b[Kgate401: %s %d of %d", word, done, total)
			}
		}, func() {
			if said {
				said = false
				fmt.Fprint(a.Err, "\r\x1b[K")
			}
		}
}
