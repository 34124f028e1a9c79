package openapi

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Bounds of what is made from a schema.
const (
	deepest     = 12 // levels of schemas
	optionalTo  = 4  // levels that show what is not required
	maxParts    = 2000
	maxElements = 50
	maxText     = 1000
)

// generator makes the smallest instance of a schema that still shows its shape:
// each property on the upper levels, what is required below, one element of a
// list.
type generator struct {
	parts int
	open  map[*openapi3.Schema]int // those that are being made
}

func generate(ref *openapi3.SchemaRef) any {
	g := &generator{open: map[*openapi3.Schema]int{}}
	return g.value(ref, 0)
}

func (g *generator) value(ref *openapi3.SchemaRef, depth int) any {
	if ref == nil || ref.Value == nil {
		return nil
	}
	s := ref.Value
	if given, ok := stated(s); ok {
		return given
	}
	g.parts++
	if depth > deepest || g.parts > maxParts || g.open[s] > 0 {
		return g.end(s)
	}
	g.open[s]++
	defer func() { g.open[s]-- }()
	switch {
	case len(s.AllOf) > 0:
		return g.all(s, depth)
	case len(s.OneOf) > 0:
		return g.first(s, s.OneOf, depth)
	case len(s.AnyOf) > 0:
		return g.first(s, s.AnyOf, depth)
	}
	return g.plain(s, depth)
}

// stated is what the schema itself says an instance may be.
func stated(s *openapi3.Schema) (any, bool) {
	switch {
	case s.Example != nil:
		return s.Example, true
	case len(s.Examples) > 0:
		return s.Examples[0], true
	case s.Const != nil:
		return s.Const, true
	case s.Default != nil:
		return s.Default, true
	case len(s.Enum) > 0:
		return s.Enum[0], true
	}
	return nil, false
}

// end is what stands where a schema is not followed any further.
func (g *generator) end(s *openapi3.Schema) any {
	switch kind(s) {
	case openapi3.TypeObject:
		return map[string]any{}
	case openapi3.TypeArray:
		return []any{}
	}
	return nil
}

// kind is the type of the schema, or that which its keywords are for.
func kind(s *openapi3.Schema) string {
	for _, t := range s.Type.Slice() {
		if t != "null" {
			return t
		}
	}
	switch {
	case len(s.Properties) > 0 || len(s.Required) > 0 || s.AdditionalProperties.Schema != nil:
		return openapi3.TypeObject
	case s.Items != nil || len(s.PrefixItems) > 0:
		return openapi3.TypeArray
	case s.Format != "" || s.Pattern != "" || s.MinLength > 0 || s.MaxLength != nil:
		return openapi3.TypeString
	case s.Min != nil || s.Max != nil || s.MultipleOf != nil:
		return openapi3.TypeNumber
	case s.Type.IncludesNull():
		return "null"
	}
	return ""
}

func (g *generator) plain(s *openapi3.Schema, depth int) any {
	switch kind(s) {
	case openapi3.TypeObject:
		return g.object(s, depth)
	case openapi3.TypeArray:
		return g.array(s, depth)
	case openapi3.TypeString:
		return text(s)
	case openapi3.TypeInteger:
		return int64(number(s, true))
	case openapi3.TypeNumber:
		return number(s, false)
	case openapi3.TypeBoolean:
		return true
	}
	return nil
}

// all joins the parts of allOf, and what stands beside it.
func (g *generator) all(s *openapi3.Schema, depth int) any {
	out := map[string]any{}
	var other any
	for _, part := range s.AllOf {
		switch v := g.value(part, depth+1).(type) {
		case map[string]any:
			maps.Copy(out, v)
		case nil:
		default:
			other = v
		}
	}
	if len(s.Properties) > 0 {
		if v, ok := g.object(s, depth).(map[string]any); ok {
			maps.Copy(out, v)
		}
	}
	if len(out) == 0 && other != nil {
		return other
	}
	return out
}

// first takes the first alternative, and what stands beside it.
func (g *generator) first(s *openapi3.Schema, of openapi3.SchemaRefs, depth int) any {
	for _, one := range of {
		v := g.value(one, depth+1)
		if v == nil {
			continue // {"type":"null"} shows least
		}
		if object, ok := v.(map[string]any); ok && len(s.Properties) > 0 {
			joined := maps.Clone(object)
			if beside, ok := g.object(s, depth).(map[string]any); ok {
				maps.Copy(joined, beside)
			}
			return joined
		}
		return v
	}
	return nil
}

func (g *generator) object(s *openapi3.Schema, depth int) any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		required := slices.Contains(s.Required, name)
		if p == nil || p.Value == nil || p.Value.WriteOnly || !required && (depth >= optionalTo || g.parts > maxParts || g.open[p.Value] > 0) {
			continue
		}
		v := g.value(p, depth+1)
		if v == nil && !required && !nullable(p.Value) {
			continue
		}
		out[name] = v
	}
	if extra := s.AdditionalProperties.Schema; extra != nil && len(out) == 0 && depth < optionalTo {
		out["key"] = g.value(extra, depth+1)
	}
	return out
}

func nullable(s *openapi3.Schema) bool {
	return s.Nullable || s.Type.IncludesNull() || kind(s) == ""
}

func (g *generator) array(s *openapi3.Schema, depth int) any {
	out := []any{}
	for _, p := range s.PrefixItems {
		out = append(out, g.value(p, depth+1))
	}
	n := max(int(min(s.MinItems, maxElements)), 1)
	if s.MaxItems != nil {
		n = min(n, int(min(*s.MaxItems, maxElements)))
	}
	for len(out) < n && s.Items != nil && g.parts <= maxParts {
		if s.Items.Value != nil && g.open[s.Items.Value] > 0 && len(out) >= int(min(s.MinItems, maxElements)) {
			break
		}
		out = append(out, g.value(s.Items, depth+1))
	}
	return out
}

// samples are instances of the formats that are known.
var samples = map[string]string{
	"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "time": "03:04:05Z", "duration": "PT1H",
	"email": "user@example.com", "idn-email": "user@example.com", "hostname": "example.com", "idn-hostname": "example.com",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri": "https://example.com/", "url": "https://example.com/", "iri": "https://example.com/",
	"uri-reference": "/example", "uri-template": "/example/{id}", "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
	"json-pointer": "/example", "regex": "^.*$", "byte": "ZXhhbXBsZQ==", "password": "********",
}

func text(s *openapi3.Schema) string {
	out, ok := samples[s.Format]
	if !ok {
		out = "string"
	}
	for uint64(len(out)) < min(s.MinLength, maxText) {
		out += "string"[:min(6, int(min(s.MinLength, maxText))-len(out))]
	}
	if s.MaxLength != nil && uint64(len(out)) > *s.MaxLength {
		out = out[:*s.MaxLength]
	}
	return out
}

// number is the one nearest to 0 that the bounds admit, 1 before 0.
func number(s *openapi3.Schema, whole bool) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	step := 1.0
	if !whole {
		step = 0.5
	}
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		step = *s.MultipleOf
	}
	if s.Min != nil {
		if low = *s.Min; s.ExclusiveMin.IsTrue() {
			low = math.Nextafter(low, math.Inf(1))
		}
	}
	if v := s.ExclusiveMin.Value; v != nil {
		low = max(low, math.Nextafter(*v, math.Inf(1)))
	}
	if s.Max != nil {
		if high = *s.Max; s.ExclusiveMax.IsTrue() {
			high = math.Nextafter(high, math.Inf(-1))
		}
	}
	if v := s.ExclusiveMax.Value; v != nil {
		high = min(high, math.Nextafter(*v, math.Inf(-1)))
	}
	start := 1.0
	if s.MultipleOf != nil {
		start = step
	}
	switch {
	case start < low:
		start = math.Ceil(low/step) * step
	case start > high:
		start = math.Floor(high/step) * step
	}
	if start < low || start > high { // between two steps
		start = low
	}
	if math.IsInf(start, 0) || math.IsNaN(start) || math.Abs(start) > 1<<53 {
		return 0
	}
	if whole {
		return math.Trunc(start)
	}
	return start
}

// isText tells whether instances of a media type are texts as they are.
func isText(t string) bool {
	return strings.HasPrefix(strings.ToLower(t), "text/")
}
