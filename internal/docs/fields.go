package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// fields writes a table of what a type of a package reads from JSON, in the words
// of its comments. What cannot be read becomes the text, so that it is seen.
func fields(folder, name string) string {
	types, err := structs(folder)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString("| key | what |\n|---|---|\n")
	if err := types.rows(&b, "", name); err != nil {
		return err.Error()
	}
	return b.String()
}

// structTypes are the structs of a package by their names.
type structTypes map[string]*ast.StructType

func structs(folder string) (structTypes, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if err != nil {
		return nil, err
	}
	types := structTypes{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, folder, e.Name()), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					types[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	return types, nil
}

// moduleRoot is the nearest folder above with a go.mod: tests run in their own.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return dir, err
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("run it within the module")
		}
		dir = above
	}
	return "", err
}

func (t structTypes) rows(b *strings.Builder, prefix, name string) error {
	s, ok := t[name]
	if !ok {
		return fmt.Errorf("there is no struct %s", name)
	}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 || f.Tag == nil {
			continue
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		if text != "" {
			fmt.Fprintf(b, "| `%s` | %s |\n", prefix+key, sentence(text, f.Names[0].Name, key))
		}
		inner, list := element(f.Type)
		if _, ok := t[inner]; ok && inner != name {
			if text == "" && list {
				fmt.Fprintf(b, "| `%s` | a list |\n", prefix+key)
			}
			if list {
				key += "[]"
			}
			if err := t.rows(b, prefix+key+".", inner); err != nil {
				return err
			}
			continue
		}
		if text == "" {
			fmt.Fprintf(b, "| `%s` | |\n", prefix+key)
		}
	}
	return nil
}

// element is the name of a type, and of what a list of it holds.
func element(e ast.Expr) (name string, list bool) {
	if a, ok := e.(*ast.ArrayType); ok {
		e, list = a.Elt, true
	}
	if id, ok := e.(*ast.Ident); ok {
		name = id.Name
	}
	return name, list
}

var (
	aside = regexp.MustCompile(` \(\[[A-Za-z.]+\]\)|,? ?See \[[A-Za-z.]+\]\.`)
	link  = regexp.MustCompile(`\[([A-Za-z.]+)\]`)
)

// sentence is a comment for those who write JSON: the name of the field is that of
// the key, and other names of Go are none of theirs.
func sentence(text, field, key string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = regexp.MustCompile(`\b`+field+`\b`).ReplaceAllString(text, "`"+key+"`")
	text = strings.ReplaceAll(aside.ReplaceAllString(text, ""), "Nil means", "Left out, it means")
	text = link.ReplaceAllString(text, "`$1`")
	return strings.ReplaceAll(text, "|", `\|`)
}
