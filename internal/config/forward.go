package config

import (
	"net/netip"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Forward is for gateways that ask before they forward: nginx, Traefik, Caddy and
// Envoy. The key alone switches it on; without gate.upstream, the gate does
// nothing else.
type Forward struct {
	// The networks of the gateways that may ask, and whose word on the client counts; this machine alone if not given.
	From []netip.Prefix `yaml:"from,omitempty" jsonschema:"minItems=1"`
}

// On tells whether gateways may ask at all.
func (f Forward) On() bool { return len(f.From) > 0 }

// forward reads the mapping, which may be empty.
func (d *decoder) forward(n *yaml.Node, path string, to *Forward) {
	d.mapping(n, path, reflect.ValueOf(to).Elem())
	if to.From == nil {
		to.From = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8), netip.PrefixFrom(netip.IPv6Loopback(), 128)}
	}
}

func (c *checker) forward() {
	for i, p := range c.f.Forward.From {
		if p.Bits() == 0 {
			c.fault(indexed("forward.from", i), "name the addresses of the gateways alone",
				"anybody could ask, with whatever client address they like, and guess passwords without a limit")
		}
	}
}
