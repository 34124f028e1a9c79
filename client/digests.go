package client

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gate401/gate401/httpauth"
)

// mostSpaces bounds the protection spaces that are remembered for one origin.
const mostSpaces = 16

// digests remembers nonces, so that a request can be answered before it is
// asked. A nonce belongs to an origin, a realm and a login.
type digests struct {
	mu       sync.Mutex
	sessions map[string][]*digestSession // by origin, the newest last
}

// digestSession is one nonce and what is computed once for it.
type digestSession struct {
	login     *login
	challenge httpauth.DigestChallenge
	spaces    []string // paths below which the nonce is good; empty: all
	ha1       string

	mu     sync.Mutex
	nonce  string
	cnonce string
	count  uint32
}

// digestUse is one answer.
type digestUse struct {
	session *digestSession
	creds   httpauth.DigestCredentials
}

var errNonceUsedUp = errors.New("the nonce was used as often as can be counted")

// newDigestSession begins to use the nonce of a challenge.
func newDigestSession(l *login, origin string, c httpauth.DigestChallenge, random io.Reader) (*digestSession, error) {
	s := &digestSession{login: l, challenge: c, nonce: c.Nonce}
	s.ha1 = httpauth.DigestHA1(c.Algorithm, l.Digest.User, c.Realm, l.Digest.Password)
	for _, d := range c.Domain {
		// RFC 7616 section 3.3 would let other servers have the same answer; they
		// have not been named by whoever owns the password.
		u, err := url.Parse(d)
		if err == nil && (u.Host == "" && strings.HasPrefix(d, "/") || originOf(u) == origin) {
			s.spaces = append(s.spaces, u.EscapedPath())
		}
	}
	if len(c.Domain) > 0 && len(s.spaces) == 0 {
		s.spaces = []string{"\x00"} // all of it is elsewhere: good for nothing here
	}
	return s, s.newCNonce(random)
}

// newCNonce comes with each nonce: the two together are the session of "-sess".
func (s *digestSession) newCNonce(random io.Reader) error {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return err
	}
	s.cnonce = hex.EncodeToString(b[:])
	return nil
}

func (s *digestSession) covers(path string) bool {
	if len(s.spaces) == 0 {
		return true
	}
	for _, space := range s.spaces {
		if below(path, space) {
			return true
		}
	}
	return false
}

// answer computes the credentials for a request and counts it.
func (s *digestSession) answer(ctx context.Context, method, uri string, body *payload) (*digestUse, error) {
	s.mu.Lock()
	if s.count == 1<<32-1 {
		s.mu.Unlock()
		return nil, errNonceUsedUp
	}
	s.count++
	c, count, cnonce := s.challenge, s.count, s.cnonce
	c.Nonce = s.nonce
	s.mu.Unlock()
	a := httpauth.DigestAnswer{
		Username: s.login.Digest.User, HA1: s.ha1, Method: method, URI: uri, CNonce: cnonce, Count: count,
	}
	if len(c.QOP) > 0 && !c.Offers(httpauth.DigestAuth) {
		h := c.Algorithm.New()
		if err := body.hash(ctx, h); err != nil {
			return nil, err
		}
		a.BodyHash = hex.EncodeToString(h.Sum(nil))
	}
	creds, err := c.Answer(a)
	if err != nil {
		return nil, err
	}
	return &digestUse{s, creds}, nil
}

// find returns the session that is good for a path, if there is one.
func (d *digests) find(origin, path string, logins []*login) *digestSession {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.sessions[origin]
	for i := len(all) - 1; i >= 0; i-- {
		for _, l := range logins {
			if all[i].login == l && all[i].covers(path) {
				return all[i]
			}
		}
	}
	return nil
}

// keep remembers a session that worked, in place of the one before.
func (d *digests) keep(origin string, s *digestSession) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sessions == nil {
		d.sessions = make(map[string][]*digestSession)
	}
	if slices.Contains(d.sessions[origin], s) {
		return
	}
	var kept []*digestSession
	for _, old := range d.sessions[origin] {
		if old.login != s.login || old.challenge.Realm != s.challenge.Realm {
			kept = append(kept, old)
		}
	}
	kept = append(kept, s)
	if len(kept) > mostSpaces {
		kept = kept[len(kept)-mostSpaces:]
	}
	d.sessions[origin] = kept
}

// forget drops a session whose nonce or password was refused.
func (d *digests) forget(origin string, s *digestSession) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.sessions[origin], s); i >= 0 {
		d.sessions[origin] = slices.Concat(d.sessions[origin][:i], d.sessions[origin][i+1:])
	}
}

// ErrServerUnproven says that a server which offered to prove that it knows the
// password too (RFC 7616 section 3.5, rspauth) did not.
var ErrServerUnproven = errors.New("the server could not prove that it knows the password: the answer may come from somebody else")

// learn reads Authentication-Info: the next nonce, and the server's own proof.
func (u *digestUse) learn(resp *http.Response, name string, random io.Reader) error {
	fields := resp.Header.Values(name)
	if len(fields) == 0 {
		return u.unproven()
	}
	got := httpauth.ParseInfo(fields, httpauth.Lenient)
	info, err := httpauth.ParseDigestInfo(got.Info, httpauth.Lenient)
	if err != nil {
		return u.unproven()
	}
	if info.RspAuth == "" {
		err = u.unproven()
	} else {
		err = u.verify(resp, info)
	}
	if err != nil {
		return err
	}
	if s := u.session; info.NextNonce != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.nonce == u.creds.Nonce {
			s.nonce, s.count = info.NextNonce, 0
			return s.newCNonce(random)
		}
	}
	return nil
}

// unproven is an error where a proof is wanted.
func (u *digestUse) unproven() error {
	if u.session.login.Digest.Mutual {
		return ErrServerUnproven
	}
	return nil
}

func (u *digestUse) verify(resp *http.Response, info httpauth.DigestInfo) error {
	if info.QOP == "" {
		info.QOP = u.creds.QOP
	}
	if info.CNonce == "" {
		info.CNonce = u.creds.CNonce
	}
	if info.NC == "" {
		info.NC = u.creds.NC
	}
	info.RspAuth = strings.ToLower(info.RspAuth)
	if !info.QOP.Is(httpauth.DigestAuthInt) {
		if !info.Is(u.creds, u.session.ha1, "") {
			return ErrServerUnproven
		}
		return nil
	}
	if resp.Uncompressed {
		return u.unproven() // what the server hashed is gone
	}
	h := u.creds.Algorithm.New()
	resp.Body = &provenBody{ReadCloser: resp.Body, hash: h, check: func() error {
		if !info.Is(u.creds, u.session.ha1, hex.EncodeToString(h.Sum(nil))) {
			return ErrServerUnproven
		}
		return nil
	}}
	return nil
}

// provenBody ends with an error if its text is not the one that the server
// vouched for.
type provenBody struct {
	io.ReadCloser
	hash  io.Writer
	check func() error
}

func (b *provenBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if bad := b.check(); bad != nil {
			err = bad
		}
	}
	return n, err
}
