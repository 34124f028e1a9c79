package defend

import (
	"net/netip"

	"github.com/gate401/gate401"
)

// Blocklist holds networks that nothing answers but 403 address-blocked.
type Blocklist []netip.Prefix

// Wrap returns a policy that asks nothing of blocked clients and admits none of
// them, before any method looks at what they sent; for all others it is p. The
// rule keeps its name and its CORS, so that the refusal can be found and read.
func (b Blocklist) Wrap(p gate401.Policy) gate401.Policy {
	if len(b) == 0 {
		return p
	}
	networks := make([]netip.Prefix, len(b))
	for i, n := range b {
		// Clients are compared as IPv4 where they are (RFC 4291 section 2.5.5.2).
		if a := n.Addr(); a.Is4In6() && n.Bits() >= 96 {
			n = netip.PrefixFrom(a.Unmap(), n.Bits()-96)
		}
		networks[i] = n.Masked()
	}
	return func(r *gate401.Request) gate401.Requirement {
		var q gate401.Requirement
		if p != nil {
			q = p(r)
		}
		client := r.Client.Unmap()
		for _, n := range networks {
			if n.Contains(client) {
				rule := q.Rule
				if rule == "" {
					rule = "blocked"
				}
				return gate401.Requirement{Rule: rule, Blocked: true, CORS: q.CORS}
			}
		}
		return q
	}
}
