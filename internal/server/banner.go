package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gate401/gate401/internal/demo"
)

// banner is what the demo prints for a person: where it is, who may do what, and
// lines to paste.
func banner(f demo.Fixtures, o DemoOptions) string {
	bold := func(s string) string { return s }
	if o.Colour {
		bold = func(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
	}
	c := f.Credentials
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("  %s  a page with one row per cause: open it in a browser", bold(c.Gate+"/"))
	line("  %s  a page that wants a login: with a name and password from below", c.Gate+f.SessionOnly)
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
	line("%s", bold("Clients of the authorization server"))
	for _, one := range c.Clients {
		secret := one.Secret
		if secret == "" {
			secret = "no secret: public, with PKCE, or by the device grant"
		}
		line("  %-8s %s", one.ID, secret)
	}
	line("%s", bold("A token of alice, good for an hour"))
	line("  %s", c.Tokens.Valid)
	line("")
	if c.CAFile != "" {
		line("%s", bold("Certificate"))
		line("  %s  the authority that the gate's certificate is of, good for a day and for this machine alone", c.CAFile)
		line("")
	}
	line("%s", bold("Try"))
	orders := c.Gate + c.Paths.Protected
	confidential, _ := f.Confidential()
	for _, one := range [][2]string{
		{"nobody says who is asking: 401", "curl -i " + orders},
		{"a name and a password: 200", "curl -i -u " + f.Member.Name + ":" + f.Member.Password + " " + orders},
		{"the same person where admins may go: 403", "curl -i -u " + f.Member.Name + ":" + f.Member.Password + " " + c.Gate + c.Paths.AdminOnly},
		{"an API key: 200", "curl -i -H '" + f.KeyHeader + ": " + f.Key + "' " + orders},
		{"a program gets a token for itself: 200", "curl -u " + confidential.ID + ":" + confidential.Secret + " -d grant_type=client_credentials " + c.Gate + "/auth/token"},
		{"a token that expired an hour ago: 401", "curl -i -H 'Authorization: Bearer " + c.Tokens.Expired + "' " + orders},
		{"why? with the X-Request-Id of a refusal", program(os.Args[0]) + " explain --admin " + c.Admin + " REQUEST-ID"},
	} {
		line("  # %s", one[0])
		line("  %s", c.Curl(one[1]))
	}
	line("")
	line("Every decision is a line below. %s", ending(o.Data))
	line("")
	return b.String()
}

// ending says what Ctrl-C leaves behind.
func ending(data string) string {
	if data == "" {
		return "Ctrl-C ends the demo and removes what it made."
	}
	return "Ctrl-C ends the demo; its records stay in " + data + " until the next demo there replaces them."
}

// program is how a shell calls the running program: as it was called, unless
// "go run" built it where nobody would look for it.
func program(called string) string {
	for dir := range strings.SplitSeq(filepath.ToSlash(called), "/") {
		// Below the temporary directory, or in the build cache, whose place can
		// be chosen and whose directories end in -d.
		if strings.HasPrefix(dir, "go-build") || (len(dir) == 66 && strings.HasSuffix(dir, "-d")) {
			return "go run ./cmd/gate401"
		}
	}
	return called
}
