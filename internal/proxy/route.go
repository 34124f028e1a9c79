package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Route says where the requests of a rule go, and what they may cost. What is not
// set is as for all others.
type Route struct {
	// Upstream is the http or https URL of the API, and Transport reaches it; both
	// or none.
	Upstream  *url.URL
	Transport http.RoundTripper
	// MaxBody is how large the body of a request may be; 0 for any size.
	MaxBody int64
}

// route is a Route with everything set.
type route struct {
	upstream  url.URL
	transport http.RoundTripper
	maxBody   int64
}

// newRoute checks r and completes it with what is for all.
func newRoute(r Route, all *route) (*route, error) {
	out := &route{transport: r.Transport, maxBody: r.MaxBody}
	switch {
	case r.Upstream == nil && all != nil:
		out.upstream = all.upstream
		if out.transport == nil {
			out.transport = all.transport
		}
		if out.maxBody == 0 {
			out.maxBody = all.maxBody
		}
		return out, nil
	case r.Upstream == nil:
		return nil, errors.New("proxy: no upstream")
	case r.Upstream.Scheme != "http" && r.Upstream.Scheme != "https":
		return nil, fmt.Errorf("upstream %q: want an http or https URL", r.Upstream.Redacted())
	case r.Upstream.Host == "":
		return nil, fmt.Errorf("upstream %q: no host", r.Upstream.Redacted())
	case r.Upstream.User != nil || r.Upstream.RawQuery != "" || r.Upstream.Fragment != "":
		return nil, fmt.Errorf("upstream %q: user, query and fragment have no meaning here", r.Upstream.Redacted())
	case r.Transport == nil:
		return nil, fmt.Errorf("upstream %q: no transport", r.Upstream.Redacted())
	}
	out.upstream = *r.Upstream
	out.upstream.Path, out.upstream.RawPath = base(r.Upstream)
	if out.maxBody == 0 && all != nil {
		out.maxBody = all.maxBody
	}
	return out, nil
}

// route finds that of a rule.
func (p *Proxy) route(rule string) *route {
	if len(p.routes) > 0 {
		if r := p.routes[rule]; r != nil {
			return r
		}
	}
	return p.all
}

// limited is hr with a body that ends where it becomes too long; ok is false if
// that is known already.
func (x *passage) limited(w http.ResponseWriter, hr *http.Request) (_ *http.Request, ok bool) {
	limit := x.route.maxBody
	switch {
	case limit == 0 || hr.ContentLength == 0:
		return hr, true
	case hr.ContentLength > limit:
		return hr, false
	}
	out := *hr
	out.Body = http.MaxBytesReader(w, hr.Body, limit)
	return &out, true
}
