package cli

import (
	"errors"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/gateway"
)

// besideGateway is a file to begin with for a gate that a gateway asks.
const besideGateway = `# gate401.yaml: what requests to an API must prove. GATEWAY stands in front of the
# API and asks the gate. "gate401 config check" finds faults, "gate401 init --example
# full.yaml" shows every key that there is.

gate:
  listen: GATE          # for GATEWAY alone
  public_url: PUBLIC    # what clients call: GATEWAY
  trusted_proxies: [127.0.0.1]

# GATEWAY may ask, from this machine; or {from: [10.0.0.7]} from another.
forward: {}

storage:
  records: sqlite:gate401.db   # accounts, API keys and audit records

methods:
  password: {type: basic}                       # gate401 user add NAME
  key: {type: api-key, header: X-API-Key}       # gate401 key create --owner NAME
  own: {type: bearer, audience: api}            # gate401 token issue --sub NAME

rules:
  - {path: /health, allow: anyone}
  # - {path: "/users/{user}/**", owner: "{user}"}
  # - {path: "/admin/**", groups: [admin]}

default: {methods: all}        # everything else: some proof, by any method
`

// gatewayFlags say how a gateway is set up.
type gatewayFlags struct {
	name, public, listen, gate, cert, key string
}

func (g *gatewayFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.name, "for", "", "print the configuration of a `GATEWAY` that asks the gate: "+strings.Join(gateway.Names(), ", "))
	f.StringVar(&g.public, "public-url", "", "with --for, what clients call: `URL` (default gate.public_url, or https://api.example.com)")
	f.StringVar(&g.gate, "gate", "", "with --for, where the gateway reaches the gate: `ADDR` (default gate.listen)")
	f.StringVar(&g.listen, "listen", "", "with --for, where the gateway listens: `ADDR` (default the port of the public URL)")
	f.StringVar(&g.cert, "cert", "", "with --for, the certificate of the gateway: PEM `FILE`")
	f.StringVar(&g.key, "key", "", "with --for, its key: PEM `FILE`")
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(gateway.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// given tells whether a flag was given that needs --for.
func (g *gatewayFlags) given(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"for", "public-url", "gate", "listen", "cert", "key"}, cmd.Flags().Changed)
}

// initGateway prints the configuration of a gateway, and writes the file of the
// gate that goes with it where there is none.
func (a *app) initGateway(cmd *cobra.Command, name, upstream string, g gatewayFlags, asJSON bool) error {
	if !slices.Contains(gateway.Names(), g.name) {
		hint := "one of " + strings.Join(gateway.Names(), ", ")
		if meant := closest(g.name, gateway.Names()); meant != "" {
			hint = "did you mean --for " + meant + "?"
		}
		if g.name == "" && !cmd.Flags().Changed("for") {
			return usagef("--for nginx, or "+strings.Join(gateway.Names()[1:], ", "), "init: for which gateway? --for is missing")
		}
		return usagef(hint, "--for: there is no gateway %q here", g.name)
	}
	cfg, data, written, err := besideFile(name, g)
	if err != nil {
		return err
	}
	setup, err := g.setup(cfg, upstream)
	if err != nil {
		return err
	}
	text, err := gateway.Write(g.name, setup)
	if err != nil {
		return usagef("", "init: %v", err)
	}
	if written {
		if err := create(name, data); err != nil {
			return err
		}
	}
	serve := "gate401 serve"
	if name != defaultFile {
		serve += " -c " + name
	}
	if asJSON {
		return a.json(map[string]any{"file": name, "written": written, "gateway": g.name, "configuration": text, "next": serve})
	}
	a.print(text)
	a.say("the configuration of %s is what was printed", proper(g.name))
	switch {
	case written:
		a.say("wrote %s; next: %s", name, serve)
	case !cfg.Forward.On():
		a.say(`it was made from %s, which lets no gateway ask: first add the line "forward: {}" there, then: %s`, name, serve)
	default:
		a.say("it was made from %s; next: %s", name, serve)
	}
	return nil
}

// besideFile is the file of the gate: what is there, or what is to be written.
func besideFile(name string, g gatewayFlags) (cfg *config.File, data []byte, written bool, err error) {
	data, err = os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		listen, public := config.Default().Gate.Listen, "https://api.example.com"
		if g.gate != "" {
			listen = g.gate
		}
		if g.public != "" {
			public = g.public
		}
		words := strings.NewReplacer("GATEWAY", proper(g.name), "GATE  ", listen+"  ", "PUBLIC", strings.TrimSuffix(public, "/"))
		data, written = []byte(words.Replace(besideGateway)), true
	} else if err != nil {
		return nil, nil, false, missing(err, name)
	}
	cfg, err = config.Load(name, data)
	if written && err != nil {
		return nil, nil, false, g.misfit(err)
	}
	return cfg, data, written, err
}

// misfit makes an error of wrong use of one about a file that flags made.
func (g *gatewayFlags) misfit(err error) error {
	var faults config.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			switch f.Path {
			case "gate.public_url":
				return usagef(f.Hint, "--public-url: %s", f.Message)
			case "gate.listen":
				return usagef("if the gate runs on another machine, write its gate401.yaml first", "--gate: %s", f.Message)
			}
		}
	}
	return err
}

// setup is what the configuration of the gateway is made of.
func (g *gatewayFlags) setup(cfg *config.File, upstream string) (gateway.Setup, error) {
	s := gateway.Setup{Listen: g.listen, Cert: g.cert, Key: g.key, Gate: g.gate, Prefix: cfg.Gate.Prefix, Issuer: cfg.Issues(),
		Identity: slices.Collect(maps.Keys(cfg.Identity.Headers))}
	if j := cfg.Identity.JWT; j.On() {
		if j.Header == "Authorization" {
			return s, usagef("identity: {jwt: {header: Gate401-Token}}", "identity.jwt.header is Authorization, in which a gateway brings what the client sent")
		}
		s.Identity = append(s.Identity, j.Header)
	}
	if s.Gate == "" {
		s.Gate = callable(cfg.Gate.Listen)
	}
	for _, x := range []struct {
		flag, given, file, usual string
		to                       **url.URL
	}{
		{"--public-url", g.public, cfg.Gate.PublicURL, "https://api.example.com", &s.Public},
		{"--upstream", upstream, firstServer(cfg), "http://127.0.0.1:3000", &s.Upstream},
	} {
		value := x.given
		if value == "" {
			value = x.file
		}
		if value == "" {
			value = x.usual
		}
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return s, usagef(x.flag+" "+x.usual, "%s: this is no URL with scheme and host", x.flag)
		}
		*x.to = u
	}
	if !cfg.Gate.KeepCredentials {
		s.Credentials = []string{"Authorization"}
		for _, m := range cfg.Methods {
			s.Cookies = s.Cookies || m.Session != nil || m.APIKey != nil && m.APIKey.Cookie != ""
			if m.APIKey != nil && m.APIKey.Header != "" && !slices.Contains(s.Credentials, m.APIKey.Header) {
				s.Credentials = append(s.Credentials, m.APIKey.Header)
			}
		}
	}
	asks := []config.Asks{cfg.Default}
	for _, r := range cfg.Rules {
		asks = append(asks, r.Asks)
	}
	s.CORS = slices.ContainsFunc(asks, func(x config.Asks) bool { return x.CORS != nil && !x.CORS.Upstream })
	return s, nil
}

// proper is the name of a gateway as its makers write it.
func proper(name string) string {
	if name == "nginx" {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// callable is an address that a gateway on this machine can call.
func callable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// firstServer is the first server of the file's own upstream: whoever has several
// adds the others to the gateway.
func firstServer(cfg *config.File) string {
	u, ok := cfg.DefaultUpstream()
	if !ok || len(u.URLs) == 0 {
		return ""
	}
	return u.URLs[0]
}
