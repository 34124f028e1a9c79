package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/config"
)

// configuration describes the file.
func configuration() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" + generated)
	b.WriteString("One YAML file, `gate401.yaml`, all of which may be left out. `gate401 init` writes one to start from, `gate401 config check` finds its faults, " +
		"`gate401 config show` prints what is in force, and `gate401 config schema` prints the JSON Schema for editors.\n\n" +
		"In any text, `${NAME}` and `${env:NAME}` stand for a variable of the environment, `${file:/path}` for the content of a file, and `$${` for `${`.\n\n" +
		"Relative paths begin in the folder of the file, from wherever it is read: `gate401 user list -c /etc/gate401/gate401.yaml` finds the records that the gate has. " +
		"In a file from standard input, and in flags, they begin in the current folder.\n\n" +
		"Lengths of time are written as in `90s`, `15m` and `1h30m`; whole days and weeks as in `30d` and `2w`. A rule is for a path, whatever the query.\n\n" +
		"## Keys\n\n| key | value | meaning |\n|---|---|---|\n")
	var root schema
	if err := json.Unmarshal(config.Schema(), &root); err != nil {
		// The schema is a file of this program; a test reads it too.
		panic(err)
	}
	w := walker{defs: root.Defs, b: &b}
	w.object("", root)
	fmt.Fprintf(&b, "\n## In force without a file\n\n```yaml\n%s```\n", config.Show(config.Default()))
	fmt.Fprintf(&b, "\n## A complete example\n\n```yaml\n%s```\n", config.Example())
	return b.String()
}

// schema is what is needed of JSON Schema.
type schema struct {
	Ref         string            `json:"$ref"`
	Defs        map[string]schema `json:"$defs"`
	Type        string            `json:"type"`
	Description string            `json:"description"`
	Enum        []any             `json:"enum"`
	Const       any               `json:"const"`
	Properties  map[string]schema `json:"properties"`
	Additional  json.RawMessage   `json:"additionalProperties"`
	Items       *schema           `json:"items"`
	AnyOf       []schema          `json:"anyOf"`
	OneOf       []schema          `json:"oneOf"`
}

type walker struct {
	defs map[string]schema
	b    *strings.Builder
	only string // what a key is only for
}

func (w walker) resolve(s schema) schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		to := w.defs[name]
		if s.Description != "" {
			to.Description = s.Description
		}
		return to
	}
	return s
}

// object writes a row for each key, and below it those of what it holds.
func (w walker) object(path string, s schema) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		w.value(join(path, name), w.resolve(s.Properties[name]))
	}
	var more schema
	if len(s.Additional) > 0 && json.Unmarshal(s.Additional, &more) == nil {
		w.alternatives(join(path, "NAME"), w.resolve(more))
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (w walker) value(path string, s schema) {
	fmt.Fprintf(w.b, "| `%s` | %s | %s%s |\n", path, w.kind(s), w.only, escape(s.Description))
	w.alternatives(path, s)
}

// alternatives goes into objects, also into those that are one of several ways
// to write a value. A key that several of them have is told once.
func (w walker) alternatives(path string, s schema) {
	if s.Items != nil {
		w.alternatives(path+"[]", w.resolve(*s.Items))
		return
	}
	if len(s.Properties) > 0 || len(s.Additional) > 2 && s.Additional[0] == '{' {
		w.object(path, s)
	}
	for _, way := range slices.Concat(s.OneOf, s.AnyOf) {
		way = w.resolve(way)
		of := w
		if kinds := way.Properties["type"].Enum; len(kinds) == 1 {
			of.only = fmt.Sprintf("(%v) ", kinds[0])
		}
		of.alternatives(path, way)
	}
}

// kind says what a value is, in words.
func (w walker) kind(s schema) string {
	var ways []string
	add := func(way string) {
		if way != "" && !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	for _, v := range s.Enum {
		add(fmt.Sprintf("`%v`", v))
	}
	if s.Const != nil {
		add(fmt.Sprintf("`%v`", s.Const))
	}
	for _, way := range slices.Concat(s.OneOf, s.AnyOf) {
		add(w.kind(w.resolve(way)))
	}
	if len(ways) == 0 {
		switch s.Type {
		case "array":
			add("list")
		case "object":
			add("section")
		case "string":
			add("text")
		case "integer":
			add("number")
		case "boolean":
			add("`true`, `false`")
		}
	}
	return strings.Join(ways, ", ")
}
