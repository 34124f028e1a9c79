package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
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
	src := newSource(name, "")
	if len(data) > MaxSize {
		return nil, Faults{src.fault(place{}, "", fmt.Sprintf("the file has more than %d octets", MaxSize), "")}
	}
	if !utf8.Valid(data) {
		return nil, Faults{src.fault(invalidUTF8(data), "", "the file is not UTF-8", "save it as UTF-8 without a byte order mark")}
	}
	src = newSource(name, string(data))
	root, fault := parse(src, data)
	if fault != nil {
		return nil, Faults{fault}
	}
	f := Default()
	f.source = src
	if root == nil {
		return f, nil
	}
	d := &decoder{loader: l, src: src}
	if d.plain(root); len(d.faults) == 0 {
		d.file(root, f)
	}
	// What was not understood cannot be judged, but what was can.
	c := &checker{f: f, src: src, faults: d.faults, known: d.named}
	c.check()
	if len(c.faults) > 0 {
		return f, c.faults.Sorted()
	}
	return f, nil
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

// parse reads exactly one document; root is nil for an empty file.
func parse(src *source, data []byte) (root *yaml.Node, fault *Error) {
	defer func() {
		// The reader of YAML is large and hand-made; whatever a file does to it
		// is the fault of the file.
		if p := recover(); p != nil {
			root, fault = nil, src.fault(place{}, "", "the file cannot be read as YAML", "")
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, src.syntax(err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, src.fault(at(&more), "", "the file has a second document", `remove the line "---" and what follows`)
	} else if !errors.Is(err, io.EOF) {
		return nil, src.syntax(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil
	}
	root = doc.Content[0]
	if root.ShortTag() == "!!null" && root.Value == "" {
		return nil, nil
	}
	return root, nil
}

var lineOf = regexp.MustCompile(`^line (\d+): `)

// syntax is the fault behind an error of the reader.
func (s *source) syntax(err error) *Error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var p place
	if m := lineOf.FindStringSubmatch(text); m != nil {
		p.line, _ = strconv.Atoi(m[1])
		p.line = min(p.line, len(s.lines))
		p.column = 1
		text = text[len(m[0]):]
	}
	hint := ""
	if p.line > 0 && strings.Contains(s.lines[p.line-1], "\t") {
		hint = "YAML indents with spaces, never with tabs"
	}
	e := s.fault(p, "", text, hint)
	if p.line > 0 && !strings.Contains(s.lines[p.line-1], ":") {
		// It may be the continuation of a secret.
		e.snippet = ""
	}
	return e
}

// invalidUTF8 is the place of the first octet that is not UTF-8.
func invalidUTF8(data []byte) place {
	p := place{1, 1}
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if p.column++; r == '\n' {
			p = place{p.line + 1, 1}
		}
		data = data[n:]
	}
	return p
}
