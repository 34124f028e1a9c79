package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

func (c *checker) rules() {
	c.exists = map[string]bool{}
	for _, name := range c.known {
		c.exists[name] = true
	}
	for _, m := range c.f.Methods {
		if !c.exists[m.Name] {
			c.exists[m.Name] = true
			c.known = append(c.known, m.Name)
		}
		if m.Type == TypeAPIKey {
			c.single = append(c.single, m)
		}
	}
	names := map[string]int{}
	for i := range c.f.Rules {
		r := &c.f.Rules[i]
		path := indexed("rules", i)
		if j, taken := names[r.Name]; taken && r.Name != "" {
			c.fault(path+".name", "", "%s has the same name", c.f.RuleAt(j))
		}
		names[r.Name] = i
		if r.Path != "" && r.Path[0] != '/' {
			c.fault(path+".path", "write it as in /orders/**", "%s does not begin with a slash", c.quote(path+".path", r.Path))
		}
		if r.Owner != "" {
			c.owner(path, r)
		}
		for j, v := range r.Verbs {
			switch at := indexed(path+".verbs", j); {
			case !isToken(v):
				c.fault(at, "", "%s is no request method", c.quote(at, v))
			case v != strings.ToUpper(v):
				c.fault(at, fmt.Sprintf("write %s", strings.ToUpper(v)), "%s: request methods are case-sensitive", c.quote(at, v))
			}
		}
		c.asks(path, &r.Asks)
	}
	c.asks("default", &c.f.Default)
}

// owner checks that the path captures what the owner names.
func (c *checker) owner(path string, r *Rule) {
	var captures []string
	for part := range strings.SplitSeq(r.Path, "/") {
		if len(part) > 2 && part[0] == '{' && part[len(part)-1] == '}' {
			captures = append(captures, part)
		}
	}
	if slices.Contains(captures, r.Owner) {
		return
	}
	hint := `capture the owner in the path, as in "/users/{user}/**"`
	if len(captures) > 0 {
		hint = didYouMean(r.Owner, captures)
	}
	c.fault(path+".owner", hint, "%s is no capture of the path", c.quote(path+".owner", r.Owner))
}

// asks checks what a rule or the default asks.
func (c *checker) asks(path string, a *Asks) {
	for j, name := range a.Methods {
		at := indexed(path+".methods", j)
		if !c.exists[name] && len(c.faults) <= maxFaults {
			hint := didYouMean(name, c.known)
			switch name {
			case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
				hint = `methods are ways to authenticate: did you mean "verbs"?`
			case allMethods:
				hint = "write methods: all"
			}
			c.fault(at, hint, "there is no method %s", c.quote(at, name))
		}
	}
	if a.Allow == "" {
		c.once(path, a)
	}
	if a.Resource != "" {
		c.resource(path+".resource", a)
	}
	if a.CORS != nil {
		c.cors(path+".cors", a.CORS)
	}
}

// once checks that a rule accepts one method of a kind, where a request carries
// only one credential of that kind and nothing tells for which it is. Issuers
// tell tokens apart, and names tell sources of passwords apart.
func (c *checker) once(path string, a *Asks) {
	kinds := map[string]string{}
	for _, m := range c.single {
		if len(a.Methods) > 0 && !slices.Contains(a.Methods, m.Name) {
			continue
		}
		if other := kinds[m.Type]; other != "" {
			c.fault(path+".methods", "list the methods, only one of type "+m.Type+" among them", "the methods %s and %s are both of type %s, and a request carries only one such credential", other, m.Name, m.Type)
			return
		}
		kinds[m.Type] = m.Name
	}
}

func (c *checker) cors(path string, x *CORS) {
	if x.Upstream {
		return
	}
	if len(x.Origins) == 0 {
		c.fault(path, "origins: [https://shop.example]", "the origins are missing")
	}
	for i, o := range x.Origins {
		at := indexed(path+".origins", i)
		switch {
		case o == "*" && x.Credentials:
			c.fault(at, "list the origins", "any origin with credentials would let every page act for the person")
		case o == "*":
		case o == "null":
			c.fault(at, "", `every sandboxed page and every local file has the origin "null"`)
		case !isOrigin(o):
			c.fault(at, "write it as browsers do: https://shop.example, or with a port that is not the usual one", "%s is no origin", c.quote(at, o))
		}
	}
	for _, x := range []struct {
		path   string
		values []string
	}{{path + ".methods", x.Methods}, {path + ".headers", x.Headers}, {path + ".expose", x.Expose}} {
		for i, v := range x.values {
			if at := indexed(x.path, i); !isToken(v) {
				c.fault(at, "", "%s is no token (RFC 9110 section 5.6.2)", c.quote(at, v))
			}
		}
	}
}

// isOrigin tells whether s is an origin as browsers write it (RFC 6454 section
// 6.2).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || s != strings.ToLower(s) || s != u.Scheme+"://"+u.Host {
		return false
	}
	return !(u.Scheme == "https" && u.Port() == "443") && !(u.Scheme == "http" && u.Port() == "80") && u.Hostname() != ""
}
