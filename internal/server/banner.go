package server

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/demo"
)

// banner is what the demo prints for a person: where it is, who may do what, and
// lines to paste.
func banner(f demo.Fixtures, colour bool) string {
	bold := func(s string) string { return s }
	if colour {
		bold = func(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
	}
	c := f.Credentials
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("  %s  a page with one row per cause: open it in a browser", bold(c.Gate+"/"))
	line("  %s  what every reason means", c.Gate+"/auth/problems/")
	line("  %s  traces of refusals", c.Admin+"/api/traces")
	line("")
	line("%s", bold("People"))
	for _, p := range c.People {
		note := strings.Join(p.Groups, " ")
		switch {
		case p.Suspended:
			note += ", suspended"
		case p.Name == f.Changed.Name:
			note += ", was " + f.OldPassword + " until yesterday"
		}
		line("  %-8s %s  %s", p.Name, p.Password, note)
	}
	line("%s", bold("API keys"))
	for _, k := range c.APIKeys {
		line("  %s  %s, %s", k.Value, k.Environment, strings.Join(k.Scopes, " "))
	}
	line("%s", bold("A token of alice, good for an hour"))
	line("  %s", c.Tokens.Valid)
	line("")
	line("%s", bold("Try"))
	orders := c.Gate + c.Paths.Protected
	line("  curl -i %s", orders)
	line("  curl -i -u %s:%s %s", f.Member.Name, f.Member.Password, orders)
	line("  curl -i -H 'X-API-Key: %s' %s", f.Key, orders)
	line("  curl -i -H 'Authorization: Bearer %s' %s", c.Tokens.Expired, orders)
	line("  curl -i -u %s:%s %s", f.Member.Name, f.Member.Password, c.Gate+c.Paths.AdminOnly)
	line("  gate401 explain --admin %s REQUEST-ID", c.Admin)
	line("")
	line("Every decision is a line below. Ctrl-C ends the demo and removes what it made.")
	line("")
	return b.String()
}
