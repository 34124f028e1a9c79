package config

import (
	_ "embed"
	"slices"
)

//go:generate go run ./schemagen

//go:embed schema.json
var schema []byte

//go:embed example.yaml
var example []byte

// Schema returns the JSON Schema (draft 2020-12) of the file, for editors. What
// it refuses, Load refuses too; Load sees more.
func Schema() []byte { return slices.Clone(schema) }

// Example returns a complete file with a comment for every key. It loads as it
// is.
func Example() []byte { return slices.Clone(example) }
