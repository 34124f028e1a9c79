package server

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"slices"

	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/proxy"
	"github.com/gate401/gate401/internal/upstream"
)

// behind are the upstreams of one generation, by their names; that of a URL alone
// has none.
type behind map[string]*standing

// standing is an upstream with what it was made of: the next generation takes it
// over, with its connections and what is known of its servers, if that is the
// same.
type standing struct {
	*upstream.Upstream
	config config.Upstream
	ca     []byte
}

// upstreams makes those that g needs, or takes them over from what is in force.
func (h *house) upstreams(g *generation) error {
	g.behind = behind{}
	var before behind
	if last := h.current.Load(); last != nil {
		before = last.behind
	}
	all := slices.Clone(g.config.Upstreams)
	if main, ok := g.config.DefaultUpstream(); ok && main.Name == "" {
		all = append(all, main)
	}
	for _, c := range all {
		s, err := h.stand(c, before[c.Name])
		if err != nil {
			return err
		}
		g.behind[c.Name] = s
		g.closers = append(g.closers, s.Close)
	}
	return nil
}

// stand makes one, or takes it over.
func (h *house) stand(c config.Upstream, before *standing) (*standing, error) {
	var ca []byte
	if c.TLS.CAFile != "" {
		var err error
		if ca, err = os.ReadFile(c.TLS.CAFile); err != nil {
			return nil, fmt.Errorf("upstream %q: %w", c.Name, err)
		}
	}
	if before != nil && reflect.DeepEqual(before.config, c) && slices.Equal(before.ca, ca) {
		before.Hold()
		return before, nil
	}
	made := upstream.Config{
		Name: cmp.Or(c.Name, "default"), Balance: upstream.Balance(c.Balance), HeaderTimeout: c.Timeout, MaxRequests: c.MaxRequests, Log: h.log,
	}
	for _, text := range c.URLs {
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("upstream %q: one of its URLs is none", c.Name)
		}
		made.URLs = append(made.URLs, u)
	}
	if h := c.Health; h.On() {
		made.Health = &upstream.Health{Path: h.Path, Interval: h.Interval, Timeout: h.Timeout, Healthy: h.Healthy, Unhealthy: h.Unhealthy, Status: h.Status}
	}
	if c.TLS != (config.UpstreamTLS{}) {
		made.TLS = &tls.Config{ServerName: c.TLS.ServerName, MinVersion: tls.VersionTLS12}
		if ca != nil {
			made.TLS.RootCAs = x509.NewCertPool()
			if !made.TLS.RootCAs.AppendCertsFromPEM(ca) {
				return nil, fmt.Errorf("upstream %q: %s holds no certificate in PEM", c.Name, c.TLS.CAFile)
			}
		}
	}
	u, err := upstream.New(made)
	if err != nil {
		return nil, err
	}
	return &standing{u, c, ca}, nil
}

// ways adds to c where requests go, and what they may cost.
func (g *generation) ways(c proxy.Config) (proxy.Config, error) {
	cfg := g.config
	main, _ := cfg.DefaultUpstream()
	to := g.behind[main.Name]
	if to == nil {
		return c, errors.New("the upstream that gate.upstream names does not exist")
	}
	c.Upstream, c.Transport, c.MaxBody = to.URL(), to.Lane(0), int64(cfg.Gate.MaxBody)
	c.Routes = map[string]proxy.Route{}
	add := func(rule string, a config.Asks) error {
		if a.Upstream == "" && a.Timeout == 0 && a.MaxBody == 0 {
			return nil
		}
		to := to
		if a.Upstream != "" {
			if to = g.behind[a.Upstream]; to == nil {
				return fmt.Errorf("rule %q: there is no upstream %q", rule, a.Upstream)
			}
		}
		c.Routes[rule] = proxy.Route{Upstream: to.URL(), Transport: to.Lane(a.Timeout), MaxBody: int64(a.MaxBody)}
		return nil
	}
	err := add(access.DefaultRule, cfg.Default)
	for _, r := range cfg.Rules {
		name := access.Rule{Name: r.Name, Host: r.Host, Path: r.Path, Verbs: r.Verbs}.Called()
		err = errors.Join(err, add(name, r.Asks))
	}
	return c, err
}

// upstreamStatus is how the servers behind the gate are, for operators.
func (h *house) upstreamStatus() any {
	all := []upstream.Status{}
	if g := h.current.Load(); g != nil {
		for _, s := range g.behind {
			all = append(all, s.Status())
		}
	}
	slices.SortFunc(all, func(a, b upstream.Status) int { return cmp.Compare(a.Name, b.Name) })
	return map[string]any{"upstreams": all}
}

// authorities are the files by which https servers are trusted: a change of one
// is a change of the configuration.
func authorities(cfg *config.File) []string {
	var names []string
	for _, u := range cfg.Upstreams {
		if u.TLS.CAFile != "" {
			names = append(names, u.TLS.CAFile)
		}
	}
	return names
}
