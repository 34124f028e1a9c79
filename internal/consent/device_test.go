package consent_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

// device starts one, and returns what it shows and how it asks for its tokens.
func (h *house) device(scopes ...string) (code string, poll func() string) {
	h.t.Helper()
	c, err := h.set.Clients.Client(h.t.Context(), "tv")
	if err != nil {
		c = store.Client{
			ID: "tv", Name: "Television", Method: issuer.AuthNone, Grants: []string{issuer.GrantDeviceCode, issuer.GrantRefreshToken},
			Scopes: []string{"openid", "orders:read", "orders:write", "admin"},
		}
		if c, err = h.set.Clients.CreateClient(h.t.Context(), c); err != nil {
			h.t.Fatal(err)
		}
	}
	d, err := h.end.Issuer.StartDevice(h.t.Context(), c, scopes, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return d.UserCode, func() string {
		h.wait(d.Interval + time.Second)
		p := h.post("/auth/token", url.Values{"grant_type": {issuer.GrantDeviceCode}, "device_code": {d.DeviceCode}, "client_id": {"tv"}})
		for _, word := range []string{"access_token", "authorization_pending", "access_denied", "expired_token"} {
			if strings.Contains(p.body, `"`+word+`"`) {
				return word
			}
		}
		return p.body
	}
}

func (h *house) enter(code string) page {
	h.t.Helper()
	return h.post("/auth/device/code", url.Values{"user_code": {code}})
}

// deviceForm is the form of the page that asks about a device, with an answer.
func deviceForm(p page, code, answer string) url.Values {
	v := fields(p)
	v.Set("user_code", code)
	v.Set("answer", answer)
	return v
}

func TestDevice(t *testing.T) {
	for _, test := range []struct{ answer, says, want string }{
		{"allow", "The device may go on", "access_token"},
		{"cancel", "The device was turned away", "access_denied"},
	} {
		h := open(t)
		code, poll := h.device("openid", "orders:read", "admin")
		// Nobody is logged in: the login comes first, and leads back with the code.
		if p := h.get("/auth/device?user_code=" + code); p.status != http.StatusUnauthorized || h.asks[0].Return != "/auth/device?user_code="+code {
			t.Fatalf("%d, %+v", p.status, h.asks)
		}
		h.login("alice")
		p := h.get(h.asks[0].Return)
		if p.status != http.StatusOK || !strings.Contains(p.body, `value="`+code+`"`) || strings.Contains(p.body, "Television") {
			t.Fatalf("the page: %d\n%s", p.status, p.body)
		}
		if got := poll(); got != "authorization_pending" {
			t.Fatalf("a link was enough: %s", got)
		}
		typed := " " + strings.ToLower(strings.ReplaceAll(code, "-", " "))
		p = h.enter(typed)
		for _, part := range []string{"Television", "<strong>Alice</strong>", code, "orders:read", "If somebody sent you this code"} {
			if p.status != http.StatusOK || !strings.Contains(p.body, part) {
				t.Errorf("the question (%d) lacks %q", p.status, part)
			}
		}
		if strings.Contains(p.body, "admin") {
			t.Error("it asks for what the person has not")
		}
		if got := poll(); got != "authorization_pending" {
			t.Fatalf("before the answer: %s", got)
		}
		form := deviceForm(p, code, test.answer)
		done := h.post("/auth/device/answer", form)
		if done.status != http.StatusOK || !strings.Contains(done.body, test.says) {
			t.Errorf("the answer: %d\n%s", done.status, done.body)
		}
		again := h.post("/auth/device/answer", form)
		if again.status != http.StatusBadRequest || !strings.Contains(again.body, "not waiting any more") {
			t.Errorf("the answer a second time: %d", again.status)
		}
		if got := poll(); got != test.want {
			t.Errorf("the device gets %s, want %s", got, test.want)
		}
	}
}

// Nobody can make a person allow a device by a form elsewhere.
func TestForgedDevice(t *testing.T) {
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	for _, test := range []struct {
		name   string
		change func(h *house, v url.Values)
		header []string
		want   int
	}{
		{"from another site", func(*house, url.Values) {}, evil, http.StatusForbidden},
		{"without what binds it", func(_ *house, v url.Values) { v.Del("bind") }, nil, http.StatusBadRequest},
		{"by somebody else", func(h *house, _ url.Values) { h.login("bob") }, nil, http.StatusBadRequest},
		{"by nobody", func(h *house, _ url.Values) { h.browser.Jar = nil }, nil, http.StatusUnauthorized},
		{"for another device", func(h *house, v url.Values) { code, _ := h.device("orders:read"); v.Set("user_code", code) }, nil, http.StatusBadRequest},
		{"without an answer", func(_ *house, v url.Values) { v.Del("answer") }, nil, http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t)
			h.login("alice")
			code, poll := h.device("orders:read")
			v := deviceForm(h.enter(code), code, "allow")
			test.change(h, v)
			if p := h.post("/auth/device/answer", v, test.header...); p.status != test.want {
				t.Errorf("%d, want %d", p.status, test.want)
			}
			if got := poll(); got != "authorization_pending" {
				t.Errorf("the device gets %s", got)
			}
		})
	}
	h := open(t)
	h.login("alice")
	if p := h.post("/auth/device/code", url.Values{"user_code": {"BCDF-GHJK"}}, evil...); p.status != http.StatusForbidden {
		t.Errorf("guesses by another site: %d", p.status)
	}
}

// Codes that are guessed are counted before they are looked up.
func TestGuessedDevice(t *testing.T) {
	h := open(t)
	few := defend.Limit{Attempts: 3, Window: time.Hour}
	h.end.Guard = &defend.Guard{Now: h.now, Limits: defend.Limits{Account: few, Address: few, AddressAccount: few}}
	h.login("alice")
	code, _ := h.device("orders:read")
	for range 2 {
		// Right ones cost nothing.
		if p := h.enter(code); p.status != http.StatusOK {
			t.Fatalf("the right code: %d", p.status)
		}
	}
	for range 3 {
		p := h.enter("BCDF-GHJK")
		if p.status != http.StatusBadRequest || !strings.Contains(p.body, "No device waits with this code") {
			t.Fatalf("a wrong code: %d", p.status)
		}
	}
	if p := h.enter(code); p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") == "" {
		t.Errorf("the right code after many wrong ones: %d, %v", p.status, p.header)
	}
	h.end.Guard = nil
	if p := h.enter(code); p.status != http.StatusServiceUnavailable {
		t.Errorf("without a guard: %d", p.status)
	}
}

func TestDeviceOver(t *testing.T) {
	h := open(t)
	h.login("alice")
	code, poll := h.device("orders:read")
	shown := h.enter(code)
	h.wait(time.Hour)
	if p := h.post("/auth/device/answer", deviceForm(shown, code, "allow")); p.status != http.StatusBadRequest {
		t.Errorf("too late: %d", p.status)
	}
	if got := poll(); got != "expired_token" {
		t.Errorf("the device gets %s", got)
	}
	code, _ = h.device("admin")
	p := h.post("/auth/device/answer", deviceForm(h.enter(code), code, "allow"))
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "none of them is yours") {
		t.Errorf("rights that the person has not: %d", p.status)
	}
}
