package proxy_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What pretends to be the gate's does not get through at the end of an answer
// either, announced or not, nor in an informational one before it.
func TestOwnFieldsLate(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Gate401-Reason", "token-expired")
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Gate401-Reason")
		w.Header().Set("Trailer", "X-Sum, Gate401-Refused-By")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set("Gate401-Refused-By", "gate")
		w.Header().Set(http.TrailerPrefix+"Gate401-Late", "gate")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	}, nil)
	c := s.dial()
	fmt.Fprint(c, "GET /public HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n")
	var all strings.Builder
	for lines := bufio.NewScanner(c); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
	}
	text := all.String()
	if !strings.Contains(text, "X-Sum: 42") || !strings.Contains(text, "X-Late: 43") || !strings.HasPrefix(text, "HTTP/1.1 103") {
		t.Errorf("incomplete:\n%s", text)
	}
	if strings.Contains(strings.ToLower(text), "gate401-") {
		t.Errorf("a field of ours came from the upstream:\n%s", text)
	}
}

// Fields behind the body of a request reach the upstream, announced or not; those
// that would not be forwarded before it are not forwarded behind it.
func TestRequestTrailers(t *testing.T) {
	got := make(chan http.Header, 1)
	upstream := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got <- r.Trailer
	}
	s := start(t, upstream, nil)
	want := func(how string) {
		t.Helper()
		h := <-got
		if h.Get("X-Sum") != "42" {
			t.Errorf("%s: %v", how, h)
		}
		for name, values := range h {
			if name != "X-Sum" && name != "X-Late" && len(values) > 0 {
				t.Errorf("%s: %s: %v got through", how, name, values)
			}
		}
	}
	for how, announced := range map[string]string{"announced": "Trailer: X-Sum, Gate401-Subject, X-Forwarded-For\n", "not announced": ""} {
		res, _ := s.raw("POST /public HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n" + announced + "\n3\nabc\n0\n" +
			"X-Sum: 42\nX-Late: 43\nGate401-Subject: admin\nX_Forwarded-For: 1.2.3.4\nAuthorization: Bearer x\nCookie: a=b\n\n")
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d", how, res.StatusCode)
		}
		want(how)
	}
	front := httptest.NewUnstartedServer(s.proxy)
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", front.URL+"/public", io.MultiReader(strings.NewReader("abc")))
	req.Trailer = http.Header{"X-Sum": {"42"}, "Gate401-Subject": {"admin"}}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.ProtoMajor != 2 {
		t.Errorf("%s", res.Proto)
	}
	want("HTTP/2")
}

// What is no field is not announced, and no fault of the upstream's.
func TestRequestTrailersMalformed(t *testing.T) {
	got := make(chan http.Header, 10)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got <- r.Trailer
	}, nil)
	for _, announced := range []string{"x y, X-Sum", `"q": 1`, "X-Sum, a\tb", "\xffx, J\u00fc", ",", "a(b)"} {
		res, _ := s.raw("POST /public HTTP/1.1\nHost: a\nConnection: close\nTransfer-Encoding: chunked\nTrailer: " + announced +
			"\n\n3\nabc\n0\nX-Sum: 42\n\n")
		if res.StatusCode != 200 {
			t.Errorf("%q: %d", announced, res.StatusCode)
			continue
		}
		if h := <-got; h.Get("X-Sum") != "42" || len(h) != 1 {
			t.Errorf("%q: %q", announced, h)
		}
	}
}

// And those of an answer reach an HTTP/2 client.
func TestTrailersHTTP2(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	}, nil)
	front := httptest.NewUnstartedServer(s.proxy)
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", front.URL+"/public", nil)
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "body" || res.Trailer.Get("X-Sum") != "42" || res.Trailer.Get("X-Late") != "43" {
		t.Errorf("%q %v %v", body, err, res.Trailer)
	}
}
