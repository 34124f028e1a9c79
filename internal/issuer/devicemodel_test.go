package issuer_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// modelDevice is a device that waits, in plain words.
type modelDevice struct {
	device, user    string
	ends            time.Time
	denied, allowed bool
	used            bool
	at              time.Time // of the first use
	polled          time.Time
	interval        time.Duration
	refresh         string // the newest
	renewed, ended  bool   // a refresh token of it was used; the login is over
	access          []*issuer.Grant
}

// again tells whether one that asks again may not have heard its answer: it used
// nothing of it, and had to wait twice the interval (RFC 8628 section 3.5) before
// the grace of a refresh token began.
func (m *modelDevice) again(now time.Time) bool {
	return !m.renewed && !m.ended && now.Sub(m.at) <= 2*m.interval+issuer.DefaultGrace
}

func (m *modelDevice) open(now time.Time) bool {
	return !m.denied && !m.allowed && !m.used && now.Before(m.ends)
}

// Whatever devices and people do in whatever order: a device gets one login, after
// somebody allowed it and before its time is over, and nobody decides twice. One
// that asks again at once gets the same login; later, or once it used what it got,
// that ends it, and what ended stays so.
func TestDeviceModel(t *testing.T) {
	tv := store.Client{ID: "tv", Method: issuer.AuthNone, Scopes: []string{"orders:read"}, Grants: []string{issuer.GrantDeviceCode, issuer.GrantRefreshToken}}
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		set := memory.Open(memory.Options{Now: c.now})
		s := newIssuer(t, set, c.now, issuer.Policy{Access: time.Hour})
		s.Tickets = set.Tickets
		var all []*modelDevice
		pick := func(t *rapid.T) *modelDevice {
			if len(all) == 0 {
				t.Skip("no device waits")
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(t, "device")]
		}
		decide := func(t *rapid.T, m *modelDevice, do func() error) bool {
			err := do()
			if open := m.open(c.now()); open != (err == nil) || !open && !errors.Is(err, issuer.ErrUserCode) {
				t.Fatalf("deciding: %v, open: %v", err, open)
			}
			return err == nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				d := must[*issuer.DeviceStart](t)(s.StartDevice(t.Context(), tv, nil, nil))
				all = append(all, &modelDevice{device: d.DeviceCode, user: d.UserCode, ends: c.now().Add(d.ExpiresIn), interval: d.Interval})
			},
			"allow": func(t *rapid.T) {
				m := pick(t)
				m.allowed = decide(t, m, func() error { return s.AllowDevice(t.Context(), m.user, person) }) || m.allowed
			},
			"deny": func(t *rapid.T) {
				m := pick(t)
				m.denied = decide(t, m, func() error { return s.DenyDevice(t.Context(), m.user) }) || m.denied
			},
			"poll": func(t *rapid.T) {
				m := pick(t)
				now := c.now()
				want := ""
				switch {
				case m.used && m.again(now):
				case m.used:
					want, m.ended = "code-reused", true
				case !now.Before(m.ends):
					want = "expired_token"
				case m.denied:
					want = "access_denied"
				case m.allowed:
				case !m.polled.IsZero() && now.Before(m.polled.Add(time.Second)):
					want = "slow_down"
				case !m.polled.IsZero() && now.Before(m.polled.Add(m.interval-time.Second)):
					want, m.interval = "slow_down", min(m.interval+5*time.Second, time.Minute)
				default:
					want = "authorization_pending"
				}
				if (want == "slow_down" || want == "authorization_pending") && !now.Before(m.polled.Add(time.Second)) {
					m.polled = now
				}
				g, err := s.RedeemDevice(t.Context(), tv, m.device, nil)
				if got := outcome(err); got != want {
					t.Fatalf("polling: %s, want %s", got, want)
				}
				if want != "" {
					return
				}
				if m.used && (g.Family != m.access[0].Family || g.Refresh.Reveal() != m.refresh || g.Access.Token == m.access[0].Access.Token || !g.Repeated) {
					t.Fatalf("another login for one that asked again: %+v", g)
				}
				if !m.used {
					m.used, m.at, m.refresh = true, now, g.Refresh.Reveal()
				}
				m.access = append(m.access, g)
			},
			"refresh": func(t *rapid.T) {
				m := pick(t)
				if !m.used {
					t.Skip("it has no tokens")
				}
				want := ""
				if m.ended {
					want = "refresh-token-revoked"
				}
				g, err := s.Redeem(t.Context(), issuer.Redemption{Token: m.refresh, Client: "tv"})
				if got := outcome(err); got != want {
					t.Fatalf("refreshing: %s, want %s", got, want)
				}
				if g != nil {
					m.renewed, m.refresh, m.access = true, g.Refresh.Reveal(), append(m.access, g)
				}
			},
			"revoke": func(t *rapid.T) {
				m := pick(t)
				if !m.used {
					t.Skip("it has no tokens")
				}
				if err := s.RevokeFamily(t.Context(), m.access[0].Family, "test"); err != nil {
					t.Fatal(err)
				}
				m.ended = true
			},
			"": func(t *rapid.T) {
				for _, m := range all {
					for _, g := range m.access {
						want := reason.Code("")
						switch {
						case !c.now().Before(g.Access.Expires):
							want = reason.TokenExpired
						case m.ended:
							want = reason.TokenRevoked
						}
						if got := status(t, s, g.Access.Token); got != want {
							t.Fatalf("an access token is %q, want %q", got, want)
						}
					}
				}
			},
			"guess": func(t *rapid.T) {
				if _, err := s.RedeemDevice(t.Context(), tv, "g401d_x", nil); outcome(err) != "code-unknown" {
					t.Fatal(err)
				}
			},
			"wait": func(_ *rapid.T) {
				c.advance(rapid.SampledFrom([]time.Duration{time.Second, 4 * time.Second, 10 * time.Second, 5 * time.Minute}).Draw(t, "time"))
			},
		})
	})
}

// outcome is the error code that a client is told, or the reason.
func outcome(err error) string {
	var form *issuer.FormError
	if errors.As(err, &form) {
		return form.Code
	}
	return string(codeOf(err))
}
