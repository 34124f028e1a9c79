package mock

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

// World is a protected API that a test has for itself: the real gate, with a
// script. Make it with [Mock.World]. Two worlds never see each other, so tests
// may run in parallel.
//
// Below its URL there are the resources api/orders (GET with the scope
// orders:read, POST with orders:write), api/admin (for the group admin),
// api/payments (POST, wants a login of this minute) and whatever else below api/
// (for everybody who proves who they are); login, which takes a name and a
// password as a form or as JSON; token and revoke, the endpoints of OAuth;
// jwks.json; and .well-known/oauth-authorization-server. A GET of the URL itself
// lists them.
type World struct {
	// URL is where the world is, without a slash at the end. It is the issuer of
	// its tokens.
	URL string
	// LoginURL, TokenURL and RevokeURL are where tokens come from, are renewed
	// and end.
	LoginURL, TokenURL, RevokeURL string
	// Clock is the time in this world.
	Clock *Clock
	*Record
	Routes

	t     TB
	world *world.World
}

// World makes a world. It ends with the test.
func (m *Mock) World(s Settings) *World {
	m.t.Helper()
	h := m.host
	spec := world.Spec{ID: sessionID(m.t.Name(), h.worlds.Add(1)), Scenario: s.Scenario, Settings: s.inside(), Base: h.url}
	if s.Scenario != "" {
		name := s.Scenario
		if _, ok := h.server.lives[name]; !ok {
			m.t.Fatalf("mock: no world can play a scenario %q%s", name, m.meant(name, true))
		}
		if s.Scenario = ""; !s.empty() {
			m.t.Fatalf("mock: the scenario %s has settings of its own: leave the others out", name)
		}
	}
	made, err := h.server.worlds.New(spec)
	var wrong *world.SettingsError
	switch {
	case errors.As(err, &wrong):
		m.t.Fatalf("mock: the settings of the world have faults:\n  %s", strings.Join(wrong.Faults, "\n  "))
	case err != nil:
		m.t.Fatalf("mock: making a world: %v", err)
	}
	m.t.Cleanup(func() {
		// It may have been forgotten for others already.
		_ = h.server.worlds.Remove(made.ID())
		h.server.endpoints.EndSession(made.ID())
	})
	return m.host.world(m.t, made)
}

func (h *host) world(t TB, made *world.World) *World {
	w := &World{
		URL: made.URL(), LoginURL: made.URL() + "/login", TokenURL: made.URL() + "/token", RevokeURL: made.URL() + "/revoke",
		Record: &Record{host: h, session: made.ID(), path: "/s/" + made.ID()},
		Routes: Routes{t: t, host: h, session: made.ID(), base: made.URL()},
		t:      t, world: made,
	}
	w.Clock = &Clock{t: t, now: made.Now, move: w.advance}
	return w
}

// empty tells whether nothing is set.
func (s Settings) empty() bool {
	return s.Scenario == "" && s.People == nil && s.Keys == nil && s.Clients == nil && s.Accept == nil &&
		s.Access == Access{} && s.Refresh == Refresh{} && s.Resource == Resource{} && s.Clock == Skew{} && s.JWKS == ""
}

// sessionID names a world after its test, so that a person knows it again.
func sessionID(test string, n int64) string {
	const most = 48
	var b strings.Builder
	for _, c := range test {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"): // two would name a scenario
			b.WriteByte('-')
		}
		if b.Len() == most {
			break
		}
	}
	return strings.TrimRight(b.String(), "-") + "-" + strconv.FormatInt(n, 10)
}

// People are who can log in.
func (w *World) People() []Person {
	return convert(w.world.Info().People, func(p world.Person) Person { return Person(p) })
}

// APIKey is the first API key that there is; empty if there is none.
func (w *World) APIKey() string {
	if keys := w.world.Info().Keys; len(keys) > 0 {
		return keys[0].Value
	}
	return ""
}

// Expire lets the access tokens that exist now expire. Refresh tokens stay good.
func (w *World) Expire() { w.t.Helper(); w.do(world.Command{Do: world.DoExpireAccessTokens}) }

// Revoke revokes the access tokens that exist now. Refresh tokens stay good.
func (w *World) Revoke() { w.t.Helper(); w.do(world.Command{Do: world.DoRevokeAccessTokens}) }

// EndLogins ends the logins of these people, or of everybody where none is
// named: neither access tokens nor refresh tokens are good any more.
func (w *World) EndLogins(people ...string) {
	w.t.Helper()
	if len(people) == 0 {
		people = []string{""}
	}
	for _, name := range people {
		w.do(world.Command{Do: world.DoRevokeFamily, Name: name})
	}
}

// Suspend suspends a person. Their tokens are refused from now on.
func (w *World) Suspend(person string) {
	w.t.Helper()
	w.do(world.Command{Do: world.DoSuspend, Name: person})
}

// FailRefresh makes the next refreshes fail, as often as times says; fault is
// one of the Refresh constants.
func (w *World) FailRefresh(fault string, times int) {
	w.t.Helper()
	if times < 1 {
		w.t.Fatalf("mock: a refresh cannot fail %d times", times)
	}
	w.do(world.Command{Do: world.DoFailNextRefresh, Fault: fault, Times: times})
}

// RefuseNext refuses the next requests whose credentials are good, as often as
// times says. why is a reason of status 401, 403, 429 or 503.
func (w *World) RefuseNext(why reason.Code, times int) {
	w.t.Helper()
	if times < 1 {
		w.t.Fatalf("mock: %d requests cannot be refused", times)
	}
	w.do(world.Command{Do: world.DoRefuseNext, Reason: why, Times: times})
}

// RotateKeys lets a new key sign tokens; those of the old ones stay good.
func (w *World) RotateKeys() { w.t.Helper(); w.do(world.Command{Do: world.DoRotateKeys}) }

// ForgetKeys lets a new key sign tokens, and no old one verify any more.
func (w *World) ForgetKeys() { w.t.Helper(); w.do(world.Command{Do: world.DoForgetKeys}) }

// Reset brings the world back to its beginning: no logins, no counts, the clock
// where it was. The record stays.
func (w *World) Reset() { w.t.Helper(); w.do(world.Command{Do: world.DoReset}) }

func (w *World) advance(d time.Duration) error {
	return w.world.Do(context.Background(), world.Command{Do: world.DoAdvanceClock, By: world.Duration(d)})
}

func (w *World) do(c world.Command) {
	w.t.Helper()
	if err := w.world.Do(context.Background(), c); err != nil {
		w.t.Fatalf("mock: %s: %v", c.Do, err)
	}
}
