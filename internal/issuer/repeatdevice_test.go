package issuer_test

import (
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// A device that lost its answer has to wait before it asks again (RFC 8628 section
// 3.5), and is told the same login then.
func TestDeviceAnswerLost(t *testing.T) {
	for _, test := range []struct {
		name  string
		grace time.Duration
		do    func(t *testing.T, s *server, first map[string]any)
		wait  time.Duration
		// want is "" for an answer that works.
		want reason.Code
	}{
		{name: "at once"},
		{name: "after twice the interval and the grace", wait: 20 * time.Second},
		{name: "later", wait: 20*time.Second + time.Millisecond, want: reason.CodeReused},
		{name: "a grace of its own", grace: time.Minute, wait: 70 * time.Second},
		{name: "no grace", grace: -1, want: reason.CodeReused},
		{name: "its tokens were used", do: func(t *testing.T, s *server, first map[string]any) {
			if w, got := post(t, s.tokens, "", "", url.Values{"grant_type": {"refresh_token"}, "client_id": {"tv"}, "refresh_token": {first["refresh_token"].(string)}}); w.Code != 200 {
				t.Fatal(got)
			}
		}, want: reason.CodeReused},
		{name: "revoked since", do: func(t *testing.T, s *server, _ map[string]any) {
			if err := s.issuer.RevokeSubject(t.Context(), "alice", "test"); err != nil {
				t.Fatal(err)
			}
		}, want: reason.CodeReused},
		{name: "suspended since", do: func(t *testing.T, s *server, _ map[string]any) {
			a := must[store.Account](t)(s.set.Accounts.Account(t.Context(), "alice"))
			a.Suspended = true
			must[store.Account](t)(s.set.Accounts.UpdateAccount(t.Context(), a))
		}, want: reason.CodeExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, e := tv(t)
			s.issuer.Policy.Grace = test.grace
			device, user := start(t, e)
			if err := s.issuer.AllowDevice(t.Context(), user, person); err != nil {
				t.Fatal(err)
			}
			fail, first := poll(t, s, "tv", device)
			if fail != "" {
				t.Fatal(first)
			}
			if test.do != nil {
				test.do(t, s, first)
			}
			s.advance(test.wait)
			if fail, _ := poll(t, s, "radio", device); fail != "invalid_grant" || codeOf(s.last.Err) != reason.CodeUnknown {
				t.Errorf("another client: %s, %v", fail, s.last.Err)
			}
			fail, second := poll(t, s, "tv", device)
			if test.want != "" {
				if fail != "invalid_grant" || codeOf(s.last.Err) != test.want {
					t.Errorf("%s, %v, want %s", fail, s.last.Err, test.want)
				}
				return
			}
			if fail != "" || second["scope"] != first["scope"] || second["refresh_token"] != first["refresh_token"] || second["access_token"] == first["access_token"] {
				t.Fatalf("again: %v, %v", second, s.last.Err)
			}
			for _, got := range []map[string]any{first, second} {
				text, _ := got["access_token"].(string)
				if code := status(t, s.issuer, text); code != "" {
					t.Errorf("an access token is %q", code)
				}
			}
			if w, got := post(t, s.tokens, "", "", url.Values{"grant_type": {"refresh_token"}, "client_id": {"tv"}, "refresh_token": {second["refresh_token"].(string)}}); w.Code != 200 {
				t.Errorf("renewing: %v", got)
			}
		})
	}
}

// One that may not renew gets no refresh token by asking twice.
func TestDeviceAnswerLostWithoutRefresh(t *testing.T) {
	s, e := tv(t)
	_, asked := post(t, e, "", "", url.Values{"client_id": {"radio"}})
	device, _ := asked["device_code"].(string)
	user, _ := asked["user_code"].(string)
	if err := s.issuer.AllowDevice(t.Context(), user, issuer.Approval{Subject: "alice"}); err != nil {
		t.Fatal(err)
	}
	var ends [2]any
	for i := range ends {
		fail, got := poll(t, s, "radio", device)
		if fail != "" || got["refresh_token"] != nil {
			t.Fatalf("request %d: %v, %v", i, got, s.last.Err)
		}
		ends[i] = claimsOf(t, got["access_token"])["exp"]
		s.advance(5 * time.Second)
	}
	if ends[1] != ends[0] {
		t.Errorf("the second ends %s, the first %s: nothing outlives the login", ends[1], ends[0])
	}
}

// Twenty requests at once are one login, and all have an answer that works.
func TestDeviceAtOnce(t *testing.T) {
	c := newClock()
	for name, set := range sets(t, c.now) {
		t.Run(name, func(t *testing.T) {
			tv := store.Client{ID: "tv", Method: issuer.AuthNone, Grants: []string{issuer.GrantDeviceCode, issuer.GrantRefreshToken}}
			s := newIssuer(t, set, c.now, issuer.Policy{})
			s.Tickets = set.Tickets
			d := must[*issuer.DeviceStart](t)(s.StartDevice(t.Context(), tv, nil, nil))
			if err := s.AllowDevice(t.Context(), d.UserCode, person); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var grants [20]*issuer.Grant
			var errs [20]error
			for i := range grants {
				wg.Go(func() { grants[i], errs[i] = s.RedeemDevice(t.Context(), tv, d.DeviceCode, nil) })
			}
			wg.Wait()
			if err := errors.Join(errs[:]...); err != nil {
				t.Fatal(err)
			}
			for _, g := range grants {
				if g.Family != grants[0].Family || g.Refresh.Reveal() != grants[0].Refresh.Reveal() {
					t.Error("two logins of one code")
				}
				if code := status(t, s, g.Access.Token); code != "" {
					t.Errorf("an access token is %q", code)
				}
			}
		})
	}
}
