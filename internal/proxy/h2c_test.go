package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/proxy"
	lean "github.com/gate401/gate401/internal/upstream"
)

// A call of gRPC is HTTP/2 from end to end: messages go both ways at the same
// time, and how it ended is in the trailers, or in the fields if there is no body.
func TestCallOverH2C(t *testing.T) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" || r.Header.Get("Content-Type") != "application/grpc" {
			t.Errorf("%s %v", r.Proto, r.Header)
		}
		h := w.Header()
		h.Set("Content-Type", "application/grpc")
		if r.URL.Path == "/public/none" {
			h.Set("Grpc-Status", "5")
			return
		}
		h.Set("Trailer", "Grpc-Status, Grpc-Message")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintf(w, "you said %s\n", lines.Text())
			_ = http.NewResponseController(w).Flush()
		}
		h.Set("Grpc-Status", "0")
		h.Set("Grpc-Message", "all said")
	}))
	api.Config.Protocols = protocols
	api.Start()
	defer api.Close()
	at, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	at.Scheme = "h2c"
	up, err := lean.New(lean.Config{Name: "calls", URLs: []*url.URL{at}, HeaderTimeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	p, err := proxy.New(proxy.Config{Gate: newGate(), Upstream: up.URL(), Transport: up.Lane(0)})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(p)
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()

	call := func(path string, body io.Reader) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "POST", front.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("Te", "trailers")
		res, err := front.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	in, out := io.Pipe()
	res := call("/public/talk", in)
	if res.ProtoMajor != 2 || res.StatusCode != 200 {
		t.Fatalf("%s %s", res.Proto, res.Status)
	}
	heard := bufio.NewScanner(res.Body)
	for _, word := range []string{"one", "two", "three"} {
		// The answer to each comes before the next one is sent.
		fmt.Fprintln(out, word)
		if !heard.Scan() || heard.Text() != "you said "+word {
			t.Fatalf("heard %q, %v", heard.Text(), heard.Err())
		}
	}
	_ = out.Close()
	if heard.Scan() || heard.Err() != nil {
		t.Errorf("heard %q, %v", heard.Text(), heard.Err())
	}
	if res.Trailer.Get("Grpc-Status") != "0" || res.Trailer.Get("Grpc-Message") != "all said" {
		t.Errorf("trailers %v", res.Trailer)
	}
	if res := call("/public/none", http.NoBody); res.Header.Get("Grpc-Status") != "5" {
		t.Errorf("%v %v", res.Header, res.Trailer)
	}
}
