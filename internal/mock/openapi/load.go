package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Bounds of a document.
const (
	// MaxSize is how large it may be, in octets.
	MaxSize  = 8 << 20
	maxDepth = 200
	// maxNodes bounds what it is after aliases: a few lines of YAML can stand
	// for more than fits into any memory.
	maxNodes = 2_000_000
	// maxOperations bounds how many operations it may have.
	maxOperations = 10_000
)

// Load reads a document. name is what errors call it. The error is Errors.
func Load(name string, data []byte, o Options) (*Document, error) {
	root, err := tree(name, data)
	if err != nil {
		return nil, err
	}
	spec, converted, err := read(name, data, root)
	if err != nil {
		return nil, err
	}
	// Examples that do not fit their schema, patterns that are not RE2 and
	// formats that nobody knows do not keep a document from being played.
	err = guarded(func() error {
		return spec.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(),
			openapi3.DisableSchemaPatternValidation(), openapi3.DisableSchemaDefaultsValidation())
	})
	if err != nil {
		if converted {
			root = nil // the places are those of another document
		}
		return nil, faults(name, root, err)
	}
	d, err := compile(spec, o)
	if err != nil {
		return nil, Errors{{File: name, Message: err.Error()}}
	}
	return d, nil
}

// tree reads the document as what it is made of, which says where things are and
// bounds what the reader of documents has to do.
func tree(name string, data []byte) (root *yaml.Node, err error) {
	fail := func(line int, format string, args ...any) error {
		return Errors{{File: name, Line: line, Message: fmt.Sprintf(format, args...)}}
	}
	// What stands behind the first document is not read by anybody.
	root, fault := yamldoc.Reader{What: "document", MaxSize: MaxSize, Rest: true}.Read(data)
	switch {
	case fault != nil && fault.Syntax && json.Valid(data):
		// What JSON has and YAML has not: pairs of surrogates. Places are unknown
		// then.
		return nil, jsonBounds(name, data)
	case fault != nil:
		return nil, Errors{{File: name, Line: fault.Line, Column: fault.Column, Message: fault.Message, Hint: fault.Hint}}
	case root == nil:
		return nil, fail(0, "the document is empty")
	}
	if root.Kind != yaml.MappingNode {
		return nil, fail(root.Line, "this is no OpenAPI document: it is not a mapping")
	}
	size := &sizer{sizes: map[*yaml.Node]int{}}
	if n := size.of(root, 0); n < 0 {
		return nil, fail(0, "the document is nested more than %d deep, or refers to itself", maxDepth)
	} else if n > maxNodes {
		return nil, fail(0, "the document has more than %d parts", maxNodes)
	}
	return root, nil
}

// jsonBounds checks the depth of a document that is JSON alone.
func jsonBounds(name string, data []byte) error {
	depth, deepest := 0, 0
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		t, err := dec.Token()
		if err != nil {
			break
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	if deepest > maxDepth {
		return Errors{{File: name, Message: fmt.Sprintf("the document is nested more than %d deep", maxDepth)}}
	}
	return nil
}

// sizer counts the parts of a document, those behind aliases each time; -1 is
// for too deep.
type sizer struct {
	sizes map[*yaml.Node]int // of nodes with an anchor
}

func (s *sizer) of(n *yaml.Node, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if n.Kind == yaml.AliasNode {
		return s.of(n.Alias, depth+1)
	}
	if n.Anchor != "" {
		if size, ok := s.sizes[n]; ok {
			return size // -1 while it is being counted: it contains itself
		}
		s.sizes[n] = -1
	}
	total := 1
	for _, c := range n.Content {
		size := s.of(c, depth+1)
		if size < 0 {
			return -1
		}
		// More than the bound is enough to know.
		if total += size; total > maxNodes {
			total = maxNodes + 1
		}
	}
	if n.Anchor != "" {
		s.sizes[n] = total
	}
	return total
}

// read reads the document by its version.
func read(name string, data []byte, root *yaml.Node) (spec *openapi3.T, converted bool, err error) {
	if v, ok := member(root, "swagger"); ok {
		if !strings.HasPrefix(v, "2") {
			return nil, false, Errors{{File: name, Pointer: "/swagger", Message: "version " + strconv.Quote(clip(v)) + " is not known", Hint: "2.0, or openapi: 3.0 or 3.1"}}
		}
		spec, err := readSwagger(data)
		if err != nil {
			return nil, true, faults(name, nil, err)
		}
		return spec, true, nil
	}
	version, ok := member(root, "openapi")
	if root != nil && !ok {
		return nil, false, Errors{{File: name, Message: "this is no OpenAPI document: the key openapi is missing", Hint: `openapi: "3.1.0"`}}
	}
	if root != nil && !strings.HasPrefix(version, "3.") {
		return nil, false, Errors{{File: name, Pointer: "/openapi", Message: "version " + strconv.Quote(clip(version)) + " is not known", Hint: "3.0, 3.1, or swagger: 2.0"}}
	}
	err = guarded(func() error {
		l := openapi3.NewLoader()
		l.IsExternalRefsAllowed = false
		var err error
		spec, err = l.LoadFromData(data)
		return err
	})
	if err != nil {
		return nil, false, faults(name, root, err)
	}
	if spec.OpenAPIMajorMinor() == "" {
		return nil, false, Errors{{File: name, Pointer: "/openapi", Message: "version " + strconv.Quote(clip(spec.OpenAPI)) + " is not known", Hint: "3.0.4 or 3.1.1"}}
	}
	return spec, false, nil
}

func readSwagger(data []byte) (spec *openapi3.T, err error) {
	err = guarded(func() error {
		var any any
		if err := yaml.Unmarshal(data, &any); err != nil {
			return err
		}
		b, err := json.Marshal(any)
		if err != nil {
			return err
		}
		var old openapi2.T
		if err := json.Unmarshal(b, &old); err != nil {
			return err
		}
		l := openapi3.NewLoader()
		l.IsExternalRefsAllowed = false
		spec, err = openapi2conv.ToV3WithLoader(&old, l, nil)
		return err
	})
	return spec, err
}

// guarded turns a panic of the reader into an error: a document is somebody's
// input.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("the document cannot be read: it is not of the form of any OpenAPI document")
		}
	}()
	return f()
}

// member is the value of a key of the document itself.
func member(n *yaml.Node, key string) (string, bool) {
	if n == nil {
		return "", false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value, true
		}
	}
	return "", false
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}
