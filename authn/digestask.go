package authn

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// FreshChallenges says that every challenge has a nonce of its own.
func (d *Digest) FreshChallenges() {}

// Challenges asks once for each algorithm, the strongest first (RFC 7616 section
// 3.7). stale=true is sent only where the answer was right for its nonce.
func (d *Digest) Challenges(r *gate401.Request, _ *gate401.Requirement, refused *gate401.Denial) []httpauth.Challenge {
	d.once.Do(d.setup)
	now := time.Time{}
	if r != nil {
		now = r.Time
	}
	nonce := d.Nonces.issue(now)
	stale := refused != nil && refused.Reason.Shown().Code == reason.DigestStale
	out := make([]httpauth.Challenge, len(d.offers))
	for i, o := range d.offers {
		o.Nonce, o.Stale = nonce, stale
		out[i] = o.Challenge()
	}
	return out
}

// Info is what goes into Authentication-Info (on a proxy, Proxy-Authentication-Info)
// of the response to a request that Verify let in: the proof that the server knows
// the password too, and where the nonce is past half of its life the next one
// (RFC 7616 section 3.5). body is that of the response, which auth-int proves as
// well; nil where it is not known yet, and then auth-int gets no proof. A surface
// that wants to send the field calls Info before it writes the header; ok is false
// where there is nothing to say.
func (d *Digest) Info(ctx context.Context, r *gate401.Request, body []byte) (info httpauth.DigestInfo, ok bool, err error) {
	c, found, err := d.Find(r)
	if err != nil || !found {
		return info, false, err
	}
	own, is := c.(*digestCredential)
	if !is {
		return info, false, errors.New("a credential of another method")
	}
	if n, good := d.Nonces.read(own.Nonce, r.Time); good && n.half(r.Time) {
		info.NextNonce = d.Nonces.issue(r.Time)
	}
	integrity := own.QOP.Is(httpauth.DigestAuthInt)
	if integrity && body == nil {
		return info, info.NextNonce != "", nil
	}
	a, found, err := d.lookup(ctx, own)
	if err != nil || !found || a.HA1 == "" {
		return info, info.NextNonce != "", err
	}
	hash := ""
	if integrity {
		hash = own.Algorithm.Hash(body)
	}
	info.QOP, info.CNonce, info.NC = own.QOP, own.CNonce, own.NC
	info.RspAuth = own.ComputeRspAuth(a.HA1, hash)
	return info, true, nil
}

// sameResource tells whether the parameter uri names what is requested (RFC 7616
// section 3.4.6): the target to the octet, or the same canonical path and query,
// with our host if it has one.
func sameResource(uri string, r *gate401.Request) bool {
	if uri == "" {
		return false
	}
	if uri == r.Target {
		return true
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil || u.Opaque != "" || strings.Contains(uri, "#") || r.URL == nil {
		return false
	}
	if u.IsAbs() && (!strings.EqualFold(u.Hostname(), r.Host) || u.User != nil) {
		return false
	}
	path, err := gate401.CanonicalPath(u.EscapedPath())
	return err == nil && path == r.Path && u.RawQuery == r.URL.RawQuery && u.ForceQuery == strings.HasSuffix(r.Target, "?")
}
