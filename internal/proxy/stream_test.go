package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/proxy"
	"go.uber.org/goleak"
)

// The upstream's first chunk arrives while the request is still being sent, and
// the request's first chunk reaches the upstream before the second is sent.
func TestStreamsBothWays(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		w.WriteHeader(200)
		_ = rc.Flush()
		buf := make([]byte, 64)
		for {
			n, err := r.Body.Read(buf)
			if n > 0 {
				fmt.Fprintf(w, "got %s", buf[:n])
				_ = rc.Flush()
			}
			if err != nil {
				fmt.Fprint(w, "end")
				return
			}
		}
	}, nil)
	c := s.dial()
	br := bufio.NewReader(c)
	send := func(text string) {
		t.Helper()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	send("POST /public HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	res, err := http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	buf := make([]byte, 64)
	for _, word := range []string{"one", "two", "three"} {
		send(fmt.Sprintf("%x\r\n%s\r\n", len(word), word))
		if _, err := io.ReadFull(res.Body, buf[:4+len(word)]); err != nil || string(buf[:4+len(word)]) != "got "+word {
			t.Fatalf("%q, %v", buf, err)
		}
	}
	send("0\r\n\r\n")
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "end" {
		t.Fatalf("%q, %v", rest, err)
	}
	// Nobody knew how the body would end when the answer began, so that the
	// connection is not used again.
	if _, err := br.ReadByte(); !res.Close || err != io.EOF {
		t.Fatal(res.Header, err)
	}
}

func TestServerSentEvents(t *testing.T) {
	next := make(chan string)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		for line := range next {
			fmt.Fprintf(w, "data: %s\n\n", line)
			_ = http.NewResponseController(w).Flush()
		}
	}, nil)
	c := s.dial()
	fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		next <- fmt.Sprint(i)
		line, err := lines.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("%q, %v", line, err)
		}
		_, _ = lines.ReadString('\n')
	}
	close(next)
}

func TestLargeBodies(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	}, nil)
	body := make([]byte, 20<<20)
	src := rand.NewChaCha8([32]byte{1})
	_, _ = src.Read(body)
	for _, length := range []int64{int64(len(body)), -1} {
		hr, err := http.NewRequest("POST", "http://"+s.addr+"/public", io.MultiReader(bytes.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		hr.ContentLength = length
		tr := &http.Transport{}
		res, err := tr.RoundTrip(hr)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		n, err := io.Copy(h, res.Body)
		_ = res.Body.Close()
		tr.CloseIdleConnections()
		sum := sha256.Sum256(body)
		if err != nil || n != int64(len(body)) || hex.EncodeToString(h.Sum(nil)) != hex.EncodeToString(sum[:]) {
			t.Errorf("length %d: %d octets came back, %v", length, n, err)
		}
	}
}

// An upstream that refuses a long upload without reading it is heard.
func TestEarlyAnswer(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}, nil)
	c := s.dial()
	fmt.Fprint(c, "POST /public HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nbeginning")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatal(res, err)
	}
}

// When the client goes, the upstream is told, and no goroutine stays.
func TestClientGoes(t *testing.T) {
	defer goleak.VerifyNone(t)
	var logged lines
	began, ended := make(chan bool), make(chan error, 1)
	t.Run("inside", func(t *testing.T) {
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			began <- true
			<-r.Context().Done()
			ended <- r.Context().Err()
		}, func(c *proxy.Config) { c.Log = logged.logger() })
		c := s.dial()
		fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n")
		<-began
		_ = c.Close()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the upstream was not told")
		}
	})
	if got := logged.String(); got != "" {
		t.Errorf("noise: %s", got)
	}
}

func TestHead(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("X-Method", r.Method)
	}, nil)
	res, body := s.raw("HEAD /public HTTP/1.1\nHost: a\n\n")
	if res.StatusCode != 200 || res.ContentLength != 1000 || body != "" || res.Header.Get("X-Method") != "HEAD" {
		t.Errorf("%v %q", res, body)
	}
	res, body = s.raw("HEAD /orders HTTP/1.1\nHost: a\n\n")
	if res.StatusCode != 401 || body != "" || res.ContentLength <= 0 || res.Header.Get("Www-Authenticate") == "" {
		t.Errorf("%v %q", res, body)
	}
}

func TestInformational(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(200)
	}, nil)
	c := s.dial()
	fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\n\r\n")
	br := bufio.NewReader(c)
	status, err := br.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 103") {
		t.Fatalf("%q, %v", status, err)
	}
	link, _ := br.ReadString('\n')
	_, _ = br.ReadString('\n')
	status, err = br.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200") || !strings.HasPrefix(link, "Link:") {
		t.Fatalf("%q %q, %v", link, status, err)
	}
}

func TestTrailers(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, Gate401-Refused-By")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	}, nil)
	res, body := s.raw("GET /public HTTP/1.1\nHost: a\nTE: trailers\n\n")
	if body != "body" || res.Trailer.Get("X-Sum") != "42" || res.Trailer.Get("X-Late") != "43" {
		t.Errorf("%q, %v", body, res.Trailer)
	}
	if _, ok := res.Trailer["Gate401-Refused-By"]; ok {
		t.Error("the upstream announced a field of ours")
	}
}

// A WebSocket handshake by hand (RFC 6455 section 4), then octets both ways.
func TestUpgrade(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Gate401-Subject") != "alice" || r.Header.Get("Authorization") != "" {
			w.WriteHeader(500)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nGate401-Subject: x\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		fmt.Fprintf(rw, "echo %s", line)
		_ = rw.Flush()
	}, nil)
	const handshake = "GET /chat HTTP/1.1\r\nHost: a\r\n%sUpgrade: websocket\r\nConnection: Upgrade, Gate401-Subject\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	c := s.dial()
	fmt.Fprintf(c, handshake, "Authorization: Bearer alice\r\n")
	br := bufio.NewReader(c)
	res, err := http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") == "" || res.Header.Get("Gate401-Subject") != "" {
		t.Fatal(res, err)
	}
	fmt.Fprint(c, "hello\n")
	if line, err := br.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Fatalf("%q, %v", line, err)
	}

	c = s.dial()
	fmt.Fprintf(c, handshake, "")
	res, err = http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != 401 {
		t.Fatal("an upgrade without a credential:", res, err)
	}
}

// Another upgrade than WebSocket is no upgrade: an upstream that switches all the
// same gets no tunnel, through which nobody would judge what is asked.
func TestOtherUpgrades(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" && r.URL.Query().Get("anyway") == "" {
			fmt.Fprint(w, "plain")
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
		_, _ = rw.ReadString('\n')
	}, nil)
	for _, c := range []struct {
		query, fields string
		want          int
		minor         int
	}{
		{"", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", 200, 1},
		{"", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n", 200, 1},
		{"", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", 200, 1},
		{"", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n", 502, 1},
		{"?anyway=1", "Connection: Upgrade\r\nUpgrade: h2c\r\n", 502, 1},
		// RFC 9110 section 7.8: HTTP/1.0 knows no Upgrade.
		{"", "Connection: Upgrade\r\nUpgrade: websocket\r\n", 200, 0},
	} {
		conn := s.dial()
		fmt.Fprintf(conn, "GET /chat%s HTTP/1.%d\r\nHost: a\r\nAuthorization: Bearer alice\r\n%s\r\n", c.query, c.minor, c.fields)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != c.want {
			t.Errorf("%q: %v, %v; want %d", c.fields, res, err, c.want)
		}
	}
}

// What was answered to one caller is for no cache that others share.
func TestSharedCaches(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if v := r.URL.Query().Get("v"); v != "" {
			w.Header().Set("Cache-Control", v)
		}
	}, nil)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, c := range []struct{ sent, want string }{
		{"public, max-age=600", "private, max-age=600"},
		{"max-age=600, S-MaxAge=60", "private,max-age=600"},
		{"no-store", "no-store"},
		{"private, max-age=1", "private, max-age=1"},
		{"", ""},
	} {
		req, _ := http.NewRequest("GET", "http://"+s.addr+"/orders?v="+url.QueryEscape(c.sent), nil)
		req.Header.Set("Authorization", "Bearer alice")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Cache-Control"); got != c.want {
			t.Errorf("%q became %q, want %q", c.sent, got, c.want)
		}
	}
}

func TestParallel(t *testing.T) {
	s := start(t, echo, nil)
	var wg sync.WaitGroup
	tr := &http.Transport{MaxIdleConnsPerHost: 100}
	defer tr.CloseIdleConnections()
	for i := range 100 {
		wg.Go(func() {
			for j := range 5 {
				text := fmt.Sprintf("%d-%d", i, j)
				hr, _ := http.NewRequest("POST", "http://"+s.addr+"/orders/"+text, strings.NewReader(text))
				who := []string{"alice", "bob", ""}[(i+j)%3]
				if who != "" {
					hr.Header.Set("Authorization", "Bearer "+who)
				}
				res, err := tr.RoundTrip(hr)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				switch {
				case who == "" && res.StatusCode == 401:
				case who != "" && strings.Contains(string(body), `"Body":"`+text+`"`) && strings.Contains(string(body), `"Gate401-Subject":["`+who+`"]`):
				default:
					t.Errorf("as %q: %d %s", who, res.StatusCode, body)
				}
			}
		})
	}
	wg.Wait()
}
