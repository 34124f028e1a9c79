package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// decoder turns nodes into values and collects faults.
type decoder struct {
	loader *Loader
	src    *source
	faults Faults
	named  []string // methods that were named, rightly or not
	listed []string // the servers of gate.upstream, where it is a list
}

func (d *decoder) fault(p place, path, hint, format string, args ...any) {
	switch n := len(d.faults); {
	case n < maxFaults:
		d.faults = append(d.faults, d.src.fault(p, path, fmt.Sprintf(format, args...), hint))
	case n == maxFaults:
		d.faults = append(d.faults, d.src.more())
	}
}

// file decodes the whole.
func (d *decoder) file(root *yaml.Node, f *File) {
	d.value(root, "", reflect.ValueOf(f).Elem(), bounds{})
	d.several(f)
	_, given := d.src.places["methods"]
	for _, m := range f.Methods {
		// The audience of our own tokens is the realm, unless the file says.
		if b := m.Bearer; b != nil && b.Own() && (!given || len(b.Audience) == 0) {
			b.Audience = Audience{f.Gate.Realm}
		}
	}
}

// bounds are what the tag of a field says about its value, for the published
// schema and for us.
type bounds struct {
	enum     []string
	minItems int
	min, max int
}

func boundsOf(tag reflect.StructTag) bounds {
	b := bounds{}
	for part := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "enum":
			b.enum = append(b.enum, value)
		case "minItems":
			b.minItems = n
		case "minimum":
			b.min = n
		case "maximum":
			b.max = n
		}
	}
	return b
}

// value decodes n into v. What is faulty leaves v as it is.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, b bounds) {
	if path != "" {
		d.src.places[path] = at(n)
	}
	if n.ShortTag() == "!!null" && n.Kind == yaml.ScalarNode {
		d.fault(at(n), path, "remove the key, or give it a value", "there is no value")
		return
	}
	switch to := v.Addr().Interface().(type) {
	case *Methods:
		d.methods(n, path, to)
	case *MethodNames:
		d.methodNames(n, path, to)
	case *Audience:
		d.audience(n, path, to)
	case *Upstreams:
		d.upstreams(n, path, to)
	case *Size:
		d.size(n, path, to)
	case *Statuses:
		d.statuses(n, path, to)
	case *ScopeWords:
		d.scopeWords(n, path, to)
	case *GroupNames:
		d.groupNames(n, path, to)
	case *IdentityHeaders:
		d.headers(n, path, to)
	case *Forward:
		d.forward(n, path, to)
	case **CORS:
		d.cors(n, path, to)
	case *TLSVersion:
		d.version(n, path, to)
	case *HSTS:
		d.hsts(n, path, to)
	case *Secret:
		if s, ok := d.text(n, path); ok {
			*to = NewSecret(s)
		}
	case *time.Duration:
		d.duration(n, path, to)
	case *netip.Prefix:
		d.network(n, path, to)
	default:
		d.kind(n, path, v, b)
	}
}

// kind decodes what needs nothing but its kind.
func (d *decoder) kind(n *yaml.Node, path string, v reflect.Value, b bounds) {
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, path, v)
	case reflect.Slice:
		d.list(n, path, v, b)
	case reflect.String:
		if path == "gate.upstream" && n.Kind == yaml.SequenceNode {
			d.list(n, path, reflect.ValueOf(&d.listed).Elem(), bounds{minItems: 1})
			return
		}
		s, ok := d.text(n, path)
		if !ok {
			return
		}
		if len(b.enum) > 0 && !slices.Contains(b.enum, s) {
			d.fault(at(n), path, yamldoc.Similar(s, b.enum), "%s is none of %s", d.src.quote(path, s), strings.Join(b.enum, ", "))
			return
		}
		v.SetString(s)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
			d.wrongType(n, path, "true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil:
			d.wrongType(n, path, "a whole number")
		case i < b.min || i > b.max:
			d.fault(at(n), path, "", "%d is not between %d and %d", i, b.min, b.max)
		default:
			v.SetInt(int64(i))
		}
	default:
		// No field has another kind; a test loads a file with all of them.
	}
}

// text reads a scalar that is text, and fills in what comes from elsewhere.
func (d *decoder) text(n *yaml.Node, path string) (string, bool) {
	d.src.places[path] = at(n)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		switch {
		case n.ShortTag() == "!!null":
			d.fault(at(n), path, "remove the key, or give it a value", "there is no value")
		case n.ShortTag() == "!!bool" && strings.HasSuffix(path, ".allow"):
			// In quotes it would be as wrong.
			word := "nobody"
			if strings.EqualFold(n.Value, "true") {
				word = "anyone"
			}
			d.fault(at(n), path, "allow: "+word, "this is true or false, and anyone or nobody is wanted")
		default:
			d.wrongType(n, path, "text")
		}
		return "", false
	}
	s, elsewhere, err := d.loader.expand(n.Value)
	if err != nil {
		d.fault(at(n), path, absentHint(err), "%v", err)
		return "", false
	}
	if elsewhere {
		d.src.raw[path] = n.Value
	}
	if s == "" {
		d.fault(at(n), path, "remove the key, or give it a value", "the value is empty")
		return "", false
	}
	return s, true
}

// list reads a list of values of one kind.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, b bounds) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, "a list")
		return
	}
	if len(n.Content) < b.minItems {
		d.fault(at(n), path, "remove the key, or name something", "the list is empty")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.value(c, fmt.Sprintf("%s[%d]", path, i), out.Index(i), b)
	}
	v.Set(out)
}

// mapping reads a struct.
func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	fields := fieldsOf(v)
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	seen := d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			message, hint := unknownKey(key.Value, names)
			if stray := strays(key.Value, fields); stray != "" {
				hint = stray
			}
			d.fault(at, below, hint, "%s", message)
			return
		}
		d.value(value, below, fields[i].value, fields[i].bounds)
	})
	if seen == nil {
		return
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			d.fault(at(n), path, "", "the key %q is missing", f.name)
		}
	}
}

// pairs calls each for every pair of a mapping, and reports what is not one. It
// returns the keys that were there, nil where it was no mapping.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node, at place, below string)) map[string]bool {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, "a mapping")
		return nil
	}
	seen := map[string]bool{}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			d.fault(at(key), path, "put the key in quotes", "a key is not text")
			continue
		}
		below := strings.TrimPrefix(path+"."+printable(key.Value), ".")
		if seen[key.Value] {
			d.fault(at(key), clip(below, 100), "", "the key is there twice, first in line %d", lines[key.Value])
			continue
		}
		seen[key.Value], lines[key.Value] = true, key.Line
		each(key, n.Content[i+1], at(key), clip(below, 200))
	}
	return seen
}

// printable is a key as it may be shown: a terminal must not obey it.
func printable(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(key)
	}
	return key
}

// unknownKey says what is known about a key that is not.
func unknownKey(key string, names []string) (message, hint string) {
	message = "unknown key"
	switch {
	case key == "<<":
		return "merge keys are not supported", "write the keys out"
	case (key == "role" || key == "roles") && slices.Contains(names, "groups"):
		return message, `roles are called groups here: did you mean "groups"?`
	case key == "method" && slices.Contains(names, "verbs"):
		return message, `did you mean "methods" (ways to authenticate) or "verbs" (GET, POST, ...)?`
	}
	return message, didYouMean(key, names)
}

// field is one key of a struct.
type field struct {
	name     string
	value    reflect.Value
	bounds   bounds
	required bool
}

// fieldsOf lists the keys of a struct, those of embedded ones included.
func fieldsOf(v reflect.Value) []field {
	var out []field
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Anonymous:
			out = append(out, fieldsOf(v.Field(i))...)
		case name != "" && name != "-":
			out = append(out, field{name, v.Field(i), boundsOf(f.Tag),
				slices.Contains(strings.Split(f.Tag.Get("jsonschema"), ","), "required")})
		}
	}
	return out
}
