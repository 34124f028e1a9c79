package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/internal/nearest"
	"github.com/gate401/gate401/internal/yamldoc"
)

// File is what a mock has from the beginning, read from a file:
//
//	endpoints:
//	  - {path: /orders, method: GET, answer: "401,401,200"}
//	sessions:
//	  - {id: checkout, scenario: refresh-rotates}
//	  - {id: short, settings: {access: {ttl: 5s}}}
//	openapi: petstore.yaml
//
// Everything in it is optional.
type File struct {
	// Endpoints are made-up endpoints.
	Endpoints []endpoint.Endpoint
	// Sessions are worlds that exist from the beginning.
	Sessions []Session
	// OpenAPI names documents, relative to the file.
	OpenAPI []string
}

// Session is a world that exists from the beginning.
type Session struct {
	ID       string
	Settings world.Settings
}

// maxFile is how large a file may be, in octets.
const maxFile = 1 << 20

// LoadFile reads a File. name is what faults call it. The error tells everything
// that is wrong at once, with the places.
func LoadFile(name string, data []byte) (*File, error) {
	l := &loader{name: name}
	root := l.parse(data)
	if root == nil {
		return nil, l.result()
	}
	f := &File{}
	switch root.Kind {
	case yaml.SequenceNode:
		l.endpoints(f, data)
	case yaml.MappingNode:
		l.sections(f, root, data)
	default:
		l.fault(root, "", "endpoints: [...]", "this is no mapping")
	}
	if err := l.result(); err != nil {
		return nil, err
	}
	return f, nil
}

// sections reads what is ours, and leaves the rest to the reader of endpoints.
func (l *loader) sections(f *File, root *yaml.Node, data []byte) {
	ours := map[string]func(*yaml.Node){
		"sessions": func(n *yaml.Node) { l.sessions(f, n) },
		"openapi":  func(n *yaml.Node) { l.documents(f, n) },
	}
	rest, others := bytes.Clone(data), false
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		read, ok := ours[key.Value]
		if !ok {
			others = true
			if key.Value != "endpoints" && key.Value != "path" && !alone(root) {
				l.fault(key, key.Value, meantKey(key.Value), "unknown key")
			}
			continue
		}
		if root.Style&yaml.FlowStyle != 0 {
			l.fault(key, key.Value, "write one key per line, without braces around all of them", "this cannot stand beside others in braces")
			continue
		}
		read(root.Content[i+1])
		blank(rest, root, i)
	}
	if others && len(l.faults) == 0 {
		l.endpoints(f, rest)
	}
}

// alone tells whether the whole file is one endpoint.
func alone(root *yaml.Node) bool {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "path" {
			return true
		}
	}
	return false
}

func meantKey(key string) string {
	for _, known := range []string{"endpoints", "sessions", "openapi"} {
		if len(key) < 32 && nearest.Slips(strings.ToLower(key), known) <= 2 {
			return "did you mean " + known + "?"
		}
	}
	return "endpoints, sessions or openapi"
}

// blank removes a section but not its lines, so that places stay what they are.
func blank(data []byte, root *yaml.Node, i int) {
	first, last := root.Content[i].Line, bytes.Count(data, []byte("\n"))+2
	if i+2 < len(root.Content) {
		last = root.Content[i+2].Line
	}
	line := 1
	for at, c := range data {
		if c == '\n' {
			line++
		} else if line >= first && line < last {
			data[at] = ' '
		}
	}
}

// loader collects faults.
type loader struct {
	name   string
	faults endpoint.Errors
}

const maxFaults = 100

func (l *loader) fault(n *yaml.Node, path, hint, format string, args ...any) {
	if len(l.faults) >= maxFaults {
		return
	}
	e := &endpoint.Error{File: l.name, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	l.faults = append(l.faults, e)
}

func (l *loader) result() error {
	if len(l.faults) == 0 {
		return nil
	}
	return l.faults
}

func (l *loader) parse(data []byte) *yaml.Node {
	root, fault := yamldoc.Reader{What: "file", MaxSize: maxFile}.Read(data)
	switch {
	case fault != nil:
		l.told(*fault)
		return nil
	case root == nil || root.ShortTag() == "!!null":
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	yamldoc.Plain(root, l.told)
	if len(l.faults) > 0 {
		return nil
	}
	return root
}

// told takes over a fault of the file as such.
func (l *loader) told(f yamldoc.Fault) {
	l.fault(&yaml.Node{Line: f.Line, Column: f.Column}, "", f.Hint, "%s", f.Message)
}

func (l *loader) endpoints(f *File, data []byte) {
	all, err := endpoint.Decode(l.name, data)
	var wrong endpoint.Errors
	switch {
	case errors.As(err, &wrong):
		l.faults = append(l.faults, wrong...)
	case err != nil:
		l.fault(nil, "endpoints", "", "%v", err)
	}
	f.Endpoints = all
}

// documents reads a name or a list of names.
func (l *loader) documents(f *File, n *yaml.Node) {
	all := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		all = n.Content
	}
	for _, one := range all {
		if one.Kind != yaml.ScalarNode || one.ShortTag() != "!!str" || one.Value == "" {
			l.fault(one, "openapi", "openapi: petstore.yaml", "this is no name of a file")
			continue
		}
		f.OpenAPI = append(f.OpenAPI, one.Value)
	}
}

func (l *loader) sessions(f *File, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		l.fault(n, "sessions", "sessions: [{id: one, scenario: refresh-rotates}]", "this is no list")
		return
	}
	seen := map[string]bool{}
	for i, one := range n.Content {
		path := fmt.Sprintf("sessions[%d]", i)
		if s, ok := l.session(one, path); ok {
			if seen[s.ID] {
				l.fault(one, path+".id", "", "there are two sessions %q", s.ID)
			}
			seen[s.ID] = true
			f.Sessions = append(f.Sessions, s)
		}
	}
}

func (l *loader) session(n *yaml.Node, path string) (s Session, ok bool) {
	before := len(l.faults)
	if n.Kind != yaml.MappingNode {
		l.fault(n, path, "{id: one, scenario: refresh-rotates}", "this is no mapping")
		return s, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch key.Value {
		case "id":
			s.ID = value.Value
			if !endpoint.IsSession(s.ID) {
				l.fault(value, path+".id", "letters, digits and hyphens", "%q cannot be the id of a session", s.ID)
			}
		case "scenario":
			found, is := scenario.Lookup(value.Value)
			settings, fits := found.Settings()
			if !is || !fits {
				l.fault(value, path+".scenario", `"gate401 mock --list" lists them`, "there is no scenario %q for a session", value.Value)
				continue
			}
			s.Settings = settings
		case "settings":
			l.settings(value, path+".settings", &s.Settings)
		default:
			l.fault(key, path+"."+key.Value, "id, scenario or settings", "unknown key")
		}
	}
	if s.ID == "" {
		l.fault(n, path, "", "the key id is missing")
	}
	return s, len(l.faults) == before
}

// settings reads what the API reads as JSON.
func (l *loader) settings(n *yaml.Node, path string, to *world.Settings) {
	var v any
	if err := n.Decode(&v); err != nil {
		l.fault(n, path, "", "%v", err)
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		l.fault(n, path, "put keys in quotes", "%v", err)
		return
	}
	err = world.DecodeSettings(text, to)
	if err == nil {
		err = to.Validate()
	}
	var wrong *world.SettingsError
	switch {
	case errors.As(err, &wrong):
		for _, f := range wrong.Faults {
			place, text, _ := strings.Cut(f, ": ")
			at := n
			parts := strings.FieldsFunc(place, func(r rune) bool { return r == '.' || r == '[' })
			if key := keyOf(n, parts[len(parts)-1]); key != nil {
				at = key
			}
			l.fault(at, path+"."+place, "", "%s", text)
		}
	case err != nil:
		l.fault(n, path, "", "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
}

// keyOf finds a key in a tree.
func keyOf(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i]
			}
			if found := keyOf(n.Content[i+1], name); found != nil {
				return found
			}
		}
		return nil
	}
	for _, c := range n.Content {
		if found := keyOf(c, name); found != nil {
			return found
		}
	}
	return nil
}
