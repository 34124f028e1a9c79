package proxy_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/proxy"
	lean "github.com/gate401/gate401/internal/upstream"
)

// Each rule has its own way, and what it does not say is as for all.
func TestRoutes(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "other %s %s", r.Host, r.RequestURI)
	}))
	defer other.Close()
	at, err := url.Parse(other.URL + "/base")
	if err != nil {
		t.Fatal(err)
	}
	up, err := lean.New(lean.Config{Name: "other", URLs: []*url.URL{at}})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	s := start(t, echo, func(c *proxy.Config) {
		c.Routes = map[string]proxy.Route{"cors": {Upstream: up.URL(), Transport: up.Lane(0)}, "asks": {MaxBody: 3}}
	})
	if _, got := s.raw("GET /cors/a%20b?c=d HTTP/1.1\nHost: api.example\n\n"); got != "other "+at.Host+" /base/cors/a%20b?c=d" {
		t.Errorf("got %q", got)
	}
	if got := s.get("/public/x"); got.Target != "/public/x" {
		t.Errorf("%+v", got)
	}
	if got := s.get("/asks/x"); got.Target != "/asks/x" {
		t.Errorf("%+v", got)
	}
}

// A body that is too long is refused before it was read if it says so, and as
// soon as it is otherwise.
func TestMaxBody(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		status   int
		hits     int64
	}{
		{"as long as it may be", "POST /asks HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello", 200, 1},
		{"one more", "POST /asks HTTP/1.1\nHost: a\nContent-Length: 6\n\nhello!", 413, 0},
		{"announced, and never sent", "POST /asks HTTP/1.1\nHost: a\nContent-Length: 600000000\n\n", 413, 0},
		{"announced, waiting for a word", "POST /asks HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 600\n\n", 413, 0},
		{"chunked, as long as it may be", "POST /asks HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", 200, 1},
		{"chunked, one more", "POST /asks HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nhel\n3\nlo!\n0\n\n", 413, -1},
		{"another rule", "POST /public HTTP/1.1\nHost: a\nContent-Length: 10\n\n0123456789", 200, 1},
		{"another rule, more", "POST /public HTTP/1.1\nHost: a\nContent-Length: 11\n\n0123456789x", 413, 0},
		{"not who may", "POST /private HTTP/1.1\nHost: a\nContent-Length: 600000000\n\n", 401, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, echo, func(c *proxy.Config) {
				c.MaxBody = 10
				c.Routes = map[string]proxy.Route{"asks": {MaxBody: 5}}
			})
			c := s.dial()
			_, _ = io.WriteString(c, strings.ReplaceAll(tt.in, "\n", "\r\n"))
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tt.status || tt.hits >= 0 && s.hits.Load() != tt.hits {
				t.Errorf("%d, %d reached the upstream; want %d, %d", res.StatusCode, s.hits.Load(), tt.status, tt.hits)
			}
			if tt.status != http.StatusRequestEntityTooLarge {
				return
			}
			var got struct {
				Code   string
				Status int
			}
			if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Code != "body-too-large" || got.Status != tt.status || res.Header.Get("Gate401-Refused-By") != "gate" {
				t.Errorf("%+v %v %v", got, err, res.Header)
			}
		})
	}
}

// A person reads a page, and a program never does.
func TestFailureForAPerson(t *testing.T) {
	s := start(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil)
	for _, tt := range []struct {
		name, fields, want string
	}{
		{"navigation", "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nAccept: text/html\n", "text/html; charset=utf-8"},
		{"old browser", "Accept: text/html,application/xhtml+xml\n", "text/html; charset=utf-8"},
		{"fetch", "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\nAccept: text/html\n", "application/problem+json"},
		{"frame", "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\nAccept: text/html\n", "application/problem+json"},
		{"program", "Accept: application/json, text/html\n", "application/problem+json"},
		{"script", "Accept: */*\n", "application/problem+json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := s.raw("GET /public HTTP/1.1\nHost: a\n" + tt.fields + "\n")
			if res.StatusCode != 502 || res.Header.Get("Content-Type") != tt.want || !strings.Contains(body, "upstream-connection-lost") ||
				!strings.Contains(body, res.Header.Get("X-Request-Id")) {
				t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
			}
			if res.Header.Get("WWW-Authenticate") != "" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", res.Header)
			}
			if strings.HasPrefix(tt.want, "text/html") && !styled(res, body) {
				t.Errorf("the policy does not allow the style: %v\n%s", res.Header, body)
			}
		})
	}
}

// styled tells whether the one style of the page is the one that its policy allows.
func styled(res *http.Response, page string) bool {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return ok && strings.Contains(res.Header.Get("Content-Security-Policy"), "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
}

// An answer that breaks off in its middle is not passed on as a whole one.
func TestAnswerBreaksOff(t *testing.T) {
	for name, head := range map[string]func(http.Header){
		"length":  func(h http.Header) { h.Set("Content-Length", "100000") },
		"chunked": func(http.Header) {},
	} {
		t.Run(name, func(t *testing.T) {
			var logged lines
			s := start(t, func(w http.ResponseWriter, r *http.Request) {
				head(w.Header())
				fmt.Fprint(w, strings.Repeat("x", 40000))
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, func(c *proxy.Config) { c.Log = logged.logger() })
			c := s.dial()
			fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Errorf("%d octets and no error", len(body))
			}
			// Whoever was given half of it can name the request.
			if id := res.Header.Get("X-Request-Id"); id == "" || !strings.Contains(logged.String(), `"msg":"upstream broke off","request_id":"`+id+`"`) {
				t.Errorf("request %s: %s", id, logged.String())
			}
		})
	}
}

// The time of a route is for the beginning of an answer, and not for its end.
func TestRouteTimeout(t *testing.T) {
	// The shorter the quicker; a machine that has others to serve needs longer to
	// begin an answer.
	for _, d := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
		status, body := routeTimeout(t, d)
		if status == 200 && body == "late" {
			return
		}
		t.Logf("within %s: %d %s", d, status, body)
	}
	t.Error("what began in time was ended")
}

// routeTimeout is what comes of an answer that begins at once and ends late.
func routeTimeout(t *testing.T, d time.Duration) (status int, body string) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cors/stream" {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
		}
		time.Sleep(2 * d)
		fmt.Fprint(w, "late")
	}))
	defer slow.Close()
	at, err := url.Parse(slow.URL)
	if err != nil {
		t.Fatal(err)
	}
	up, err := lean.New(lean.Config{Name: "slow", URLs: []*url.URL{at}})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	s := start(t, echo, func(c *proxy.Config) {
		c.Routes = map[string]proxy.Route{"cors": {Upstream: up.URL(), Transport: up.Lane(d)}}
	})
	if res, body := s.raw("GET /cors HTTP/1.1\nHost: a\n\n"); res.StatusCode != 504 || !strings.Contains(body, "upstream-timeout") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	res, body := s.raw("GET /cors/stream HTTP/1.1\nHost: a\n\n")
	return res.StatusCode, body
}
