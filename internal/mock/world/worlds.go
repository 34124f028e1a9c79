package world

import (
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/mock/wire"
)

// Bounds of Worlds where they are not set.
const (
	DefaultMax  = 20_000
	DefaultIdle = time.Hour
)

// Reasons why there is no world.
var (
	// ErrFull says that there are as many worlds as may be, all of them in use.
	ErrFull = errors.New("there are too many sessions")
	// ErrID says that a session id cannot be one.
	ErrID = errors.New("a session id has 1 to 64 letters, digits, hyphens and underscores")
	// ErrExists says that the id is taken.
	ErrExists = errors.New("there is such a session already")
	// ErrNotFound says that there is no such session.
	ErrNotFound = errors.New("there is no such session")
	// ErrScenario says that a scenario has no world.
	ErrScenario = errors.New("there is no scenario with a world of that name")
)

// Worlds keeps worlds apart by their session id. Its fields are set before the
// first use; it is safe for concurrent use.
type Worlds struct {
	// Base is scheme and host under which clients reach the worlds, such as
	// http://127.0.0.1:8403; empty takes it from the request that makes a world.
	Base string
	// Max is how many worlds there may be; 0 means DefaultMax.
	Max int
	// Idle is after how long without a request a world may be forgotten for a
	// new one; 0 means DefaultIdle.
	Idle time.Duration
	// Default are the settings of a world that is made by its first request.
	// They must be valid.
	Default Settings
	// Scenario finds the settings of a named scenario; nil knows none.
	Scenario func(name string) (Settings, bool)
	// Responder writes refusals; nil means a zero gate401.Responder.
	Responder *gate401.Responder
	// Now is the clock of the machine; nil means time.Now.
	Now func() time.Time
	// Log hears of what is broken; nil discards.
	Log *slog.Logger

	once   sync.Once
	shared *shared

	mu   sync.Mutex
	byID map[string]*list.Element // of *used
	used list.List                // the one that was used last is in front
}

// used is a world and when it was used last.
type used struct {
	world *World
	at    time.Time
}

// Spec says which world to make.
type Spec struct {
	// ID is the session id; empty means a random one.
	ID string
	// Scenario is the name of a scenario whose settings to use; empty for none.
	Scenario string
	// Settings are used where no Scenario is named.
	Settings Settings
	// Base is that of Worlds where it is empty there.
	Base string
}

func (ws *Worlds) setup() {
	ws.once.Do(func() {
		ws.shared = newShared(ws.Now, ws.Responder, ws.Log)
		ws.byID = make(map[string]*list.Element)
	})
}

// New makes a world. The error is ErrID, ErrExists, ErrFull, ErrScenario or a
// *[SettingsError].
func (ws *Worlds) New(s Spec) (*World, error) {
	ws.setup()
	if s.ID == "" {
		s.ID = randomID()
	}
	if !validID(s.ID) {
		return nil, ErrID
	}
	settings := &s.Settings
	if s.Scenario != "" {
		if ws.Scenario == nil {
			return nil, ErrScenario
		}
		found, ok := ws.Scenario(s.Scenario)
		if !ok {
			return nil, ErrScenario
		}
		settings = &found
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return ws.make(s, settings)
}

// make makes the world outside of the lock, and keeps it if it still may.
func (ws *Worlds) make(s Spec, settings *Settings) (*World, error) {
	if ws.Base != "" {
		s.Base = ws.Base
	}
	now := ws.shared.now()
	w := &World{id: s.ID, base: strings.TrimSuffix(s.Base, "/"), settings: settings, scenario: s.Scenario, shared: ws.shared, made: now}
	if err := w.reset(); err != nil {
		return nil, fmt.Errorf("making a world: %w", err)
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if _, taken := ws.byID[w.id]; taken {
		return nil, ErrExists
	}
	idle, most := ws.Idle, ws.Max
	if idle <= 0 {
		idle = DefaultIdle
	}
	if most <= 0 {
		most = DefaultMax
	}
	// Two for one: the set shrinks while it is used, without a goroutine.
	for range 2 {
		if e := ws.used.Back(); e != nil && now.Sub(e.Value.(*used).at) > idle {
			ws.forget(e)
		}
	}
	if ws.used.Len() >= most {
		return nil, ErrFull
	}
	ws.byID[w.id] = ws.used.PushFront(&used{w, now})
	return w, nil
}

// forget removes a world. The caller holds the lock.
func (ws *Worlds) forget(e *list.Element) {
	u, _ := ws.used.Remove(e).(*used)
	delete(ws.byID, u.world.id)
}

// Get returns the world of that session, which counts as its use, or
// ErrNotFound.
func (ws *Worlds) Get(id string) (*World, error) {
	ws.setup()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	e, ok := ws.byID[id]
	if !ok {
		return nil, ErrNotFound
	}
	u, _ := e.Value.(*used)
	u.at = ws.shared.now()
	ws.used.MoveToFront(e)
	return u.world, nil
}

// Remove forgets a world, or returns ErrNotFound.
func (ws *Worlds) Remove(id string) error {
	ws.setup()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	e, ok := ws.byID[id]
	if !ok {
		return ErrNotFound
	}
	ws.forget(e)
	return nil
}

// List returns at most limit worlds, the one that was used last first, and how
// many there are.
func (ws *Worlds) List(limit int) (worlds []*World, all int) {
	ws.setup()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for e := ws.used.Front(); e != nil && len(worlds) < limit; e = e.Next() {
		if u, ok := e.Value.(*used); ok {
			worlds = append(worlds, u.world)
		}
	}
	return worlds, ws.used.Len()
}

// For returns the world of a session, and makes it with the default settings if
// there is none.
func (ws *Worlds) For(id, base string) (*World, error) {
	w, err := ws.Get(id)
	if !errors.Is(err, ErrNotFound) {
		return w, err
	}
	if !validID(id) {
		return nil, ErrID
	}
	w, err = ws.make(Spec{ID: id, Base: base}, &ws.Default)
	if errors.Is(err, ErrExists) {
		return ws.Get(id) // somebody was faster
	}
	return w, err
}

// ServeHTTP answers requests below /s/{session}/; the first one of a session
// makes its world.
func (ws *Worlds) ServeHTTP(rw http.ResponseWriter, hr *http.Request) {
	ws.serve(rw, hr, "/s/", func(w *World) { w.ServeHTTP(rw, hr) })
}

// WellKnown returns the handler of metadata whose address has the well-known
// part in front of the path (RFC 8414 section 3, RFC 9728 section 3):
// /.well-known/oauth-authorization-server/s/{session} and
// /.well-known/oauth-protected-resource/s/{session}/api.
func (ws *Worlds) WellKnown() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, hr *http.Request) {
		for name, serve := range map[string]func(*life) http.HandlerFunc{
			"/.well-known/oauth-authorization-server": func(l *life) http.HandlerFunc { return l.serveMetadata },
			"/.well-known/openid-configuration":       func(l *life) http.HandlerFunc { return l.serveMetadata },
			"/.well-known/oauth-protected-resource":   func(l *life) http.HandlerFunc { return l.serveResourceMetadata },
		} {
			if strings.HasPrefix(hr.URL.Path, name+"/s/") {
				ws.serve(rw, hr, name+"/s/", func(w *World) { open(rw, hr, serve(w.life.Load())) })
				return
			}
		}
		wire.Problem(rw, http.StatusNotFound, "The metadata of a session is at /.well-known/oauth-authorization-server/s/{session}.")
	})
}

func (ws *Worlds) serve(rw http.ResponseWriter, hr *http.Request, prefix string, then func(*World)) {
	rest, ok := strings.CutPrefix(hr.URL.Path, prefix)
	id, _, _ := strings.Cut(rest, "/")
	if !ok || id == "" {
		wire.Problem(rw, http.StatusNotFound, "Name a session: /s/{session}/, such as /s/my-test/api/orders.")
		return
	}
	w, err := ws.For(id, baseOf(hr))
	switch {
	case err == nil:
		then(w)
	case errors.Is(err, ErrID):
		wire.Problem(rw, http.StatusBadRequest, "The session in the path is none: "+ErrID.Error()+".")
	case errors.Is(err, ErrFull):
		rw.Header().Set("Retry-After", "60")
		wire.Problem(rw, http.StatusServiceUnavailable, "There are too many sessions: delete some, or wait until others are idle.")
	default:
		ws.shared.report(hr, err)
		wire.Problem(rw, http.StatusInternalServerError, "The session could not be made.")
	}
}

// validID keeps ids to what needs no escaping anywhere.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// baseOf is scheme and host as the client of a request sees them.
func baseOf(hr *http.Request) string {
	u := url.URL{Scheme: "http", Host: hr.Host}
	if hr.TLS != nil {
		u.Scheme = "https"
	}
	// What is no host must not get into tokens and challenges.
	if parsed, err := url.Parse(u.String()); err != nil || parsed.Host != hr.Host || parsed.Hostname() == "" || strings.IndexFunc(hr.Host, notOfHost) >= 0 {
		u.Host = "localhost"
		if addr, ok := hr.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			u.Host = addr.String()
		}
	}
	return u.String()
}

// notOfHost tells what is not in a name, an address or a port.
func notOfHost(r rune) bool {
	return !strings.ContainsRune("-._:[]", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
