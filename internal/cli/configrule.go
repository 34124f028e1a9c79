package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/explain"
)

func (a *app) configRule() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rule VERB URL-OR-PATH",
		Short: "Say which rule decides about a request, and why no other",
		Long: "Names the rule that decides about such a request, what it asks, and why the other rules that match its host and path do not. " +
			"Nothing is sent. A path alone stands for a host that no rule names.",
		Example: "gate401 config rule GET /orders/7\ngate401 config rule DELETE https://api.example.com/users/alice --json",
		Args:    wants(2, 2, "the verb or the path"),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, name, err := readConfig(file)
			if err != nil {
				return err
			}
			policy, err := build.Policy(cfg)
			if err != nil {
				return err
			}
			r, err := imagined(args[0], args[1])
			if err != nil {
				return err
			}
			if own := cfg.Gate.Prefix; r.Path == own || strings.HasPrefix(r.Path, own+"/") {
				a.say("below %s/ the gate answers what is its own before any rule", own)
			}
			out := newRuling(cfg, policy, r)
			if asJSON {
				return a.json(out)
			}
			if name == "" {
				a.say("there is no %s; these are the defaults", defaultFile)
			}
			a.print(out.text(a))
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the configuration `FILE` (default gate401.yaml, if there is one)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

// imagined is the request as the gate would read it.
func imagined(verb, target string) (*gate401.Request, error) {
	const hint = "gate401 config rule GET /orders/7"
	if verb == "" || strings.ContainsFunc(verb, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' }) {
		return nil, usagef(hint, "rule: %q is no verb", explain.Visible(verb))
	}
	u := &url.URL{}
	var err error
	if strings.HasPrefix(target, "/") {
		// Two slashes would begin a host.
		u, err = url.Parse("http://gate.invalid" + target)
	} else if u, err = url.Parse(target); err == nil && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		err = errors.New("no URL")
	}
	if err != nil {
		return nil, usagef(hint, "rule: %q is no path and no URL", explain.Visible(target))
	}
	if u.Path == "" {
		u.Path = "/"
	}
	host := u.Host
	if strings.HasPrefix(target, "/") {
		host = ""
	}
	r, err := (&gate401.Intake{}).Request(&http.Request{Method: strings.ToUpper(verb), Host: host, URL: u, Header: http.Header{}})
	if err != nil {
		return nil, fail(ExitProblems, fmt.Errorf("the gate refuses such a request before any rule: %w", err))
	}
	return r, nil
}

// ruling is which rule decides, as JSON.
type ruling struct {
	Verb       string      `json:"verb"`
	Host       string      `json:"host"`
	Path       string      `json:"path"`
	Rule       string      `json:"rule"`
	Asks       asked       `json:"asks"`
	Candidates []candidate `json:"candidates"`
}

// asked is what a rule asks.
type asked struct {
	Allow     string         `json:"allow,omitempty"`
	Methods   []string       `json:"methods,omitempty"`
	Scopes    []string       `json:"scopes,omitempty"`
	Groups    []string       `json:"groups,omitempty"`
	Owner     string         `json:"owner,omitempty"`
	Addresses []netip.Prefix `json:"addresses,omitempty"`
	MaxAge    string         `json:"max_age,omitempty"`
}

// candidate is a rule that matches host and path; the index of the default is -1.
type candidate struct {
	Index   int    `json:"index"`
	Rule    string `json:"rule"`
	Decides bool   `json:"decides"`
	Why     string `json:"why"`
}

func newRuling(cfg *config.File, policy *access.Policy, r *gate401.Request) ruling {
	out := ruling{Verb: r.Method, Host: r.Host, Path: r.Path, Candidates: []candidate{}}
	for _, c := range policy.Explain(r.Method, r.Host, r.Path) {
		out.Candidates = append(out.Candidates, candidate{c.Index, c.Rule, c.Won, c.Why})
		if !c.Won {
			continue
		}
		out.Rule = c.Rule
		if c.Index < 0 {
			out.Asks = newAsked(cfg, cfg.Default, "")
		} else {
			out.Asks = newAsked(cfg, cfg.Rules[c.Index].Asks, cfg.Rules[c.Index].Owner)
		}
	}
	return out
}

func newAsked(cfg *config.File, asks config.Asks, owner string) asked {
	out := asked{Allow: asks.Allow, Scopes: asks.Scopes, Groups: asks.Groups, Owner: owner, Addresses: asks.Addresses}
	if asks.Allow != "" {
		return out
	}
	out.Methods = slices.Clone(asks.Methods)
	if len(out.Methods) == 0 {
		for _, m := range cfg.Methods {
			out.Methods = append(out.Methods, m.Name)
		}
	}
	if asks.MaxAge > 0 {
		d := duration(asks.MaxAge)
		out.MaxAge = d.String()
	}
	return out
}

// lines say what is asked, one thing per line.
func (x asked) lines() []string {
	var out []string
	switch x.Allow {
	case "anyone":
		out = append(out, "nothing: anyone passes")
	case "nobody":
		out = append(out, "what nobody has: nobody passes")
	default:
		out = append(out, "proof by "+strings.Join(x.Methods, " or "))
	}
	if len(x.Scopes) > 0 {
		out = append(out, oneOrMore(len(x.Scopes), "the scope ", "all of the scopes ")+strings.Join(x.Scopes, ", "))
	}
	if len(x.Groups) > 0 {
		out = append(out, oneOrMore(len(x.Groups), "the group ", "one of the groups ")+strings.Join(x.Groups, ", "))
	}
	if x.Owner != "" {
		out = append(out, "to be the owner, "+x.Owner+" in the path")
	}
	if len(x.Addresses) > 0 {
		networks := make([]string, len(x.Addresses))
		for i, n := range x.Addresses {
			networks[i] = n.String()
		}
		out = append(out, "to come from "+strings.Join(networks, " or "))
	}
	if x.MaxAge != "" {
		out = append(out, "to have authenticated within "+x.MaxAge)
	}
	return out
}

func oneOrMore(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func (x ruling) text(a *app) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n", a.style.Bold(x.Verb), explain.Visible(x.Host+x.Path))
	for _, c := range x.Candidates {
		if !c.Decides {
			continue
		}
		why := "it " + c.Why
		if c.Index < 0 {
			why = c.Why
		}
		fmt.Fprintf(&b, "%s decides: %s\n", a.style.Bold(c.name()), why)
	}
	for i, line := range x.Asks.lines() {
		head := "asks for"
		if i > 0 {
			head = "and"
		}
		fmt.Fprintf(&b, "   %-8s  %s\n", head, explain.Visible(line))
	}
	if len(x.Candidates) < 2 {
		return b.String()
	}
	b.WriteString("\n" + a.style.Bold("In order") + "\n")
	width := 0
	for _, c := range x.Candidates {
		width = max(width, len(c.name()))
	}
	for _, c := range x.Candidates {
		mark := "no "
		if c.Decides {
			mark = "yes"
		}
		fmt.Fprintf(&b, "  %s  %-*s  %s\n", a.style.Faint(mark), width, c.name(), explain.Visible(c.Why))
	}
	return b.String()
}

// name is how the file knows the rule.
func (c candidate) name() string {
	if c.Index < 0 {
		return "default"
	}
	return fmt.Sprintf("rules[%d] (%s)", c.Index, explain.Visible(c.Rule))
}
