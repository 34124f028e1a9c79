package access

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Compile checks the rules and the default and makes a policy of them. The
// default is a rule without host, path, verbs and owner; its zero value asks for
// some proof, by any method. The error joins one *[Error] for every fault.
func Compile(rules []Rule, otherwise Rule, methods Methods) (*Policy, error) {
	b := builder{
		methods: methods,
		policy:  &Policy{exact: map[string]*node{}, wild: map[string]*node{}},
		names:   map[string]named{},
		shapes:  map[string]*compiled{},
	}
	for i := range rules {
		b.add(i, rules[i])
	}
	b.otherwise(otherwise)
	if len(b.faults) > 0 {
		return nil, errors.Join(b.faults...)
	}
	return b.policy, nil
}

// builder is a policy in the making.
type builder struct {
	methods Methods
	policy  *Policy
	names   map[string]named     // and who has them
	shapes  map[string]*compiled // host, path and verb, and who has them
	faults  []error
	index   int    // of the rule at work
	name    string // of the rule at work
}

// clash is a fault that another rule has a part in.
func (b *builder) clash(field string, other int, format string, args ...any) {
	b.faults = append(b.faults, &Error{Index: b.index, Rule: b.name, Field: field, Other: other, Message: fmt.Sprintf(format, args...)})
}

func (b *builder) fault(field, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	b.faults = append(b.faults, &Error{Index: b.index, Rule: b.name, Field: field, Other: -1, Message: err.Error(), Err: errors.Unwrap(err)})
}

// named is the rule that has a name, and whether it was given one.
type named struct {
	index int
	given bool
}

// add compiles one rule and puts it into the trie of its host.
func (b *builder) add(i int, r Rule) {
	b.index, b.name = i, nameOf(r)
	before := len(b.faults)
	c := &compiled{index: i, rule: r, owner: -1}
	// Also a name that was not given: surfaces find by it where requests go. Two of
	// those are two rules for the same, which is another fault.
	switch holder, taken := b.names[b.name]; {
	case r.Name == DefaultRule:
		b.fault("name", "%q is the name of the default", DefaultRule)
	case taken && (r.Name != "" || holder.given):
		b.clash("name", holder.index, "rule %d has the same name", holder.index)
	}
	b.names[b.name] = named{i, r.Name != ""}
	var err error
	if r.Host != "" {
		if c.host, c.wild, err = parseHost(r.Host); err != nil {
			b.fault("host", "%w", err)
		}
	}
	if c.pattern, err = parsePattern(r.Path); err != nil {
		b.fault("path", "%w", err)
	}
	c.verbs = b.verbs(r.Verbs)
	if r.Owner != "" && err == nil {
		c.owner = b.owner(r, c.pattern)
	}
	c.asks = b.requirement(r)
	if len(b.faults) > before {
		return
	}
	if !b.unique(c) {
		return
	}
	b.place(c)
}

// otherwise compiles the default.
func (b *builder) otherwise(r Rule) {
	b.index, b.name = -1, DefaultRule
	for _, x := range []struct {
		field string
		given bool
	}{{"host", r.Host != ""}, {"path", r.Path != ""}, {"verbs", len(r.Verbs) > 0}, {"owner", r.Owner != ""}} {
		if x.given {
			b.fault(x.field, "the default is for every request and has none")
		}
	}
	b.policy.other = &compiled{index: -1, rule: r, owner: -1, asks: b.requirement(r)}
}

// unique tells whether no rule before c has the same rank for the same request.
func (b *builder) unique(c *compiled) bool {
	verbs := c.verbs
	if len(verbs) == 0 {
		verbs = []string{""}
	}
	prefix := fmt.Sprintf("%s %t %s ", c.host, c.wild, c.pattern.shape())
	ok := true
	for _, v := range verbs {
		other := b.shapes[prefix+v]
		if other == nil {
			b.shapes[prefix+v] = c
			continue
		}
		if !ok {
			continue
		}
		ok = false
		what := "host and path"
		if v != "" {
			what = "host, path and verb " + v
		}
		b.clash("path", other.index, "rule %d (%s) is for the same %s, and neither is more specific", other.index, other.asks.Rule, what)
	}
	return ok
}

// place puts c into the trie of its host.
func (b *builder) place(c *compiled) {
	p := b.policy
	p.rules = append(p.rules, c)
	var root *node
	switch {
	case c.host == "":
		root = grow(&p.all)
	case c.wild:
		root = hostNode(p.wild, c.host)
		p.longest = max(p.longest, len(c.host))
	default:
		root = hostNode(p.exact, c.host)
	}
	l := root.leaf(c.pattern)
	for _, v := range c.verbs {
		if !slices.Contains(p.verbs, v) {
			p.verbs = append(p.verbs, v)
		}
	}
	if len(c.verbs) == 0 {
		l.any = c
		return
	}
	if l.verbs == nil {
		l.verbs = map[string]*compiled{}
	}
	for _, v := range c.verbs {
		l.verbs[v] = c
	}
}

func hostNode(m map[string]*node, host string) *node {
	if m[host] == nil {
		m[host] = &node{}
	}
	return m[host]
}

// verbs checks the verbs of a rule and adds HEAD to GET.
func (b *builder) verbs(verbs []string) []string {
	var out []string
	for _, v := range verbs {
		switch upper := strings.ToUpper(v); {
		case !isToken(v):
			b.fault("verbs", "%q is no request method", v)
		case v != upper:
			b.fault("verbs", "%q: request methods are case-sensitive, write %s", v, upper)
		case slices.Contains(out, v) && v != "HEAD":
			b.fault("verbs", "%s is there twice", v)
		case !slices.Contains(out, v):
			out = append(out, v)
			if v == "GET" && !slices.Contains(out, "HEAD") {
				out = append(out, "HEAD")
			}
		}
	}
	if slices.Contains(out, "HEAD") && !slices.Contains(out, "GET") {
		b.fault("verbs", "HEAD without GET: the answer to HEAD tells what GET would, so list GET, which includes it")
	}
	return out
}

// owner finds the segment that names the owner.
func (b *builder) owner(r Rule, p pattern) int {
	name, ok := strings.CutPrefix(r.Owner, "{")
	name, end := strings.CutSuffix(name, "}")
	if !ok || !end || !isName(name) {
		b.fault("owner", "%q is no capture; write it as {name}", r.Owner)
		return -1
	}
	i := p.index(name)
	if i < 0 {
		b.fault("owner", "the path %s has no capture {%s}", r.Path, name)
	}
	return i
}

// requirement makes what the rule hands out, prepared.
func (b *builder) requirement(r Rule) gate401.Requirement {
	q := gate401.Requirement{
		Rule:   b.name,
		Open:   r.Anyone,
		Scopes: slices.Clone(r.Scopes),
		Groups: slices.Clone(r.Groups),
		Owned:  r.Owner != "",

		OwnerIssuer: r.OwnerIssuer,
		Addresses:   slices.Clone(r.Addresses),
		MaxAge:      r.MaxAge,
		Resource:    r.Resource,
		CORS:        b.cors(r.CORS),
	}
	b.contradictions(r)
	for i, s := range r.Scopes {
		if !isScope(s) {
			b.fault("scopes", "scope %d is no scope token (RFC 6749 section 3.3): %q", i, s)
		}
	}
	for i, g := range r.Groups {
		if g == "" || strings.ContainsFunc(g, isControl) {
			b.fault("groups", "group %d is empty or holds a control character", i)
		}
	}
	for _, a := range r.Addresses {
		switch {
		case a == netip.Prefix{} || !a.IsValid():
			b.fault("addresses", "an invalid network")
		case a.Addr().Is4In6():
			b.fault("addresses", "%s never matches: write it as an IPv4 network", a)
		}
	}
	if r.MaxAge < 0 {
		b.fault("max_age", "%s is negative", r.MaxAge)
	}
	if !r.Anyone && !r.Nobody {
		q.Accept = b.accept(r.Methods)
	}
	q.Prepare()
	return q
}

// contradictions finds what anyone and nobody make pointless: silently ignoring
// it would open what looks closed.
func (b *builder) contradictions(r Rule) {
	if !r.Anyone && !r.Nobody {
		return
	}
	word := "anyone"
	if r.Nobody {
		word = "nobody"
	}
	if r.Anyone && r.Nobody {
		b.fault("allow", "both anyone and nobody")
	}
	for _, x := range []struct {
		field string
		given bool
	}{
		{"methods", len(r.Methods) > 0},
		{"scopes", len(r.Scopes) > 0},
		{"groups", len(r.Groups) > 0},
		{"owner", r.Owner != ""},
		{"max_age", r.MaxAge != 0},
		{"addresses", r.Nobody && len(r.Addresses) > 0},
	} {
		if x.given {
			b.fault(x.field, "the rule admits %s, so this would never be asked", word)
		}
	}
}

// accept finds the authenticators of a rule.
func (b *builder) accept(names []string) []gate401.Authenticator {
	if b.methods == nil {
		b.fault("methods", "there are no methods")
		return nil
	}
	all, err := b.methods(slices.Clone(names))
	switch {
	case err != nil:
		b.fault("methods", "%w", err)
	case len(all) == 0 || slices.Contains(all, nil):
		b.fault("methods", "there are no methods, so nobody could pass")
	default:
		return slices.Clone(all)
	}
	return nil
}

// cors copies and checks.
func (b *builder) cors(c *gate401.CORS) *gate401.CORS {
	if c == nil {
		return nil
	}
	if c.Credentials && slices.Contains(c.Origins, "*") {
		b.fault("cors", "any origin with credentials would let every page act for the person (Fetch standard)")
	}
	if !c.Upstream && len(c.Origins) == 0 {
		b.fault("cors", "no origins")
	}
	d := *c
	d.Origins, d.Methods = slices.Clone(c.Origins), slices.Clone(c.Methods)
	d.Headers, d.Expose = slices.Clone(c.Headers), slices.Clone(c.Expose)
	return &d
}

// nameOf is the name of a rule, made of what it matches if it has none.
func nameOf(r Rule) string {
	if r.Name != "" {
		return r.Name
	}
	name := r.Host + r.Path
	if len(r.Verbs) > 0 {
		name = strings.Join(r.Verbs, ",") + " " + name
	}
	return name
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isScope is scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
