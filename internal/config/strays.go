package config

import (
	"reflect"
	"strings"
)

// strays is a hint for a key that is not known where it stands, but is one level
// below: listen, which stands in gate. It is "" where none of fields has it.
func strays(key string, fields []field) string {
	var at []string
	for _, f := range fields {
		t := f.value.Type()
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			continue
		}
		for _, below := range fieldsOf(reflect.New(t).Elem()) {
			if below.name == key {
				at = append(at, f.name+"."+key)
			}
		}
	}
	switch len(at) {
	case 0:
		return ""
	case 1:
		section, _, _ := strings.Cut(at[0], ".")
		return "it stands below " + section + ": " + section + ": {" + key + ": ...}"
	}
	return "it stands below another key: " + strings.Join(at[:len(at)-1], ", ") + " or " + at[len(at)-1]
}
