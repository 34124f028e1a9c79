package openapi

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// encodeXML writes a value as elements that have the names of its members: a
// shape to look at, without attributes and namespaces.
func encodeXML(value any, schema *openapi3.SchemaRef) []byte {
	name := "root"
	if schema != nil {
		if i := strings.LastIndexByte(schema.Ref, '/'); i >= 0 {
			name = schema.Ref[i+1:]
		}
		if schema.Value != nil && schema.Value.XML != nil && schema.Value.XML.Name != "" {
			name = schema.Value.XML.Name
		}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	element(&b, name, value)
	return b.Bytes()
}

func element(b *bytes.Buffer, name string, value any) {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}, name)
	if name == "" || name[0] < 'A' {
		name = "_" + name
	}
	b.WriteString("<" + name + ">")
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if list, ok := v[key].([]any); ok {
				for _, one := range list {
					element(b, key, one)
				}
				continue
			}
			element(b, key, v[key])
		}
	case []any:
		for _, one := range v {
			element(b, "item", one)
		}
	case nil:
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, v)) // into memory
	}
	b.WriteString("</" + name + ">")
}
