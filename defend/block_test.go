package defend_test

import (
	"net/netip"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
)

func TestBlocklist(t *testing.T) {
	block := defend.Blocklist{
		netip.MustParsePrefix("192.0.2.7/24"),
		netip.MustParsePrefix("::ffff:198.51.100.0/120"),
		netip.MustParsePrefix("2001:db8:bad::/48"),
	}
	open := func(*gate401.Request) gate401.Requirement { return gate401.Requirement{Rule: "public", Open: true} }
	for _, tt := range []struct {
		in     string
		policy gate401.Policy
		want   reason.Code
	}{
		{"203.0.113.1", open, ""},
		{"192.0.2.200", open, reason.AddressBlocked},
		{"::ffff:192.0.2.200", open, reason.AddressBlocked},
		{"198.51.100.9", open, reason.AddressBlocked},
		{"2001:db8:bad:1::1", open, reason.AddressBlocked},
		{"2001:db8:900d::1", nil, reason.RuleMissing},
		{"192.0.2.200", nil, reason.AddressBlocked},
	} {
		addr := netip.MustParseAddr(tt.in)
		g := &gate401.Gate{Policy: block.Wrap(tt.policy)}
		d := g.Decide(t.Context(), &gate401.Request{Client: addr})
		if d.Reason() != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, d.Reason(), tt.want)
		}
		if tt.want == reason.AddressBlocked && d.Rule == "" {
			t.Errorf("%s: a blocked request has no rule to be found by", tt.in)
		}
	}
}
