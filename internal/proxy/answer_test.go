package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/freeport"
	"github.com/gate401/gate401/internal/proxy"
)

// lines collects a log.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

func TestWhoRefused(t *testing.T) {
	var logged lines
	var mu sync.Mutex
	answered := map[int]int{}
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Gate401-Refused-By", "gate")
		w.Header().Set("gate401_reason", "token-expired")
		w.Header().Set("X-Request-Id", "theirs")
		switch {
		case strings.HasSuffix(r.URL.Path, "asks"):
			w.Header().Add("WWW-Authenticate", `Basic realm="theirs"`)
			w.Header().Add("WWW-Authenticate", `Bearer`)
			w.WriteHeader(401)
		case strings.HasSuffix(r.URL.Path, "mute"):
			w.WriteHeader(401)
		case strings.HasSuffix(r.URL.Path, "forbidden"):
			w.WriteHeader(403)
		}
	}, func(c *proxy.Config) {
		c.Log = logged.logger()
		c.Answered = func(_ *gate401.Request, d *gate401.Decision, status int) {
			mu.Lock()
			defer mu.Unlock()
			answered[status]++
		}
	})
	for _, tt := range []struct {
		path   string
		status int
		by     string
		asks   int
	}{
		{"/orders", 401, "gate", 1},
		{"/public", 200, "", 0},
		{"/public/asks", 401, "upstream", 2},
		{"/public/mute", 401, "upstream", 0},
		{"/public/mute", 401, "upstream", 0},
		{"/public/forbidden", 403, "upstream", 0},
	} {
		res, _ := s.raw("GET " + tt.path + " HTTP/1.1\nHost: a\n\n")
		if res.StatusCode != tt.status || res.Header.Get("Gate401-Refused-By") != tt.by || len(res.Header["Www-Authenticate"]) != tt.asks {
			t.Errorf("%s: %d %v", tt.path, res.StatusCode, res.Header)
		}
		if id := res.Header["X-Request-Id"]; len(id) != 1 || len(id[0]) != 26 {
			t.Errorf("%s: X-Request-Id %q", tt.path, id)
		}
		if _, ok := res.Header["Gate401_reason"]; ok {
			t.Errorf("%s: a field like ours came from the upstream", tt.path)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if answered[401] != 3 || answered[403] != 1 {
		t.Errorf("answered %v", answered)
	}
	if n := strings.Count(logged.String(), "without a challenge"); n != 1 {
		t.Errorf("the missing challenge is logged %d times, want once for the rule:\n%s", n, logged.String())
	}
}

func TestCORSIsTheRules(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Vary", "Accept-Encoding")
	}, nil)
	for _, tt := range []struct{ path, origin, allowed, credentials, vary string }{
		{"/cors", "https://app.example", "https://app.example", "", "Accept-Encoding|Origin"},
		{"/cors", "https://evil.example", "", "", "Accept-Encoding|Origin"},
		{"/public", "https://app.example", "*", "true", "Accept-Encoding"},
	} {
		res, _ := s.raw("GET " + tt.path + " HTTP/1.1\nHost: a\nOrigin: " + tt.origin + "\n\n")
		h := res.Header
		if h.Get("Access-Control-Allow-Origin") != tt.allowed || h.Get("Access-Control-Allow-Credentials") != tt.credentials || strings.Join(h["Vary"], "|") != tt.vary {
			t.Errorf("%s from %s: %v", tt.path, tt.origin, h)
		}
	}
}

func TestUpstreamFails(t *testing.T) {
	gone := freeport.Hold(t)
	hang := make(chan struct{})
	defer close(hang)
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		change  func(*proxy.Config)
		in      string
		status  int
		code    string
		log     string
	}{
		{"nobody listens", nil, func(c *proxy.Config) { c.Upstream = &url.URL{Scheme: "http", Host: gone} },
			"GET /cors HTTP/1.1\nHost: a\nOrigin: https://app.example\n\n", 502, "upstream-unreachable", "upstream failed"},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil,
			"GET /cors HTTP/1.1\nHost: a\nOrigin: https://app.example\n\n", 502, "upstream-connection-lost", "upstream failed"},
		{"too slow", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}, func(c *proxy.Config) { c.Transport = proxy.NewTransport(c.Upstream, time.Millisecond) },
			"GET /cors HTTP/1.1\nHost: a\nOrigin: https://app.example\n\n", 504, "upstream-timeout", "upstream failed"},
		{"broken chunk of the client", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }, nil,
			"POST /cors HTTP/1.1\nHost: a\nOrigin: https://app.example\nTransfer-Encoding: chunked\n\nzz\nabc\n", 400, "", ""},
		{"protocol of the client is none", nil, nil,
			"GET /cors HTTP/1.1\nHost: a\nOrigin: https://app.example\nConnection: Upgrade\nUpgrade: \xff\xfe\n\n", 400, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged lines
			h := tt.handler
			if h == nil {
				h = echo
			}
			s := start(t, h, func(c *proxy.Config) {
				c.Log = logged.logger()
				if tt.change != nil {
					tt.change(c)
				}
			})
			res, body := s.raw(tt.in)
			var got struct {
				Type, Title, Detail, Code string
				Status                    int
				RequestID                 string `json:"request_id"`
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
			if res.StatusCode != tt.status || got.Status != tt.status || got.Type != "about:blank" || got.Detail == "" ||
				got.Title == "" || got.Code != tt.code || got.RequestID != res.Header.Get("X-Request-Id") || len(got.RequestID) != 26 {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			if h := res.Header; h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" ||
				h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Gate401-Refused-By") != "gate" {
				t.Errorf("%v", h)
			}
			if text := fmt.Sprint(res.Header, body); strings.Contains(text, "127.0.0.1") || strings.Contains(text, "dial") {
				t.Errorf("the answer tells about the inside: %s", text)
			}
			if tt.log == "" && logged.String() != "" || !strings.Contains(logged.String(), tt.log) {
				t.Errorf("log: %s", logged.String())
			}
		})
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	parse := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	g := &gate401.Gate{}
	for _, tt := range []struct {
		name string
		in   proxy.Config
		want string
	}{
		{"no gate", proxy.Config{Upstream: parse("http://a")}, "proxy: no gate"},
		{"no upstream", proxy.Config{Gate: g}, "proxy: no upstream"},
		{"scheme", proxy.Config{Gate: g, Upstream: parse("ftp://a")}, `upstream "ftp://a": want an http or https URL`},
		{"host", proxy.Config{Gate: g, Upstream: parse("http:///x")}, `upstream "http:///x": no host`},
		{"user", proxy.Config{Gate: g, Upstream: parse("http://u:s3cret@a")}, `upstream "http://u:xxxxx@a": user, query and fragment have no meaning here`},
		{"field name", proxy.Config{Gate: g, Upstream: parse("http://a"), Identity: map[string]proxy.Field{"a b": "subject"}}, `identity header "a b": not a field name`},
		{"field", proxy.Config{Gate: g, Upstream: parse("http://a"), Identity: map[string]proxy.Field{"X-User": "user"}},
			`identity header "X-User": unknown field "user", want one of ["subject" "method" "name" "issuer" "credential" "groups" "scopes" "request_id" "rule"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := proxy.New(tt.in); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// An answer without a media type stays without: a guess could make a page of text.
func TestNoMediaTypeIsGuessed(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		fmt.Fprint(w, "<html><script>alert(1)</script>")
	}, nil)
	res, body := s.raw("GET /public HTTP/1.1\nHost: a\n\n")
	if values, ok := res.Header["Content-Type"]; ok || !strings.Contains(body, "<script>") {
		t.Errorf("%v %s", values, body)
	}
}
