package world

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// DecodeSettings reads settings from JSON. What is no setting is an error that
// says what was probably meant, and where that stands: a *[SettingsError] with
// everything of that kind.
func DecodeSettings(data []byte, into *Settings) error {
	if faults := unknown(data, reflect.TypeFor[Settings]()); len(faults) > 0 {
		return &SettingsError{faults}
	}
	return json.Unmarshal(data, into)
}

// unknown lists the keys of a JSON object that a type does not have, each as a
// sentence with its place at the beginning. What is no JSON has none.
func unknown(data []byte, t reflect.Type) []string {
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return nil
	}
	w := walk{keys: keysOf(t, "")}
	w.look(tree, t, "")
	slices.Sort(w.faults)
	return w.faults[:min(len(w.faults), maxUnknown)]
}

// maxUnknown bounds how many are listed.
const maxUnknown = 20

type walk struct{ keys, faults []string }

func (w *walk) look(v any, t reflect.Type, at string) {
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for _, one := range v {
				w.look(one, t.Elem(), strings.TrimSuffix(at, ".")+"[].")
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return
		}
		fields := fieldsOf(t)
		for key, value := range v {
			// As encoding/json finds them: capitals do not matter.
			i := slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.key, key) })
			if i < 0 {
				w.faults = append(w.faults, at+clip(key)+": there is no such key"+w.meant(key, at))
				continue
			}
			w.look(value, fields[i].of, at+fields[i].key+".")
		}
	}
}

// meant names the keys that are called so elsewhere, or else the nearest one.
func (w *walk) meant(key, at string) string {
	const far = 3
	plain := strings.NewReplacer("-", "", "_", "").Replace
	word, best, found := plain(strings.ToLower(key)), far, []string(nil)
	if len(word) > 64 {
		return ""
	}
	for _, known := range w.keys {
		leaf := plain(known[strings.LastIndexByte(known, '.')+1:])
		n := nearest.Slips(word, leaf)
		if 2*n > len(leaf) || n >= far || n > best {
			continue
		}
		if n < best {
			best, found = n, nil
		}
		found = append(found, known)
	}
	// One that stands beside it is meant before one of the same name elsewhere.
	if i := slices.IndexFunc(found, func(k string) bool { return strings.TrimPrefix(k, at) == k[strings.LastIndexByte(k, '.')+1:] }); i >= 0 {
		found = found[i : i+1]
	}
	if len(found) == 0 {
		var here []string
		for _, known := range w.keys {
			if rest, ok := strings.CutPrefix(known, at); ok && !strings.Contains(rest, ".") {
				here = append(here, rest)
			}
		}
		return ", there are " + strings.Join(here, ", ")
	}
	return ", did you mean " + strings.Join(found, " or ") + "?"
}

// field is one key of a type.
type field struct {
	key string
	of  reflect.Type
}

func fieldsOf(t reflect.Type) (all []field) {
	for _, f := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key != "" && key != "-" {
			all = append(all, field{key, f.Type})
		}
	}
	return all
}

// keysOf are all keys of a type with their places, such as access.ttl.
func keysOf(t reflect.Type, at string) (all []string) {
	for _, f := range fieldsOf(t) {
		all = append(all, at+f.key)
		switch {
		case f.of.Kind() == reflect.Struct:
			all = append(all, keysOf(f.of, at+f.key+".")...)
		case f.of.Kind() == reflect.Slice && f.of.Elem().Kind() == reflect.Struct:
			all = append(all, keysOf(f.of.Elem(), at+f.key+"[].")...)
		}
	}
	return all
}
