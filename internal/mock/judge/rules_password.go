package judge

import (
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// passwords looks at Basic: a refused password is not sent again, and none is
// sent to who asks for something else.
func (c *court) passwords() {
	refused := map[[32]byte]*step{}
	var last *step // last 401 without a credential
	for i := range c.steps {
		s := &c.steps[i]
		if !s.basic {
			if s.refused() && s.secret == "" {
				last = s
			}
			continue
		}
		// The same password at another realm of the server is another question.
		key := fingerprint(s.secret + "\x00" + s.Host + "\x00" + realm(s))
		if before := refused[key]; before != nil && s.after(before) && s.refused() {
			c.fault(PasswordRepeated, []*step{before, s}, "%s was sent with the password that %s had got a 401 for", s.what(), before.what())
		}
		if s.refused() {
			if refused[key] == nil {
				refused[key] = s
			}
		}
		if last != nil && s.after(last) && last.Host == s.Host && last.path == s.path {
			if named, some := last.asks("Basic"); some && !named {
				c.fault(PasswordUnasked, []*step{last, s}, "the challenge of %s was %s, and a password was sent", last.what(), schemes(last))
			}
		}
	}
}

// realm is that of the Basic challenge in the answer.
func realm(s *step) string {
	for _, c := range s.asked {
		if strings.EqualFold(c.Scheme, "Basic") {
			v, _ := c.Param("realm")
			return v
		}
	}
	return ""
}

func schemes(s *step) string {
	var names []string
	for _, c := range s.asked {
		names = append(names, c.Scheme)
	}
	return strings.Join(names, ", ")
}

// digests looks at counts, stale nonces and algorithms.
func (c *court) digests() {
	type use struct{ nonce, nc string }
	used := map[use]*step{}
	stale := map[string]*step{} // nonce that was called stale, and where
	var offer *step
	for i := range c.steps {
		s := &c.steps[i]
		if s.scheme == "digest" && s.digest.Nonce != "" {
			d := s.digest
			u := use{d.Nonce, d.NC}
			if before := used[u]; before != nil && d.NC != "" {
				c.fault(DigestCountRepeated, []*step{before, s}, "%s used the count %s of one nonce again", s.what(), d.NC)
			}
			used[u] = s
			if before := stale[d.Nonce]; before != nil && s.after(before) {
				c.fault(DigestStaleIgnored, []*step{before, s}, "%s used the nonce that %s had called stale", s.what(), before.what())
			}
			if offer != nil && s.after(offer) && offer.Host == s.Host {
				if first, ok := preferred(offer.asked); ok && weaker(d.Algorithm, first) {
					c.fault(DigestWeaker, []*step{offer, s}, "%s was answered with %s, and %s was offered before it", s.what(), d.Algorithm.Canonical(), first.Canonical())
				}
			}
		}
		if !s.refused() {
			continue
		}
		for _, ch := range s.asked {
			d, err := httpauth.ParseDigestChallenge(ch, httpauth.Lenient)
			if err != nil {
				continue
			}
			offer = s
			if d.Stale && s.digest.Nonce != "" && d.Nonce != s.digest.Nonce {
				stale[s.digest.Nonce] = s
			}
		}
	}
}

func weaker(a, b httpauth.DigestAlgorithm) bool { return a.Strength() < b.Strength() }

// preferred is the algorithm of the first challenge, in the order of the server's
// preference, that every client of today knows: SHA-256 or MD5 (RFC 7616 section
// 3.7).
func preferred(asked []httpauth.Challenge) (httpauth.DigestAlgorithm, bool) {
	for _, ch := range asked {
		d, err := httpauth.ParseDigestChallenge(ch, httpauth.Lenient)
		if err == nil && d.Algorithm.Known() && !weaker(httpauth.DigestSHA256, d.Algorithm) {
			return d.Algorithm, true
		}
	}
	return "", false
}
