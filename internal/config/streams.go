package config

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Streams says when answers end that go on for long.
type Streams struct {
	// Which answers end when their credential expires or is revoked: streams (WebSocket, events, gRPC and their like; the default), all, or none.
	End string `yaml:"end,omitempty" jsonschema:"enum=streams,enum=all,enum=none"`
}

// streams checks when answers end, and what becomes of those that refuse.
func (c *checker) streams() {
	c.choice("streams.end", c.f.Streams.End, "streams", "all", "none")
	c.upstream401("gate.upstream_401", c.f.Gate.Upstream401)
	c.upstream401("default.upstream_401", c.f.Default.Upstream401)
	for i, r := range c.f.Rules {
		c.upstream401(indexed("rules", i)+".upstream_401", r.Upstream401)
	}
}

func (c *checker) upstream401(path, value string) {
	if value != "" {
		c.choice(path, value, "mark", "pass", "normalise")
	}
}

// choice checks that value is one of those that are known.
func (c *checker) choice(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.fault(path, yamldoc.Similar(value, known), "%s is none of %s", c.quote(path, value), strings.Join(known, ", "))
	}
}
