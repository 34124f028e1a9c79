package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	// A name of a test in a document, or the folders that those before it are in:
	// (`authn`), (`store/memory`, `store/sqlite`), (root).
	testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`|\\((root|`[a-z][a-z0-9/]*`(?:, `[a-z][a-z0-9/]*`)*)[^)]*\\)|[;|.\n]")
)

// folders tells for the name of each test in which folders there is one.
func folders(t *testing.T, root string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || name != root && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			out[string(m[1])] = append(out[string(m[1])], filepath.ToSlash(folder))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// missing are the names of tests in a document that are not where it says.
func missing(doc string, all map[string][]string) []string {
	var out, open []string
	for _, m := range testName.FindAllStringSubmatch(doc, -1) {
		switch {
		case m[1] != "":
			open = append(open, m[1])
			if all[m[1]] == nil {
				out = append(out, m[1])
			}
		case m[2] != "":
			for _, folder := range strings.Split(strings.ReplaceAll(m[2], "`", ""), ", ") {
				if folder == "root" {
					folder = "."
				}
				for _, name := range open {
					if all[name] != nil && !slices.Contains(all[name], folder) {
						out = append(out, path.Join(folder, name))
					}
				}
			}
			open = nil
		default:
			open = nil
		}
	}
	return out
}

// What a document says is tested is tested: each test that is named exists, where
// it is said to be.
func TestNamedTestsExist(t *testing.T) {
	root := filepath.Join("..", "..")
	all := folders(t, root)
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(docs) < 20 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	more, _ := filepath.Glob(filepath.Join(root, "docs", "adr", "*.md"))
	for _, name := range append(docs, more...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range missing(string(text), all) {
			t.Errorf("%s names %s, which does not exist", filepath.Base(name), m)
		}
	}
}

func TestMissing(t *testing.T) {
	all := map[string][]string{"TestA": {"x", "."}, "TestB": {"y/z"}}
	for doc, want := range map[string]string{
		"`TestA`, `TestB`":                     "",
		"`TestA` (root); `TestB` (`y/z`)":      "",
		"`TestA` (`x`), `TestC`":               "TestC",
		"`TestA`, `TestB` (`y/z`)":             "y/z/TestA",
		"| `TestA` | (`nowhere`)":              "",
		"`TestA` (`x`, `y/z`)":                 "y/z/TestA",
		"`TestB` (`y/z`, against the others)":  "",
		"`TestA` with a word (`x`) and `Test`": "",
	} {
		if got := strings.Join(missing(doc, all), " "); got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
}
