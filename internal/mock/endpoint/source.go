package endpoint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// MaxSize is how large a document may be, in octets.
const MaxSize = 4 << 20

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

// parse reads one document, YAML or JSON, which is YAML too but for two escapes.
func (s *source) parse(data []byte) *yaml.Node {
	if len(data) <= MaxSize && bytes.IndexByte(data, '\\') >= 0 && json.Valid(data) {
		data = plainEscapes(data)
	}
	root, fault := yamldoc.Reader{What: "document", MaxSize: MaxSize}.Read(data)
	switch {
	case fault != nil:
		s.told(*fault)
		return nil
	case root == nil:
		s.fault(nil, "", "", "the document is empty")
		return nil
	}
	yamldoc.Plain(root, s.told)
	if len(s.errors) > 0 {
		return nil
	}
	return root
}

// told takes over a fault of the document as such.
func (s *source) told(f yamldoc.Fault) {
	s.fault(&yaml.Node{Line: f.Line, Column: f.Column}, "", f.Hint, "%s", f.Message)
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
	f := yamldoc.Wrong(n, want)
	s.fault(n, path, f.Hint, "%s", f.Message)
}
