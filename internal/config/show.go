package config

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Show prints what is in force as YAML. Secrets are redacted, and what came from
// the environment or another file is shown as the file refers to it.
func Show(f *File) []byte { return show(f, nil) }

// ShowOrigins is Show with a comment behind each value that says where it came
// from: the line of the file, a flag, or the default. flags are those that
// outrank the file, by key.
func ShowOrigins(f *File, flags map[string]string) []byte {
	return show(f, func(path string) string {
		if flag := flags[path]; flag != "" {
			return "--" + flag
		}
		if f.source != nil {
			if p, ok := f.source.places[path]; ok {
				return fmt.Sprintf("%s:%d", f.source.name, p.line)
			}
		}
		return "default"
	})
}

func show(f *File, origin func(path string) string) []byte {
	p := printer{src: f.source, origin: origin}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if root, ok := p.node("", reflect.ValueOf(*f)); ok {
		// Writing nodes made here to memory cannot fail.
		_ = enc.Encode(root)
	}
	_ = enc.Close()
	return out.Bytes()
}

// printer turns values into nodes.
type printer struct {
	src    *source
	origin func(path string) string // nil for no comments
}

// node is what stands for v; ok is false for what is not set.
func (p *printer) node(path string, v reflect.Value) (*yaml.Node, bool) {
	if v.Kind() == reflect.String && v.Len() > 0 {
		return p.text(path, v.String()), true
	}
	switch x := v.Interface().(type) {
	case Secret:
		return p.text(path, x.String()), x.Set()
	case time.Duration:
		return p.text(path, short(x)), x != 0
	case netip.Prefix:
		return p.text(path, x.String()), true
	case MethodNames:
		if len(x) == 0 {
			return p.text(path, allMethods), true
		}
	case Methods:
		return p.methods(path, x), true
	case Upstreams:
		return p.upstreams(path, x), len(x) > 0
	case Statuses:
		return p.statuses(x), len(x) > 0
	case Size:
		return p.text(path, x.String()), x != 0
	case IdentityHeaders:
		return p.names(path, x), true
	case ScopeWords:
		return p.names(path, x), len(x) > 0
	case GroupNames:
		return p.names(path, x), len(x) > 0
	case Asks:
		if x.Allow != "" {
			n, _ := p.mapping(path, v)
			return without(n, "methods"), true
		}
	case Rule:
		if x.Allow != "" {
			n, _ := p.mapping(path, v)
			return without(n, "methods"), true
		}
	case HSTS:
		if x.None {
			return scalar("none"), true
		}
	case *CORS:
		switch {
		case x == nil:
			return nil, false
		case x.Upstream:
			return scalar("upstream"), true
		}
		return p.mapping(path, v.Elem())
	}
	return p.kind(path, v)
}

func (p *printer) kind(path string, v reflect.Value) (*yaml.Node, bool) {
	switch v.Kind() {
	case reflect.Struct:
		return p.mapping(path, v)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			if e, ok := p.node(indexed(path, i), v.Index(i)); ok {
				if e.Kind == yaml.ScalarNode {
					n.Style = yaml.FlowStyle
				}
				n.Content = append(n.Content, e)
			}
		}
		return n, v.Len() > 0
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}, v.Bool()
	case reflect.Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}, v.Int() != 0
	default:
		return nil, false
	}
}

func (p *printer) mapping(path string, v reflect.Value) (*yaml.Node, bool) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(v) {
		below := strings.TrimPrefix(path+"."+f.name, ".")
		if e, ok := p.node(below, f.value); ok {
			if p.origin != nil && (e.Kind == yaml.ScalarNode || e.Style == yaml.FlowStyle) {
				e.LineComment = p.origin(below)
			}
			n.Content = append(n.Content, scalar(f.name), e)
		}
	}
	return n, len(n.Content) > 0
}

func (p *printer) methods(path string, all Methods) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, m := range all {
		var v reflect.Value
		switch {
		case m.Basic != nil:
			v = reflect.ValueOf(*m.Basic)
		case m.APIKey != nil:
			v = reflect.ValueOf(*m.APIKey)
		case m.Bearer != nil:
			v = reflect.ValueOf(*m.Bearer)
		case m.Session != nil:
			v = reflect.ValueOf(*m.Session)
		default:
			continue
		}
		if e, ok := p.node(path+"."+m.Name, v); ok {
			n.Content = append(n.Content, scalar(m.Name), e)
		}
	}
	return n
}

// names shows a mapping of names to others, in the order of the names.
func (p *printer) names(path string, all map[string]string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n.Content = append(n.Content, scalar(name), p.text(path+"."+name, all[name]))
	}
	return n
}

// text shows a value, or where it came from.
func (p *printer) text(path, value string) *yaml.Node {
	if p.src != nil {
		if raw, ok := p.src.raw[path]; ok {
			return scalar(raw)
		}
	}
	// A value that holds ${ would be taken for a reference when read again.
	return scalar(strings.ReplaceAll(value, "${", "$${"))
}

func scalar(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

// without removes a key from a mapping.
func without(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(n.Content, i, i+2)
			return n
		}
	}
	return n
}

// short writes 15m where time.Duration writes 15m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// String is what Show prints, so that a File that ends up in a message shows no
// secret.
func (f *File) String() string { return string(Show(f)) }
