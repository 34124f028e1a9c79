// Package loopback answers what is asked about hosts and this machine. There are
// three questions, because a wrong answer harms in another direction each time:
//
//   - [Stays]: may cleartext go there? Yes only if nothing sent there can leave
//     this machine.
//   - [Leads]: may a server elsewhere make us ask there? No if it could be this
//     machine, however it is written.
//   - [Only]: does a listener there listen for this machine alone, and is a Host
//     field one that no page elsewhere can have?
//
// Start with Stays for what is permitted and with Leads for what is refused. All
// go by the text alone and ask no resolver: a name that leads to this machine now
// may lead elsewhere later, and back.
package loopback

import (
	"net/netip"
	"strconv"
	"strings"
)

// Stays tells whether nothing that is sent to host leaves this machine: localhost,
// a loopback address, or an unspecified one, which dialing takes for this machine.
// Names below localhost and "localhost." are not among them, though RFC 6761
// section 6.3 has them stay: the resolver of Go asks the network for these, so
// whoever answers it would get what is sent. host is without a port.
func Stays(host string) bool {
	if a, ok := address(host); ok {
		return a.IsLoopback() || a.IsUnspecified()
	}
	return strings.EqualFold(host, "localhost")
}

// Only tells whether host is the loopback itself: localhost or a loopback
// address. An unspecified address is not: who listens there listens for everybody.
// host is without a port.
func Only(host string) bool {
	if a, ok := address(host); ok {
		return a.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// Leads tells whether host could be this machine: besides what stays, names below
// localhost (RFC 6761 section 6.3), those that systems come with in their table of
// hosts, a dot at the end, and addresses in the short, octal and hexadecimal forms
// that resolvers of the C library read. host is without a port.
func Leads(host string) bool {
	// The dot may be the end of a zone too.
	whole := strings.ToLower(host)
	host = strings.TrimSuffix(whole, ".")
	if Stays(whole) || Stays(host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	switch host {
	case "", "localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback":
		return true
	}
	a, ok := loose(host)
	return ok && (a.IsLoopback() || a.IsUnspecified())
}

// address reads an IP address, in brackets as in a URL or without, with 4-in-6 and
// zones told as what they are.
func address(host string) (netip.Addr, bool) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(host, ":") {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(host)
	return a.WithZone("").Unmap(), err == nil
}

// loose reads an IPv4 address as inet_aton does: one to four numbers, of which the
// last fills what remains.
func loose(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, ok := number(part, bits)
		if !ok {
			return netip.Addr{}, false
		}
		sum = sum<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}

// number is decimal, octal with 0 or hexadecimal with 0x in front.
func number(s string, bits int) (uint64, bool) {
	base := 10
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		s, base = digits, 16
	} else if len(s) > 1 && s[0] == '0' {
		base = 8
	}
	n, err := strconv.ParseUint(s, base, bits)
	return n, err == nil
}
