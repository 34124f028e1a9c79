package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/yamldoc"
)

// MaxSize is how large a file may be, in octets.
const MaxSize = 1 << 20

// maxFaults is how many faults are collected before Load gives up.
const maxFaults = 100

// Loader reads files; the zero value reads the environment and the disk for what
// values refer to.
type Loader struct {
	// Env finds a variable; nil means os.LookupEnv.
	Env func(name string) (string, bool)
	// ReadFile reads a file that a value refers to; nil reads regular files of
	// a bounded size.
	ReadFile func(path string) ([]byte, error)
	// Dir is the folder that relative paths in the file are resolved against; empty
	// means that of its name, the current one where that has none.
	Dir string
}

// Load reads the text of a configuration file with a zero [Loader]. name is what
// faults call it.
func Load(name string, data []byte) (*File, error) {
	return (&Loader{}).Load(name, data)
}

// Load reads the text of a configuration file. The error is [Faults], and then
// there is no File.
func (l *Loader) Load(name string, data []byte) (*File, error) {
	f, err := l.Examine(name, data)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Examine reads the text of a configuration file with a zero [Loader].
func Examine(name string, data []byte) (*File, error) {
	return (&Loader{}).Examine(name, data)
}

// Examine is Load, for looking on after faults were found: beside [Faults] it
// returns what was understood, nil where the file is no YAML at all. Such a File
// is not to be served.
func (l *Loader) Examine(name string, data []byte) (*File, error) {
	l = l.in(name)
	src := newSource(name, "", l.Dir)
	root, fault := yamldoc.Reader{What: "file", MaxSize: MaxSize}.Read(data)
	if len(data) <= MaxSize && utf8.Valid(data) {
		src = newSource(name, string(data), l.Dir)
	}
	if fault != nil {
		return nil, Faults{src.wrong(fault)}
	}
	f := Default()
	f.source = src
	f.Issuer, f.Login = Issuer{}, Login{} // what the file does not say is filled in behind the checks
	if root == nil || root.ShortTag() == "!!null" && root.Value == "" {
		f.Resolve(l.Dir)
		f.fill()
		return f, nil
	}
	d := &decoder{loader: l, src: src}
	if yamldoc.Plain(root, func(f yamldoc.Fault) { d.fault(place{f.Line, f.Column}, "", f.Hint, "%s", f.Message) }); len(d.faults) == 0 {
		d.file(root, f)
	}
	// What was not understood cannot be judged, but what was can.
	c := &checker{f: f, src: src, faults: d.faults, known: d.named}
	c.check()
	// Behind the checks, which quote what the file says; and also of a faulty file,
	// whose other files are looked into.
	f.Resolve(l.Dir)
	if len(c.faults) > 0 {
		return f, c.faults.Sorted()
	}
	f.fill()
	return f, nil
}

// in is the loader for the file of that name.
func (l *Loader) in(name string) *Loader {
	if l.Dir != "" {
		return l
	}
	return &Loader{Env: l.Env, ReadFile: l.ReadFile, Dir: filepath.Dir(name)}
}

// Check judges a File that was made or changed by hand, as Load judges a file.
func (f *File) Check() error {
	c := &checker{f: f, src: f.source}
	c.check()
	if len(c.faults) > 0 {
		return c.faults.Sorted()
	}
	return nil
}

// Fault makes an Error for the key at path, such as rules[2].owner, with its
// place in the file: for what is found out only when the configuration is put
// to use.
func (f *File) Fault(path, message, hint string) *Error {
	return f.source.fault(f.source.find(path), path, message, hint)
}

// RuleAt is what faults call a rule that another one is at odds with: its key,
// and the line where that is.
func (f *File) RuleAt(i int) string {
	path := indexed("rules", i)
	if at := f.source.find(path); at.line > 0 {
		return fmt.Sprintf("%s, line %d", path, at.line)
	}
	return path
}

// wrong is a fault of the whole file.
func (s *source) wrong(f *yamldoc.Fault) *Error {
	e := s.fault(place{f.Line, f.Column}, "", f.Message, f.Hint)
	if f.Syntax && f.Line > 0 && !telling(s.lines[f.Line-1], f.Column) {
		// It may be the continuation of a secret.
		e.snippet = ""
	}
	return e
}

// telling tells whether a line names the key of what is at column: else nobody
// knows what it is.
func telling(line string, column int) bool {
	if all := []rune(line); column <= len(all) && strings.ContainsRune("\"'{[", all[column-1]) {
		before := string(all[:column-1])
		if mark := all[column-1]; mark == '"' || mark == '\'' || strings.TrimSpace(before) == "" {
			line = before
		}
	}
	return strings.Contains(line, ":")
}
