package access

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// parseHost brings the host of a rule into the spelling of gate401.Request.Host.
// wild tells that it is a domain that stands for the hosts below it.
func parseHost(s string) (host string, wild bool, err error) {
	host = strings.ToLower(strings.TrimSuffix(s, "."))
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return addr.String(), false, nil
	}
	host, wild = strings.CutPrefix(host, "*.")
	if host == "" || len(host) > 253 {
		return "", false, errors.New("a host has 1 to 253 characters")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" {
			return "", false, fmt.Errorf("%q has an empty label", s)
		}
		for i := range len(label) {
			switch c := label[i]; {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			case c == ':':
				return "", false, errors.New("a rule is for a host, without scheme and port")
			case c == '*':
				return "", false, errors.New(`"*." can only be the beginning, and stands for any number of labels`)
			case c >= 0x80:
				return "", false, errors.New("write the host in ASCII (xn--...), as it is on the wire")
			default:
				return "", false, fmt.Errorf("%q cannot be in a host", c)
			}
		}
	}
	return host, wild, nil
}

// matchHost tells whether a request for host is within the rule's host.
func matchHost(rule string, wild bool, host string) bool {
	if !wild {
		return rule == "" || rule == host
	}
	rest, ok := strings.CutSuffix(host, rule)
	return ok && len(rest) > 1 && rest[len(rest)-1] == '.'
}

// bare takes the brackets off an IPv6 address.
func bare(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
