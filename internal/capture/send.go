package capture

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/internal/secretname"
)

// Bounds of Sender.
const (
	DefaultSendTimeout = 30 * time.Second
	DefaultMaxBody     = 1 << 20
	maxRedirects       = 10
)

// Sender makes the requests of an exchange for real. It answers no challenge
// and keeps no cookies unless it has a Jar: what comes back is what explain has
// to look at. The zero value is ready.
type Sender struct {
	// Timeout bounds one request; 0 means DefaultSendTimeout.
	Timeout time.Duration
	// MaxBody is how much of a body is read; 0 means DefaultMaxBody.
	MaxBody int64
	// Jar adds cookies and keeps those that are set; nil means none.
	Jar http.CookieJar
	// Progress is told of requests that take long; nil means nobody.
	Progress func(text string)
	// Slow is when Progress is told; 0 means 2 s.
	Slow time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Roots verifies servers; nil means those of the system.
	Roots *tls.Config
}

// Send makes the request and, if its options follow redirects, the next ones,
// each an exchange of its own. Fields with credentials, keys too, do not go to
// another origin unless FollowTrusted is set (RFC 9110 section 15.4 leaves it to
// the client; curl holds back Authorization and Cookie alone). Where no answer could be had the last exchange tells why, and so
// does the error.
func (s *Sender) Send(ctx context.Context, x Exchange) ([]Exchange, error) {
	transport := s.transport(x.Request.Options)
	defer transport.CloseIdleConnections()
	next := x.Request
	var out []Exchange
	for {
		done, err := s.one(ctx, transport, next)
		if len(out) == 0 {
			done.Notes = append(slices.Clip(x.Notes), done.Notes...)
		}
		out = append(out, done)
		if err != nil {
			return out, err
		}
		target, ok := location(done)
		if !ok || !next.Options.Follow {
			return out, nil
		}
		if len(out) > maxRedirects {
			out[len(out)-1].Notes = append(out[len(out)-1].Notes, Note{NoteError, "redirects", fmt.Sprintf("given up after %d redirects", maxRedirects)})
			return out, nil
		}
		next = redirected(next, done.Response.Status, target)
	}
}

func (s *Sender) transport(o Options) *http.Transport {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.Roots != nil {
		config = s.Roots.Clone()
	}
	config.InsecureSkipVerify = o.Insecure
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableCompression: true, DisableKeepAlives: true,
		ForceAttemptHTTP2: true, ResponseHeaderTimeout: s.timeout(), MaxResponseHeaderBytes: 256 << 10,
		DialContext: (&net.Dialer{Timeout: s.timeout()}).DialContext,
	}
	if o.Proxy != "" {
		t.Proxy = func(*http.Request) (*url.URL, error) {
			u, err := url.Parse(o.Proxy)
			if err != nil || u.Host == "" {
				return nil, errors.New("the proxy is no URL")
			}
			if name, password, ok := strings.Cut(o.ProxyUser, ":"); o.ProxyUser != "" {
				if u.User = url.User(name); ok {
					u.User = url.UserPassword(name, password)
				}
			}
			return u, nil
		}
	}
	return t
}

func (s *Sender) timeout() time.Duration { return cmp.Or(s.Timeout, DefaultSendTimeout) }

func (s *Sender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// one makes one request.
func (s *Sender) one(ctx context.Context, t *http.Transport, q Request) (Exchange, error) {
	x := Exchange{Request: q, Live: true, Started: s.now()}
	failed := func(err error) (Exchange, error) {
		err = sendError(err)
		x.Response = &Response{}
		x.Notes = append(x.Notes, Note{NoteError, "send", err.Error()})
		return x, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	defer s.tell(q)()
	var address string
	// A dial may outlive the request that asked for it.
	var refusal atomic.Pointer[Response]
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { address = i.Conn.RemoteAddr().String() }})
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			refusal.Store(&Response{Proto: resp.Proto, Status: resp.StatusCode, Reason: reasonPhrase(resp), Header: fieldsOf(resp.Header)})
		}
		return nil
	}
	req, err := s.request(ctx, &x.Request)
	if err != nil {
		return failed(err)
	}
	toldProxy(t, req, &x.Request)
	before := time.Now()
	resp, err := t.RoundTrip(req)
	if no := refusal.Load(); no != nil {
		// The proxy refused to connect: that is an answer, though not the server's.
		x.Response = no
		x.Notes = append(x.Notes, Note{NoteError, "proxy", "the proxy refused to connect; the answer is its own"})
		return x, nil
	}
	if err != nil {
		return failed(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if s.Jar != nil {
		s.Jar.SetCookies(q.URL, resp.Cookies())
	}
	limit := cmp.Or(s.MaxBody, DefaultMaxBody)
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		x.Notes = append(x.Notes, Note{NoteError, "body", "the body ended early: " + sendError(err).Error()})
	}
	if int64(len(body)) > limit {
		body = body[:limit]
		x.Notes = append(x.Notes, Note{NoteIgnored, "body", fmt.Sprintf("only the first %d octets of the body were read", limit)})
	}
	x.Took = time.Since(before)
	x.Response = &Response{Proto: resp.Proto, Status: resp.StatusCode, Reason: reasonPhrase(resp), Header: fieldsOf(resp.Header), Body: body, Address: address}
	if x.Response.Proto == "HTTP/2.0" {
		x.Response.Proto = "HTTP/2"
	}
	x.Request.Proto = x.Response.Proto
	return x, nil
}

// toldProxy puts into the capture what the transport tells the proxy by itself.
func toldProxy(t *http.Transport, req *http.Request, q *Request) {
	u, err := t.Proxy(req)
	if err != nil || u == nil || u.User == nil || u.Scheme != "http" && u.Scheme != "https" || q.Header.Has("Proxy-Authorization") {
		return
	}
	password, _ := u.User.Password()
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	q.Header = append(slices.Clip(q.Header), Field{Name: "Proxy-Authorization", Value: value})
}

// tell says where a request is that takes long, until the returned function is
// called.
func (s *Sender) tell(q Request) func() {
	if s.Progress == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		timer := time.NewTimer(cmp.Or(s.Slow, 2*time.Second))
		defer timer.Stop()
		select {
		case <-timer.C:
			s.Progress(fmt.Sprintf("waiting for %s (at most %s)", q.URL.Host, s.timeout()))
		case <-done:
		}
	}()
	return func() { close(done); <-ended }
}

// request makes what net/http sends. Names keep their spelling; what it has to
// decide itself (Host, length, compression, connection) it decides. Cookies of
// the jar become part of what was sent.
func (s *Sender) request(ctx context.Context, q *Request) (*http.Request, error) {
	var body io.Reader
	if len(q.Body) > 0 {
		body = bytes.NewReader(q.Body)
	}
	u := *q.URL
	req, err := http.NewRequestWithContext(ctx, q.Method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if s.Jar != nil {
		for _, c := range s.Jar.Cookies(q.URL) {
			q.Header = append(slices.Clip(q.Header), Field{"Cookie", c.Name + "=" + c.Value})
		}
	}
	req.Header = http.Header{}
	for _, f := range q.Header {
		switch strings.ToLower(f.Name) {
		case "host":
			req.Host = f.Value
		case "content-length", "transfer-encoding", "connection", "accept-encoding", "proxy-connection", "keep-alive", "upgrade", "te":
		default:
			req.Header[f.Name] = append(req.Header[f.Name], f.Value)
		}
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = nil // no name is invented for the client
	}
	return req, nil
}

// reasonPhrase is the phrase of the status line, without the number.
func reasonPhrase(r *http.Response) string {
	_, phrase, _ := strings.Cut(r.Status, " ")
	return phrase
}

// fieldsOf is a header in the order of names; net/http keeps no other, and
// spells names its own way.
func fieldsOf(header http.Header) Header {
	var out Header
	for name, values := range header {
		for _, v := range values {
			out = append(out, Field{name, v})
		}
	}
	slices.SortStableFunc(out, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// location is where a redirect points.
func location(x Exchange) (*url.URL, bool) {
	switch x.Response.Status {
	case 301, 302, 303, 307, 308:
	default:
		return nil, false
	}
	to, err := x.Request.URL.Parse(x.Response.Header.Get("Location"))
	if err != nil || !x.Response.Header.Has("Location") || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, false
	}
	to.Fragment, to.RawFragment = "", ""
	return to, true
}

// redirected is the next request. 303 asks with GET, and 301 and 302 turn POST
// into GET, as every client does (RFC 9110 sections 15.4.2 to 15.4.4).
func redirected(q Request, status int, to *url.URL) Request {
	next := q
	drop := []string{"host"}
	if status == 303 && q.Method != http.MethodHead || q.Method == http.MethodPost && (status == 301 || status == 302) {
		next.Method, next.Body = http.MethodGet, nil
		drop = append(drop, "content-type", "content-length")
	}
	away := !sameOrigin(q.URL, to) && !q.Options.FollowTrusted
	if away {
		next.Options.User = ""
	}
	if to.User != nil {
		to.User = nil
	}
	next.URL, next.Header = to, Header{{"Host", hostField(to)}}
	for _, f := range q.Header {
		if !slices.Contains(drop, strings.ToLower(f.Name)) && !(away && secretname.Is(f.Name)) {
			next.Header = append(next.Header, f)
		}
	}
	return next
}
