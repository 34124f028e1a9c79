package client

import (
	"net/http"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// proof is what one attempt says about who is asking.
type proof struct {
	sent  string // for people: "Bearer", "Basic", "Digest", a field; empty for none
	why   string
	value string // of Authorization or Proxy-Authorization
	own   bool   // the caller's: it is not replaced

	login  *login
	token  Token      // of a Source
	digest *digestUse // of a Digest
	fresh  bool       // it answers a challenge of this very request
	used   bool       // it was sent

	// A password that is settled when its fate is known.
	password password
	realm    string
	first    bool
	basic    bool
}

const preemptiveRealm = "\x00unasked"

func bearer(l *login, tok Token, why string) *proof {
	return &proof{sent: "Bearer", value: "Bearer " + tok.Value, login: l, token: tok, why: why}
}

// keys adds the keys of the logins, and returns the name of the first field.
func addKeys(clone *http.Request, logins []*login) (sent string) {
	for _, l := range logins {
		k := l.Key
		if k == nil || k.Bearer {
			continue
		}
		name := k.field()
		if name != "" {
			if clone.Header.Get(name) == "" {
				clone.Header.Set(name, k.Value)
			}
		}
		if k.Query != "" {
			q := clone.URL.Query()
			if !q.Has(k.Query) {
				q.Set(k.Query, k.Value)
				clone.URL.RawQuery = q.Encode()
			}
			name = k.Query
		}
		if sent == "" {
			sent = name
		}
	}
	return sent
}

// settle tells the memory what became of the password of this proof.
func (s *state) settle(p *proof, resp *http.Response, d *Denied) {
	if p == nil {
		return
	}
	f := untried
	switch {
	case resp == nil || resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests:
	case d == nil || d.Status != http.StatusUnauthorized && d.Status != http.StatusProxyAuthRequired:
		f = accepted
	case p.digest != nil && d.stale():
		f = accepted
	case d.refusesPassword():
		f = refused
	}
	known := f == accepted && (d == nil || d.Status == http.StatusForbidden && !d.renewable())
	if known && p.token.Value != "" {
		p.login.renewer.proven(p.token)
	}
	isPassword := p.basic || p.digest != nil && p.fresh
	if !isPassword || f == untried && !p.first {
		return
	}
	s.refusals.settle(p.password, p.realm, f)
	if f == refused && p.realm == preemptiveRealm {
		for _, c := range d.Challenges {
			if realm, ok := c.Param("realm"); ok && c.Is("Basic") {
				s.refusals.settle(p.password, realm, f)
			}
		}
	}
}

// stale tells whether the answer was right, but for an old nonce.
func (d *Denied) stale() bool {
	for _, c := range d.Challenges {
		if c.Is("Digest") && isTrue(c.Param("stale")) {
			return true
		}
	}
	return false
}

// refusesPassword tells whether sending the same password again is pointless.
// Only a server that says so itself makes it otherwise.
func (d *Denied) refusesPassword() bool {
	switch d.Retry {
	case reason.RetryWait, reason.RetryLater, reason.RetryRepeat:
		return d.Inferred
	}
	return true
}

// digestsOf reads the Digest challenges that can be answered safely. One that
// has a parameter twice is none: two readers of it would disagree.
func digestsOf(fields []string) []httpauth.DigestChallenge {
	var out []httpauth.DigestChallenge
	for _, field := range fields[:min(len(fields), httpauth.MaxFields)] {
		got := httpauth.ParseChallenges([]string{field}, httpauth.Lenient)
		twice := false
		for _, f := range got.Findings {
			twice = twice || f.ID == httpauth.IDDuplicateParam
		}
		if twice {
			continue
		}
		for _, c := range got.Challenges {
			if d, err := httpauth.ParseDigestChallenge(c, httpauth.Lenient); err == nil {
				out = append(out, d)
			}
		}
	}
	return out
}
