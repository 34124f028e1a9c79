//go:build unix

package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/upstream"
)

// wire is what a transport sends for r, up to the end of the head. Both kinds
// get the same octets of a server that hangs up.
func wire(t *rapid.T, rt func(*url.URL, func(context.Context, string, string) (net.Conn, error)) http.RoundTripper, r *http.Request) (string, error) {
	near, far := socketPair(t)
	defer far.Close()
	defer near.Close()
	dialed := false
	dial := func(context.Context, string, string) (net.Conn, error) {
		if dialed {
			return nil, errors.New("dialed twice")
		}
		dialed = true
		return near, nil
	}
	var sent bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		br := bufio.NewReader(far)
		for {
			line, err := br.ReadBytes('\n')
			sent.Write(line)
			if err != nil {
				return
			}
			if len(line) <= 2 {
				_, _ = io.WriteString(far, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
				return
			}
		}
	}()
	res, err := rt(r.URL, dial).RoundTrip(r)
	if err == nil {
		_ = res.Body.Close()
	}
	_ = near.Close()
	<-done
	return sent.String(), err
}

// What is sent is what http.Transport would send, octet by octet; what it does
// not send is not sent either.
func TestHeadIsTheLibrarys(t *testing.T) {
	path := rapid.OneOf(
		rapid.StringMatching(`/[a-z0-9/._~!$&'()*+,;=:@\[\]-]{0,20}`),
		rapid.StringMatching(`/(%2[Ff]|%20|%c3%bc|%00|[a-z "<>{}|^ü/]){0,8}`),
		rapid.SampledFrom([]string{"", "*", "//a//b", "/a b", "/%", "/%zz", "/é", "/\x00", "/a\r\nX: y"}),
	)
	query := rapid.OneOf(
		rapid.StringMatching(`([a-z]=[a-zA-Z0-9%+/?:@!$'()*,;~"<>-]{0,9}&?){0,4}`),
		rapid.SampledFrom([]string{"", "a=\r\nX: y", "a=\x00", "a=\x7f", "a=é", "?"}),
	)
	value := rapid.OneOf(
		rapid.StringMatching(`[ \t]{0,2}[a-zA-Z0-9 "(),/:;<=>?@{}é\t-]{0,40}[ \t]{0,2}`),
		rapid.StringMatching(`[a-z]{0,20}[\x00-\x1f\x7f]?[a-z]{0,20}`),
	)
	name := rapid.OneOf(
		rapid.SampledFrom([]string{"User-Agent", "Host", "Content-Length", "Content-Type", "Accept", "Cookie", "X-Request-Id", "Idempotency-Key", "x-lower"}),
		rapid.StringMatching(`[A-Z][a-z0-9!#$%&'*+.^_|~-]{0,12}`),
		rapid.StringMatching(`[a-z]{0,3}[ :\r\n\x00é"(){}]?[a-z]{0,3}`),
	)
	host := rapid.OneOf(rapid.SampledFrom([]string{"", "a.example", "a.example:80", "[::1]:8080", "[fe80::1%25en0]", "bücher.example", "a b", "a/b", "a\r\nX: y", "A_b"}))
	rapid.Check(t, func(t *rapid.T) {
		u := &url.URL{Scheme: "http", Host: "127.0.0.1:1", RawQuery: query.Draw(t, "query"), ForceQuery: rapid.Bool().Draw(t, "force")}
		raw := path.Draw(t, "path")
		if decoded, err := url.PathUnescape(raw); err == nil && rapid.Bool().Draw(t, "both") {
			u.Path, u.RawPath = decoded, raw
		} else {
			u.Path = raw
		}
		r := &http.Request{Method: rapid.SampledFrom([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "G T"}).Draw(t, "method"), URL: u, Host: host.Draw(t, "host"), Header: http.Header{}}
		for range rapid.IntRange(0, 20).Draw(t, "fields") {
			n := name.Draw(t, "name")
			r.Header[n] = append(r.Header[n], value.Draw(t, "value"))
		}
		r = r.WithContext(context.Background())
		want, wantErr := wire(t, func(u *url.URL, dial func(context.Context, string, string) (net.Conn, error)) http.RoundTripper {
			tr := upstream.NewTransport(u, 0)
			tr.DialContext = dial
			return tr
		}, r)
		got, gotErr := wire(t, func(u *url.URL, dial func(context.Context, string, string) (net.Conn, error)) http.RoundTripper {
			tr := upstream.NewTransport(u, 0)
			tr.DialContext = dial
			return &upstream.Lean{Host: u.Host, Rest: tr, Dial: dial}
		}, r)
		if got != want || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("sent %q, %v\nwant %q, %v", got, gotErr, want, wantErr)
		}
	})
}

// What a browser sends must be done here: a fallback that always takes over
// would pass every other test.
func TestUsualRequestsAreLean(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		want               bool
	}{
		{name: "script", method: "GET", path: "/a?b=c", header: http.Header{"Accept": {"*/*"}}, want: true},
		{name: "browser", method: "GET", path: "/a%20b/c%2Fd?x=%20", header: http.Header{"Accept": {"text/html,*/*;q=0.8"}, "Cookie": {"a=b; c=d"}, "Sec-Ch-Ua": {`"Chromium";v="131"`}}, want: true},
		{name: "HEAD", method: "HEAD", path: "/", want: true},
		{name: "DELETE", method: "DELETE", path: "/", want: true},
		{name: "POST", method: "POST", path: "/", want: true},
		{name: "OPTIONS", method: "OPTIONS", path: "/", want: true},
		{name: "TRACE", method: "TRACE", path: "/"},
		{name: "upgrade", method: "GET", path: "/", header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}},
		{name: "trailers", method: "GET", path: "/", header: http.Header{"Te": {"trailers"}}},
		{name: "expectation", method: "GET", path: "/", header: http.Header{"Expect": {"100-continue"}}},
		{name: "line break", method: "GET", path: "/", header: http.Header{"X": {"a\r\nB: c"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := listen(t, answering("HTTP/1.1 204 No Content\n\n"))
			left := false
			l := upstream.NewLean(s.url(), 0)
			defer l.Close()
			l.Rest = roundTripper(func(*http.Request) (*http.Response, error) {
				left = true
				return nil, http.ErrNotSupported
			})
			r := s.request(c.method, c.path)
			r.Header = c.header
			if r.Header == nil {
				r.Header = http.Header{}
			}
			res, err := l.RoundTrip(r)
			if err == nil {
				_ = res.Body.Close()
			}
			if left == c.want {
				t.Errorf("done here: %v, want %v (%v)", !left, c.want, err)
			}
		})
	}
}
