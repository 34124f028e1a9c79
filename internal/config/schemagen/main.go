// Command schemagen writes the JSON Schema of the configuration file from the
// types that it is decoded into, so that the two cannot disagree. It is run by
// go generate in the folder above; a test there fails when its result is stale.
//
// It is no part of the binary.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/gate401/gate401/internal/config"
)

func main() {
	data, err := generate(".")
	if err == nil {
		err = os.WriteFile("schema.json", data, 0o644) //nolint:gosec // it is a source file, and published
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// generate makes the schema; dir is the folder of package config, whose comments
// become descriptions.
func generate(dir string) ([]byte, error) {
	r := &jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
	}
	if err := comments(r, dir); err != nil {
		return nil, err
	}
	types := *r
	types.DoNotReference = true
	types.ExpandedStruct = false
	r.Mapper = func(t reflect.Type) *jsonschema.Schema { return mapped(&types, t) }
	types.Mapper = r.Mapper
	s := r.Reflect(&config.File{})
	s.ID = "https://gate401.github.io/schema/gate401.json"
	s.Title = "gate401.yaml"
	s.Description = "The configuration of gate401. Every key may be left out."

	// Through plain JSON, to say of every text that it may come from elsewhere.
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	loosen(tree)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(tree); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// comments reads the comments of the types.
func comments(r *jsonschema.Reflector, dir string) error {
	wd, err := os.Getwd()
	if err != nil {
		return err
	}
	// The paths that are read become part of the package path.
	if err := os.Chdir(dir); err != nil {
		return err
	}
	defer func() { _ = os.Chdir(wd) }()
	return r.AddGoComments(reflect.TypeFor[config.File]().PkgPath(), ".")
}

// mapped is the schema of types that are not decoded field by field.
func mapped(r *jsonschema.Reflector, t reflect.Type) *jsonschema.Schema {
	text := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }
	texts := func() *jsonschema.Schema {
		one := uint64(1)
		return &jsonschema.Schema{Type: "array", Items: text(), MinItems: &one}
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]{1,5}[dw]|[+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)$`}
	case reflect.TypeFor[netip.Prefix]():
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9a-fA-F:.]+(/[0-9]+)?$`}
	case reflect.TypeFor[config.Secret]():
		return text()
	case reflect.TypeFor[config.TLSVersion]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Enum: []any{"1.2", "1.3"}}, {Type: "number", Enum: []any{1.2, 1.3}}}}
	case reflect.TypeFor[config.HSTS]():
		plain := *r
		plain.Mapper = func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[config.HSTS]() {
				return nil
			}
			return mapped(r, t)
		}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Enum: []any{"none"}}, inner(plain.ReflectFromType(t))}}
	case reflect.TypeFor[config.Size]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Pattern: `^[0-9]+ *([KMG]i?B|B)?$`}, {Type: "integer", Minimum: "1"}}}
	case reflect.TypeFor[config.Statuses]():
		one := uint64(1)
		return &jsonschema.Schema{Type: "array", MinItems: &one, Items: &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "200", Maximum: "599"}, {Type: "string", Pattern: `^[2-5][0-9]{2}-[2-5][0-9]{2}$`}}}}
	case reflect.TypeFor[config.Upstreams]():
		return &jsonschema.Schema{Type: "object", PropertyNames: &jsonschema.Schema{Pattern: `^[a-z][a-z0-9_-]{0,31}$`},
			AdditionalProperties: inner(r.ReflectFromType(reflect.TypeFor[config.Upstream]()))}
	case reflect.TypeFor[config.Audience]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text(), texts()}}
	case reflect.TypeFor[config.MethodNames]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Enum: []any{"all"}}, texts()}}
	case reflect.TypeFor[config.GroupNames]():
		one := uint64(1)
		return &jsonschema.Schema{Type: "object", MinProperties: &one, AdditionalProperties: text()}
	case reflect.TypeFor[config.ScopeWords]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: text()}
	case reflect.TypeFor[config.IdentityHeaders]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string", Enum: []any{"forwarded", "remote"}},
			{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string",
				Enum: []any{"subject", "method", "name", "issuer", "credential", "groups", "scopes", "request_id"}}},
		}}
	case reflect.TypeFor[*config.CORS]():
		return nil
	case reflect.TypeFor[config.CORS]():
		// Without the mapper, which would come back here.
		plain := *r
		plain.Mapper = func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[config.CORS]() {
				return nil
			}
			return mapped(r, t)
		}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Enum: []any{"upstream"}}, inner(plain.ReflectFromType(t))}}
	case reflect.TypeFor[config.Methods]():
		var kinds []*jsonschema.Schema
		for name, kind := range map[string]reflect.Type{
			config.TypeBasic:   reflect.TypeFor[config.Basic](),
			config.TypeAPIKey:  reflect.TypeFor[config.APIKey](),
			config.TypeBearer:  reflect.TypeFor[config.Bearer](),
			config.TypeSession: reflect.TypeFor[config.Session](),
		} {
			s := inner(r.ReflectFromType(kind))
			kindOf, _ := s.Properties.Get("type")
			kindOf.Enum = []any{name}
			kinds = append(kinds, s)
		}
		// In the order of their names, so that the result is always the same.
		for i := range kinds {
			for j := range kinds[:i] {
				if kindName(kinds[i]) < kindName(kinds[j]) {
					kinds[i], kinds[j] = kinds[j], kinds[i]
				}
			}
		}
		return &jsonschema.Schema{Type: "object",
			PropertyNames:        &jsonschema.Schema{Pattern: "^[a-z][a-z0-9_-]*$", Not: &jsonschema.Schema{Enum: []any{"all"}}},
			AdditionalProperties: &jsonschema.Schema{OneOf: kinds}}
	}
	return nil
}

func kindName(s *jsonschema.Schema) string {
	p, _ := s.Properties.Get("type")
	return fmt.Sprint(p.Enum...)
}

// inner is a schema without what only a document has.
func inner(s *jsonschema.Schema) *jsonschema.Schema {
	s.Version, s.ID = "", ""
	return s
}

// loosen lets every text with a pattern or a choice be a reference to the
// environment or a file instead, and lets no text be empty.
func loosen(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			loosen(e)
		}
	case map[string]any:
		for key, e := range v {
			if key == "propertyNames" {
				continue
			}
			loosen(e)
		}
		if v["type"] != "string" {
			return
		}
		v["minLength"] = 1
		strict := map[string]any{}
		for _, key := range []string{"pattern", "enum", "maxLength"} {
			if e, ok := v[key]; ok {
				strict[key] = e
				delete(v, key)
			}
		}
		switch {
		case len(strict) == 0:
		case fixed(strict):
			for key, e := range strict {
				v[key] = e
			}
		default:
			v["anyOf"] = []any{strict, map[string]any{"pattern": `\$\{`}}
		}
	}
}

// fixed tells whether a text decides how the rest is read, so that it must be
// there: the type of a method.
func fixed(strict map[string]any) bool {
	words, ok := strict["enum"].([]any)
	if !ok || len(words) != 1 {
		return false
	}
	switch words[0] {
	case config.TypeBasic, config.TypeAPIKey, config.TypeBearer, config.TypeSession:
		return true
	}
	return false
}
