package capture_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sent(t *testing.T, s capture.Sender, command string) ([]capture.Exchange, error) {
	t.Helper()
	c, err := capture.Curl(command)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), c.Exchanges[0])
}

// seen keeps what a server was sent.
type seen struct {
	mu   sync.Mutex
	list []string
}

func (s *seen) add(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, fmt.Sprintf("%s %s auth=%q cookie=%q %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Cookie"), body))
}

// Redirects are steps of their own, and credentials stay with their origin.
func TestSendRedirects(t *testing.T) {
	var log seen
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { log.add(r); w.WriteHeader(401) }))
	defer other.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/same", func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		http.Redirect(w, r, "/next", http.StatusSeeOther)
	})
	mux.HandleFunc("/next", func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		http.Redirect(w, r, other.URL+"/there", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	here := httptest.NewServer(mux)
	defer here.Close()

	got, err := sent(t, capture.Sender{}, "curl -L -u a:b -b c=1 -d x=1 "+here.URL+"/same")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Response.Status != 303 || got[1].Response.Status != 307 || got[2].Response.Status != 401 || !got[2].Live || got[2].Request.Header.Has("Authorization") {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff([]string{
		`POST /same auth="Basic YTpi" cookie="c=1" x=1`, `GET /next auth="Basic YTpi" cookie="c=1" `, `GET /there auth="" cookie="" `,
	}, log.list); diff != "" {
		t.Error(diff)
	}
	if got, err = sent(t, capture.Sender{}, "curl --location-trusted -u a:b "+here.URL+"/next"); err != nil || got[1].Request.Header.Get("Authorization") == "" {
		t.Errorf("%+v %v", got, err)
	}
	// curl would take these along, wherever it is led.
	const keys = "-H 'X-API-Key: k' -H 'X-Vault-Token: t' -H 'Proxy-Authorization: Basic YTpi' -H 'X-Trace: 1' "
	if got, err = sent(t, capture.Sender{}, "curl -L "+keys+here.URL+"/next"); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	for i, want := range []bool{true, false} {
		for _, name := range []string{"X-API-Key", "X-Vault-Token"} {
			if got[i].Request.Header.Has(name) != want {
				t.Errorf("request %d: %s: want %v", i+1, name, want)
			}
		}
	}
	if !got[1].Request.Header.Has("X-Trace") {
		t.Error("X-Trace is no secret")
	}
	if got, err = sent(t, capture.Sender{}, "curl -u a:b "+here.URL+"/next"); err != nil || len(got) != 1 {
		t.Errorf("%d exchanges, %v: not asked to follow", len(got), err)
	}
	if got, err = sent(t, capture.Sender{}, "curl -L "+here.URL+"/loop"); err != nil || len(got) != 11 || about(got[10].Notes, capture.NoteError) != "redirects" {
		t.Errorf("%d exchanges, %v", len(got), err)
	}
}

// No challenge is answered, names keep their spelling, the server's Date stays,
// and a long body is cut.
func TestSendOne(t *testing.T) {
	var log seen
	var raw string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		raw = r.UserAgent()
		w.Header().Set("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
		w.Header().Add("WWW-Authenticate", `Digest realm="x", nonce="n"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(401)
		fmt.Fprint(w, strings.Repeat("x", 100))
	}))
	defer s.Close()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := sent(t, capture.Sender{MaxBody: 10, Now: func() time.Time { return at }}, "curl --digest -u a:b -A '' "+s.URL)
	if err != nil || len(got) != 1 {
		t.Fatal(err)
	}
	x := got[0]
	if len(x.Response.Header.Values("WWW-Authenticate")) != 2 || x.Response.Header.Get("Date") == "" || string(x.Response.Body) != "xxxxxxxxxx" || about(x.Notes, capture.NoteIgnored) != "body" {
		t.Errorf("%+v", x)
	}
	if !x.Started.Equal(at) || x.Response.Reason != "Unauthorized" || x.Response.Proto != "HTTP/1.1" || x.Response.Address == "" || x.Took <= 0 || raw != "" {
		t.Errorf("%+v, agent %q", x, raw)
	}
	if diff := cmp.Diff([]string{`GET / auth="" cookie="" `}, log.list); diff != "" {
		t.Error(diff)
	}

	addr, wires := listen(t)
	if _, err := sent(t, capture.Sender{}, "curl -H 'x-lower: 1' -H 'AUTHORIZATION: Bearer x' http://"+addr+"/"); err != nil {
		t.Fatal(err)
	}
	w := <-wires
	var names []string
	for _, f := range w.Header {
		names = append(names, f.Name)
	}
	if joined := strings.Join(names, " "); !strings.Contains(joined, "x-lower") || !strings.Contains(joined, "AUTHORIZATION") {
		t.Errorf("names %q", joined)
	}
}

func TestSendJar(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1"})
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	defer s.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sent(t, capture.Sender{Jar: jar}, "curl -L "+s.URL)
	if err != nil || got[0].Request.Header.Has("Cookie") || got[1].Request.Header.Get("Cookie") != "sid=1" {
		t.Errorf("%+v %v", got, err)
	}
}

// A proxy that refuses to connect has answered.
func TestSendProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") == "" {
			w.Header().Set("Proxy-Authenticate", `Basic realm="p"`)
			w.WriteHeader(407)
			return
		}
		fmt.Fprint(w, "through "+r.Header.Get("Proxy-Authorization"))
	}))
	defer proxy.Close()
	for _, target := range []string{"http://h.invalid/", "https://h.invalid/"} {
		got, err := sent(t, capture.Sender{}, "curl -x "+proxy.URL+" "+target)
		if err != nil || got[0].Response == nil || got[0].Response.Status != 407 || got[0].Response.Header.Get("Proxy-Authenticate") == "" {
			t.Errorf("%s: %+v %v", target, got[0], err)
		}
		if got[0].Request.Header.Has("Proxy-Authorization") {
			t.Errorf("%s: %+v was not sent", target, got[0].Request.Header)
		}
	}
	got, err := sent(t, capture.Sender{}, "curl -U a:b -x "+proxy.URL+" http://h.invalid/")
	if err != nil || string(got[0].Response.Body) != "through Basic YTpi" || got[0].Request.Header.Get("Proxy-Authorization") != "Basic YTpi" {
		t.Errorf("%+v %v", got, err)
	}
}

// Why there is no answer is said in words, without the URL.
func TestSendErrors(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	tls := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	tls.Config.ErrorLog = nil
	defer tls.Close()
	stop := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer slow.Close()
	defer close(stop)
	closing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	}))
	defer closing.Close()
	tests := []struct{ name, command, want string }{
		{"refused", "curl http://127.0.0.1:1/?token=secret", "the connection was refused"},
		// Nobody can have that name, so that no server of names is asked.
		{"no such host", "curl http://-.invalid/", "no address for the host -.invalid"},
		{"unknown authority", "curl " + tls.URL, "signed by nobody"},
		{"no TLS", "curl " + strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS"},
		{"slow", "curl " + slow.URL, "no answer in time"},
		{"closed", "curl -X POST " + closing.URL, "closed before there was an answer"},
		{"line feed in a field", "curl -H $'Authorization: Bearer x\\ny' " + plain.URL, "a character that HTTP forbids"},
		{"scheme", "curl ftp://h.invalid/", "only http and https"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limit := time.Minute
			if tt.name == "slow" {
				limit = 300 * time.Millisecond
			}
			got, err := sent(t, capture.Sender{Timeout: limit}, tt.command)
			var no *capture.SendError
			if !errors.As(err, &no) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if len(got) != 1 || got[0].Response == nil || got[0].Response.Status != 0 || about(got[0].Notes, capture.NoteError) != "send" {
				t.Errorf("%+v", got)
			}
		})
	}
	if got, err := sent(t, capture.Sender{}, "curl -k "+tls.URL); err != nil || got[0].Response.Status != 200 {
		t.Errorf("%+v %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, _ := capture.URL(capture.Ask{URL: plain.URL})
	s := capture.Sender{}
	if _, err := s.Send(ctx, c.Exchanges[0]); err == nil || err.Error() != "it was interrupted" {
		t.Error(err)
	}
}

func TestSendProgress(t *testing.T) {
	told := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-told }))
	defer s.Close()
	waited := make(chan string, 1)
	got, err := sent(t, capture.Sender{Slow: time.Millisecond, Progress: func(text string) { waited <- text; told <- text }}, "curl "+s.URL)
	if err != nil || got[0].Response.Status != 200 || !strings.Contains(<-waited, "waiting for 127.0.0.1") {
		t.Error(got, err)
	}
}

func TestURL(t *testing.T) {
	c, err := capture.URL(capture.Ask{URL: "api.example.com/a{b}?x=1#frag", Header: []string{"X-API-Key: k", "nonsense"}, Data: []string{"a=1", "b=2"}, User: "a:b", Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	x := c.Exchanges[0]
	want := request{"POST", "https://api.example.com/a%7Bb%7D?x=1", "Authorization: Basic YTpi\nX-API-Key: k\nContent-Type: application/x-www-form-urlencoded", "a=1&b=2"}
	if diff := cmp.Diff(want, shown(x)); diff != "" || x.Request.Header.Get("User-Agent") != "test" || about(x.Notes, capture.NoteMalformed) != "-H" {
		t.Errorf("%s %+v", diff, x)
	}
	for in, want := range map[string]string{
		"localhost:8080/x": "http://localhost:8080/x", "127.0.0.1": "http://127.0.0.1/", "HTTPS://A.example": "https://A.example/", "http://a.example:x/%zz": "http://a.example:x/%25zz",
	} {
		c, err := capture.URL(capture.Ask{URL: in})
		if err != nil || c.Exchanges[0].Request.URL.String() != want {
			t.Errorf("%s: %v %v", in, c.Exchanges, err)
		}
	}
	if _, err := capture.URL(capture.Ask{}); !errors.Is(err, capture.ErrEmpty) {
		t.Error(err)
	}
}
