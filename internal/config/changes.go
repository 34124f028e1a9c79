package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Changes names what differs between two configurations, for whoever reads that
// one replaced the other: keys such as gate.upstream, and rules by their name,
// "rules: orders added". It tells no values, since some are secrets.
func Changes(before, after *File) []string {
	var d differ
	d.mapping("", reflect.ValueOf(*before), reflect.ValueOf(*after))
	if at := "tls.hsts"; before.impliedHSTS != after.impliedHSTS && !slices.Contains(d.found, at) {
		// The same year, which now outranks what the API says, or does not any more.
		d.found = append(d.found, at)
	}
	return d.found
}

// differ collects paths whose values are not the same.
type differ struct{ found []string }

func (d *differ) mapping(path string, a, b reflect.Value) {
	before, after := fieldsOf(a), fieldsOf(b)
	for i, f := range before {
		d.value(strings.TrimPrefix(path+"."+f.name, "."), f.value, after[i].value)
	}
}

func (d *differ) value(path string, a, b reflect.Value) {
	switch x := a.Interface().(type) {
	case Secret:
		if y, ok := b.Interface().(Secret); !ok || !x.Equal(y) {
			d.found = append(d.found, path)
		}
		return
	case HSTS:
		if x != b.Interface().(HSTS) {
			d.found = append(d.found, path)
		}
		return
	case Issuer:
		if !a.IsZero() && b.IsZero() || a.IsZero() && !b.IsZero() {
			// The gate begins to issue tokens, or ends.
			d.found = append(d.found, path)
			return
		}
	case Methods:
		d.methods(path, x, b.Interface().(Methods))
		return
	case []Rule:
		d.rules(path, x, b.Interface().([]Rule))
		return
	}
	if a.Kind() == reflect.Struct && len(fieldsOf(a)) > 0 {
		d.mapping(path, a, b)
		return
	}
	if !same(a, b) {
		d.found = append(d.found, path)
	}
}

// same takes nothing and an empty list for the same.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Slice, reflect.Map:
		if a.Len() == 0 && b.Len() == 0 {
			return true
		}
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func (d *differ) methods(path string, before, after Methods) {
	position := func(all Methods, name string) int {
		return slices.IndexFunc(all, func(m Method) bool { return m.Name == name })
	}
	for _, m := range before {
		i := position(after, m.Name)
		if i < 0 {
			d.found = append(d.found, path+"."+m.Name+" removed")
			continue
		}
		if after[i].Type != m.Type {
			d.found = append(d.found, path+"."+m.Name+".type")
			continue
		}
		d.mapping(path+"."+m.Name, m.settings(), after[i].settings())
	}
	kept := make([]string, 0, len(before))
	for _, m := range before {
		if position(after, m.Name) >= 0 {
			kept = append(kept, m.Name)
		}
	}
	next := 0
	moved := false
	for _, m := range after {
		if position(before, m.Name) < 0 {
			d.found = append(d.found, path+"."+m.Name+" added")
			continue
		}
		moved = moved || kept[next] != m.Name
		next++
	}
	if moved {
		d.found = append(d.found, path+" in another order")
	}
}

// settings are the keys of a method of whatever type.
func (m Method) settings() reflect.Value {
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			return f.Elem()
		}
	}
	return reflect.ValueOf(struct{}{})
}

// rules are known by what they are for: one that was put before the others has
// not changed them.
func (d *differ) rules(path string, before, after []Rule) {
	was := make(map[string]Rule, len(before))
	for _, r := range before {
		was[r.label()] = r
	}
	for _, r := range after {
		label := r.label()
		old, ok := was[label]
		delete(was, label)
		switch {
		case !ok:
			d.found = append(d.found, fmt.Sprintf("%s: %s added", path, label))
		case !reflect.DeepEqual(old, r):
			d.found = append(d.found, fmt.Sprintf("%s: %s changed", path, label))
		}
	}
	for _, r := range before {
		if _, left := was[r.label()]; left {
			delete(was, r.label())
			d.found = append(d.found, fmt.Sprintf("%s: %s removed", path, r.label()))
		}
	}
}

// label is the name of a rule, or what requests it is for.
func (r Rule) label() string {
	if r.Name != "" {
		return r.Name
	}
	return strings.TrimSpace(strings.Join(r.Verbs, ",") + " " + r.Host + r.Path)
}

// References are the files that values are taken from, as in ${file:/run/secret},
// each once.
func (f *File) References() []string {
	if f.source == nil {
		return nil
	}
	var out []string
	for _, raw := range f.source.raw {
		for {
			_, rest, found := strings.Cut(raw, "${file:")
			if !found {
				break
			}
			name, after, closed := strings.Cut(rest, "}")
			if name = below(f.source.dir, name); closed && !slices.Contains(out, name) {
				out = append(out, name)
			}
			raw = after
		}
	}
	slices.Sort(out)
	return out
}
