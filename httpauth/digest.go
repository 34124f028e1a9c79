package httpauth

import (
	"fmt"
	"strings"
)

// DigestError says why the parameters of a Digest field cannot be used. It holds
// nothing of their values.
type DigestError struct {
	// Kind is one of the findings whose id starts with "digest-".
	Kind FindingID
	// Param is the name of the parameter; empty if all of them are meant.
	Param string
}

func (e *DigestError) Error() string {
	info, _ := LookupFinding(e.Kind)
	if e.Param == "" {
		return fmt.Sprintf("%s (%s)", info.Title, info.Section)
	}
	return fmt.Sprintf("parameter %s: %s (%s)", e.Param, info.Title, info.Section)
}

// DigestChallenge holds the parameters of a Digest challenge (RFC 7616 section 3.3).
type DigestChallenge struct {
	Realm string
	// Domain lists the URIs for which the same credentials are good; empty means
	// all of the server. Do not send a password to another server because it is
	// named here.
	Domain        []string
	Nonce, Opaque string
	// Stale says that the answer before was right, but its nonce too old.
	Stale     bool
	Algorithm DigestAlgorithm
	// QOP lists what may be chosen from, without what is not known; empty is the
	// challenge of RFC 2069.
	QOP []DigestQOP
	// UTF8 says that user and password are to be hashed as UTF-8.
	UTF8 bool
	// UserHash says that the user name may be sent as a hash.
	UserHash bool
}

// ParseDigestChallenge reads the parameters of a challenge that
// [ParseChallenges] returned. What makes it impossible to answer is an error in
// either mode: no realm, no nonce, no known algorithm, a qop without a known
// value. Strict also refuses what RFC 7616 does not have: a challenge without
// qop (RFC 2069), and algorithms that are not registered. Where a challenge
// stands in its field and how it is spelt, the findings of ParseChallenges tell.
// The error is ErrOtherScheme or a *DigestError.
func ParseDigestChallenge(c Challenge, mode Mode) (DigestChallenge, error) {
	d, err := parseDigestChallenge(c, mode)
	if err != nil {
		return DigestChallenge{}, err
	}
	return d, nil
}

func parseDigestChallenge(c Challenge, mode Mode) (d DigestChallenge, err error) {
	if !c.Is("Digest") {
		return d, ErrOtherScheme
	}
	var ok bool
	if d.Realm, ok = c.Param("realm"); !ok {
		return d, &DigestError{IDDigestRealmMissing, "realm"}
	}
	if d.Nonce, ok = c.Param("nonce"); !ok || mode != Lenient && d.Nonce == "" {
		return d, &DigestError{IDDigestNonceMissing, "nonce"}
	}
	d.Opaque, _ = c.Param("opaque")
	domain, _ := c.Param("domain")
	d.Domain = strings.Fields(domain)
	algorithm, _ := c.Param("algorithm")
	d.Algorithm = DigestAlgorithm(algorithm)
	if !d.Algorithm.Known() || mode != Lenient && !d.Algorithm.Registered() {
		return d, &DigestError{IDDigestAlgorithmUnknown, "algorithm"}
	}
	qop, given := c.Param("qop")
	d.QOP = splitQOP(qop)
	switch {
	case given && len(d.QOP) == 0 && (qop != "" || mode != Lenient):
		return d, &DigestError{IDDigestQopUnknown, "qop"}
	case !given && mode != Lenient:
		return d, &DigestError{IDDigestQopMissing, "qop"}
	}
	charset, _ := c.Param("charset")
	d.UTF8 = equalFold(charset, "UTF-8")
	d.Stale = isTrue(c.Param("stale"))
	d.UserHash = isTrue(c.Param("userhash"))
	return d, nil
}

func isTrue(v string, _ bool) bool { return equalFold(v, "true") }

// qop-options = DQUOTE #qop-value DQUOTE; unknown values are passed over (RFC
// 7616 section 3.3).
func splitQOP(list string) (out []DigestQOP) {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if q := DigestQOP(strings.Trim(item, " \t")); q.Known() {
			out = append(out, q)
		}
	}
	return out
}

// Offers tells whether q may be chosen.
func (c DigestChallenge) Offers(q DigestQOP) bool {
	for _, o := range c.QOP {
		if o.Is(q) {
			return true
		}
	}
	return false
}

// Challenge returns the challenge to send, in the forms of RFC 7616 section 3.3:
// realm, domain, nonce, opaque and qop are quoted, stale, algorithm, charset and
// userhash are not.
func (c DigestChallenge) Challenge() Challenge {
	params := make([]Param, 0, 9)
	params = append(params, Param{"realm", c.Realm})
	if len(c.Domain) > 0 {
		params = append(params, Param{"domain", strings.Join(c.Domain, " ")})
	}
	params = append(params, Param{"nonce", c.Nonce})
	params = appendGiven(params, "opaque", c.Opaque)
	if c.Stale {
		params = append(params, Param{"stale", "true"})
	}
	params = appendGiven(params, "algorithm", string(c.Algorithm))
	if len(c.QOP) > 0 {
		names := make([]string, len(c.QOP))
		for i, q := range c.QOP {
			names[i] = string(q)
		}
		params = append(params, Param{"qop", strings.Join(names, ", ")})
	}
	if c.UTF8 {
		params = append(params, Param{"charset", "UTF-8"})
	}
	if c.UserHash {
		params = append(params, Param{"userhash", "true"})
	}
	return Challenge{Scheme: "Digest", Params: params}
}

func appendGiven(params []Param, name, value string) []Param {
	if value == "" {
		return params
	}
	return append(params, Param{name, value})
}
