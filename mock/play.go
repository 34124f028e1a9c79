package mock

import (
	"strconv"
	"strings"

	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/nearest"
)

// Play is a scenario that is played to a client. Make it with [Mock.Scenario].
type Play struct {
	// Name is that of the scenario, Title says what happens, Explain where it is
	// met.
	Name, Title, Explain string
	// URL is what the client asks for.
	URL string
	// Expect says what a right client does.
	Expect string
	// World is what plays a scenario that is about the life of tokens; nil for
	// all others, which need no login.
	World *World
	*Record
}

// Scenario plays a scenario by its name, such as "challenge-none". Each call has
// counters of its own. "gate401 mock --list" lists the names, and so does
// [Scenarios].
//
// Many scenarios without a life can be laid over a world as well, so that there
// are tokens that pass: m.World(mock.Settings{Scenario: "challenge-none"}).
func (m *Mock) Scenario(name string) *Play {
	m.t.Helper()
	s, ok := scenario.Lookup(name)
	if !ok {
		m.t.Fatalf("mock: there is no scenario %q%s", name, m.meant(name, false))
	}
	p := &Play{Name: s.Name, Title: s.Title, Explain: s.Explain, Expect: s.Expect.Sentence}
	if s.World != nil {
		p.World = m.World(Settings{Scenario: name})
		p.URL, p.Record = p.World.URL+"/api/orders", p.World.Record
		return p
	}
	word := "play-" + strconv.FormatInt(m.host.worlds.Add(1), 10)
	path := strings.NewReplacer("KEY", word, "SESSION", word).Replace(s.Path)
	p.URL = m.URL + path
	p.Record = &Record{host: m.host, path: strings.TrimSuffix(path, "/")}
	return p
}

// meant names the scenario that was probably meant.
func (m *Mock) meant(name string, inWorld bool) string {
	best, least := "", 1+len(name)/3
	for _, s := range scenario.All() {
		if _, ok := m.host.server.lives[s.Name]; inWorld && !ok || len(name) > 64 {
			continue
		}
		if n := nearest.Slips(name, s.Name); n < least {
			best, least = s.Name, n
		}
	}
	if best == "" {
		return `: "gate401 mock --list" lists them`
	}
	return ": did you mean " + best + "?"
}
