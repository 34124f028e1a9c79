package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Upstreams are the APIs behind the gate, by a name of your choice.
type Upstreams []Upstream

// Upstream is one API: a server, or several with the same content.
type Upstream struct {
	// Name is the key it stands under.
	Name string `yaml:"-"`
	// The servers: scheme, host and port, all of one scheme: http, https, or h2c for HTTP/2 without TLS.
	URLs []string `yaml:"urls,omitempty" jsonschema:"required,minItems=1,maxItems=64"`
	// Which server is next: round-robin, the default, takes turns, least-requests takes the one with the fewest under way.
	Balance string `yaml:"balance,omitempty" jsonschema:"enum=round-robin,enum=least-requests"`
	// How servers are asked how they are; nobody asks without it.
	Health Health `yaml:"health,omitempty"`
	// How https servers are trusted.
	TLS UpstreamTLS `yaml:"tls,omitempty"`
	// How many requests may be under way at one server; others wait up to 5 seconds.
	MaxRequests int `yaml:"max_requests,omitempty" jsonschema:"minimum=1,maximum=1000000"`
	// How long an answer may take to begin; 60s if not given.
	Timeout time.Duration `yaml:"timeout,omitempty"`
	// Whom the token of identity.jwt is for that this API gets: the name by which it verifies aud; identity.jwt.audience if not given.
	Audience string `yaml:"audience,omitempty"`
}

// Health says how servers are asked how they are.
type Health struct {
	// What is asked for, with GET and without any credential.
	Path string `yaml:"path,omitempty" jsonschema:"required,pattern=^/"`
	// The time between two questions; 10s if not given.
	Interval time.Duration `yaml:"interval,omitempty"`
	// How long an answer may take; 2s if not given.
	Timeout time.Duration `yaml:"timeout,omitempty"`
	// How many good answers in a row make an unwell server well; 2 if not given.
	Healthy int `yaml:"healthy,omitempty" jsonschema:"minimum=1,maximum=100"`
	// How many bad ones make it unwell; 3 if not given.
	Unhealthy int `yaml:"unhealthy,omitempty" jsonschema:"minimum=1,maximum=100"`
	// The good statuses, one by one or as in 200-299; 200-399 if not given.
	Status Statuses `yaml:"status,omitempty"`
}

// On tells whether anybody asks.
func (h Health) On() bool { return h.Path != "" }

// UpstreamTLS says how https servers are trusted. That they are is not optional.
type UpstreamTLS struct {
	// The certificates of those who may vouch for the servers, PEM, instead of the system's.
	CAFile string `yaml:"ca_file,omitempty"`
	// The name in the servers' certificates, where it is not the host of the URL.
	ServerName string `yaml:"server_name,omitempty"`
}

// Find returns the upstream of that name.
func (u Upstreams) Find(name string) (Upstream, bool) {
	for _, one := range u {
		if one.Name == name {
			return one, true
		}
	}
	return Upstream{}, false
}

// DefaultUpstream is what gate.upstream leads to: the one that it names, or one
// of that URL alone. ok is false without any.
func (f *File) DefaultUpstream() (u Upstream, ok bool) {
	switch {
	case f.Gate.Upstream == "":
		return Upstream{}, false
	case strings.Contains(f.Gate.Upstream, "://"):
		u := Upstream{URLs: []string{f.Gate.Upstream}}
		u.fill()
		return u, true
	}
	return f.Upstreams.Find(f.Gate.Upstream)
}

// Size is a number of octets.
type Size int64

// String is how a file has it.
func (s Size) String() string {
	for _, u := range sizeUnits() {
		if s >= Size(u.octets) && int64(s)%u.octets == 0 {
			return strconv.FormatInt(int64(s)/u.octets, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

type sizeUnit struct {
	name   string
	octets int64
}

func sizeUnits() []sizeUnit {
	return []sizeUnit{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}}
}

// size reads 10MB, 512KiB or a number of octets.
func (d *decoder) size(n *yaml.Node, path string, to *Size) {
	text := n.Value
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		var ok bool
		if text, ok = d.text(n, path); !ok {
			return
		}
	}
	number, scale := strings.TrimSuffix(text, "B"), int64(1)
	for _, u := range sizeUnits() {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			number, scale = rest, u.octets
			break
		}
	}
	v, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	switch {
	case err != nil:
		d.fault(at(n), path, "write it as in 512KB, 10MB or 1GiB", "%s is no size", d.src.quote(path, text))
	case v < 1 || v > maxSize/scale:
		d.fault(at(n), path, "leave the key out for no limit", "%s is not between 1 octet and 1 TiB", d.src.quote(path, text))
	default:
		*to = Size(v * scale)
	}
}

const maxSize = 1 << 40

// upstreams reads the APIs behind the gate, in the order of the file.
func (d *decoder) upstreams(n *yaml.Node, path string, to *Upstreams) {
	out := Upstreams{}
	d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		d.src.places[below] = place{value.Line, value.Column}
		if !isMethodName(key.Value) {
			d.fault(at, below, "small letters, digits, - and _, a letter first, at most 32", "this is no name for an upstream")
			return
		}
		u := Upstream{Name: key.Value}
		d.mapping(value, below, reflect.ValueOf(&u).Elem())
		out = append(out, u)
	})
	*to = out
}

// several makes an upstream of a list under gate.upstream.
func (d *decoder) several(f *File) {
	if len(d.listed) == 0 {
		return
	}
	at := d.src.places["gate.upstream"]
	f.Gate.Upstream = severalName
	if _, taken := f.Upstreams.Find(severalName); taken {
		d.fault(at, "gate.upstream", "write upstream: "+severalName+", and the servers there", "the list is an upstream of the name %q, and there is one already", severalName)
		return
	}
	f.Upstreams = append(f.Upstreams, Upstream{Name: severalName, URLs: d.listed})
	path := "upstreams." + severalName
	d.src.places[path], d.src.places[path+".urls"] = at, at
	for i := range d.listed {
		to, from := indexed(path+".urls", i), indexed("gate.upstream", i)
		d.src.places[to] = d.src.places[from]
		if raw, elsewhere := d.src.raw[from]; elsewhere {
			d.src.raw[to] = raw
		}
	}
}

// severalName is that of the upstream which a list under gate.upstream is.
const severalName = "default"

// upstreams prints them by their names.
func (p *printer) upstreams(path string, all Upstreams) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, u := range all {
		if e, ok := p.node(path+"."+u.Name, reflect.ValueOf(u)); ok {
			n.Content = append(n.Content, scalar(u.Name), e)
		}
	}
	return n
}

// upstreams checks the APIs behind the gate, and who is sent to which.
func (c *checker) upstreams() {
	for _, u := range c.f.Upstreams {
		c.upstream("upstreams."+u.Name, u)
	}
	switch at := c.f.Gate.Upstream; {
	case at == "":
	case strings.Contains(at, "://") || len(c.f.Upstreams) == 0:
		if u := c.server("gate.upstream", at, "write it as in http://127.0.0.1:3000"); u != nil && u.Host == c.f.Gate.Listen {
			c.fault("gate.upstream", "", "the upstream is the gate itself")
		}
	default:
		c.named("gate.upstream", at, "write the URL of the API, as in http://127.0.0.1:3000, or the name of one under upstreams")
	}
	if c.f.Gate.Upstream == "" && len(c.f.Upstreams) > 0 {
		c.fault("upstreams", "gate: {upstream: "+c.f.Upstreams[0].Name+"}", "gate.upstream does not say which of them is for requests whose rule names none")
	}
	c.way("default", &c.f.Default)
	for i := range c.f.Rules {
		c.way(indexed("rules", i), &c.f.Rules[i].Asks)
	}
}

// way checks where a rule sends its requests.
func (c *checker) way(path string, a *Asks) {
	if a.Upstream != "" {
		c.named(path+".upstream", a.Upstream, "")
	}
	if a.Allow != "nobody" {
		return
	}
	for _, x := range []struct {
		key string
		set bool
	}{{"upstream", a.Upstream != ""}, {"timeout", a.Timeout > 0}, {"max_body", a.MaxBody > 0}} {
		if x.set {
			c.fault(path+"."+x.key, "remove one of the two", "the rule lets nobody through (allow: nobody)")
		}
	}
}

// named checks that there is an upstream of that name.
func (c *checker) named(path, name, hint string) {
	if _, ok := c.f.Upstreams.Find(name); ok {
		return
	}
	names := make([]string, 0, len(c.f.Upstreams))
	for _, u := range c.f.Upstreams {
		names = append(names, u.Name)
	}
	if similar := didYouMean(name, names); hint == "" || similar != "" {
		hint = similar
	}
	if strings.Contains(name, "://") {
		hint = "put the URL under upstreams, and its name here"
	}
	c.fault(path, hint, "there is no upstream %s", c.quote(path, name))
}

func (c *checker) upstream(path string, u Upstream) {
	seen, scheme := map[string]bool{}, ""
	for i, text := range u.URLs {
		if text == "" {
			continue // it was not understood, which is told already
		}
		at := indexed(path+".urls", i)
		to := c.server(at, text, "write it as in http://127.0.0.1:3000, https://api.internal or h2c://127.0.0.1:9000")
		if to == nil {
			continue
		}
		if scheme == "" {
			scheme = to.Scheme
		}
		switch {
		case to.Scheme != scheme:
			c.fault(at, "make two upstreams of them", "the first server is reached by %s, this one by %s", scheme, to.Scheme)
		case seen[to.Host]:
			c.fault(at, "", "%s is there twice", c.quote(at, text))
		case to.Host == c.f.Gate.Listen:
			c.fault(at, "", "the upstream is the gate itself")
		}
		seen[to.Host] = true
	}
	if len(u.URLs) > 64 {
		c.fault(path+".urls", "", "%d servers, and 64 are the most", len(u.URLs))
	}
	if t := u.TLS; scheme != "" && scheme != "https" && t != (UpstreamTLS{}) {
		c.fault(path+".tls", "write https URLs", "the servers are reached without TLS")
	}
	c.health(path+".health", u.Health)
	if u.Timeout > 0 && u.Timeout < time.Millisecond {
		c.fault(path+".timeout", "", "%s is too short for anybody", u.Timeout)
	}
}

func (c *checker) health(path string, h Health) {
	if !h.On() {
		return
	}
	if u, err := url.Parse(h.Path); err != nil || h.Path[0] != '/' || u.Fragment != "" || strings.ContainsAny(h.Path, " #") || strings.ContainsFunc(h.Path, isControl) {
		c.fault(path+".path", "write it as in /healthz", "%s is no path", c.quote(path+".path", h.Path))
	}
	interval, timeout := h.Interval, h.Timeout
	if interval > 0 && interval < 100*time.Millisecond {
		c.fault(path+".interval", "a few seconds will do", "%s is too often", interval)
	}
	if timeout > time.Minute {
		c.fault(path+".timeout", "", "%s is longer than a minute", timeout)
	}
}

// server checks the URL of one server: an origin, or the same over h2c.
func (c *checker) server(path, text, hint string) *url.URL {
	if rest, ok := strings.CutPrefix(text, "h2c://"); ok {
		u := c.origin(path, "http://"+rest, hint)
		if u != nil {
			u.Scheme = "h2c"
		}
		return u
	}
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		c.fault(path, hint, "the URL begins neither with http://, nor https://, nor h2c://")
		return nil
	}
	return c.origin(path, text, hint)
}

var _ fmt.Stringer = Size(0)
