package diagnose

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// asides are faults of the refusal that are not why it was made.
func (s *scene) asides() []Finding {
	if s.resp == nil || !refusal(s.status) {
		return nil
	}
	var out []Finding
	add := func(id, message, hint, section string) {
		out = append(out, Finding{ID: id, Role: RoleAlso, Severity: httpauth.SeverityWarning, Certainty: Certain, Message: message, Hint: hint, Section: section})
	}
	h := s.resp.Header
	if o := s.req.Header.Get("Origin"); o != "" && !h.Has("Access-Control-Allow-Origin") && !isPreflight(s.x) {
		if u, err := url.Parse(o); err == nil && u.Host != "" && !sameOrigin(u, s.req.URL) {
			add("cors-error", fmt.Sprintf("The refusal has no Access-Control-Allow-Origin for %s, so a script sees a CORS error in its place.", q(o)), "Send the CORS fields with refusals too.", "Fetch standard, section 4.10")
		}
	}
	control := strings.ToLower(strings.Join(h.Values("Cache-Control"), ","))
	if (strings.Contains(control, "max-age=") && !strings.Contains(control, "max-age=0") || strings.Contains(control, "public")) && !strings.Contains(control, "no-store") && s.status == 401 {
		add("answer-from-cache", "The refusal allows caches to keep it.", "Send Cache-Control: no-store with every refusal.", "RFC 9111 section 3")
	}
	return out
}
