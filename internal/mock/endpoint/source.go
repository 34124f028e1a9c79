package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds of a document.
const (
	// MaxSize is how large a document may be, in octets.
	MaxSize  = 4 << 20
	maxDepth = 100
)

// source is a document and what is wrong with it.
type source struct {
	name   string
	errors Errors
	places map[string]*yaml.Node
}

func (s *source) fault(n *yaml.Node, path, hint, format string, args ...any) {
	if len(s.errors) >= maxErrors {
		return
	}
	e := &Error{File: s.name, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	s.errors = append(s.errors, e)
}

// locate gives the places of the document to errors that have only a key.
func (s *source) locate(prefix string, all Errors) {
	for _, e := range all {
		if len(s.errors) >= maxErrors {
			return
		}
		path := strings.TrimSuffix(strings.TrimSuffix(prefix+e.Path, "."), ":")
		found := *e
		found.File, found.Path = s.name, path
		for path != "" {
			if n := s.places[path]; n != nil {
				found.Line, found.Column = n.Line, n.Column
				break
			}
			path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
		}
		s.errors = append(s.errors, &found)
	}
}

var lineOf = regexp.MustCompile(`^line (\d+): `)

// parse reads one document, YAML or JSON, which is YAML too but for two escapes.
func (s *source) parse(data []byte) (root *yaml.Node) {
	defer func() {
		// The reader of YAML is large and made by hand; whatever a document does
		// to it is the fault of the document.
		if recover() != nil {
			root = nil
			s.fault(nil, "", "", "this cannot be read as YAML or JSON")
		}
	}()
	switch {
	case len(data) > MaxSize:
		s.fault(nil, "", "", "the document has more than %d octets", MaxSize)
		return nil
	case !utf8.Valid(data):
		s.fault(nil, "", "save it as UTF-8", "the document is not UTF-8")
		return nil
	}
	if bytes.IndexByte(data, '\\') >= 0 && json.Valid(data) {
		data = plainEscapes(data)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		s.fault(nil, "", "", "the document is empty")
		return nil
	}
	if err == nil {
		if second := dec.Decode(&more); second == nil {
			s.fault(&more, "", `remove the line "---" and what follows`, "there is a second document")
			return nil
		} else if !errors.Is(second, io.EOF) {
			err = second
		}
	}
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		var at *yaml.Node
		if m := lineOf.FindStringSubmatch(text); m != nil {
			line, _ := strconv.Atoi(m[1])
			at, text = &yaml.Node{Line: line, Column: 1}, text[len(m[0]):]
		}
		hint := ""
		if bytes.IndexByte(data, '\t') >= 0 && strings.Contains(text, "cannot start any token") {
			hint = "YAML indents with spaces, never with tabs"
		}
		s.fault(at, "", hint, "%s", text)
		return nil
	}
	root = doc.Content[0]
	s.plain(root, 0)
	if len(s.errors) > 0 {
		return nil
	}
	return root
}

// plainEscapes writes the escapes of JSON that YAML does not have, \/ and pairs of
// surrogates such as \uD83D\uDE00, as the characters that they stand for.
func plainEscapes(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 >= len(data) {
			out = append(out, data[i])
			continue
		}
		if data[i+1] == '/' {
			out = append(out, '/')
			i++
			continue
		}
		if data[i+1] != 'u' || i+5 >= len(data) {
			out = append(out, data[i], data[i+1])
			i++
			continue
		}
		hi, _ := strconv.ParseUint(string(data[i+2:i+6]), 16, 16)
		if utf16.IsSurrogate(rune(hi)) {
			r := rune(utf8.RuneError)
			n := 6
			if i+11 < len(data) && data[i+6] == '\\' && data[i+7] == 'u' {
				lo, _ := strconv.ParseUint(string(data[i+8:i+12]), 16, 16)
				if both := utf16.DecodeRune(rune(hi), rune(lo)); both != utf8.RuneError {
					r, n = both, 12
				}
			}
			out = utf8.AppendRune(out, r)
			i += n - 1
			continue
		}
		out = append(out, data[i:i+6]...)
		i += 5
	}
	return out
}

// plain refuses what YAML has and a definition does not need: two readers
// understand it differently.
func (s *source) plain(n *yaml.Node, depth int) {
	switch {
	case depth > maxDepth:
		s.fault(n, "", "", "it is nested more than %d deep", maxDepth)
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		s.fault(n, "", "write the value out", "anchors and aliases are not supported")
		return
	case n.Style&yaml.TaggedStyle != 0:
		s.fault(n, "", "remove the tag", "tags are not supported")
	case n.ShortTag() == "!!merge":
		s.fault(n, "", "write the keys out", "merge keys are not supported")
	}
	for _, c := range n.Content {
		s.plain(c, depth+1)
	}
}

// pairs calls each for every key of a mapping that is known, and reports the
// others.
func (s *source) pairs(n *yaml.Node, path string, known []string, each func(key string, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		s.wrong(n, path, "a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		below := strings.TrimPrefix(path+"."+key.Value, ".")
		switch {
		case key.Kind != yaml.ScalarNode:
			s.fault(key, path, "", "a key is not text")
			continue
		case key.ShortTag() == "!!int" && len(key.Value) == 3 && value.ShortTag() == "!!null":
			s.fault(key, path, `in braces, put the whole in quotes: answer: "401,401,200"`, "a status stands where a key should be")
			continue
		case seen[key.Value]:
			s.fault(key, clip(below), "", "the key is there twice")
			continue
		case known != nil && !contains(known, key.Value):
			s.fault(key, clip(below), suggest(key.Value, known, "known: "+strings.Join(known, ", ")), "unknown key")
			continue
		case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
			s.fault(value, clip(below), "remove the key, or give it a value", "there is no value")
			continue
		}
		seen[key.Value] = true
		s.places[below] = value
		each(key.Value, value, below)
	}
}

func contains(words []string, w string) bool {
	for _, x := range words {
		if x == w {
			return true
		}
	}
	return false
}

// clip bounds a key in a message, and keeps terminals from obeying it.
func clip(s string) string {
	q := strconv.Quote(s)
	if q = q[1 : len(q)-1]; len(q) > 100 {
		q = strings.ToValidUTF8(q[:100], "") + "..."
	}
	return q
}

// wrong says what is there instead of what is wanted.
func (s *source) wrong(n *yaml.Node, path, want string) {
	got := "text"
	switch {
	case n.Kind == yaml.MappingNode:
		got = "a mapping"
	case n.Kind == yaml.SequenceNode:
		got = "a list"
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		got = "a number"
	case n.ShortTag() == "!!bool":
		got = "true or false"
	}
	hint := ""
	if want == "text" && n.Kind == yaml.ScalarNode {
		hint = "put the value in quotes"
	}
	s.fault(n, path, hint, "this is %s, and %s is wanted", got, want)
}
