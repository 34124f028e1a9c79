package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/reason"
)

// issuer is a token endpoint and an API in one, with rotating tokens.
type issuer struct {
	mu       sync.Mutex
	n        int // of the newest token
	valid    map[string]bool
	life     time.Duration
	delay    time.Duration
	fail     []error // of the next renewals
	started  int
	renewals int
	lagging  bool // Token goes on with what Renew replaced
	// per request id: how often it was seen, and with what
	seen   map[string][]string
	answer func(w http.ResponseWriter, r *http.Request) bool // true: it answered
	header string                                            // challenge
	same   bool
	reject bool // the API takes no token at all
	token  client.Token
}

func newIssuer() *issuer {
	s := &issuer{valid: map[string]bool{}, seen: map[string][]string{}, header: `Bearer realm="api", error="invalid_token"`}
	s.issue()
	return s
}

// issue is called with the lock, or before anybody else knows s.
func (s *issuer) issue() {
	s.n++
	s.token = client.Token{Value: fmt.Sprint("t", s.n), Obtained: time.Now()}
	if s.life > 0 {
		s.token.Expiry = time.Now().Add(s.life)
	}
	s.valid[s.token.Value] = true
}

func (s *issuer) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.valid)
}

func (s *issuer) Token(context.Context) (client.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lagging {
		return client.Token{Value: "t1"}, nil
	}
	return s.token, nil
}

// Renew does not look at what was refused: the transport alone has to see to it
// that it is called once.
func (s *issuer) Renew(ctx context.Context, _ client.Token) (client.Token, error) {
	s.mu.Lock()
	s.started++
	s.mu.Unlock()
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return client.Token{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
	if len(s.fail) > 0 {
		err := s.fail[0]
		s.fail = s.fail[1:]
		if err != nil {
			return client.Token{}, err
		}
	}
	if !s.same {
		clear(s.valid)
		s.issue()
	}
	return s.token, nil
}

func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.URL.Path
	s.seen[id] = append(s.seen[id], r.Header.Get("Authorization"))
	if s.answer != nil && s.answer(w, r) {
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !s.valid[token] || s.reject {
		w.Header().Set("WWW-Authenticate", s.header)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = w.Write(body)
}

func transport(s *issuer) *client.Transport {
	return &client.Transport{Base: direct{s}, Logins: []client.Login{{Origins: []string{api}, Source: s}}}
}

func TestOneRenewalForManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.delay = time.Second
		s.expire()
		tr := transport(s)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				resp, err := tr.RoundTrip(get(t, fmt.Sprint(api, "/", i)))
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("request %d: %v %v", i, resp, err)
				}
			})
		}
		wg.Wait()
		if s.renewals != 1 {
			t.Errorf("%d renewals, want 1", s.renewals)
		}
		for id, sent := range s.seen {
			if len(sent) != 2 || sent[0] == sent[1] {
				t.Errorf("%s was sent as %q", id, sent)
			}
		}
	})
}

func TestWaiterGoesItsOwnWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.delay = time.Minute / 4
		s.expire()
		tr := transport(s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		// The one that gives up is the one that began the renewal.
		_, err := tr.RoundTrip(get(t, api+"/impatient").WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(started))
		}
		resp, err := tr.RoundTrip(get(t, api+"/patient"))
		if err != nil || resp.StatusCode != 200 || s.started != 1 {
			t.Errorf("got %v %v after %d renewals", resp, err, s.started)
		}
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A refusal that arrives late finds the token replaced already.
func TestStragglers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.expire()
		tr := transport(s)
		tr.Base = direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.ServeHTTP(w, r)
			if r.URL.Path == "/slow" && r.Header.Get("Authorization") == "Bearer t1" {
				time.Sleep(time.Minute)
			}
		})}
		var wg sync.WaitGroup
		for _, path := range []string{"/slow", "/quick"} {
			wg.Go(func() {
				if path == "/quick" {
					time.Sleep(time.Second)
				}
				if resp, err := tr.RoundTrip(get(t, api+path)); err != nil || resp.StatusCode != 200 {
					t.Errorf("%s: %v %v", path, resp, err)
				}
			})
		}
		wg.Wait()
		// And so does a source that is late.
		s.lagging = true
		if resp, err := tr.RoundTrip(get(t, api+"/late")); err != nil || resp.StatusCode != 200 || len(s.seen["/late"]) != 1 {
			t.Errorf("%v %v, sent %q", resp, err, s.seen["/late"])
		}
		if s.renewals != 1 {
			t.Errorf("%d renewals", s.renewals)
		}
	})
}

func TestRefusedRenewals(t *testing.T) {
	tests := []struct {
		name     string
		set      func(*issuer)
		want     reason.Code
		retry    reason.Retry
		after    time.Duration
		renewals int // after two requests
		attempts int // of the first request
	}{
		{"login over", func(s *issuer) {
			s.fail = []error{&client.RenewalError{Code: "invalid_grant", Status: 400}, nil}
		}, reason.TokenInvalid, reason.RetryReauthenticate, 0, 1, 1},
		{"issuer away", func(s *issuer) {
			s.fail = []error{&client.RenewalError{Status: 503}, &client.RenewalError{Status: 503}}
		}, reason.TokenInvalid, reason.RetryLater, 0, 2, 1},
		{"issuer away for a while", func(s *issuer) {
			s.fail = []error{&client.RenewalError{Status: 503, RetryAfter: time.Hour}, nil}
		}, reason.TokenInvalid, reason.RetryLater, time.Hour, 1, 1},
		{"network away", func(s *issuer) { s.fail = []error{errors.New("dial"), errors.New("dial")} },
			reason.TokenInvalid, reason.RetryLater, 0, 2, 1},
		{"client refused", func(s *issuer) {
			e := &client.RenewalError{Code: "invalid_client", Status: 401}
			s.fail = []error{e, e}
		}, reason.TokenInvalid, reason.RetryFixRequest, 0, 2, 1},
		{"never renews", func(s *issuer) { s.fail = []error{client.ErrNoRenewal, client.ErrNoRenewal} },
			reason.TokenInvalid, reason.RetryReauthenticate, 0, 2, 1},
		{"new token refused", func(s *issuer) { s.reject = true }, reason.TokenInvalid, reason.RetryReauthenticate, 0, 1, 2},
		{"same token", func(s *issuer) { s.same = true }, reason.TokenInvalid, reason.RetryReauthenticate, 0, 1, 1},
		{"withdrawn", func(s *issuer) {
			s.answer = refuse(401, `Bearer error="invalid_token"`, `{"code":"token-revoked","retry":"reauthenticate"}`)
		}, reason.TokenRevoked, reason.RetryReauthenticate, 0, 0, 1},
		{"audience", func(s *issuer) {
			s.answer = refuse(401, `Bearer error="invalid_token"`, `{"code":"token-audience-wrong"}`)
		}, reason.TokenAudienceWrong, reason.RetryFixRequest, 0, 0, 1},
		{"scope", func(s *issuer) {
			s.answer = refuse(403, `Bearer error="insufficient_scope", scope="orders:write"`, "")
		}, reason.ScopeInsufficient, reason.RetryRequestAccess, 0, 0, 1},
		{"step up", func(s *issuer) {
			s.answer = refuse(401, `Bearer error="insufficient_user_authentication", acr_values="gold", max_age=60`, "")
		}, reason.AuthenticationTooWeak, reason.RetryStepUp, 0, 0, 1},
		{"other scheme", func(s *issuer) { s.header = `Basic realm="x"` }, reason.SchemeUnsupported, reason.RetryFixRequest, 0, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newIssuer()
				s.expire()
				test.set(s)
				tr := transport(s)
				d := refusal(t, tr, get(t, api+"/one"))
				if d.Reason != test.want || d.Retry != test.retry || d.RetryAfter != test.after {
					t.Errorf("got %s, %s, %v (%v)", d.Reason, d.Retry, d.RetryAfter, d)
				}
				if n := len(s.seen["/one"]); n != test.attempts {
					t.Errorf("%d attempts, want %d", n, test.attempts)
				}
				refusal(t, tr, get(t, api+"/two"))
				if s.renewals != test.renewals {
					t.Errorf("%d renewals, want %d", s.renewals, test.renewals)
				}
			})
		})
	}
}

func refuse(status int, challenge, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("WWW-Authenticate", challenge)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// refusal makes a request that must be refused, in both ways of saying so.
func refusal(t *testing.T, tr http.RoundTripper, req *http.Request) *client.Denied {
	t.Helper()
	resp, err := tr.RoundTrip(req)
	if err == nil {
		err = client.Check(resp)
		if _, readErr := io.ReadAll(resp.Body); readErr != nil {
			t.Errorf("the body of a refusal: %v", readErr)
		}
		resp.Body.Close()
		if got, want := fmt.Sprint(resp.Request.Method, resp.Request.URL, resp.Request.Header), fmt.Sprint(req.Method, req.URL, req.Header); got != want {
			t.Errorf("Response.Request is %s, not %s", got, want)
		}
	}
	var d *client.Denied
	if !errors.As(err, &d) {
		t.Fatalf("got %v, want a *Denied", err)
	}
	if strings.Contains(d.Error(), "hunter2") || d.WhatToDo() == "" {
		t.Errorf("bad text: %v: %s", d, d.WhatToDo())
	}
	return d
}

// http.Client with a Timeout puts its own body around ours.
func TestCheckBehindTimeout(t *testing.T) {
	s := newIssuer()
	s.reject = true
	c := &http.Client{Transport: transport(s), Timeout: time.Minute}
	resp, err := c.Do(get(t, api))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	var d *client.Denied
	if !errors.As(client.Check(resp), &d) || !strings.Contains(d.Note, "renewed") {
		t.Errorf("got %v", client.Check(resp))
	}
}

func TestAheadOfExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.life = 100 * time.Second
		s.issue()
		tr := transport(s)
		ask := func() {
			t.Helper()
			resp, err := tr.RoundTrip(get(t, api+"/x"))
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("got %v %v", resp, err)
			}
		}
		time.Sleep(89 * time.Second)
		ask()
		if s.renewals != 0 {
			t.Error("renewed too early")
		}
		time.Sleep(2 * time.Second)
		ask()
		if s.renewals != 1 || len(s.seen["/x"]) != 2 {
			t.Errorf("%d renewals, %d requests", s.renewals, len(s.seen["/x"]))
		}
		// A renewal that fails ahead of time costs nothing while the token lives.
		time.Sleep(95 * time.Second)
		s.fail = []error{errors.New("away"), errors.New("away")}
		ask()
		ask()
		if s.renewals != 2 {
			t.Errorf("%d renewals", s.renewals)
		}
		time.Sleep(10 * time.Second)
		d := refusal(t, tr, get(t, api+"/y"))
		if d.Status != 0 || d.Reason != reason.TokenExpired || d.Retry != reason.RetryLater || len(s.seen["/y"]) != 0 {
			t.Errorf("got %v %+v", d, s.seen["/y"])
		}
		ask()
	})
}
