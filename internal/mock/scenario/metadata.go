package scenario

import (
	"net/http"
	"strings"

	"github.com/gate401/gate401"
)

// Metadata answers what the challenges of scenarios lead to: the metadata of the
// URL that was called, as a gate publishes it (RFC 9728 section 3.3). It knows
// of no server that has tokens; a session of the mock has one.
func Metadata(w http.ResponseWriter, r *http.Request) {
	resource := externalBase(r) + strings.TrimPrefix(r.URL.EscapedPath(), gate401.MetadataPath)
	if r.URL.RawQuery != "" {
		resource += "?" + r.URL.RawQuery
	}
	sendJSON(w, r, "application/json", map[string]any{
		"resource": resource, "bearer_methods_supported": []string{"header"}, "resource_name": "scenarios of the mock",
	})
}
