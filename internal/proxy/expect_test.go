package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/component"
	"github.com/gate401/gate401/internal/proxy"
)

// responses reads the status lines on a connection, and the body of the last.
func responses(t *testing.T, br *bufio.Reader) (statuses []int, body string) {
	t.Helper()
	for {
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatalf("after %v: %v", statuses, err)
		}
		statuses = append(statuses, res.StatusCode)
		if res.StatusCode >= 200 {
			b, _ := io.ReadAll(res.Body)
			return statuses, string(b)
		}
	}
}

// A client that waits is asked once for its body, and not at all when the request
// is refused, by the gate or by the upstream.
func TestExpectContinue(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("early") != "" {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		echo(w, r)
	}, func(c *proxy.Config) {
		tr := proxy.NewTransport(c.Upstream, 0)
		tr.ExpectContinueTimeout = time.Minute // the upstream decides, however busy the machine
		t.Cleanup(tr.CloseIdleConnections)
		c.Transport = tr
	})
	c := s.dial()
	br := bufio.NewReader(c)
	for range 20 {
		fmt.Fprint(c, "POST /public HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		if status, err := br.ReadString('\n'); err != nil || !strings.HasPrefix(status, "HTTP/1.1 100") {
			t.Fatalf("%q, %v", status, err)
		}
		_, _ = br.ReadString('\n')
		fmt.Fprint(c, "abc")
		if statuses, body := responses(t, br); len(statuses) != 1 || statuses[0] != 200 || !strings.Contains(body, `"Body":"abc"`) {
			t.Fatalf("after the first 100: %v %s", statuses, body)
		}
	}
	for target, want := range map[string]int{"/orders": 401, "/public?early=1": 413} {
		c := s.dial()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", target)
		if statuses, _ := responses(t, bufio.NewReader(c)); len(statuses) != 1 || statuses[0] != want {
			t.Errorf("%s: %v, want %d alone, without asking for the body", target, statuses, want)
		}
	}
}

// The upstream's 100 comes when the client was asked already, because it was long
// in coming, or twice, or to a client that did not wait.
func TestContinueUnasked(t *testing.T) {
	for _, c := range []struct {
		name, expect string
		before       []string // what the upstream sends, before and after it saw the body
		after        []string
		want         []int
	}{
		{"late", "Expect: 100-continue\r\n", nil, []string{"100 Continue"}, []int{100, 200}},
		{"never", "Expect: 100-continue\r\n", nil, nil, []int{100, 200}},
		{"twice", "Expect: 100-continue\r\n", []string{"100 Continue", "100 Continue"}, []string{"100 Continue"}, []int{100, 200}},
		{"unasked", "", []string{"100 Continue"}, []string{"100 Continue"}, []int{200}},
		{"hints", "Expect: 100-continue\r\n", []string{"103 Early Hints", "100 Continue"}, []string{"103 Early Hints"}, []int{103, 100, 103, 200}},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := rawUpstream(t, func(conn net.Conn, br *bufio.Reader) {
				for {
					line, err := br.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						break
					}
				}
				for _, status := range c.before {
					fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", status)
				}
				if _, err := io.ReadFull(br, make([]byte, 3)); err != nil {
					return
				}
				for _, status := range c.after {
					fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", status)
				}
				fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			})
			tr := proxy.NewTransport(up, 0)
			tr.ExpectContinueTimeout = 50 * time.Millisecond
			defer tr.CloseIdleConnections()
			p, err := proxy.New(proxy.Config{Gate: newGate(), Upstream: up, Transport: tr})
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(p)
			defer front.Close()
			conn := (&rig{t: t, addr: front.Listener.Addr().String()}).dial()
			fmt.Fprintf(conn, "POST /public HTTP/1.1\r\nHost: a\r\n%sContent-Length: 3\r\n\r\n", c.expect)
			br := bufio.NewReader(conn)
			var got []int
			if c.expect == "" {
				fmt.Fprint(conn, "abc")
			}
			for sent := c.expect == ""; ; {
				res, err := http.ReadResponse(br, nil)
				if err != nil {
					t.Fatalf("after %v: %v", got, err)
				}
				got = append(got, res.StatusCode)
				if res.StatusCode == 100 && !sent {
					sent = true
					fmt.Fprint(conn, "abc")
				}
				if res.StatusCode >= 200 {
					break
				}
			}
			// An early hint may be lost, beside 100 (Continue); nothing comes twice.
			if c.name == "hints" {
				hundreds := 0
				for _, status := range got {
					if status == 100 {
						hundreds++
					}
				}
				if hundreds != 1 || got[len(got)-1] != 200 {
					t.Errorf("%v, want one 100", got)
				}
				return
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// rawUpstream serves connections by hand.
func rawUpstream(t *testing.T, serve func(net.Conn, *bufio.Reader)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				serve(c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

// curl waits for 100 (Continue) when it is told to, and prints what it saw.
func TestExpectWithCurl(t *testing.T) {
	component.Need(t, "curl", "curl")
	s := start(t, echo, nil)
	for target, want := range map[string]string{"/public": "100 200", "/orders": "401"} {
		out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-i", "-m", "60", "-H", "Expect: 100-continue",
			"--expect100-timeout", "50", "--data-binary", "abc", "http://"+s.addr+target).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			if rest, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
				got = append(got, rest[:3])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s\n%s", target, got, want, out)
		}
	}
}
