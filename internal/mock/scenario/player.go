package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/internal/nearest"
)

// Player plays the scenarios that need no world. Its fields are set before the
// first request. The zero value is ready to be used. Safe for concurrent use.
type Player struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// PlainHost is the host and port where the same mock speaks http, for
	// redirects away from https; nil or empty means that there is none.
	PlainHost func() string
	// SecureHost is where it speaks https, for redirects to it.
	SecureHost func() string
	// Own tells that whoever answers a request has answers of its own for the
	// statuses that Prefer names, as an OpenAPI document has; nil for nobody.
	Own func(*http.Request) bool
	// Log gets what goes wrong in the mock itself; nil means nothing.
	Log *slog.Logger

	once      sync.Once
	byName    map[string]Scenario
	decided   sync.Map // of *verdict, by name
	tally     tally
	keys      keys
	intake    gate401.Intake
	responder gate401.Responder
}

// verdict is a decision that is made when it is first asked for.
type verdict struct {
	once     sync.Once
	decision gate401.Decision
	err      error
}

// slow is how long the slow scenarios take.
const slow = 3 * time.Second

// decideTime bounds how long the gate may take for one scenario.
const decideTime = 20 * time.Second

func (p *Player) prepare() {
	p.byName = map[string]Scenario{}
	for _, s := range All() {
		p.byName[s.Name] = s
	}
	p.intake.Now = p.Now
}

func (p *Player) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

func (p *Player) fault(err error) {
	if p.Log != nil {
		p.Log.LogAttrs(context.Background(), slog.LevelWarn, "a scenario cannot be played", slog.String("error", err.Error()))
	}
}

// decision is what the gate says in a scenario. It is asked once.
func (p *Player) decision(s Scenario) (gate401.Decision, error) {
	if s.Simulated || atLogin(s.Reason) {
		return simulated(s.Reason), nil
	}
	found, _ := p.decided.LoadOrStore(s.Name, &verdict{})
	v := found.(*verdict)
	v.once.Do(func() {
		// Not the context of the request: others wait for the same decision.
		ctx, cancel := context.WithTimeout(context.Background(), decideTime)
		defer cancel()
		c, ok, err := caseOf(s.Reason)
		switch {
		case err != nil:
			v.err = err
		case !ok:
			// Never simulated in silence: the catalogue says which ones are.
			v.err = fmt.Errorf("reason %s has no case", s.Reason)
		default:
			v.decision, v.err = judge(ctx, c)
			soon(&v.decision)
		}
	})
	return v.decision, v.err
}

// longestWait is the largest Retry-After of a refusal, in seconds.
const longestWait = 5

// soon shortens what the gate says of waiting: a locked account stays closed for
// hours, and a client that waits as it is told must come to an end within a test.
func soon(d *gate401.Decision) {
	headers := []http.Header{d.Header}
	if d.Denial != nil {
		headers = append(headers, d.Denial.Header)
	}
	for _, h := range headers {
		if n, err := strconv.Atoi(h.Get("Retry-After")); err == nil && n > longestWait {
			h.Set("Retry-After", strconv.Itoa(longestWait))
		}
	}
}

// ServeHTTP plays what the path names below Prefix.
func (p *Player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.once.Do(p.prepare)
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	if name == "" || r.URL.Path+"/" == Prefix {
		sendJSON(w, r, "application/json", All())
		return
	}
	s, ok := p.byName[name]
	if !ok {
		p.unknown(w, r, http.StatusNotFound, "There is no scenario "+clip(name)+".", similar(name, p.names()))
		return
	}
	p.Play(w, r, s, rest)
}

// Play plays one scenario; rest is the path behind its name. A preflight is
// answered, unless the scenario is about preflights: a page of another origin
// would never get to see anything else.
func (p *Player) Play(w http.ResponseWriter, r *http.Request, s Scenario, rest string) {
	p.once.Do(p.prepare)
	n := journal.NoteOf(r.Context())
	n.Scenario, n.Reason = s.Name, s.Reason
	switch {
	case s.World != nil:
		base := externalBase(r)
		sendJSON(w, r, "application/json", map[string]any{
			"name": s.Name, "title": s.Title, "explain": s.Explain, "expect": s.Expect,
			"detail": "This one has a life: a login, tokens and a token endpoint of its own. Choose a word instead of test and begin there.",
			"world":  base + WorldPath(s.Name, "test"),
		})
	case s.play == nil:
		p.unknown(w, r, http.StatusNotImplemented, "The scenario "+s.Name+" cannot be played here.", "")
	case s.Name != "preflight-401" && wire.Preflight(r):
		wire.Permit(w, r)
	default:
		if s.Name != "preflight-401" {
			wire.Share(w, r)
		}
		s.play(p, w, r, rest)
	}
}

func (p *Player) names() []string {
	var all []string
	for _, s := range All() {
		all = append(all, s.Name)
	}
	return all
}

func (p *Player) unknown(w http.ResponseWriter, r *http.Request, status int, detail, meant string) {
	if meant != "" {
		detail += " Did you mean " + meant + "?"
	}
	body, _ := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}) // texts and a number
	with(mix.Answer{Status: status, Body: append(body, '\n')}, "Content-Type", "application/problem+json", "Cache-Control", "no-store").Serve(w, r)
}

// similar is the name that was probably meant; empty if none is near.
func similar(name string, all []string) string {
	best, least := "", max(2, len(name)/3)+1
	if len(name) > 64 {
		return ""
	}
	for _, one := range all {
		if d := nearest.Slips(strings.ReplaceAll(strings.ToLower(name), "_", "-"), one); d < least {
			best, least = one, d
		}
	}
	return best
}

// clip makes a name fit to be shown.
func clip(name string) string {
	if len(name) > 64 {
		name = name[:64] + "..."
	}
	return strings.ToValidUTF8(name, "?")
}

// wait waits, and tells whether the client is still there.
func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-t.C:
		return true
	}
}
