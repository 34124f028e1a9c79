package build

import (
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/config"
)

// DefaultRule is what decisions call the default.
const DefaultRule = access.DefaultRule

// RuleName is what decisions call a rule of the file.
func RuleName(r config.Rule) string {
	return access.Rule{Name: r.Name, Host: r.Host, Path: r.Path, Verbs: r.Verbs}.Called()
}
