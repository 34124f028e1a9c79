package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// response is the documented one for a status: by the status itself or its class,
// or, where that is wanted, the default; nil where the document has none.
func response(op *openapi3.Operation, status int, orDefault bool) *openapi3.Response {
	if op.Responses == nil {
		return nil
	}
	text := strconv.Itoa(status)
	keys := []string{text, text[:1] + "XX", text[:1] + "xx"}
	if orDefault {
		keys = append(keys, "default")
	}
	for _, key := range keys {
		if ref := op.Responses.Value(key); ref != nil && ref.Value != nil {
			return ref.Value
		}
	}
	return nil
}

// usual is the status that an operation answers with by itself: its first
// success.
func usual(op *openapi3.Operation) int {
	if op.Responses == nil {
		return http.StatusOK
	}
	lowest, class := 0, 0
	for key := range op.Responses.Map() {
		if n, err := strconv.Atoi(key); err == nil && n >= 200 && n < 600 && (lowest == 0 || n < lowest) {
			lowest = n
		} else if len(key) == 3 && strings.EqualFold(key[1:], "XX") && key[0] >= '2' && key[0] <= '5' {
			if n := int(key[0]-'0') * 100; class == 0 || n < class {
				class = n
			}
		}
	}
	switch {
	case lowest != 0 && lowest < 300:
		return lowest
	case class == 200 || op.Responses.Value("default") != nil || lowest == 0 && class == 0:
		return http.StatusOK
	case lowest != 0:
		return lowest
	}
	return class
}

// content is a body with its type.
type content struct {
	kind string
	body []byte
}

// contentOf makes the body of a response in a media type that is acceptable. ok
// is false where there is none. Only explicit ones are those of the response
// itself, without anything made from a schema.
func contentOf(r *openapi3.Response, accept []string, example string, explicit bool) (c content, ok bool, err error) {
	var types []string
	for t, m := range r.Content {
		if m != nil && (!explicit || m.Example != nil || len(m.Examples) > 0) {
			types = append(types, t)
		}
	}
	if len(types) == 0 {
		return content{}, true, nil
	}
	chosen, ok := negotiate(accept, preferred(types))
	if !ok {
		return content{}, false, nil
	}
	m := r.Content[chosen]
	value, err := exampleOf(m, example)
	if err != nil {
		return content{}, true, err
	}
	if strings.Contains(chosen, "*") { // a range: no answer has that type
		switch {
		case strings.HasPrefix(chosen, "text/"):
			chosen = "text/plain"
		default:
			chosen = "application/json"
		}
	}
	body, err := encode(chosen, value, m.Schema)
	return content{chosen, body}, true, err
}

// exampleOf is the example of that name, or the first one, or one that is made.
func exampleOf(m *openapi3.MediaType, name string) (any, error) {
	if name != "" {
		if ref := m.Examples[name]; ref != nil && ref.Value != nil {
			return ref.Value.Value, nil
		}
		known := slices.Sorted(maps.Keys(m.Examples))
		if len(known) == 0 {
			return nil, fmt.Errorf("the response has no examples with names")
		}
		return nil, fmt.Errorf("there is no example %s; known: %s", strconv.Quote(clip(name)), strings.Join(known, ", "))
	}
	if m.Example != nil {
		return m.Example, nil
	}
	for _, key := range slices.Sorted(maps.Keys(m.Examples)) {
		if ref := m.Examples[key]; ref != nil && ref.Value != nil && ref.Value.Value != nil {
			return ref.Value.Value, nil
		}
	}
	return generate(m.Schema), nil
}

// encode writes a value in a media type.
func encode(kind string, value any, schema *openapi3.SchemaRef) ([]byte, error) {
	text, isString := value.(string)
	switch {
	case isJSON(kind):
		// Examples of objects are often written as a text.
		if isString && json.Valid([]byte(text)) && schema != nil && schema.Value != nil && (kindOf(schema) == openapi3.TypeObject || kindOf(schema) == openapi3.TypeArray) {
			return []byte(text), nil
		}
		return json.Marshal(value)
	case value == nil:
		return nil, nil
	case isString:
		return []byte(text), nil
	case strings.Contains(kind, "xml"):
		return encodeXML(value, schema), nil
	case isText(kind):
		if object, ok := value.(map[string]any); ok {
			return json.Marshal(object)
		}
		return fmt.Append(nil, value), nil
	}
	return json.Marshal(value)
}

func kindOf(ref *openapi3.SchemaRef) string { return kind(ref.Value) }

// headersOf adds the fields of a response.
func headersOf(h http.Header, r *openapi3.Response) {
	for name, ref := range r.Headers {
		canonical := http.CanonicalHeaderKey(name)
		if ref == nil || ref.Value == nil || ours[canonical] {
			continue
		}
		p := &ref.Value.Parameter
		value := p.Example
		if value == nil {
			for _, key := range slices.Sorted(maps.Keys(p.Examples)) {
				if e := p.Examples[key]; e != nil && e.Value != nil {
					value = e.Value.Value
					break
				}
			}
		}
		if value == nil && p.Schema != nil {
			value = generate(p.Schema)
		}
		if value == nil {
			continue
		}
		text := fmt.Sprint(value)
		if list, ok := value.([]any); ok {
			words := make([]string, len(list))
			for i, v := range list {
				words[i] = fmt.Sprint(v)
			}
			text = strings.Join(words, ",")
		}
		if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			h[canonical] = []string{text}
		}
	}
}

// ours are fields that are not the document's to say.
var ours = map[string]bool{"Content-Type": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true,
	"Www-Authenticate": true, "Proxy-Authenticate": true, "Trailer": true, "Upgrade": true}
