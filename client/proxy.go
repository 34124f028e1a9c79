package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/gate401/gate401/httpauth"
)

// route is the proxy that a request goes through, if there is a login for it.
type route struct {
	proxy    *url.URL
	key      string // of what is remembered
	logins   []*login
	tunnel   bool
	proof    *proof
	answered bool
	staled   bool
}

// armed are passwords that proxies accepted: from then on they go along, since a
// refused tunnel costs a connection.
type armed struct {
	mu     sync.Mutex
	logins map[string]*login
}

func (a *armed) get(key string) *login {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins[key]
}

func (a *armed) set(key string, l *login) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.logins == nil {
		a.logins = make(map[string]*login)
	}
	if l == nil {
		delete(a.logins, key)
	} else {
		a.logins[key] = l
	}
}

func proxyKey(u *url.URL) string { return "proxy " + originOf(u) }

func (w *walk) routeOf(req *http.Request) *route {
	if len(w.proxies) == 0 || w.plain == nil || w.plain.Proxy == nil {
		return nil
	}
	u, err := w.plain.Proxy(req)
	if err != nil || u == nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil // an error is the base's to tell
	}
	r := &route{proxy: u, key: proxyKey(u), logins: of(w.proxies, originOf(u)), tunnel: req.URL.Scheme == "https"}
	if len(r.logins) == 0 {
		return nil
	}
	return r
}

// routeKey is where the context of a request has its route.
type routeKey struct{}

// pin keeps the base from choosing again: a Proxy function may answer something
// else each time, and the proof for one proxy would go to another, or to the
// origin.
func (r *route) pin(ctx context.Context) context.Context {
	if r == nil {
		return ctx
	}
	return context.WithValue(ctx, routeKey{}, r)
}

// prove adds the proof for a proxy that sees the request. A tunnel gets it from
// the hook: in the request it would go to the origin.
func (r *route) prove(w *walk, clone *http.Request) {
	if r == nil || r.tunnel || clone.Header.Get("Proxy-Authorization") != "" {
		return
	}
	if r.proof != nil && r.proof.used && r.proof.digest != nil {
		r.proof = nil // the count of a nonce is never used twice
	}
	if r.proof == nil {
		if s := w.digests.find(r.key, "", r.logins); s != nil {
			if use, err := s.answer(clone.Context(), clone.Method, absolute(clone.URL), w.body); err == nil {
				r.proof = &proof{sent: "Digest", login: s.login, digest: use, value: use.creds.Value()}
			}
		} else if l := w.armed.get(r.key); l != nil {
			if v, err := httpauth.EncodeBasic(l.Basic.User, l.Basic.Password); err == nil {
				r.proof = &proof{sent: "Basic", login: l, value: v}
			}
		}
	}
	if r.proof != nil {
		r.proof.used = true
		clone.Header.Set("Proxy-Authorization", r.proof.value)
	}
}

// told is the proof that an answer is about: that for the proxy if it is the proxy
// who answers.
func (r *route) told(resp *http.Response, sent string) string {
	switch {
	case resp.StatusCode != http.StatusProxyAuthRequired:
		return sent
	case r != nil && r.proof != nil:
		return r.proof.sent
	}
	return ""
}

// absolute is the request target that a proxy is sent (RFC 9112 section 3.2.2).
func absolute(u *url.URL) string { return u.Scheme + "://" + u.Host + u.RequestURI() }

// settle tells the memory what the proxy made of its proof.
func (r *route) settle(s *state, resp *http.Response, d *Denied) {
	if r == nil || r.proof == nil {
		return
	}
	p := r.proof
	if resp != nil && resp.StatusCode != http.StatusProxyAuthRequired {
		// Whatever the origin says, the proxy let the request pass.
		s.settle(p, &http.Response{StatusCode: http.StatusOK}, nil)
		if p.basic {
			s.armed.set(r.key, p.login)
		}
		if p.digest != nil {
			s.digests.keep(r.key, p.digest.session)
			if !r.tunnel {
				// A proxy's own proof is not asked for: it is no end to trust.
				_ = p.digest.learn(resp, "Proxy-Authentication-Info", s.rand)
			}
		}
		return
	}
	s.settle(p, resp, d)
	if resp != nil && d != nil {
		s.armed.set(r.key, nil)
		if p.digest != nil {
			s.digests.forget(r.key, p.digest.session)
		}
	}
}

// proxyNext answers the 407 of a proxy that sees the requests.
func (w *walk) proxyNext(ctx context.Context, resp *http.Response, p *proof, d *Denied) (*proof, error) {
	if w.route == nil {
		d.Note = "there is no login for this proxy"
		return nil, errNoAnswer
	}
	next, err := w.proxyProof(ctx, resp, d, w.req.Method, absolute(w.req.URL))
	if err != nil {
		return nil, err
	}
	w.route.proof = next
	if p.digest != nil {
		// The count of a nonce is never used twice.
		if p.digest, err = p.digest.session.answer(ctx, w.req.Method, w.req.URL.RequestURI(), w.body); err != nil {
			w.settle(next, nil, nil)
			return nil, err
		}
		p.value = p.digest.creds.Value()
	}
	again := *p
	again.why = next.why + ", for the proxy"
	out, err := w.repeatable(ctx, d, &again, "the proxy's challenge can be answered now")
	if err != nil {
		w.settle(next, nil, nil) // the next request may try
	}
	return out, err
}

// proxyProof is the strongest answer to a proxy's challenges. With errNoAnswer d
// has a note.
func (w *walk) proxyProof(ctx context.Context, resp *http.Response, d *Denied, method, uri string) (*proof, error) {
	r := w.route
	var before *proof
	if r.proof != nil && r.proof.digest != nil {
		before = r.proof
	}
	again := before != nil && d.stale() && !r.staled
	if r.answered && !again {
		d.Note = "the password for the proxy was refused and is not sent again"
		return nil, errNoAnswer
	}
	r.staled = r.staled || again
	list := candidates(resp.Header.Values("Proxy-Authenticate"), d.Challenges, r.logins)
	for _, c := range list {
		p, err := w.try(ctx, c, r.key, method, uri, before)
		if errors.Is(err, errBodyGone) {
			d.gone("the proxy's challenge can be answered")
			continue
		}
		if errors.Is(err, errNoAnswer) {
			continue
		}
		r.answered = r.answered || err == nil
		return p, err
	}
	switch {
	case errors.Is(d.Err, errBodyGone):
	case len(list) > 0:
		d.Note = "the password for the proxy was refused before and is not sent again"
	case !slices.ContainsFunc(r.logins, func(l *login) bool { return l.Basic != nil || l.Digest != nil }):
		d.Note = "there is no login for this proxy"
	default:
		d.Note = "the login for the proxy has no answer to what it asks"
	}
	return nil, errNoAnswer
}

// tunnelError is a proxy's 407 to CONNECT.
type tunnelError struct {
	header http.Header
	sent   string
}

func (e *tunnelError) Error() string {
	return fmt.Sprintf("the proxy refused the tunnel: %d %s", http.StatusProxyAuthRequired, http.StatusText(http.StatusProxyAuthRequired))
}

// tunnelRefused arms the hook with an answer to the proxy's 407, if there is
// one.
func (w *walk) tunnelRefused(ctx context.Context, ex exchange, p *proof, sent string) (again bool, denied *Denied, err error) {
	ex.Response = &http.Response{
		Status: "407 " + http.StatusText(http.StatusProxyAuthRequired), StatusCode: http.StatusProxyAuthRequired,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: ex.tunnel.header, Body: http.NoBody, Request: w.req,
	}
	d, _ := judge(ex.Response, ex.tunnel.sent, w.now())
	if ex.tunnel.sent == "" {
		d.Sent = ""
		d.infer()
	}
	d.Err = ex.tunnel
	if w.route == nil {
		d.Note = "there is no login for this proxy"
		w.observe(ex, p, sent, "nothing: "+d.Note, d, nil)
		return false, d, nil
	}
	w.route.settle(w.state, ex.Response, d)
	next, err := w.proxyProof(ctx, ex.Response, d, http.MethodConnect, authority(w.req.URL))
	if err != nil && !errors.Is(err, errNoAnswer) {
		return false, nil, err
	}
	if next == nil || !w.body.ready(ctx) || w.attempt == mostAttempts {
		w.settle(next, nil, nil)
		w.observe(ex, p, sent, "nothing: "+d.ending(), d, nil)
		return false, d, nil
	}
	w.route.proof = next
	if s := next.digest; s != nil {
		s.session.rewind()
		w.digests.keep(w.route.key, s.session)
	} else {
		w.armed.set(w.route.key, next.login)
	}
	w.observe(ex, p, sent, next.why+", for the proxy", nil, nil)
	return true, nil, nil
}

// rewind takes the first answer back, because another one is computed for the
// connection.
func (s *digestSession) rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = 0
}

func authority(u *url.URL) string {
	if u.Port() == "" {
		return u.Host + ":443"
	}
	return u.Host
}

// hookProxy makes the base say what a tunnel needs.
func (s *state) hookProxy() error {
	if s.plain == nil {
		return fmt.Errorf("client: logins for proxies need a Base that is an *http.Transport, not %T", s.base)
	}
	own := s.plain.Clone()
	if choose := own.Proxy; choose != nil {
		own.Proxy = func(req *http.Request) (*url.URL, error) {
			if r, ok := req.Context().Value(routeKey{}).(*route); ok {
				return r.proxy, nil
			}
			return choose(req)
		}
	}
	header, response := own.GetProxyConnectHeader, own.OnProxyConnectResponse
	static := own.ProxyConnectHeader
	own.GetProxyConnectHeader = func(ctx context.Context, proxy *url.URL, target string) (http.Header, error) {
		h := static.Clone()
		if header != nil {
			var err error
			if h, err = header(ctx, proxy, target); err != nil {
				return nil, err
			}
			h = h.Clone()
		}
		v, err := s.tunnelProof(ctx, proxy, target)
		if v != "" && h.Get("Proxy-Authorization") == "" {
			if h == nil {
				h = make(http.Header)
			}
			h.Set("Proxy-Authorization", v)
		}
		return h, err
	}
	own.OnProxyConnectResponse = func(ctx context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error {
		if response != nil {
			if err := response(ctx, proxy, req, resp); err != nil {
				return err
			}
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusProxyAuthRequired:
		default:
			// net/http says the words of the status alone, as if the server had.
			return fmt.Errorf("the proxy refused the tunnel: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		}
		sent, _, _ := httpauth.CutScheme(req.Header.Get("Proxy-Authorization"))
		return &tunnelError{resp.Header, sent}
	}
	s.plain, s.base = own, own
	return nil
}

func (s *state) tunnelProof(ctx context.Context, proxy *url.URL, target string) (string, error) {
	key := proxyKey(proxy)
	logins := of(s.proxies, originOf(proxy))
	if d := s.digests.find(key, "", logins); d != nil {
		use, err := d.answer(ctx, http.MethodConnect, target, &payload{req: &http.Request{}})
		if err != nil {
			return "", err
		}
		return use.creds.Value(), nil
	}
	if l := s.armed.get(key); l != nil {
		return httpauth.EncodeBasic(l.Basic.User, l.Basic.Password)
	}
	return "", nil
}
