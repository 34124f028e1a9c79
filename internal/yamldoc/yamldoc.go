// Package yamldoc reads one document of YAML as nodes that know their places, and
// says what is wrong with it in words for whoever wrote it.
//
// Start with [Reader.Read] and, where aliases and tags have no business, [Plain].
//
// It does not know what belongs into a document, and gives no values.
package yamldoc

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

// Fault is what is wrong at a place.
type Fault struct {
	// Line and Column begin at 1; Column counts characters. Both are 0 where there
	// is no place.
	Line, Column int
	// Message says what is wrong, and Hint, which may be empty, what to do.
	Message, Hint string
	// Syntax is set where the text is no YAML.
	Syntax bool
}

// Reader reads documents.
type Reader struct {
	// What is the word for a document, such as "file".
	What string
	// MaxSize is how large one may be, in octets.
	MaxSize int
	// Rest says that what stands behind a first document is not looked at.
	Rest bool
}

// Read reads exactly one document. Where there is none, as in an empty file, root
// and fault are nil.
func (d Reader) Read(data []byte) (root *yaml.Node, fault *Fault) {
	defer func() {
		// The reader of YAML is large and made by hand; whatever a document does to
		// it is the fault of the document.
		if recover() != nil {
			root, fault = nil, &Fault{Message: "the " + d.What + " cannot be read as YAML"}
		}
	}()
	switch {
	case len(data) > d.MaxSize:
		return nil, &Fault{Message: fmt.Sprintf("the %s has more than %d octets", d.What, d.MaxSize)}
	case !utf8.Valid(data):
		line, column := invalidUTF8(data)
		return nil, &Fault{Line: line, Column: column, Message: "the " + d.What + " is not UTF-8", Hint: "save it as UTF-8 without a byte order mark"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntax(data, err)
	}
	if !d.Rest {
		if err := dec.Decode(&more); err == nil {
			return nil, &Fault{Line: more.Line, Column: more.Column, Message: "there is a second document", Hint: `remove the line "---" and what follows`}
		} else if !errors.Is(err, io.EOF) {
			return nil, syntax(data, err)
		}
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil
	}
	return doc.Content[0], nil
}

var lineOf = regexp.MustCompile(`^line (\d+): `)

// incomplete are the errors that something which is not closed leads to.
var incomplete = regexp.MustCompile(`did not find expected ('|node content)|unexpected end of stream`)

// syntax is the fault behind an error of the reader.
func syntax(data []byte, err error) *Fault {
	f := &Fault{Message: strings.TrimPrefix(err.Error(), "yaml: "), Syntax: true}
	if incomplete.MatchString(f.Message) {
		if better := unclosed(strings.TrimPrefix(oneBreak(string(data)), "\uFEFF")); better != nil {
			better.Syntax = true
			return better
		}
		if strings.Contains(f.Message, "','") {
			f.Hint = "two entries need a comma between them"
		}
	}
	m := lineOf.FindStringSubmatch(f.Message)
	if m == nil {
		return f
	}
	lines := Split(string(data))
	f.Message = f.Message[len(m[0]):]
	f.Line, _ = strconv.Atoi(m[1])
	f.Line, f.Column = min(f.Line, len(lines)), 1
	if f.Line > 0 && strings.IndexByte(lines[f.Line-1], '\t') >= 0 {
		f.Hint = "YAML indents with spaces, never with tabs"
	}
	return f
}

// invalidUTF8 is the place of the first octet that is not UTF-8.
func invalidUTF8(data []byte) (line, column int) {
	good := 0
	for good < len(data) {
		r, n := utf8.DecodeRune(data[good:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		good += n
	}
	before := oneBreak(string(data[:good]))
	last := before[strings.LastIndexByte(before, '\n')+1:]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(last)
}

// maxDepth is how deep what is plain may be nested.
const maxDepth = 100

// Plain calls report for everything that YAML has and few need: anchors, aliases,
// tags and merge keys are understood differently by different readers, and can
// make a small document a large one.
func Plain(root *yaml.Node, report func(Fault)) { plain(root, 0, report) }

func plain(n *yaml.Node, depth int, report func(Fault)) {
	refuse := func(message, hint string) {
		report(Fault{Line: n.Line, Column: n.Column, Message: message, Hint: hint})
	}
	switch {
	case depth > maxDepth:
		refuse(fmt.Sprintf("it is nested more than %d deep", maxDepth), "")
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		refuse("anchors and aliases are not supported", "write the value out")
		return
	case n.Style&yaml.TaggedStyle != 0:
		refuse("tags are not supported", "remove the tag")
	case n.ShortTag() == "!!merge":
		refuse("merge keys are not supported", "write the keys out")
	}
	for _, c := range n.Content {
		plain(c, depth+1, report)
	}
}

// Wrong says of n that it is something else than want, such as "a mapping".
func Wrong(n *yaml.Node, want string) Fault {
	f := Fault{Line: n.Line, Column: n.Column}
	got := "text"
	switch n.Kind {
	case yaml.MappingNode:
		got = "a mapping"
		if want == "text" && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && n.Content[1].ShortTag() == "!!null" {
			f.Hint = `put it in quotes: "{` + n.Content[0].Value + `}"`
		}
	case yaml.SequenceNode:
		got = "a list"
	default:
		switch n.ShortTag() {
		case "!!int", "!!float":
			got = "a number"
		case "!!bool":
			got = "true or false"
		case "!!timestamp":
			got = "a date"
		}
		switch want {
		case "text":
			f.Hint = "put the value in quotes"
		case "a list":
			f.Hint = "put the value in brackets: [...]"
		}
	}
	f.Message = fmt.Sprintf("this is %s, and %s is wanted", got, want)
	return f
}
