package issuer_test

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

var person = issuer.Approval{Subject: "alice", Scopes: []string{"orders:read"}, Groups: []string{"admin"}, AMR: []string{"pwd"}}

// tv is a server with a client for devices, and a person.
func tv(t testing.TB) (*server, *issuer.DeviceEndpoint) {
	t.Helper()
	s := newServer(t)
	s.client(t, store.Client{ID: "tv", Method: issuer.AuthNone, Scopes: []string{"orders:read", "orders:write"},
		Grants: []string{issuer.GrantDeviceCode, issuer.GrantRefreshToken}})
	s.client(t, store.Client{ID: "radio", Method: issuer.AuthNone, Grants: []string{issuer.GrantDeviceCode}})
	s.client(t, store.Client{ID: "web", Method: issuer.AuthNone, Grants: []string{issuer.GrantAuthorizationCode}})
	if _, err := s.set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice", Scopes: []string{"orders:read", "orders:write"}}); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Second)
	return s, &issuer.DeviceEndpoint{Desk: s.desk, Page: "https://issuer.example/auth/device"}
}

func start(t testing.TB, e *issuer.DeviceEndpoint, form ...string) (device, user string) {
	t.Helper()
	w, got := post(t, e, "", "", with(url.Values{"client_id": {"tv"}}, form...))
	if w.Code != 200 {
		t.Fatalf("%d %v", w.Code, got)
	}
	return got["device_code"].(string), got["user_code"].(string)
}

func poll(t testing.TB, s *server, client, code string) (string, map[string]any) {
	t.Helper()
	_, got := post(t, s.tokens, "", "", url.Values{"grant_type": {issuer.GrantDeviceCode}, "client_id": {client}, "device_code": {code}})
	text, _ := got["error"].(string)
	return text, got
}

// Who somebody is, may every device ask.
func TestDeviceOpenID(t *testing.T) {
	s, e := tv(t)
	_, asked := post(t, e, "", "", url.Values{"client_id": {"radio"}, "scope": {"openid profile offline_access"}})
	device, _ := asked["device_code"].(string)
	user, _ := asked["user_code"].(string)
	if err := s.issuer.AllowDevice(t.Context(), user, issuer.Approval{Subject: "alice"}); err != nil {
		t.Fatal(err)
	}
	if code, got := poll(t, s, "radio", device); code != "" || got["scope"] != "offline_access openid profile" || got["id_token"] == nil {
		t.Errorf("%s %v", code, got)
	}
}

func TestDeviceAuthorization(t *testing.T) {
	s, e := tv(t)
	w, got := post(t, e, "", "", url.Values{"client_id": {"tv"}, "scope": {"orders:read"}})
	user, _ := got["user_code"].(string)
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(user) {
		t.Errorf("user code %q", user)
	}
	if code, _ := got["device_code"].(string); len(code) < 43 {
		t.Errorf("device code of %d characters", len(code))
	}
	delete(got, "device_code")
	delete(got, "user_code")
	want := map[string]any{
		"verification_uri": e.Page, "verification_uri_complete": e.Page + "?user_code=" + user, "expires_in": 600.0, "interval": 5.0,
	}
	if diff := cmp.Diff(want, got); diff != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v (-want +got)\n%s", w.Header(), diff)
	}
	for _, test := range []struct {
		name string
		form url.Values
		want string
	}{
		{"not registered for it", url.Values{"client_id": {"web"}}, "unauthorized_client"},
		{"a scope that it may not ask for", url.Values{"client_id": {"tv"}, "scope": {"admin"}}, "invalid_scope"},
		{"a resource that is unknown", url.Values{"client_id": {"tv"}, "resource": {"https://other.example"}}, "invalid_target"},
		{"no client", url.Values{}, "invalid_client"},
	} {
		if _, got := post(t, e, "", "", test.form); got["error"] != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
	}
	e.Limit = &defend.Guard{Now: s.now, Limits: defend.Limits{Address: defend.Limit{Attempts: 2, Window: time.Hour}}}
	for _, want := range []int{200, 200, 429} {
		if w, got := post(t, e, "", "", url.Values{"client_id": {"tv"}}); w.Code != want {
			t.Errorf("%d %v, want %d", w.Code, got, want)
		}
	}
}

func TestDeviceAllowed(t *testing.T) {
	s, e := tv(t)
	device, user := start(t, e)
	if got, _ := poll(t, s, "tv", device); got != "authorization_pending" {
		t.Fatalf("at first: %s", got)
	}
	typed := strings.ToLower(strings.ReplaceAll(user, "-", " "))
	d, err := s.issuer.FindDevice(t.Context(), s.set.Clients, typed)
	if err != nil || d.Client.ID != "tv" || d.UserCode != user || len(d.Scopes) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	if err := s.issuer.AllowDevice(t.Context(), typed, person); err != nil {
		t.Fatal(err)
	}
	for name, decide := range map[string]func() error{
		"allow": func() error { return s.issuer.AllowDevice(t.Context(), user, person) },
		"deny":  func() error { return s.issuer.DenyDevice(t.Context(), user) },
		"find":  func() error { _, err := s.issuer.FindDevice(t.Context(), s.set.Clients, user); return err },
	} {
		if err := decide(); !errors.Is(err, issuer.ErrUserCode) {
			t.Errorf("%s once more: %v", name, err)
		}
	}
	if got, _ := poll(t, s, "radio", device); got != "invalid_grant" {
		t.Errorf("another client: %q", got)
	}
	fail, got := poll(t, s, "tv", device)
	if fail != "" || got["scope"] != "orders:read" || got["refresh_token"] == nil {
		t.Fatalf("allowed: %v: %v", got, s.last.Err)
	}
	claims := claimsOf(t, got["access_token"])
	if claims["sub"] != "alice" || claims["client_id"] != "tv" || claims["auth_time"] == nil {
		t.Errorf("claims %v", claims)
	}
	// The code is used up, and whoever shows it again later ends what came of it.
	s.advance(20*time.Second + time.Millisecond)
	if fail, _ := poll(t, s, "tv", device); fail != "invalid_grant" || codeOf(s.last.Err) != reason.CodeReused {
		t.Errorf("again: %s, %v", fail, s.last.Err)
	}
	text, _ := got["access_token"].(string)
	if code := status(t, s.issuer, text); code != reason.TokenRevoked {
		t.Errorf("the access token is %q", code)
	}
}

func TestDeviceRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, s *server, user string)
		want string
	}{
		{"denied", func(t *testing.T, s *server, user string) {
			if err := s.issuer.DenyDevice(t.Context(), user); err != nil {
				t.Fatal(err)
			}
		}, "access_denied"},
		{"too late", func(_ *testing.T, s *server, _ string) { s.advance(10 * time.Minute) }, "expired_token"},
		{"too late to decide", func(t *testing.T, s *server, user string) {
			s.advance(10 * time.Minute)
			if err := s.issuer.AllowDevice(t.Context(), user, person); !errors.Is(err, issuer.ErrUserCode) {
				t.Errorf("allowed too late: %v", err)
			}
		}, "expired_token"},
		{"nothing left", func(t *testing.T, s *server, user string) {
			var form *issuer.FormError
			if err := s.issuer.AllowDevice(t.Context(), user, issuer.Approval{Subject: "alice"}); !errors.As(err, &form) || form.Code != "invalid_scope" {
				t.Errorf("a person without these scopes: %v", err)
			}
		}, "authorization_pending"},
		{"suspended since", func(t *testing.T, s *server, user string) {
			if err := s.issuer.AllowDevice(t.Context(), user, person); err != nil {
				t.Fatal(err)
			}
			a := must[store.Account](t)(s.set.Accounts.Account(t.Context(), "alice"))
			a.Suspended = true
			must[store.Account](t)(s.set.Accounts.UpdateAccount(t.Context(), a))
		}, "invalid_grant"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, e := tv(t)
			device, user := start(t, e)
			test.do(t, s, user)
			if got, _ := poll(t, s, "tv", device); got != test.want {
				t.Errorf("%q (%v), want %q", got, s.last.Err, test.want)
			}
		})
	}
}

// Who asks faster than it should is told to ask more slowly from then on.
func TestDeviceSlowDown(t *testing.T) {
	s, e := tv(t)
	device, _ := start(t, e)
	for i, step := range []struct {
		wait time.Duration
		want string
	}{
		{0, "authorization_pending"}, {5 * time.Second, "authorization_pending"}, {time.Second, "slow_down"},
		{5 * time.Second, "slow_down"}, {15 * time.Second, "authorization_pending"}, {14 * time.Second, "authorization_pending"},
	} {
		s.advance(step.wait)
		if got, _ := poll(t, s, "tv", device); got != step.want {
			t.Fatalf("request %d after %s: %s, want %s", i, step.wait, got, step.want)
		}
	}
}

// noted counts what is written about tickets.
type noted struct {
	store.Tickets
	updates int
}

func (n *noted) UpdateTicket(ctx context.Context, t store.Ticket) (store.Ticket, error) {
	n.updates++
	return n.Tickets.UpdateTicket(ctx, t)
}

// Who asks again and again is no load for the store.
func TestDeviceFlood(t *testing.T) {
	s, e := tv(t)
	device, _ := start(t, e)
	n := &noted{Tickets: s.issuer.Tickets}
	s.issuer.Tickets = n
	for i := range 100 {
		if got, _ := poll(t, s, "tv", device); (got == "slow_down") != (i > 0) {
			t.Fatalf("request %d: %s", i, got)
		}
		s.advance(5 * time.Millisecond)
	}
	if n.updates != 1 {
		t.Errorf("%d writes", n.updates)
	}
	s.advance(5 * time.Second)
	if got, _ := poll(t, s, "tv", device); got != "authorization_pending" {
		t.Errorf("in time: %s", got)
	}
}

func TestUserCodes(t *testing.T) {
	s, e := tv(t)
	_, user := start(t, e)
	for _, text := range []string{"", "x", "BCDF-GHJ", user + "B", "AAAA-AAAA", user + strings.Repeat("-", 40), "ÄÖÜ", "BBBBBBBB"} {
		if _, err := s.issuer.FindDevice(t.Context(), s.set.Clients, text); !errors.Is(err, issuer.ErrUserCode) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzUserCode(f *testing.F) {
	s, e := tv(f)
	_, user := start(f, e)
	f.Add("BCDF-GHJK")
	f.Add("bcdf ghjk")
	plain := strings.ReplaceAll(user, "-", "")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := s.issuer.FindDevice(t.Context(), s.set.Clients, text)
		if err == nil && (d.UserCode != user || !strings.EqualFold(plain, strings.NewReplacer("-", "", " ", "", ".", "", "_", "").Replace(text))) {
			t.Errorf("%q is taken for %q", text, d.UserCode)
		}
		if err != nil && !errors.Is(err, issuer.ErrUserCode) {
			t.Error(err)
		}
	})
}
