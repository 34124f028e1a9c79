package openapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Error is one fault of a document.
type Error struct {
	// File is the name that was given to Load.
	File string `json:"file,omitempty"`
	// Line and Column begin at 1 and are those of the nearest part whose place is
	// known; 0 for none.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Pointer is the part that it is about (RFC 6901), as far as it is known.
	Pointer string `json:"pointer,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error is one line: file, place, part and message.
func (e *Error) Error() string {
	return yamldoc.Line(e.File, e.Line, e.Column, e.Pointer, e.Message)
}

// Errors are all faults of a document that were found.
type Errors []*Error

// Error is one line for each.
func (e Errors) Error() string {
	return yamldoc.Lines(e)
}

// Unwrap returns the faults one by one.
func (e Errors) Unwrap() []error {
	return yamldoc.Each(e)
}

// maxErrors is how many faults are kept, and maxMessage how long each may be.
const (
	maxErrors  = 50
	maxMessage = 500
)

// faults turns what the reader of documents says into Errors with places.
func faults(name string, root *yaml.Node, err error) Errors {
	var many openapi3.MultiError
	all := []error{err}
	if errors.As(err, &many) {
		all = many
	}
	out := make(Errors, 0, min(len(all), maxErrors))
	for _, one := range all {
		if len(out) == maxErrors {
			break
		}
		e := &Error{File: name, Message: message(one)}
		if strings.Contains(e.Message, "disallowed external reference") {
			e.Hint = "references out of the document are not followed; put all parts into one file"
		}
		e.Pointer, e.Line, e.Column = locate(root, parts(one))
		if e.Line == 0 {
			// Of a reference that leads nowhere the reader says only the text.
			if n := reference(root, one.Error(), 0); n != nil {
				e.Line, e.Column = n.Line, n.Column
			}
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *Error) int { return a.Line - b.Line })
	return out
}

// message is the first line of the innermost words: the reader appends the
// schema and the value to some.
func message(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	return strings.TrimSuffix(strings.TrimSpace(text), ":")
}

// reference finds the reference that a message quotes.
func reference(n *yaml.Node, text string, depth int) *yaml.Node {
	if n == nil || depth > maxDepth {
		return nil
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "$ref" && c.Value != "" && strings.Contains(text, c.Value) {
			return c
		}
		if found := reference(c, text, depth+1); found != nil {
			return found
		}
	}
	return nil
}

// buckets are the members of components by the words of the reader.
var buckets = map[string]string{
	"schema": "schemas", "parameter": "parameters", "header": "headers", "request body": "requestBodies",
	"response": "responses", "security scheme": "securitySchemes", "example": "examples", "link": "links", "callback": "callbacks",
}

// parts are the names that lead to the part that err is about.
func parts(err error) []string {
	var out []string
	for err != nil {
		switch e := err.(type) { //nolint:errorlint // each link of the chain is looked at by itself
		case *openapi3.SecurityRequirementSchemeUndefinedError:
			if e.JSONPointer != "" {
				return split(e.JSONPointer)
			}
		case *openapi3.SectionValidationError:
			out = append(out, e.Section)
		case *openapi3.PathValidationError:
			out = append(out, e.Path)
		case *openapi3.OperationValidationError:
			out = append(out, strings.ToLower(e.Method))
		case *openapi3.ComponentValidationError:
			if b := buckets[e.Section]; b != "" {
				out = append(out, b, e.Name)
			}
		case *openapi3.RequiredFieldError:
			fields := strings.Split(e.Field, ".")
			if len(out) > 0 && len(fields) > 1 && fields[0] == out[0] {
				fields = fields[1:]
			}
			return append(out, fields...)
		}
		err = errors.Unwrap(err)
	}
	return out
}

func split(pointer string) []string {
	var out []string
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/"), "/") {
		out = append(out, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return out
}

// locate follows names as far as the document goes.
func locate(n *yaml.Node, names []string) (pointer string, line, column int) {
	if n == nil {
		return "", 0, 0
	}
	line, column = n.Line, n.Column
	for _, name := range names {
		var next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == name {
					next = n.Content[i+1]
					line, column = n.Content[i].Line, n.Content[i].Column
				}
			}
		case yaml.SequenceNode:
			var i int
			if _, err := fmt.Sscanf(name, "%d", &i); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
				line, column = next.Line, next.Column
			}
		default:
		}
		if next == nil {
			break
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if n = next; n.Kind == yaml.AliasNode {
			n = n.Alias
		}
	}
	if pointer == "" {
		return "", 0, 0
	}
	return pointer, line, column
}
