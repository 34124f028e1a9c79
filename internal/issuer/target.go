package issuer

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/store"
)

// Limits of resource indicators.
const (
	maxTargets      = 10
	maxTargetLength = 1024
)

// Targets tells what tokens are for that a client asks for by resource (RFC
// 8707); nothing asked means the gate's own audience, or all that the client is
// for. The error is invalid_target.
func (s *Issuer) Targets(c *store.Client, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return slices.Clone(c.Resources), nil
	}
	if len(asked) > maxTargets {
		return nil, badTarget("Ask for fewer resources at once.")
	}
	for _, target := range asked {
		if !s.knows(target) || len(c.Resources) > 0 && !slices.Contains(c.Resources, target) {
			return nil, badTarget("This client gets no tokens for that resource.")
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

// narrow tells what a token is for that a refresh asks for, nothing for all of
// the login.
func (s *Issuer) narrow(granted, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	for _, target := range asked {
		// What is for the whole gate can be narrowed to a part of it. An API that is
		// not at the gate is none: the person was not told of it.
		within := slices.Contains(granted, target) || len(granted) == 0 && (slices.Contains(s.Audience, target) || s.here(target))
		if len(asked) > maxTargets || !within {
			return nil, badTarget("The login was not for that resource.")
		}
	}
	return asked, nil
}

// knows tells whether there is such a resource: a name of the gate's own tokens,
// one that the configuration lists, or a URL at the gate.
func (s *Issuer) knows(target string) bool {
	return slices.Contains(s.Audience, target) || slices.Contains(s.Resources, target) || s.here(target)
}

// here tells whether a resource is a URL at the gate.
func (s *Issuer) here(target string) bool {
	u, err := url.Parse(target)
	return err == nil && len(target) <= maxTargetLength && !strings.ContainsFunc(target, notInURL) && !strings.Contains(target, "#") &&
		u.User == nil && s.Name == u.Scheme+"://"+u.Host
}

// notInURL are the characters that a URL has in no place (RFC 3986 section 2).
func notInURL(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }

func badTarget(description string) error {
	return &FormError{Code: "invalid_target", Description: description}
}
