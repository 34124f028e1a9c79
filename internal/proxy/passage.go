package proxy

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// passage is one request on its way to the upstream and back. Each has a
// ReverseProxy of its own, whose hooks then know the decision: carrying it in a
// context would copy the request once more. Both are used again for another
// request, since binding the hooks costs more than they do.
type passage struct {
	proxy    *Proxy
	route    *route
	reverse  httputil.ReverseProxy
	writer   informing
	before   before
	in       *http.Request
	came     *http.Request // in, but for a limit of its body: fields behind it come here
	lent     http.Request  // in without its fields, see carry
	lentURL  url.URL
	request  *gate401.Request
	decision gate401.Decision
	body     *watchedBody
	sent     bool                    // the request got as far as being written for the upstream
	life     *life                   // of an answer that may have to end, nil for all others
	cancel   context.CancelCauseFunc // of a call that may have to end before its answer
	upgrades bool                    // the upstream was asked for a WebSocket
	tunnel   *tunnel                 // made by a switch to it
	lingers  bool                    // the rest of the client's body is read behind the answer

	asserted   string   // the token that tells the upstream who is asking
	challenges []string // of the upstream, where the gate answers in its place
}

func (p *Proxy) take() *passage {
	if x, ok := p.passages.Get().(*passage); ok {
		return x
	}
	x := &passage{proxy: p, lingers: true}
	x.reverse = httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		BufferPool:     p.buffers,
		ModifyResponse: x.answer,
		ErrorHandler:   x.fail,
		ErrorLog:       log.New(breaks{x}, "", 0),
	}
	return x
}

// put keeps x, and nothing of the request that it carried.
func (p *Proxy) put(x *passage) {
	x.in, x.came, x.request, x.body, x.sent = nil, nil, nil, nil, false
	x.upgrades, x.tunnel, x.challenges, x.lingers, x.asserted = false, nil, nil, true, ""
	x.writer, x.before, x.lent, x.decision = informing{}, before{}, http.Request{}, gate401.Decision{}
	p.passages.Put(x)
}

// carry takes the request to the upstream and back. ReverseProxy would copy all
// fields, value by value, into a map with room for no more; a request that asks
// nothing of the connection is lent to it without them, and rewrite makes the
// map once, in the size it will have.
func (x *passage) carry(w http.ResponseWriter, hr *http.Request) {
	// Also after a panic: the hub must not know it any more.
	defer x.release()
	x.writer.ResponseWriter, x.in, x.reverse.Transport = w, hr, x.route.transport
	x.before = fieldsBefore(w)
	if !plain(hr.Header) {
		x.reverse.ServeHTTP(&x.writer, hr)
		return
	}
	x.lent = *hr
	x.lent.Header, x.lent.URL = nil, &x.lentURL
	x.reverse.ServeHTTP(&x.writer, &x.lent)
}

// plain tells whether no field is about the connection alone (RFC 9110 section
// 7.6.1), but for the wish to keep it, which everybody has anyway.
func plain(h http.Header) bool {
	for name, values := range h {
		switch name {
		case "Connection":
			if len(values) != 1 || !strings.EqualFold(values[0], "keep-alive") {
				return false
			}
		case "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
			"Te", "Trailer", "Transfer-Encoding", "Upgrade":
			return false
		}
	}
	return true
}

// rewrite makes the outbound request. It runs after hop-by-hop fields were
// removed, so that no "Connection: Gate401-Subject" can take away what it adds
// (RFC 9110 section 7.6.1).
func (x *passage) rewrite(pr *httputil.ProxyRequest) {
	p, r, out := x.proxy, x.request, pr.Out
	x.sent = true
	x.address(out)

	// What is told of the identity first: the map must know how much it is. One
	// allocation for all values.
	values := make([]string, len(p.identity), len(p.identity)+added+2)
	told := 0
	for i, t := range p.identity {
		if values[i] = t.Value(r, &x.decision); values[i] != "" {
			told++
		}
	}
	if x.asserted != "" {
		told++
	}
	h := x.fields(out, told)
	if up := h["Upgrade"]; up != nil && (len(up) != 1 || !strings.EqualFold(up[0], "websocket") || !x.in.ProtoAtLeast(1, 1)) {
		// Whatever follows another upgrade nobody would judge: h2c would carry
		// requests for any path. HTTP/1.0 has none (RFC 9110 section 7.8).
		delete(h, "Upgrade")
		delete(h, "Connection")
		delete(h, "Http2-Settings")
	} else {
		x.upgrades = up != nil
	}
	query := r.URL.RawQuery
	if !p.overridable {
		query = withoutOverride(query)
	}
	preflight := r.Preflight()
	if !p.keep || preflight {
		query = stripQuery(query, p.strip.Query)
		stripCookies(h, p.strip.Cookies)
	}
	out.URL.RawQuery = query
	if preflight {
		// One that the upstream answers goes without body and credentials: a
		// browser sends none, so whoever does is no browser.
		delete(h, "Authorization")
		delete(h, "Cookie")
		delete(h, "Content-Type")
		out.Body, out.ContentLength, out.TransferEncoding = nil, 0, nil
	}

	set := func(name, value string) {
		if value != "" {
			values = append(values, value)
			n := len(values)
			h[name] = values[n-1 : n : n]
		}
	}
	set("X-Forwarded-For", x.forwardedFor())
	set("X-Forwarded-Proto", r.URL.Scheme)
	set("X-Forwarded-Host", r.URL.Host)
	if !p.tellsID {
		set("X-Request-Id", r.ID)
	}
	if x.asserted != "" {
		set(p.assertion.Name(), x.asserted)
	}
	for i, t := range p.identity {
		if values[i] != "" {
			h[t.Name] = values[i : i+1 : i+1]
		}
	}
	h["Via"] = via(h["Via"], x.in)
	if out.Body != nil {
		x.body = &watchedBody{ReadCloser: out.Body}
		x.body.asks = x.in.Header["Expect"] != nil
		out.Body, x.writer.body, x.writer.http1 = x.body, x.body, x.in.ProtoMajor == 1
		x.trailing(out)
	}
	if x.in.ProtoMajor > 1 && p.end != EndNone && gate401.RPC(x.in) {
		pr.Out = x.call(out)
	}
}

// fields are those of the client that the upstream gets, in a map with room for
// ours, of which so many tell the identity.
func (x *passage) fields(out *http.Request, told int) http.Header {
	drops := x.proxy.filter.drops
	if x.lent.URL == nil {
		for name := range out.Header {
			if drops(name) {
				delete(out.Header, name)
			}
		}
		return out.Header
	}
	// Not one too many: a map of eight costs half of one of nine. Where it may
	// matter those are not counted that do not go on, as the credential.
	n := added + told
	if !x.proxy.tellsID {
		n++
	}
	const small, seldomMore = 8, 3
	if x.in.Header["User-Agent"] == nil {
		n++ // ReverseProxy sets an empty one, so that none is sent
	}
	if n += len(x.in.Header); n > small && n <= small+seldomMore {
		for name := range x.in.Header {
			if name == "Connection" || drops(name) {
				n--
			}
		}
	}
	h := make(http.Header, n)
	for name, values := range x.in.Header {
		if name != "Connection" && !drops(name) {
			h[name] = slices.Clip(values) // shared, and never written to
		}
	}
	out.Header = h
	return h
}

// added is how many fields rewrite adds beside those of the identity, and the
// identifier of the request where it is none of them.
const added = 4

var ours = []string{"1.1 gate401"}

// via adds us to those through whose hands the request went, with the version in
// which we received it (RFC 9110 section 7.6.3).
func via(before []string, in *http.Request) []string {
	switch {
	case in.ProtoMajor == 2:
		return append(before, "2.0 gate401")
	case in.ProtoMajor == 1 && in.ProtoMinor == 0:
		return append(before, "1.0 gate401")
	case len(before) == 0:
		return ours
	}
	return append(before, ours...)
}

// address points out at the upstream, with the path that was judged.
func (x *passage) address(out *http.Request) {
	p, r, to := x.proxy, x.request, &x.route.upstream
	u := out.URL
	u.Scheme, u.Host, u.User, u.Opaque = to.Scheme, to.Host, nil, ""
	// RawPath is set even where it seems to say no more than Path: url.URL
	// would encode "!" and others that the canonical form leaves alone.
	u.Path, u.RawPath = to.Path+r.URL.Path, to.RawPath+r.Path
	u.Fragment, u.RawFragment = "", ""
	out.Host = ""
	if p.passHost {
		out.Host = r.URL.Host
	}
}

// forwardedFor is the client that was judged and, if it reached us through a
// trusted proxy, that proxy. What stood left of the client in the inbound field
// could be invented, and is not repeated.
func (x *passage) forwardedFor() string {
	client := x.request.Client
	if !client.IsValid() {
		return "unknown" // RFC 7239 section 6.2
	}
	if len(x.proxy.gate.Intake.TrustedProxies) == 0 {
		return client.String()
	}
	peer, err := netip.ParseAddrPort(x.in.RemoteAddr)
	if err != nil || peer.Addr().Unmap() == client {
		return client.String()
	}
	return client.String() + ", " + peer.Addr().Unmap().String()
}

// refusedByUpstream marks the 401 and 403 of the upstream, as "gate" marks ours.
var refusedByUpstream = []string{"upstream"}

// answer prepares the upstream's response for the client.
func (x *passage) answer(res *http.Response) error {
	x.restore()
	h := res.Header
	// What is said with a known length is heard before the connection closes.
	x.lingers = res.ContentLength >= 0 || res.StatusCode >= http.StatusBadRequest
	if res.StatusCode == http.StatusSwitchingProtocols && !strings.EqualFold(h.Get("Upgrade"), "websocket") {
		// ReverseProxy would refuse it too, and leave the connection open.
		return errors.New("the upstream switched to another protocol than WebSocket")
	}
	withoutOwn(h)
	withoutOwn(res.Trailer)
	h["X-Request-Id"] = []string{x.request.ID}
	x.cors(h)
	x.strict(h)
	switch res.StatusCode {
	case http.StatusSwitchingProtocols:
		return x.tunnelFor(res)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		if err := x.refused(res); err != nil {
			return err
		}
	default:
		if x.decision.Identity != nil {
			x.unshared(h)
		}
	}
	if !bodiless(res) {
		x.ends(res)
	}
	if res.ContentLength < 0 || res.ProtoMajor > 1 {
		res.Body = &trailed{res.Body, res}
	}
	x.move(res)
	return nil
}

// move hands over the fields of an answer as they are, where ReverseProxy would
// copy them one by one. It still looks at those of a stream of events, which it
// passes on without waiting for more.
func (x *passage) move(res *http.Response) {
	if strings.HasPrefix(strings.ToLower(res.Header.Get("Content-Type")), "text/event-stream") {
		return
	}
	w := x.writer.Header()
	for name, values := range res.Header {
		w[name] = values
	}
	if res.Header["Content-Type"] == nil {
		// Else the server would guess one, and take text for a page.
		w["Content-Type"] = nil
	}
	res.Header = nil
}

// cors puts the fields of the decision in place of the upstream's. A rule with
// CORS decides alone: an upstream that allows any origin must not open what the
// rule keeps shut. Vary is the exception, it adds up.
func (x *passage) cors(h http.Header) {
	own := x.decision.Header
	if len(own) == 0 {
		return
	}
	if own["Vary"] != nil {
		for name := range h {
			if strings.HasPrefix(name, "Access-Control-") {
				delete(h, name)
			}
		}
	}
	for name, values := range own {
		if name == "Vary" {
			values = append(h["Vary"][:len(h["Vary"]):len(h["Vary"])], values...)
		}
		h[name] = values
	}
}
