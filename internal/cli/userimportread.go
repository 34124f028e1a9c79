package cli

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// Bounds of a file that is imported.
const (
	maxImport       = 16 << 20
	maxImportFaults = 20 // told at once
)

// incoming is one person of a file that is imported.
type incoming struct {
	line    int
	account store.Account // with its hash, where the file has one
	plain   string        // the password, where the file has that
	// unusable is why the hash cannot be used.
	unusable string
	// Which of the fields the file says anything about.
	groups, scopes, display bool
}

// secret tells whether the file says how the person proves who they are.
func (p *incoming) secret() bool { return p.plain != "" || p.account.Password != "" }

// importFaults are what is wrong with a file, by line.
type importFaults struct {
	name  string
	list  []importFault
	total int
}

type importFault struct {
	Line int    `json:"line"`
	Text string `json:"problem"`
}

func (f *importFaults) add(line int, format string, args ...any) {
	if f.total++; len(f.list) < maxImportFaults {
		f.list = append(f.list, importFault{line, fmt.Sprintf(format, args...)})
	}
}

// err is nil if nothing is wrong.
func (f *importFaults) err(hints ...string) error {
	if f.total == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b importFault) int { return a.Line - b.Line })
	lines := make([]string, len(f.list))
	for i, one := range f.list {
		lines[i] = fmt.Sprintf("%s:%d: %s", f.name, one.Line, one.Text)
	}
	text := strings.Join(lines, "\n")
	if more := f.total - len(f.list); more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return fail(ExitProblems, fmt.Errorf("nothing was imported: %s\n%s", counted(f.total, "line is wrong", "lines are wrong"), text), hints...)
}

// readPeople reads a whole file of the format; every line is judged before
// anything is changed.
func readPeople(name, format string, data []byte, faults *importFaults) ([]incoming, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fail(ExitProblems, fmt.Errorf("%s is no text", explain.Visible(name)))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var people []incoming
	var err error
	if format == formatCSV {
		people, err = readCSV(data, faults)
	} else {
		people = readHtpasswd(data, faults)
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	for i := range people {
		p := &people[i]
		canonical, err := store.Canonical(p.account.Name)
		switch {
		case err != nil:
			faults.add(p.line, "%s", strings.TrimPrefix(err.Error(), store.ErrInvalid.Error()+": "))
			continue
		case strings.Contains(canonical, ":"):
			faults.add(p.line, "%q has a colon, so nobody could log in with it (RFC 7617 section 2)", explain.Visible(canonical))
			continue
		case seen[canonical] != 0:
			faults.add(p.line, "%q is also in line %d (names are compared without case)", explain.Visible(canonical), seen[canonical])
			continue
		}
		seen[canonical] = p.line
		if p.account.Name != canonical && p.account.Display == "" {
			p.account.Display = p.account.Name // of an account that is new
		}
		p.account.Name = canonical
		p.judge(faults)
	}
	return people, nil
}

// judge looks at password, hash and scopes.
func (p *incoming) judge(faults *importFaults) {
	name := explain.Visible(p.account.Name)
	if p.plain != "" {
		if err := password.Check(p.plain, p.account.Name); err != nil {
			faults.add(p.line, "the password of %q: %s", name, err)
		}
	}
	if p.account.Password != "" {
		if p.unusable = authn.HashFault(p.account.Password); p.unusable != "" {
			p.account.Password = ""
		}
	}
	for _, s := range p.account.Scopes {
		if !isScope(s) {
			faults.add(p.line, "%q: %q is no scope: printable ASCII without quotes and backslashes (RFC 6749 section 3.3)", name, explain.Visible(s))
		}
	}
	for _, g := range p.account.Groups {
		if strings.ContainsAny(g, ",\t") {
			faults.add(p.line, "%q: %q cannot be the name of a group", name, explain.Visible(g))
		}
	}
}

// readHtpasswd reads "name:hash" lines; blank lines and those that begin with "#"
// are passed over, and what follows a second colon is a comment.
func readHtpasswd(data []byte, faults *importFaults) (people []incoming) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxImport)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		hash, _, _ := strings.Cut(rest, ":")
		hash = strings.TrimSpace(hash)
		switch {
		case !ok:
			faults.add(n, "there is no colon behind the name")
		case hash == "":
			faults.add(n, "there is no hash behind the name %q", explain.Visible(name))
		default:
			people = append(people, incoming{line: n, account: store.Account{Name: name, Password: hash}})
		}
	}
	return people
}

// The columns of a CSV file.
const (
	columnName, columnPassword, columnHash      = "name", "password", "hash"
	columnGroups, columnScopes, columnOfDisplay = "groups", "scopes", "display"
)

func csvColumns() []string {
	return []string{columnName, columnPassword, columnHash, columnGroups, columnScopes, columnOfDisplay}
}

// readCSV reads RFC 4180 with a header that names the columns.
func readCSV(data []byte, faults *importFaults) (people []incoming, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, fail(ExitProblems, errors.New("the file is empty, or its first line is no CSV"), "the first line names the columns: "+strings.Join(csvColumns(), ","))
	}
	at := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		_, twice := at[name]
		switch {
		case !slices.Contains(csvColumns(), name):
			hint := "known: " + strings.Join(csvColumns(), ", ")
			if meant := closest(name, csvColumns()); meant != "" {
				hint = "did you mean " + meant + "?"
			}
			if len(head) == 1 && strings.ContainsAny(name, ";\t") {
				hint = "between columns stands a comma; semicolons are for lists, within one"
			}
			return nil, fail(ExitProblems, fmt.Errorf("%s:1: there is no column %q", faults.name, explain.Visible(name)), hint)
		case twice:
			return nil, fail(ExitProblems, fmt.Errorf("%s:1: two columns %q", faults.name, name))
		}
		at[name] = i
	}
	if _, ok := at[columnName]; !ok {
		return nil, fail(ExitProblems, fmt.Errorf("%s:1: the column name is missing", faults.name), "the first line names the columns: "+strings.Join(csvColumns(), ","))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return people, nil
		}
		line := 0
		if len(row) > 0 {
			line, _ = r.FieldPos(0)
		}
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong) && errors.Is(wrong.Err, csv.ErrFieldCount):
			faults.add(line, "%d fields, the first line has %d", len(row), len(head))
			continue
		case errors.As(err, &wrong):
			// What follows cannot be told apart any more.
			faults.add(wrong.Line, "column %d: %s", wrong.Column, wrong.Err)
			return people, nil
		case err != nil:
			return nil, fail(ExitUntested, err)
		case len(row) == 0:
			continue
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		given := func(name string) bool { _, ok := at[name]; return ok }
		p := incoming{
			line: line, groups: given(columnGroups), scopes: given(columnScopes), display: given(columnOfDisplay),
			account: store.Account{
				Name: cell(columnName), Password: cell(columnHash), Display: cell(columnOfDisplay),
				Groups: fields(cell(columnGroups)), Scopes: fields(cell(columnScopes)),
			},
		}
		if i, ok := at[columnPassword]; ok {
			p.plain = row[i] // spaces may be meant
		}
		if p.plain != "" && p.account.Password != "" {
			faults.add(line, "both a password and a hash")
			continue
		}
		people = append(people, p)
	}
}

// fields are the words of a list, each once, with spaces or semicolons between.
func fields(text string) (out []string) {
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ';' }) {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
