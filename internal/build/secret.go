package build

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/secretname"
	"github.com/gate401/gate401/token"
)

// mayBeSecret tells whether a query parameter may hold a credential, by its name
// or by what is in it: also one that stands where no method looks for it. With an
// empty name it looks at the value alone.
func mayBeSecret(cfg *config.File) func(name, value string) bool {
	var names []string
	for _, m := range cfg.Methods {
		if m.APIKey != nil && m.APIKey.Query != "" {
			names = append(names, m.APIKey.Query)
		}
	}
	return func(name, value string) bool {
		return LooksSecret(value) || name != "" && (slices.Contains(names, name) || secretname.Is(name))
	}
}

// LooksSecret tells whether a credential may be in value, by its form: an API key
// or a refresh token in any case, or the JSON with which every JWT begins, in
// base64.
func LooksSecret(value string) bool {
	return strings.Contains(strings.ToLower(value), token.APIKeyPrefix) || strings.Contains(value, "eyJ")
}
