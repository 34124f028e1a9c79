package gate401_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// read parses raw as a server would, coming from addr.
func read(t testing.TB, raw, addr string) *http.Request {
	t.Helper()
	hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n"))))
	if err != nil {
		t.Fatal(err)
	}
	hr.RemoteAddr = addr
	return hr
}

func TestIntake(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	public, _ := url.Parse("https://api.example.com")
	for _, c := range []struct {
		name, raw, addr string
		in              gate401.Intake
		url, host, peer string
		refused         bool
	}{
		{name: "plain", raw: "GET /orders?a=1 HTTP/1.1\nHost: Api.Example.COM.:8401\n\n", addr: "192.0.2.7:5",
			url: "http://Api.Example.COM.:8401/orders?a=1", host: "api.example.com", peer: "192.0.2.7"},
		{name: "forwarding fields of a stranger are ignored", addr: "192.0.2.7:5",
			raw: "GET /admin HTTP/1.1\nHost: a\nX-Forwarded-For: 10.0.0.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil\nX-Forwarded-Uri: /public\nX-Original-URL: /public\n\n",
			in:  gate401.Intake{TrustedProxies: proxies}, url: "http://a/admin", host: "a", peer: "192.0.2.7"},
		{name: "a trusted proxy is believed", addr: "10.1.1.1:5",
			raw: "GET / HTTP/1.1\nHost: inner\nX-Forwarded-For: 203.0.113.9, 198.51.100.4, 10.9.9.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: api.example.com\n\n",
			in:  gate401.Intake{TrustedProxies: proxies}, url: "https://api.example.com/", host: "api.example.com", peer: "198.51.100.4"},
		{name: "a chain that cannot be read ends at what is known", addr: "10.1.1.1:5",
			raw: "GET / HTTP/1.1\nHost: a\nX-Forwarded-For: 203.0.113.9, unknown, 10.9.9.9\n\n",
			in:  gate401.Intake{TrustedProxies: proxies}, url: "http://a/", host: "a", peer: "10.9.9.9"},
		{name: "a mapped address is the IPv4 one", addr: "[::ffff:192.0.2.7]:5", raw: "GET / HTTP/1.1\nHost: a\n\n",
			url: "http://a/", host: "a", peer: "192.0.2.7"},
		{name: "the public URL is what is known for sure", addr: "192.0.2.7:5", raw: "GET /x HTTP/1.1\nHost: evil\n\n",
			in: gate401.Intake{PublicURL: public}, url: "https://api.example.com/x", host: "api.example.com", peer: "192.0.2.7"},
		{name: "an IPv6 host without a port", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [2001:DB8::1]\n\n",
			url: "http://[2001:DB8::1]/", host: "2001:db8::1", peer: "192.0.2.7"},
		{name: "an IPv6 host with a port", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [2001:DB8::1]:80\n\n",
			url: "http://[2001:DB8::1]:80/", host: "2001:db8::1", peer: "192.0.2.7"},
		{name: "absolute form", addr: "192.0.2.7:5", raw: "GET http://other/x HTTP/1.1\nHost: a\n\n",
			url: "http://other/x", host: "other", peer: "192.0.2.7"},
		{name: "a method in small letters", addr: "192.0.2.7:5", raw: "delete /x HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "a method in mixed letters", addr: "192.0.2.7:5", raw: "DELETe /x HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "dot segments", addr: "192.0.2.7:5", raw: "GET /public/../admin HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "fragment", addr: "192.0.2.7:5", raw: "GET /private#/public HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "authority in the path", addr: "192.0.2.7:5", raw: "GET //admin HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "asterisk", addr: "192.0.2.7:5", raw: "OPTIONS * HTTP/1.1\nHost: a\n\n", refused: true},
		{name: "CONNECT", addr: "192.0.2.7:5", raw: "CONNECT a:443 HTTP/1.1\nHost: a:443\n\n", refused: true},
		{name: "an IPv6 host in another spelling", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [2001:db8:0:0::0001]:80\n\n",
			url: "http://[2001:db8:0:0::0001]:80/", host: "2001:db8::1", peer: "192.0.2.7"},
		{name: "a port that is empty", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a:\n\n",
			url: "http://a:/", host: "a", peer: "192.0.2.7"},
		{name: "two ports", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a:80:80\n\n", refused: true},
		{name: "a port that is none", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a:80x\n\n", refused: true},
		{name: "two dots behind the host", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a..\n\n", refused: true},
		{name: "two dots within the host", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a..b\n\n", refused: true},
		{name: "a dot before the host", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: .a\n\n", refused: true},
		{name: "a name in brackets", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [a]\n\n", refused: true},
		{name: "an IPv6 address and more", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [::1]80\n\n", refused: true},
		{name: "an IPv6 address without brackets", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: ::1\n\n", refused: true},
		{name: "an open bracket", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: [::1\n\n", refused: true},
		{name: "two hosts in one", addr: "192.0.2.7:5", raw: "GET / HTTP/1.1\nHost: a@b\n\n", refused: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := c.in.Request(read(t, c.raw, c.addr))
			if r == nil {
				t.Fatal("no Request")
			}
			if c.refused {
				var d *gate401.Denial
				if !errors.As(err, &d) || d.Reason != reason.RequestMalformed {
					t.Fatalf("error %v, want request-malformed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.URL.String() != c.url || r.Host != c.host || r.Client.String() != c.peer {
				t.Errorf("got %s %s %s; want %s %s %s", r.URL, r.Host, r.Client, c.url, c.host, c.peer)
			}
		})
	}
}

// A request names one host: who reads the field would take another one than the
// one that was judged.
func TestSecondHost(t *testing.T) {
	for _, c := range []struct {
		name, host string
		major      int
		tls        bool
		fields     []string
		want       bool
	}{
		{"the authority alone", "api.example:8401", 2, false, nil, true},
		{"the same", "api.example:8401", 2, false, []string{"API.example:8401"}, true},
		{"another", "api.example:8401", 2, false, []string{"evil.example"}, false},
		{"another port", "api.example:8401", 2, false, []string{"api.example"}, false},
		{"the usual port", "api.example", 2, true, []string{"api.example:443"}, true},
		{"the usual port left out", "api.example:443", 2, true, []string{"api.example"}, true},
		{"the usual port of http", "api.example", 2, false, []string{"api.example:80"}, true},
		{"the usual port of another scheme", "api.example", 2, true, []string{"api.example:80"}, false},
		{"twice", "api.example:8401", 2, false, []string{"api.example:8401", "api.example:8401"}, false},
		{"HTTP/3", "api.example:8401", 3, false, []string{"evil.example"}, false},
	} {
		hr := read(t, "GET /x HTTP/1.1\nHost: "+c.host+"\n\n", "192.0.2.7:5")
		hr.ProtoMajor, hr.ProtoMinor = c.major, 0
		if c.tls {
			hr.TLS = &tls.ConnectionState{}
		}
		if c.fields != nil {
			hr.Header["Host"] = c.fields
		}
		_, err := (&gate401.Intake{}).Request(hr)
		var d *gate401.Denial
		if ok := err == nil; ok != c.want || !ok && (!errors.As(err, &d) || d.Reason != reason.RequestMalformed) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRequestIDIsOurs(t *testing.T) {
	var in gate401.Intake
	seen := map[string]bool{}
	for range 1000 {
		r, err := in.Request(read(t, "GET / HTTP/1.1\nHost: a\nX-Request-Id: theirs\n\n", "192.0.2.7:5"))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.ID) != 26 || seen[r.ID] || r.InboundID != "theirs" {
			t.Fatalf("id %q, inbound %q", r.ID, r.InboundID)
		}
		seen[r.ID] = true
	}
	r, _ := in.Request(read(t, "GET / HTTP/1.1\nHost: a\nX-Request-Id: "+strings.Repeat("x", 100)+"\n\n", "192.0.2.7:5"))
	if len(r.InboundID) != 64 {
		t.Errorf("an inbound id of %d octets was kept", len(r.InboundID))
	}
}

func TestBodyCanBeReadAgain(t *testing.T) {
	hr := read(t, "POST / HTTP/1.1\nHost: a\nContent-Length: 10\n\n0123456789", "192.0.2.7:5")
	var in gate401.Intake
	r, err := in.Request(hr)
	if err != nil {
		t.Fatal(err)
	}
	if head, err := r.Body(4); string(head) != "0123" || err != nil {
		t.Fatalf("read %q, %v", head, err)
	}
	if all, err := io.ReadAll(hr.Body); string(all) != "0123456789" || err != nil {
		t.Fatalf("read again %q, %v", all, err)
	}
}

func TestClientAddress(t *testing.T) {
	var in gate401.Intake
	for remote, want := range map[string]string{
		"192.0.2.7:5": "192.0.2.7", "[::ffff:192.0.2.7]:5": "192.0.2.7", "[2001:db8::1]:5": "2001:db8::1", "[fe80::1%eth0]:5": "fe80::1%eth0",
		"192.0.2.7": "invalid IP", "::1:5": "invalid IP", "": "invalid IP", "@": "invalid IP", ":5": "invalid IP", "host:5": "invalid IP",
	} {
		r, err := in.Request(read(t, "GET / HTTP/1.1\nHost: a\n\n", remote))
		if err != nil || r.Client.String() != want {
			t.Errorf("%s: %s, want %s (%v)", remote, r.Client, want, err)
		}
	}
}

// A field that was sent is found, whatever its name.
func TestField(t *testing.T) {
	names := []string{"", "A", "Accept", "Authorization", "Cookie", "User-Agent", "X-Api-Key", "X-Request-Id", "odd \xff"}
	var in gate401.Intake
	for _, sent := range names {
		hr := read(t, "GET / HTTP/1.1\nHost: a\n\n", "192.0.2.7:5")
		hr.Header = http.Header{sent: {"x"}}
		r, err := in.Request(hr)
		if err != nil {
			t.Fatal(err)
		}
		byHand := &gate401.Request{Header: hr.Header}
		for _, name := range names {
			if got := len(r.Field(name)); (got == 1) != (name == sent) || got != len(byHand.Field(name)) {
				t.Errorf("%q was sent, and %d values of %q", sent, got, name)
			}
		}
	}
}
