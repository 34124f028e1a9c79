package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Provider is somebody else with whom people can log in: an OpenID Connect
// provider.
type Provider struct {
	// A name of your choice; the provider sends people back to /auth/login/NAME/callback.
	Name string `yaml:"name,omitempty" jsonschema:"required,pattern=^[a-z][a-z0-9_-]*$,maxLength=32"`
	// What the button on the login page says after "Log in with"; the name if not given.
	Label string `yaml:"label,omitempty"`
	// The exact issuer, as the provider's metadata and tokens say it.
	Issuer string `yaml:"issuer,omitempty" jsonschema:"required"`
	// Who the gate is at the provider.
	ClientID string `yaml:"client_id,omitempty" jsonschema:"required"`
	// What proves it: ${env:NAME} or ${file:/path}; leave it out for a public client.
	ClientSecret Secret `yaml:"client_secret,omitempty"`
	// How the secret is sent: basic in a field, post in the form; as the provider's metadata say if not given.
	ClientAuth string `yaml:"client_auth,omitempty" jsonschema:"enum=basic,enum=post"`
	// What is asked for: openid, profile and email if not given.
	Scopes []string `yaml:"scopes,omitempty" jsonschema:"minItems=1"`
	// The claim that names people: sub if not given, the only one that is promised to stay the same.
	Subject string `yaml:"subject,omitempty"`
	// The claims that name groups, dots lead into objects; groups and roles if not given.
	GroupsFrom []string `yaml:"groups_from,omitempty" jsonschema:"minItems=1"`
	// The provider's names for groups, each with ours; others are left out. Without it names are taken as they are.
	Groups GroupNames `yaml:"groups,omitempty"`
	// Who may log in: members of these groups of ours. Everybody whom the provider lets through if neither this nor only_emails is given.
	OnlyGroups []string `yaml:"only_groups,omitempty" jsonschema:"minItems=1"`
	// Who may log in: people with these verified addresses; *@example.com are all of a domain.
	OnlyEmails []string `yaml:"only_emails,omitempty" jsonschema:"minItems=1"`
	// Believe addresses that the provider does not say to have verified.
	TrustEmail bool `yaml:"trust_email,omitempty"`
	// Believe that the provider asked for a proof when it was told to, though it does not say so by auth_time.
	AssumeFresh bool `yaml:"assume_fresh,omitempty"`
	// When the provider is asked for more than the ID token says: auto where it has no name or no groups, always, never.
	UserInfo string `yaml:"userinfo,omitempty" jsonschema:"enum=auto,enum=always,enum=never"`
	// Where people who log out are logged out: here, the default, or at the provider too.
	Logout string `yaml:"logout,omitempty" jsonschema:"enum=here,enum=provider"`
}

// GroupNames maps a provider's names of groups to ours.
type GroupNames map[string]string

func (p *Provider) fill() {
	if p.Label == "" {
		p.Label = p.Name
	}
	if len(p.Scopes) == 0 {
		p.Scopes = []string{"openid", "profile", "email"}
	}
	if p.Subject == "" {
		p.Subject = "sub"
	}
	if p.UserInfo == "" {
		p.UserInfo = "auto"
	}
	if p.Logout == "" {
		p.Logout = "here"
	}
}

// Vouches tells whether people can log in with a provider of that issuer.
func (f *File) Vouches(issuer string) bool {
	return slices.ContainsFunc(f.Providers, func(p Provider) bool { return p.Issuer == issuer })
}

// groupNames reads a mapping of names.
func (d *decoder) groupNames(n *yaml.Node, path string, to *GroupNames) {
	out := GroupNames{}
	d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		ours, ok := d.text(value, below)
		switch {
		case key.Value == "" || len(key.Value) > maxSentence:
			d.fault(at, below, "", "a group has a name of 1 to %d octets", maxSentence)
		case ok:
			out[key.Value] = ours
		}
	})
	if len(out) == 0 && n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		d.fault(at(n), path, "remove the key, or name something", "the mapping is empty")
	}
	*to = out
}

// maxProviders bounds how many buttons a login page has.
const maxProviders = 32

func (c *checker) providers() {
	all := c.f.Providers
	if len(all) == 0 {
		if c.f.Login.ProvidersOnly {
			c.fault("login.providers_only", "name them under providers, or remove it", "there are no providers, so that nobody could log in")
		}
		return
	}
	if _, ok := c.f.Session(); !ok {
		c.fault("providers", "add a method: browser: {type: session}", "nobody can log in: no method is of type session")
	}
	if len(all) > maxProviders {
		c.fault("providers", "", "there are more than %d providers", maxProviders)
	}
	for i := range all {
		p, path := &all[i], indexed("providers", i)
		for _, before := range all[:i] {
			if p.Name != "" && before.Name == p.Name {
				c.fault(path+".name", "", "there is another provider %s", c.quote(path+".name", p.Name))
			}
			if p.Issuer != "" && before.Issuer == p.Issuer {
				c.fault(path+".issuer", "name each issuer once", "the provider %s has the same issuer, so that nobody could tell their people apart", before.Name)
			}
		}
		c.provider(path, p)
	}
}

func (c *checker) provider(path string, p *Provider) {
	// What is missing is told by the decoder.
	if p.Name != "" && !isMethodName(p.Name) {
		c.fault(path+".name", "small letters, digits, - and _, a letter first, at most 32", "this is no name for a provider")
	}
	if len(p.Label) > maxSentence || strings.ContainsFunc(p.Label, isControl) {
		c.fault(path+".label", "", "a text of the login page has at most %d octets and no control characters", maxSentence)
	}
	switch at := path + ".issuer"; {
	case p.Issuer == "":
	case strings.ContainsAny(p.Issuer, "?#"):
		c.fault(at, "copy it from the provider's metadata", "an issuer has no query and no fragment (OpenID Connect Discovery section 3)")
	case strings.HasSuffix(p.Issuer, "/.well-known/openid-configuration"):
		c.fault(at, "write what stands before /.well-known/openid-configuration", "this is the address of the metadata")
	case isEverybodysTenant(p.Issuer):
		c.fault(at, "write https://login.microsoftonline.com/TENANT-ID/v2.0", "the tokens of Entra ID name the tenant as their issuer, and never this")
	default:
		c.fetched(at, p.Issuer)
	}
	if p.ClientAuth != "" && !p.ClientSecret.Set() {
		c.fault(path+".client_auth", `client_secret: "${file:/run/secrets/NAME}"`, "there is no secret to be sent")
	}
	if len(p.Scopes) > 0 && !slices.Contains(p.Scopes, "openid") {
		c.fault(path+".scopes", "add openid", "without the scope openid nobody says who logged in")
	}
	for i, s := range p.Scopes {
		if !isScope(s) {
			c.fault(indexed(path+".scopes", i), "write each scope by itself", "%s is no scope (RFC 6749 section 3.3)", c.quote(indexed(path+".scopes", i), s))
		}
	}
	if slices.Contains(p.Scopes, "offline_access") {
		c.fault(path+".scopes", "remove offline_access", "the gate keeps no refresh token of a provider")
	}
	for i, e := range p.OnlyEmails {
		local, domain, ok := strings.Cut(e, "@")
		if !ok || local == "" || domain == "" || strings.Contains(domain, "@") || strings.Contains(e, "*") && local != "*" || strings.Contains(domain, "*") {
			c.fault(indexed(path+".only_emails", i), "write an address, or *@example.com for a whole domain", "%s is no address", c.quote(indexed(path+".only_emails", i), e))
		}
	}
	for i, g := range p.OnlyGroups {
		if p.Groups == nil {
			break
		}
		ours := make([]string, 0, len(p.Groups))
		for _, name := range p.Groups {
			ours = append(ours, name)
		}
		slices.Sort(ours)
		if !slices.Contains(ours, g) {
			at := indexed(path+".only_groups", i)
			c.fault(at, yamldoc.Similar(g, slices.Compact(ours)), "%s is none of our names in groups, so that nobody is in it", c.quote(at, g))
		}
	}
	for _, x := range []struct {
		key, value string
		known      []string
	}{
		{"client_auth", p.ClientAuth, []string{"basic", "post"}}, {"userinfo", p.UserInfo, []string{"auto", "always", "never"}},
		{"logout", p.Logout, []string{"here", "provider"}},
	} {
		if at := path + "." + x.key; x.value != "" && !slices.Contains(x.known, x.value) {
			c.fault(at, yamldoc.Similar(x.value, x.known), "%s is none of %s", c.quote(at, x.value), strings.Join(x.known, ", "))
		}
	}
}

// isEverybodysTenant tells the addresses at which Entra ID publishes metadata that
// name another issuer than was asked.
func isEverybodysTenant(issuer string) bool {
	rest, ok := strings.CutPrefix(issuer, "https://login.microsoftonline.com/")
	tenant, _, _ := strings.Cut(rest, "/")
	return ok && slices.Contains([]string{"common", "organizations", "consumers"}, tenant)
}

// isScope is the scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if b := s[i]; b <= ' ' || b >= 0x7f || b == '"' || b == '\\' {
			return false
		}
	}
	return s != ""
}
