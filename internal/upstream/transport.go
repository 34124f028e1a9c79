package upstream

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// Times of connections.
const (
	dialTimeout      = 5 * time.Second
	keepAlive        = 30 * time.Second
	handshakeTimeout = 10 * time.Second
	continueTimeout  = time.Second
	// plainIdle is less than the five seconds after which Apache, Node and uvicorn
	// close what is idle, unless told otherwise. A request with a body that meets
	// the end of its connection cannot be sent again, and another connection in the
	// clear costs one round trip.
	plainIdle = 4 * time.Second
)

// NewTransport makes an http.Transport tuned for one server: connections are
// kept and reused, bodies pass as they are, and no proxy of the environment
// stands in between. headerTimeout 0 means DefaultHeaderTimeout.
func NewTransport(target *url.URL, headerTimeout time.Duration) *http.Transport {
	if headerTimeout == 0 {
		headerTimeout = DefaultHeaderTimeout
	}
	idle := DefaultIdleTimeout
	if target != nil && target.Scheme == "http" {
		idle = plainIdle
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      target != nil && target.Scheme == "https",
		DisableCompression:     true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    DefaultMaxIdle,
		IdleConnTimeout:        idle,
		TLSHandshakeTimeout:    handshakeTimeout,
		ExpectContinueTimeout:  continueTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: DefaultMaxHeader,
	}
}

// NewLean makes a Lean for target, with NewTransport for the rest.
func NewLean(target *url.URL, headerTimeout time.Duration) *Lean {
	t := NewTransport(target, headerTimeout)
	return &Lean{Host: target.Host, Rest: t, Dial: t.DialContext, HeaderTimeout: headerTimeout}
}
