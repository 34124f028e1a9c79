package issuer_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// model is what the issuer should do, in plain words: no store, no hash.
type model struct {
	policy   issuer.Policy
	families map[string]*modelFamily
	refresh  map[string]*modelRefresh
	access   map[string]*modelAccess
	texts    []string // of refresh tokens, in the order of their issue
}

type modelFamily struct {
	subject string
	ends    time.Time
	revoked bool
}

type modelRefresh struct {
	family  *modelFamily
	ends    time.Time
	used    bool
	at      time.Time
	repeats int
}

type modelAccess struct {
	family  *modelFamily
	expires time.Time
	revoked bool
}

// redeem says what must come of it.
func (m *model) redeem(text string, now time.Time) reason.Code {
	t := m.refresh[text]
	switch {
	case t == nil:
		return reason.RefreshTokenUnknown
	case t.family.revoked:
		return reason.RefreshTokenRevoked
	case !now.Before(t.family.ends), !t.used && !now.Before(t.ends):
		return reason.RefreshTokenExpired
	case m.policy.Rotation == issuer.Keep:
		t.ends = earlier(now.Add(m.policy.Idle), t.family.ends)
		return ""
	case !t.used:
		t.used, t.at = true, now
		return ""
	case m.policy.Grace > 0 && now.Sub(t.at) <= m.policy.Grace && t.repeats < store.MaxRepeats:
		t.repeats++
		return ""
	}
	if m.policy.Rotation == issuer.RotateAndDetect {
		t.family.revoked = true
	}
	return reason.RefreshTokenReused
}

func (m *model) granted(g *issuer.Grant, f *modelFamily, now time.Time) {
	m.access[g.Access.Token] = &modelAccess{family: f, expires: g.Access.Expires}
	text := g.Refresh.Reveal()
	if text != "" {
		m.refresh[text] = &modelRefresh{family: f, ends: earlier(now.Add(m.policy.Idle), f.ends)}
		m.texts = append(m.texts, text)
	}
}

func (m *model) status(text string, now time.Time) reason.Code {
	switch a := m.access[text]; {
	case !now.Before(a.expires):
		return reason.TokenExpired
	case a.revoked, a.family.revoked:
		return reason.TokenRevoked
	}
	return ""
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Whatever is done in whatever order, the core over a store does what the model
// says, and agrees with it about every token that was ever issued.
func TestModel(t *testing.T) {
	c := newClock()
	lite := sets(t, c.now)["sqlite"]
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		policy := issuer.Policy{
			Access:   time.Duration(rapid.IntRange(1, 600).Draw(t, "access")) * time.Second,
			Idle:     time.Duration(rapid.IntRange(1, 3600).Draw(t, "idle")) * time.Second,
			Absolute: time.Duration(rapid.IntRange(600, 7200).Draw(t, "absolute")) * time.Second,
			Rotation: issuer.Rotation(rapid.IntRange(0, 2).Draw(t, "rotation")),
			Grace:    rapid.SampledFrom([]time.Duration{-1, time.Second, 30 * time.Second}).Draw(t, "grace"),
		}
		set := lite
		if rapid.IntRange(0, 3).Draw(t, "store") > 0 { // the file is slow, and shared
			set = memory.Open(memory.Options{Now: c.now})
		}
		s := newIssuer(t, set, c.now, policy)
		m := &model{policy: policy, families: map[string]*modelFamily{}, refresh: map[string]*modelRefresh{}, access: map[string]*modelAccess{}}
		t.Repeat(map[string]func(*rapid.T){
			"login": func(t *rapid.T) {
				// Subjects of their own for each run: the file is shared.
				subject := fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"alice", "bob"}).Draw(t, "subject"), run)
				g, err := s.Login(t.Context(), issuer.Login{Subject: subject, Client: "app"})
				if err != nil {
					t.Fatal(err)
				}
				f := &modelFamily{subject: subject, ends: c.now().Add(policy.Absolute)}
				m.families[g.Family] = f
				m.granted(g, f, c.now())
			},
			"redeem": func(t *rapid.T) {
				if len(m.texts) == 0 {
					t.Skip("nothing was issued")
				}
				// Mostly late ones: the first would be long over.
				text := m.texts[len(m.texts)-1-rapid.IntRange(0, min(4, len(m.texts)-1)).Draw(t, "age")]
				g, err := s.Redeem(t.Context(), issuer.Redemption{Token: text, Client: "app"})
				if want := m.redeem(text, c.now()); codeOf(err) != want {
					t.Fatalf("redeeming: %v, want %q", err, want)
				}
				if g != nil {
					m.granted(g, m.families[g.Family], c.now())
				}
			},
			"revoke": func(t *rapid.T) {
				if len(m.texts) == 0 {
					t.Skip("nothing was issued")
				}
				text := rapid.SampledFrom(m.texts).Draw(t, "token")
				if err := s.RevokeToken(t.Context(), text, "app"); err != nil {
					t.Fatal(err)
				}
				m.refresh[text].family.revoked = true
			},
			"revoke access": func(t *rapid.T) {
				for text, a := range m.access {
					if err := s.RevokeToken(t.Context(), text, "app"); err != nil {
						t.Fatal(err)
					}
					a.revoked = a.revoked || c.now().Before(a.expires)
					break
				}
			},
			"revoke subject": func(t *rapid.T) {
				subject := fmt.Sprintf("alice%d", run)
				if err := s.RevokeSubject(t.Context(), subject, "test"); err != nil {
					t.Fatal(err)
				}
				for _, f := range m.families {
					f.revoked = f.revoked || f.subject == subject
				}
			},
			"wait": func(t *rapid.T) {
				c.advance(time.Duration(rapid.SampledFrom([]int{1, 500, 1000, 30_000, 30_001, 600_000}).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				for text := range m.access {
					if got, want := status(t, s, text), m.status(text, c.now()); got != want {
						t.Fatalf("an access token is %q, want %q", got, want)
					}
				}
			},
		})
	})
}
