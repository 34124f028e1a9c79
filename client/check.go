package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Check returns a *Denied for a response that refuses: 401, 403, 407, 429, and
// other statuses whose body or fields name a reason of the catalogue. For any
// other it returns nil. What a Transport found out is part of it; without one,
// the response alone is judged. The body stays readable.
func Check(resp *http.Response) error {
	if resp == nil {
		return nil
	}
	if resp.Request != nil {
		if d, ok := resp.Request.Context().Value(deniedKey{}).(*Denied); ok && d.Status == resp.StatusCode {
			return d
		}
	}
	if d, ok := judge(resp, "", time.Now()); ok {
		return d
	}
	return nil
}

// deniedKey is where the context of Response.Request has what the Transport
// found out. A body of its own would be lost inside the one that http.Client
// puts around it for its Timeout.
type deniedKey struct{}

func (d *Denied) attach(resp *http.Response) {
	resp.Request = resp.Request.WithContext(context.WithValue(resp.Request.Context(), deniedKey{}, d))
}

// judge makes a *Denied of a response, if it refuses. sent is the proof that the
// request carried.
func judge(resp *http.Response, sent string, now time.Time) (*Denied, bool) {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusTooManyRequests:
	case http.StatusBadRequest, http.StatusServiceUnavailable:
		if resp.Header.Get("Gate401-Reason") == "" && !strings.Contains(resp.Header.Get("Content-Type"), "problem+json") {
			return nil, false
		}
	default:
		return nil, false
	}
	d := &Denied{Status: resp.StatusCode, Sent: sent, MaxAge: -1, RetryAfter: retryAfter(resp.Header, now)}
	if req := resp.Request; req != nil {
		d.Method, d.URL = req.Method, showURL(req.URL)
		switch {
		case sent != "":
		case d.Status == http.StatusProxyAuthRequired:
			// What was said to the server is nothing to the proxy.
			d.Sent = schemeOf(req.Header.Get("Proxy-Authorization"))
		default:
			d.Sent = sentBy(req)
		}
	}
	d.readChallenges(resp)
	d.readProblem(resp)
	if d.Inferred {
		if d.Status == http.StatusBadRequest || d.Status == http.StatusServiceUnavailable {
			return nil, false
		}
		d.infer()
	}
	return d, true
}

// sentBy names the proof that a caller put into a request.
func sentBy(req *http.Request) string {
	if scheme := schemeOf(req.Header.Get("Authorization")); scheme != "" {
		return scheme
	}
	for _, name := range keyFields[2:] {
		if req.Header.Get(name) != "" {
			return name
		}
	}
	return ""
}

// schemeOf is the scheme of a credential, "Authorization" for one that is not
// known here.
func schemeOf(credential string) string {
	if credential == "" {
		return ""
	}
	scheme, _, _ := httpauth.CutScheme(credential)
	for _, known := range []string{"Bearer", "Basic", "Digest"} {
		if strings.EqualFold(scheme, known) {
			return known
		}
	}
	return "Authorization"
}

func (d *Denied) readChallenges(resp *http.Response) {
	name := "Www-Authenticate"
	if d.Status == http.StatusProxyAuthRequired {
		name = "Proxy-Authenticate"
	}
	fields := resp.Header.Values(name)
	if len(fields) == 0 && d.Status != http.StatusUnauthorized && d.Status != http.StatusProxyAuthRequired {
		return
	}
	got := httpauth.ParseChallenges(fields, httpauth.Lenient)
	d.Challenges, d.Findings = got.Challenges, got.Findings
	c, ok := d.own()
	if !ok {
		return
	}
	get := func(name string) string { v, _ := c.Param(name); return printable(v) }
	d.Realm, d.Code, d.Description = get("realm"), get("error"), get("error_description")
	d.Scope, d.ACR, d.ResourceMetadata = get("scope"), get("acr_values"), get("resource_metadata")
	if n, err := strconv.ParseInt(get("max_age"), 10, 32); err == nil && n >= 0 {
		d.MaxAge = time.Duration(n) * time.Second
	}
}

// own is the challenge that the refusal is about: the one with an error, else
// the one of the scheme that was sent, else the first.
func (d *Denied) own() (httpauth.Challenge, bool) {
	for _, c := range d.Challenges {
		if v, ok := c.Param("error"); ok && v != "" {
			return c, true
		}
	}
	for _, c := range d.Challenges {
		if c.Is(d.Sent) {
			return c, true
		}
	}
	if len(d.Challenges) > 0 {
		return d.Challenges[0], true
	}
	return httpauth.Challenge{}, false
}

func (d *Denied) readProblem(resp *http.Response) {
	p := problemOf(resp)
	d.Title, d.Detail = p.Title, p.Detail
	if d.Title == "" {
		d.Title = p.Message
	}
	if u, err := url.Parse(p.Type); err == nil && p.Type != "" && p.Type != "about:blank" {
		if resp.Request != nil && resp.Request.URL != nil {
			u = resp.Request.URL.ResolveReference(u)
			u.User = nil
		}
		if u.Scheme == "https" || u.Scheme == "http" {
			d.Page = printable(u.String())
		}
	}
	if d.Code == "" {
		d.Code = p.Error
	}
	if d.Description == "" {
		d.Description = p.Description
	}
	d.RequestID = printable(resp.Header.Get("X-Request-Id"))
	if d.RequestID == "" {
		d.RequestID = p.RequestID
	}
	code := resp.Header.Get("Gate401-Reason")
	if _, ok := reason.Lookup(reason.Code(code)); !ok {
		code = p.Code
	}
	info, ok := reason.Lookup(reason.Code(code))
	if !ok {
		d.Inferred = true
		return
	}
	d.Reason, d.Retry = info.Code, info.Retry
	for _, known := range reason.Retries() {
		if string(known.Retry) == p.Retry {
			d.Retry = known.Retry
		}
	}
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3). A date is compared
// with the server's own clock where it tells.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	const most = 366 * 24 * time.Hour
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(min(max(n, 0), int64(most/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), most)
}

func isTrue(v string, _ bool) bool { return strings.EqualFold(v, "true") }
