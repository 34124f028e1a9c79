package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/reason"
)

// stream is a body that can be read once.
type stream struct {
	io.Reader
	closed atomic.Int32
}

func (s *stream) Close() error { s.closed.Add(1); return nil }

func TestBodies(t *testing.T) {
	big := strings.Repeat("x", 3<<20)
	tests := []struct {
		name   string
		body   string
		replay bool // with GetBody
		buffer int64
		expect int64
		status int
	}{
		{"none", "", false, 0, 0, 200},
		{"replayed", "hello", true, 0, 0, 200},
		{"big, replayed", big, true, 0, 0, 200},
		{"once", "hello", false, 0, 0, 401},
		{"once, kept", "hello", false, 100, 0, 200},
		{"once, as long as what is kept", "hello", false, 5, 0, 200},
		{"once, too long", "hello", false, 4, 0, 401},
		{"once, not read before", big, false, 0, 1, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newIssuer()
			s.expire()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if test.expect > 0 && r.Header.Get("Authorization") == "Bearer t1" {
					refuse(401, `Bearer error="invalid_token"`, "{}")(w, r) // before anyone reads the body
					return
				}
				s.ServeHTTP(w, r)
			}))
			defer srv.Close()
			base := &http.Transport{ExpectContinueTimeout: 10 * time.Second}
			defer base.CloseIdleConnections()
			tr := &client.Transport{Base: base, BufferBody: test.buffer, ExpectContinue: test.expect,
				Logins: []client.Login{{Origins: []string{srv.URL}, Source: s}}}
			var body io.Reader
			in := &stream{Reader: strings.NewReader(test.body)}
			switch {
			case test.replay:
				body = strings.NewReader(test.body)
			case test.body != "":
				body = in
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			if body != nil {
				req.ContentLength = int64(len(test.body))
			}
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != test.status || test.status == 200 && string(got) != test.body {
				t.Errorf("got %d, %d octets, %v: %v", resp.StatusCode, len(got), err, client.Check(resp))
			}
			if test.status == 401 {
				var d *client.Denied
				if !errors.As(client.Check(resp), &d) || d.Retry != reason.RetryRepeat || s.renewals != 1 {
					t.Errorf("got %v", d)
				}
			}
			if n := in.closed.Load(); n == 0 && body == in {
				t.Error("the body was not closed")
			}
		})
	}
}

// A refusal whose body never ends must not hold the repetition up, nor must its
// text be lost where there is none.
func TestEndlessRefusal(t *testing.T) {
	s := newIssuer()
	s.expire()
	stop := make(chan struct{})
	var first sync.Once
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		endless := false
		first.Do(func() { endless = true })
		if !endless {
			s.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(401)
		for {
			select {
			case <-stop:
				return
			case <-r.Context().Done():
				return
			default:
				if _, err := w.Write(bytes.Repeat([]byte("x"), 4096)); err != nil {
					return
				}
			}
		}
	}))
	defer srv.Close()
	defer close(stop)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	tr := &client.Transport{Base: base, Logins: []client.Login{{Origins: []string{srv.URL}, Source: s}}}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	resp, err := tr.RoundTrip(get(t, srv.URL).WithContext(ctx))
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
}

func TestTextOfRefusalStays(t *testing.T) {
	for _, text := range []string{"", "{", `{"code":"token-audience-wrong"}`, strings.Repeat("[", 40<<10)} {
		tr := &client.Transport{Base: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			refuse(401, `Bearer realm="r"`, text)(w, r)
		})}}
		resp, err := tr.RoundTrip(get(t, api))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if client.Check(resp) == nil {
				t.Error("no refusal")
			}
		}
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != text {
			t.Errorf("got %d octets of %d: %v", len(got), len(text), err)
		}
	}
}

// With HTTP/2 a refusal comes while the body is still on its way.
func TestRenewalOverHTTP2(t *testing.T) {
	s := newIssuer()
	s.expire()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("got %s", r.Proto)
		}
		if r.Header.Get("Authorization") == "Bearer t1" {
			refuse(401, `Bearer error="invalid_token"`, "{}")(w, r)
			return
		}
		s.ServeHTTP(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	base := srv.Client().Transport.(*http.Transport)
	defer base.CloseIdleConnections()
	tr := &client.Transport{Base: base, Logins: []client.Login{{Origins: []string{srv.URL}, Source: s}}}
	text := strings.Repeat("y", 1<<20)
	for range 20 {
		s.expire()
		s.mu.Lock()
		s.n, s.token = 1, client.Token{Value: "t1"}
		s.mu.Unlock()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || string(got) != text {
			t.Fatalf("got %d, %d octets, %v", resp.StatusCode, len(got), err)
		}
		tr = &client.Transport{Base: base, Logins: tr.Logins}
	}
}
