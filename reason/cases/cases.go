package cases

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gate401/gate401/reason"
)

//go:embed *.txtar
var files embed.FS

// Files is the case files by name, such as "token-expired.txtar".
func Files() fs.FS { return files }

// Names lists the names of the case files, sorted.
func Names() []string {
	names, err := fs.Glob(files, "*.txtar")
	if err != nil {
		return nil
	}
	return names
}

// Load parses all case files, sorted by name.
func Load() ([]Case, error) {
	var all []Case
	for _, name := range Names() {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading case: %w", err)
		}
		c, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// split takes a file name apart: "CODE.txtar" or "CODE.VARIANT.txtar".
func split(name string) (code reason.Code, variant string) {
	base, v, _ := strings.Cut(strings.TrimSuffix(name, ".txtar"), ".")
	return reason.Code(base), v
}
