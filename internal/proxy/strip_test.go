package proxy_test

import (
	"encoding/json"
	"testing"

	"github.com/gate401/gate401/internal/proxy"
	"github.com/google/go-cmp/cmp"
)

func quoteJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

var places = proxy.Strip{Headers: []string{"X-API-Key"}, Query: []string{"api_key", "access_token"}, Cookies: []string{"__Host-g401", "g401"}}

func TestCredentialsAreStripped(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Strip = places })
	var lines []string
	for _, name := range []string{"X-Api-Key"} {
		for _, spelt := range spellings(name) {
			lines = append(lines, spelt+": s3cret")
		}
	}
	got := s.get("/orders", append(lines, "Authorization: Bearer alice", "X-Api-Key-Id: kept", "Proxy-Authorization: Basic s3cret")...)
	for name, v := range got.Header {
		if name == "Authorization" || v[0] == "s3cret" || name == "Proxy-Authorization" {
			t.Errorf("%s reached the upstream", name)
		}
	}
	if got.Header.Get("X-Api-Key-Id") != "kept" {
		t.Error("another field was stripped")
	}

	s = start(t, echo, func(c *proxy.Config) { c.Strip, c.KeepCredentials = places, true })
	got = s.get("/orders?api_key=1", "Authorization: Bearer alice", "X-Api-Key: s3cret", "Cookie: g401=x")
	if got.Header.Get("Authorization") != "Bearer alice" || got.Header.Get("X-Api-Key") != "s3cret" || got.Header.Get("Cookie") != "g401=x" || got.Target != "/orders?api_key=1" {
		t.Errorf("not kept: %+v", got)
	}
}

func TestQueryIsStripped(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Strip = places })
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"?", "?"},
		{"?a=1&b=%2f+%zz;c&&=", "?a=1&b=%2f+%zz;c&&="},
		{"?api_key=s", ""},
		{"?a=1&api_key=s&b=2", "?a=1&b=2"},
		{"?api_key=s&a=1&api_key=t", "?a=1"},
		{"?api%5fkey=s&%61pi_key=t&a", "?a"},
		{"?access_token&a=api_key=1", "?a=api_key=1"},
		{"?API_KEY=1", "?API_KEY=1"},
		{"?api_keys=1&xapi_key=2", "?api_keys=1&xapi_key=2"},
	} {
		if got := s.get("/public" + tt.in); got.Target != "/public"+tt.want && got.Target+"?" != "/public"+tt.want {
			t.Errorf("%q: upstream got %q, want %q", tt.in, got.Target, tt.want)
		}
	}
}

func TestCookiesAreStripped(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Strip = places })
	for _, tt := range []struct {
		name string
		in   []string
		want []string
	}{
		{"none", nil, nil},
		{"others, octet by octet", []string{`a="x y" ;b=; =c;d==;;  e`}, []string{`a="x y" ;b=; =c;d==;;  e`}},
		{"only ours", []string{"g401=s3cret"}, nil},
		{"first", []string{"g401=s3cret; a=1;b=2"}, []string{"a=1;b=2"}},
		{"last", []string{"a=1; __Host-g401=s3cret"}, []string{"a=1"}},
		{"middle and twice", []string{"a=1; g401=s;  b=2; g401=t"}, []string{"a=1;  b=2"}},
		{"two fields", []string{"g401=s", "a=1; b=2", "g401=t; c=3"}, []string{"a=1; b=2", "c=3"}},
		{"similar names", []string{"xg401=1; g4012=2; G401=3"}, []string{"xg401=1; g4012=2; G401=3"}},
		{"no value", []string{"g401; a=1"}, []string{"a=1"}},
		{"padded name", []string{"a=1; g401 =s"}, []string{"a=1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var lines []string
			for _, c := range tt.in {
				lines = append(lines, "Cookie: "+c)
			}
			s := &rig{t: t, addr: s.addr}
			got := s.get("/public", lines...)
			if diff := cmp.Diff(tt.want, got.Header["Cookie"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A preflight that the upstream answers goes without body and credentials.
func TestForwardedPreflight(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Strip, c.KeepCredentials = places, true })
	res, body := s.raw("OPTIONS /asks?api_key=1&a HTTP/1.1\nHost: a\nOrigin: https://app.example\nAccess-Control-Request-Method: PUT\n" +
		"Authorization: Bearer alice\nCookie: a=1\nContent-Length: 3\n\nabc")
	var got seen
	if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if got.Body != "" || got.Header.Get("Authorization") != "" || got.Header.Get("Cookie") != "" || got.Target != "/asks?a" || got.Header.Get("Origin") == "" {
		t.Errorf("upstream got %+v", got)
	}
}
