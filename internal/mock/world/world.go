package world

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/token"
)

// World is one isolated API. [Worlds] makes them.
type World struct {
	id       string
	base     string // scheme and host
	settings *Settings
	scenario string
	shared   *shared
	made     time.Time

	life atomic.Pointer[life]
}

// ID is the session id.
func (w *World) ID() string { return w.id }

// URL is where the world is, without a slash at its end. It is the issuer of
// its tokens.
func (w *World) URL() string { return w.base + w.path() }

func (w *World) path() string { return "/s/" + w.id }

// problems is the address of the pages about reasons. error_uri is read far from
// where it was sent, so it is absolute.
func (w *World) problems() string {
	switch at := w.shared.responder.Problems; {
	case at == "":
		return w.base + "/auth/problems/"
	case strings.HasPrefix(at, "/"):
		return w.base + at
	default:
		return at
	}
}

// Settings are what the world was made of.
func (w *World) Settings() Settings { return *w.settings }

// Now is what time it is in the world.
func (w *World) Now() time.Time { return w.life.Load().clock.now() }

// Date is what the Date field of the world's answers says.
func (w *World) Date() string { return w.life.Load().clock.date().Format(http.TimeFormat) }

// Identify judges an access token of the world's own logins, which is the
// Authorization field of r, as its resources do: it counts as a use, and the
// script has its say. ok is false for other tokens, and in a world that takes
// none.
func (w *World) Identify(ctx context.Context, r *gate401.Request, credential string) (id *gate401.Identity, ok bool, err error) {
	decoded := token.Decode(credential)
	if decoded.Claims == nil || decoded.Claims.Issuer != w.URL() {
		return nil, false, nil
	}
	for _, m := range w.life.Load().methods.accept {
		s, _ := m.(*scripted)
		if s == nil {
			continue
		}
		if _, is := s.Authenticator.(*authn.Bearer); !is {
			continue
		}
		c, found, err := s.Find(r)
		if err != nil || !found {
			return nil, err != nil, err
		}
		id, err := s.Verify(ctx, r, c)
		return id, true, err
	}
	return nil, false, nil
}

// reset begins anew: no logins, no counts, the clock where it began.
func (w *World) reset() error {
	l, err := newLife(w)
	if err != nil {
		return err
	}
	w.life.Store(l)
	return nil
}

// ServeHTTP answers a request below the world's path.
func (w *World) ServeHTTP(rw http.ResponseWriter, hr *http.Request) {
	note := journal.NoteOf(hr.Context())
	note.Session = w.id
	if note.Scenario == "" {
		note.Scenario = w.scenario
	}
	l := w.life.Load()
	rw.Header().Set("Date", l.clock.date().Format(http.TimeFormat))
	// The path that is judged is the one that is answered.
	path, err := gate401.CanonicalPath(hr.URL.EscapedPath())
	if err != nil {
		r, d := l.gate.Judge(hr)
		note.Reason = d.Reason()
		w.shared.responder.Respond(rw, r, d)
		return
	}
	path = strings.TrimPrefix(path, w.path())
	switch {
	case path == "/api" || strings.HasPrefix(path, "/api/"):
		l.api.ServeHTTP(rw, hr)
	case path == "/login":
		open(rw, hr, l.login)
	case path == "/token":
		open(rw, hr, l.serveToken)
	case path == "/revoke":
		open(rw, hr, l.serveRevoke)
	case path == "/jwks.json":
		open(rw, hr, l.serveKeys)
	case path == "" || path == "/":
		open(rw, hr, l.serveIndex)
	case path == "/.well-known/oauth-authorization-server" || path == "/.well-known/openid-configuration":
		open(rw, hr, l.serveMetadata)
	case path == "/.well-known/oauth-protected-resource" || path == "/.well-known/oauth-protected-resource/api":
		open(rw, hr, l.serveResourceMetadata)
	default:
		wire.Problem(rw, http.StatusNotFound, "There is no "+clip(path)+" in a world. GET "+w.URL()+"/ lists what there is.")
	}
}

// open lets pages of any origin use what needs no credential that a browser
// keeps; the gate does the same for the resources.
func open(rw http.ResponseWriter, hr *http.Request, next http.HandlerFunc) {
	if origin := hr.Header.Get("Origin"); origin != "" {
		h := rw.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, X-Request-Id")
		if asked := hr.Header.Get("Access-Control-Request-Method"); hr.Method == http.MethodOptions && asked != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			rw.WriteHeader(http.StatusNoContent)
			return
		}
	}
	next(rw, hr)
}

// Do carries out a command.
func (w *World) Do(ctx context.Context, c Command) error { return w.do(ctx, c) }

func (w *World) log() *slog.Logger {
	if w.shared.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return w.shared.log
}
