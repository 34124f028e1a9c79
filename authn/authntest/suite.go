package authntest

import (
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Suite is what [Run] needs.
type Suite struct {
	// New makes a fresh method that remembers nothing, with requests for it. It
	// is called once for every check.
	New func(t *testing.T) Sample
}

// Sample is a method and requests that it treats in a known way.
type Sample struct {
	// Method is what is checked.
	Method gate401.Authenticator
	// Valid are requests with different credentials that are all right.
	Valid []*gate401.Request
	// None are requests that carry no credential of this kind.
	None []*gate401.Request
	// Malformed are requests whose credential cannot be read.
	Malformed []Refusal
	// Opaque says that there are none: any text is a credential, for Verify to
	// judge, as with cookies.
	Opaque bool
	// Refused are requests whose credential can be read and is wrong.
	Refused []Refusal
	// Once says that each of the valid requests is good for one time only, and
	// that challenges carry a nonce.
	Once bool
	// Away makes the backend unreachable; nil if there is none.
	Away func()
	// Secrets are texts of the requests that no error may contain.
	Secrets []string
}

// Refusal is a request and the reason for which it is to be refused.
type Refusal struct {
	Request *gate401.Request
	Reason  reason.Code
}

// Request makes a GET request for target, which may have a query, with fields
// given as name, value, name, value.
func Request(target string, fields ...string) *gate401.Request {
	path, query, _ := strings.Cut(target, "?")
	r := &gate401.Request{
		Method: http.MethodGet, Target: target, Path: path, Host: "api.example.com",
		URL:    &url.URL{Scheme: "https", Host: "api.example.com", Path: path, RawQuery: query},
		Header: make(http.Header), Client: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Time: time.Now(), ID: "request-1",
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	return r
}

// all are the requests of the sample.
func (s *Sample) all() []*gate401.Request {
	list := append(append([]*gate401.Request{}, s.Valid...), s.None...)
	for _, x := range s.Malformed {
		list = append(list, x.Request)
	}
	for _, x := range s.Refused {
		list = append(list, x.Request)
	}
	return list
}

// clone copies what a method could change.
func clone(r *gate401.Request) *gate401.Request {
	c := *r
	c.Header = make(http.Header, len(r.Header))
	for name, values := range r.Header {
		c.Header[name] = append([]string(nil), values...)
	}
	if r.URL != nil {
		u := *r.URL
		c.URL = &u
	}
	return &c
}

// equal compares two requests, apart from what cannot be compared.
func equal(a, b *gate401.Request) bool {
	same := func(x, y []string) bool {
		return strings.Join(x, "\x00") == strings.Join(y, "\x00") && len(x) == len(y)
	}
	return a.Method == b.Method && a.Target == b.Target && a.Path == b.Path && a.Host == b.Host && a.Client == b.Client &&
		a.Time.Equal(b.Time) && a.ID == b.ID && a.InboundID == b.InboundID && a.TLS == b.TLS &&
		maps.EqualFunc(a.Header, b.Header, same) && (a.URL == nil) == (b.URL == nil) && (a.URL == nil || *a.URL == *b.URL)
}
