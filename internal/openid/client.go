package openid

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401/internal/loopback"
)

const (
	// fetchTimeout bounds one request to a provider, body included: a person is
	// waiting.
	fetchTimeout = 10 * time.Second
	maxAnswer    = 1 << 20
	maxFields    = 64 << 10
)

var errRedirect = errors.New("it redirects, which none of these endpoints has to")

// client is the one by which the provider is asked: it goes nowhere else, waits
// for so long and reads so much.
func (p *Provider) client() *http.Client {
	base := p.Transport
	if base == nil {
		p.own = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxFields,
			IdleConnTimeout: 30 * time.Second, MaxIdleConns: 4, TLSHandshakeTimeout: fetchTimeout,
		}
		base = p.own
	}
	return &http.Client{
		Transport: bounded{base}, Timeout: fetchTimeout,
		// A redirect would carry the secret of the client, or a code, elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

// bounded keeps requests on secure ways and answers short.
type bounded struct{ base http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := secure(r.URL); err != nil {
		return nil, err
	}
	resp, err := b.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &shortBody{resp.Body, maxAnswer}
	return resp, nil
}

// shortBody fails where an answer is too long, rather than to cut it.
type shortBody struct {
	io.ReadCloser
	left int64
}

func (b *shortBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the answer is longer than %d octets", maxAnswer)
	}
	return n, err
}

// secure refuses to send secrets over plain http, unless they stay on this
// machine.
func secure(u *url.URL) error {
	switch {
	case u.Host == "" || u.User != nil:
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback.Stays(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%s: https is required, or http on this machine", u.Redacted())
}

// style is how the secret is sent. It is never found out by trying: a code is good
// once, and the second try would be a replay.
func (p *Provider) style(m *metadata) oauth2.AuthStyle {
	basic, post := m.authenticates("client_secret_basic"), m.authenticates("client_secret_post")
	switch {
	case p.ClientSecret == "", p.ClientAuth == "post":
		return oauth2.AuthStyleInParams
	case p.ClientAuth == "basic":
		return oauth2.AuthStyleInHeader
	case !basic && post:
		return oauth2.AuthStyleInParams
	}
	// The default where the metadata say nothing (OpenID Connect Discovery 1.0
	// section 3).
	return oauth2.AuthStyleInHeader
}
