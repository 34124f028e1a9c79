package cli

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// logIn is the command that gets a token which the server would take; empty where
// the server does not say where to log in (RFC 9728 section 5.1), or the command
// line brought a proof of its own.
func (r *callReport) logIn(d *client.Denied) string {
	r.mu.Lock()
	asked := r.last.Request
	r.mu.Unlock()
	if asked == nil || r.key.given() || asked.Header.Get("Authorization") != "" && d.Sent != "Bearer" {
		return ""
	}
	leads := func(c httpauth.Challenge) bool {
		_, ok := c.Param("resource_metadata")
		return ok && c.Is("Bearer")
	}
	u := *asked.URL
	u.RawQuery, u.Fragment, u.User = "", "", nil
	if !slices.ContainsFunc(d.Challenges, leads) || !bare(u.String()) {
		return ""
	}
	command := `"gate401 login ` + u.String()
	switch {
	case d.Reason == reason.CredentialsMissing && d.Sent == "":
		return command + `" logs in there`
	case d.Reason == reason.ScopeInsufficient && d.Sent == "Bearer" && d.Scope != "" && bare(strings.ReplaceAll(d.Scope, " ", "")):
		return command + ` --scope '` + d.Scope + `'" asks for it`
	}
	return ""
}

// bare tells that no shell finds anything of its own in a word: what a server sends
// gets into a command that people copy.
func bare(word string) bool {
	return !strings.ContainsFunc(word, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._:/@+,", c))
	})
}
