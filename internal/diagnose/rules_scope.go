package diagnose

import (
	"slices"
	"strings"
)

// saysScope knows words about a scope that is missing.
func saysScope(text string) bool {
	lower := strings.ReplaceAll(unquoted(text), "_", " ")
	for _, words := range [...]string{
		"insufficient scope", "insufficient authentication scopes", "required scope", "expected scopes", "scopes are required", "scope is required", "missing scope", "scope does not match",
	} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}

// acceptedScopes goes by the fields in which GitHub says what a call asks for and
// what the token has; it hides behind 404 what the token may not see.
func (s *scene) acceptedScopes() *hit {
	if s.status != 403 && s.status != 404 || !s.auth.ok {
		return nil
	}
	h := &hit{sure: Likely, fix: Fix{Text: "Make a token that has it, or ask whoever owns what is asked for."}}
	if v := s.resp.Header.Get("X-Accepted-Github-Permissions"); v != "" && s.status == 403 && strings.Contains(s.said.text, "not accessible by") {
		h.expected, h.note = v, s.quoted("The token lacks the permission that this call asks for: "+cut(v, 80)+".")
		h.at = []Evidence{s.inAnswer("X-Accepted-Github-Permissions", v)}
		return h
	}
	wants, has := s.resp.Header.Get("X-Accepted-Oauth-Scopes"), s.resp.Header.Get("X-Oauth-Scopes")
	if strings.TrimSpace(wants) == "" || !s.resp.Header.Has("X-Oauth-Scopes") {
		return nil
	}
	mine := strings.FieldsFunc(has, func(r rune) bool { return r == ',' || r == ' ' })
	for word := range strings.SplitSeq(wants, ",") {
		if slices.Contains(mine, strings.TrimSpace(word)) {
			return nil
		}
	}
	h.expected, h.actual = cut(wants, 80), cut(has, 80)
	if len(mine) == 0 {
		h.actual = "no scope"
	}
	h.note = "The token has none of the scopes that this call asks for."
	if s.status == 404 {
		h.note += " Behind 404 the server hides what the token may not see."
	}
	h.at = []Evidence{s.inAnswer("X-Accepted-Oauth-Scopes", wants), s.inStatus()}
	return h
}
