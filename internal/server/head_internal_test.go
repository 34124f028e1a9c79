package server

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// framed serves as the gate's address does, over TLS with a certificate, and
// returns the address.
func framed(t *testing.T, certificates []tls.Certificate) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	s := &http.Server{
		Handler: &framing{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprintf(w, "%s %s %d", r.Method, r.URL.Path, len(b))
		}), &gate401.Gate{Responder: &gate401.Responder{}}},
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	rememberHeads(s)
	if l = net.Listener(headListener{l}); certificates != nil {
		l = newTLSListener(l.(headListener).Listener, &tls.Config{Certificates: certificates, NextProtos: []string{"h2", "http/1.1"}}, log.New(io.Discard, "", 0))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return address
}

// framings runs a test on connections in the clear and over TLS.
func framings(t *testing.T, name string, test func(t *testing.T, c net.Conn)) {
	t.Run(name, func(t *testing.T) {
		c, err := net.Dial("tcp", framed(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		test(t, c)
	})
	t.Run(name+" over TLS", func(t *testing.T) {
		donor := httptest.NewTLSServer(http.NotFoundHandler())
		defer donor.Close()
		c, err := tls.Dial("tcp", framed(t, donor.TLS.Certificates), &tls.Config{RootCAs: donor.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"})
		if err != nil {
			t.Fatal(err)
		}
		test(t, c)
	})
}

// What a connection answers to requests that come one after the other, and
// whether it goes on.
func TestFraming(t *testing.T) {
	const (
		get      = "GET /get HTTP/1.1\r\nHost: a\r\n\r\n"
		post     = "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
		chunks   = "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
		both     = "POST /both HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
		old      = "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		oldBoth  = "POST /old HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"
		inChunks = "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
	)
	long := "X-Long: " + strings.Repeat("x", 20_000) + "\r\n"
	wide := func(s string) string { return strings.Replace(s, "Host: a\r\n", "Host: a\r\n"+long, 1) }
	large := "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("Content-Length: 3\r\n\r\n", 100_000/21+1)[:100_000]
	for _, tt := range []struct {
		name string
		// sent, each when the one before is answered; those in one string at once.
		sent []string
		want []string
		ends bool
	}{
		{"without a body", []string{get, get, get}, []string{"GET /get 0", "GET /get 0", "GET /get 0"}, false},
		{"chunks again and again", []string{chunks, chunks, inChunks, chunks, get, chunks}, []string{"POST /chunks 3", "POST /chunks 3", "POST /chunks 3", "POST /chunks 3", "GET /get 0", "POST /chunks 3"}, false},
		{"both at once", []string{both}, []string{"400"}, true},
		{"both behind others", []string{get, post, chunks, get, both}, []string{"GET /get 0", "POST /post 3", "POST /chunks 3", "GET /get 0", "400"}, true},
		{"bare line feeds", []string{get, strings.ReplaceAll(both, "\r\n", "\n")}, []string{"GET /get 0", "400"}, true},
		{"a long head", []string{wide(get), wide(chunks), wide(both)}, []string{"GET /get 0", "POST /chunks 3", "400"}, true},
		{"a body that looks like a head", []string{large, chunks, large, both}, []string{"POST /large 100000", "POST /chunks 3", "POST /large 100000", "400"}, true},
		{"a folded field", []string{strings.Replace(chunks, "Host: a\r\n", "Host: a\r\nX: y\r\n Content-Length: 3\r\n", 1), get}, []string{"POST /chunks 3", "GET /get 0"}, false},
		{"a name that begins so", []string{strings.Replace(chunks, "Host: a\r\n", "Host: a\r\nContent-Length-X: 3\r\n", 1), get}, []string{"POST /chunks 3", "GET /get 0"}, false},
		{"at once, and nothing in chunks", []string{get + post + get}, []string{"GET /get 0", "POST /post 3", "GET /get 0"}, false},
		// Where its head begins cannot be told: it is answered, and is the last.
		{"chunks behind another at once", []string{get + chunks}, []string{"GET /get 0", "POST /chunks 3"}, true},
		{"both behind another at once", []string{get + both}, []string{"GET /get 0", "POST /both 3"}, true},
		{"both, its end looks like a head", []string{get + "POST /chunks HTTP/1.1\r\nContent-Length: 3\r\nX: ", chunks}, []string{"GET /get 0", "POST /chunks 3"}, true},
		{"after requests at once", []string{get + get, get, chunks, both}, []string{"GET /get 0", "GET /get 0", "GET /get 0", "POST /chunks 3", "400"}, true},
		{"an old version", []string{old, old}, []string{"GET /old 0", "GET /old 0"}, false},
		{"an old version in chunks", []string{old, oldBoth}, []string{"GET /old 0", "400"}, true},
	} {
		framings(t, tt.name, func(t *testing.T, c net.Conn) {
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			in, answers := bufio.NewReader(c), 0
			for _, s := range tt.sent {
				if _, err := io.WriteString(c, s); err != nil {
					t.Fatal(err)
				}
				for range max(1, strings.Count(s, " HTTP/1.1\r\n")) {
					if answers == len(tt.want) {
						break // the rest of what was answered already
					}
					res, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Fatalf("after %d answers: %v", answers, err)
					}
					body, err := io.ReadAll(res.Body)
					_ = res.Body.Close()
					if err != nil {
						t.Fatal(err)
					}
					got := string(body)
					if res.StatusCode != http.StatusOK {
						got = fmt.Sprint(res.StatusCode)
						if code := res.Header.Get("Gate401-Reason"); code != string(reason.RequestMalformed) {
							t.Errorf("the reason is %q, want %q", code, reason.RequestMalformed)
						}
					}
					if got != tt.want[answers] {
						t.Errorf("answer %d is %q, want %q", answers+1, got, tt.want[answers])
					}
					if answers++; answers == len(tt.want) && res.Close != tt.ends {
						t.Errorf("the connection ends: %v, want %v", res.Close, tt.ends)
					} else if answers < len(tt.want) && res.Close {
						t.Fatalf("the connection ends after %d answers", answers)
					}
					if s == tt.sent[0] && len(tt.sent) > 1 && strings.HasSuffix(s, "X: ") {
						break // its second request goes on
					}
				}
			}
			if answers != len(tt.want) {
				t.Errorf("%d answers, want %d", answers, len(tt.want))
			}
		})
	}
}

// A client that answers at once has its first octet read ahead, by chance: it
// belongs to its head.
func TestFramingReadsAhead(t *testing.T) {
	const request = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
	r := &http.Request{Method: "POST", RequestURI: "/x", Proto: "HTTP/1.1"}
	for _, tt := range []struct {
		name       string
		ahead      string
		rest       string
		deadlines  int
		has, known bool
	}{
		{"the first octet", "P", request[1:], 1, true, true},
		{"none", "", request, 1, true, true},
		{"none and no field", "", strings.Replace(request, "Content-Length", "X", 1), 1, false, true},
		{"more than one", "", request[2:], 1, false, false},
		{"all of it", "", request, 2, false, false},
		{"half a head", "", request[:40], 1, false, false},
		{"another one", "", "G" + request, 1, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &head{done: true}
			h.read([]byte("the body of the last one"), 4096)
			if tt.ahead != "" {
				h.read([]byte(tt.ahead), 1)
			}
			h.next()
			for range tt.deadlines {
				h.deadline()
			}
			h.read([]byte(tt.rest), 4096)
			h.deadline()
			h.done = true
			if has, known := h.has(r, "Content-Length"); has != tt.has || known != tt.known {
				t.Errorf("has %v, known %v, want %v and %v", has, known, tt.has, tt.known)
			}
		})
	}
	t.Run("too long", func(t *testing.T) {
		h := &head{}
		for range headLimit/1000 + 1 {
			h.read(make([]byte, 1000), 4096)
		}
		if has, known := h.has(r, "Content-Length"); has || known || len(h.octets) > headLimit {
			t.Errorf("has %v, known %v, %d octets", has, known, len(h.octets))
		}
		if h.next(); cap(h.octets) > headKept {
			t.Errorf("%d octets are kept", cap(h.octets))
		}
	})
}
