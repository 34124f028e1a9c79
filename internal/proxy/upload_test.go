package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/component"
)

const upload = 100 << 20

// zeros reads as so many octets.
func zeros(n int64) io.Reader { return io.LimitReader(nought{}, n) }

type nought struct{}

func (nought) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// tooLarge refuses a body that it does not read.
func tooLarge(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

// Whoever uploads much and is refused hears of it, whether the gate refuses or
// the upstream, and however the client goes about it.
func TestRefusedUpload(t *testing.T) {
	s := start(t, tooLarge, nil)
	python := component.Need(t, "python3", "python3")
	curl := component.Need(t, "curl", "curl")
	const script = `
import http.client, sys
class Zeros:
    def __init__(self, n): self.n = n
    def read(self, k=-1):
        k = min(k if k >= 0 else self.n, self.n); self.n -= k
        return bytes(k)
c = http.client.HTTPConnection(sys.argv[1], timeout=60)
headers = {} if sys.argv[3] == "chunked" else {"Content-Length": sys.argv[4]}
c.request("POST", sys.argv[2], body=Zeros(int(sys.argv[4])), headers=headers, encode_chunked=sys.argv[3] == "chunked")
print(c.getresponse().status)
`
	run := func(stdin io.Reader, name string, args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Stdin = stdin
		var out, fault strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &fault
		err := cmd.Run()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, fault.String())
		}
		return strings.TrimSpace(out.String()), err
	}
	size := fmt.Sprint(upload)
	clients := map[string]func(target string) (string, error){
		"Go": func(target string) (string, error) {
			tr := &http.Transport{}
			defer tr.CloseIdleConnections()
			req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.addr+target, zeros(upload))
			if err != nil {
				return "", err
			}
			req.ContentLength = upload
			res, err := tr.RoundTrip(req)
			if err != nil {
				return "", err
			}
			_ = res.Body.Close()
			return fmt.Sprint(res.StatusCode), nil
		},
		"Python": func(target string) (string, error) {
			return run(nil, python, "-c", script, s.addr, target, "length", size)
		},
		"Python, chunked": func(target string) (string, error) {
			return run(nil, python, "-c", script, s.addr, target, "chunked", size)
		},
		"curl": func(target string) (string, error) {
			return run(zeros(upload), curl, "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:", "-T", "-", "http://"+s.addr+target)
		},
		"curl, asking": func(target string) (string, error) {
			return run(zeros(upload), curl, "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect: 100-continue", "-T", "-", "http://"+s.addr+target)
		},
	}
	for name, client := range clients {
		for target, want := range map[string]string{"/orders": "401", "/public": "413"} {
			if got, err := client(target); err != nil || got != want {
				t.Errorf("%s to %s: %q, %v; want %s", name, target, got, err, want)
			}
		}
	}
}

// HTTP/2 ends the one stream.
func TestRefusedUploadHTTP2(t *testing.T) {
	s := start(t, tooLarge, nil)
	front := httptest.NewUnstartedServer(s.proxy)
	front.EnableHTTP2 = true
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	front.StartTLS()
	t.Cleanup(front.Close)
	tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	for target, want := range map[string]int{"/orders": 401, "/public": 413} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", front.URL+target, zeros(upload))
		res, err := tr.RoundTrip(req)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != want || res.ProtoMajor != 2 {
			t.Errorf("%s: %s %d, want %d", target, res.Proto, res.StatusCode, want)
		}
	}
}

// The answer to a client that stops in the middle of its upload does not wait
// for the rest.
func TestRefusedAtOnce(t *testing.T) {
	s := start(t, tooLarge, nil)
	for target, want := range map[string]int{"/orders": 401, "/public": 413} {
		c := s.dial()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nbeginning", target)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.StatusCode != want {
			t.Fatalf("%s: %v, %v", target, res, err)
		}
		if target == "/orders" && !res.Close {
			t.Error("the client was not told that the connection closes")
		}
		// What is said can be read to its end before anything more is sent.
		if _, err := io.ReadAll(res.Body); err != nil {
			t.Error(err)
		}
	}
}

// A short body that is refused leaves the connection as it was.
func TestRefusedShort(t *testing.T) {
	s := start(t, echo, nil)
	c := s.dial()
	br := bufio.NewReader(c)
	for range 3 {
		fmt.Fprint(c, "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
		res, err := http.ReadResponse(br, nil)
		if err != nil || res.StatusCode != 401 || res.Close {
			t.Fatal(res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
	}
}

// However much goes through, little of it is in memory.
func TestFlatMemory(t *testing.T) {
	const all = 1 << 30
	var most atomic.Uint64
	watch := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for {
			before := most.Load()
			if m.HeapInuse <= before || most.CompareAndSwap(before, m.HeapInuse) {
				return
			}
		}
	}
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Got", fmt.Sprint(n))
		_, _ = io.Copy(w, zeros(all/4))
	}, nil)
	runtime.GC()
	watch()
	before := most.Load()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	var sent int64
	body := readerFunc(func(p []byte) (int, error) {
		if sent == all {
			return 0, io.EOF
		}
		n := int(min(int64(len(p)), all-sent))
		if sent>>26 != (sent+int64(n))>>26 {
			watch()
		}
		sent += int64(n)
		return n, nil
	})
	req, _ := http.NewRequestWithContext(t.Context(), "PUT", "http://"+s.addr+"/public", body)
	req.ContentLength = all
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	watch()
	if err != nil || res.Header.Get("X-Got") != fmt.Sprint(all) || n != all/4 {
		t.Errorf("%s arrived and %d came back, %v", res.Header.Get("X-Got"), n, err)
	}
	if grown := int64(most.Load()) - int64(before); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A client that reads slowly holds up nobody but itself, and gets everything.
func TestSlowClient(t *testing.T) {
	const all = 8 << 20
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, zeros(all)) }, nil)
	res := s.with(t, "/public", "")
	buf := make([]byte, 1<<20)
	total := 0
	for {
		n, err := io.ReadFull(res.Body, buf)
		total += n
		if s.with(t, "/public?other=1", "").StatusCode != 200 {
			t.Fatal("the other one was not served")
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if total != all {
		t.Errorf("%d octets, want %d", total, all)
	}
}
