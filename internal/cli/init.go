package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/explain"
)

// starter is a file to begin with: it works as it is, and what most people
// change first stands in it.
const starter = `# gate401.yaml: what requests to an API must prove. "gate401 config check" finds
# faults, "gate401 init --example" shows every key that there is.

gate:
  listen: 127.0.0.1:8401
  upstream: UPSTREAM           # the API behind the gate
  # public_url: https://api.example.com   # how clients reach it, if not by listen

storage:
  records: sqlite:gate401.db   # accounts, API keys and audit records

methods:
  password: {type: basic}                       # gate401 user add NAME
  browser: {type: session}                      # a login page, and logins of apps: /auth/account
  key: {type: api-key, header: X-API-Key}       # gate401 key create --owner NAME
  own: {type: bearer, audience: api}            # gate401 token issue --sub NAME

rules:
  - {path: /health, allow: anyone}
  # - {path: "/users/{user}/**", owner: "{user}"}
  # - {path: "/admin/**", groups: [admin]}

default: {methods: all}        # everything else: some proof, by any method
`

func (a *app) init() *cobra.Command {
	var upstream string
	var example, asJSON bool
	var g gatewayFlags
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a configuration file to start from",
		Long: "Writes gate401.yaml, or the file that is given. A file that is there is never overwritten.\n\n" +
			"With --for, nginx, Traefik, Caddy or Envoy stands in front of the API and asks the gate. Its complete configuration is printed, " +
			"made from gate401.yaml if that is there; if not, one that goes with it is written.",
		Example: "gate401 init --upstream http://127.0.0.1:3000\ngate401 init --example full.yaml\n" +
			"gate401 init --for nginx --public-url https://api.example.com --upstream http://127.0.0.1:3000 > gate401.conf",
		Args: wants(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := defaultFile
			if len(args) == 1 {
				name = args[0]
			}
			if g.name != "" || g.given(cmd) {
				return a.initGateway(cmd, name, upstream, g, asJSON)
			}
			text, err := initial(upstream, example)
			if err != nil {
				return err
			}
			if err := create(name, text); err != nil {
				return err
			}
			serve := "gate401 serve"
			if name != defaultFile {
				serve += " -c " + name
			}
			if asJSON {
				return a.json(map[string]any{"file": name, "example": example, "next": serve})
			}
			a.say("wrote %s", name)
			a.say("next: %s", serve)
			a.say("its first start makes the account admin, unless there are accounts, and prints the password once")
			return nil
		},
		ValidArgsFunction: yamlFiles,
	}
	cmd.Flags().StringVar(&upstream, "upstream", "", "the API to protect: `URL` (default http://127.0.0.1:3000)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&example, "example", false, "write the complete example, with every key and what it is for")
	g.flags(cmd)
	exclusive(cmd, "for", "example")
	return cmd
}

// initial is the text of the new file.
func initial(upstream string, example bool) ([]byte, error) {
	const usual = "http://127.0.0.1:3000"
	if upstream == "" {
		upstream = usual
	}
	u, err := url.Parse(upstream)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsAny(upstream, " #\"'\n") {
		return nil, usagef("--upstream "+usual, "--upstream: %q is no URL with scheme and host", explain.Visible(upstream))
	}
	if example {
		return []byte(strings.Replace(string(config.Example()), "upstream: "+usual, "upstream: "+upstream, 1)), nil
	}
	line := fmt.Sprintf("%-28s", "upstream: "+upstream)
	return []byte(strings.Replace(starter, "upstream: UPSTREAM          ", line, 1)), nil
}

// create writes a new file and touches none that exists, also not one that
// appears at the same moment.
func create(name string, text []byte) error {
	//nolint:gosec // it holds no secret, and the account that runs the gate may be another one
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fail(ExitProblems, fmt.Errorf("%s exists, and was left as it is", name), "gate401 config check "+name)
	} else if err != nil {
		return fail(ExitUsage, err, hintsFor(err)...)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
