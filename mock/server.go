package mock

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/guide"
	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/httpbin"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/openapi"
	"github.com/gate401/gate401/internal/mock/page"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/internal/mock/world"
)

// Server is a mock: an http.Handler. Make it with NewServer. Safe for concurrent
// use.
type Server struct {
	config    Config
	journal   *journal.Journal
	history   http.Handler // the journal's API
	endpoints *endpoint.Set
	making    http.Handler // their API
	worlds    *world.Worlds
	sessions  http.Handler              // their API
	wellKnown http.Handler              // their metadata
	presets   map[string]world.Settings // by session
	lives     map[string]world.Settings // by scenario
	documents *openapi.Library
	describe  http.Handler // their API
	described http.Handler // what they describe, or else is known
	guide     *guide.Guide
	page      *page.Page
	httpbin   *httpbin.Handler
	mix       *mix.Handler
	scenarios *scenario.Player
	handler   http.Handler // everything that is recorded
}

const (
	ownPrefix   = "/__mock/"
	guidePrefix = "/auth/problems/"
)

// NewServer makes a Server. Close it when done.
func NewServer(c Config) (*Server, error) {
	if c.MaxDelay == 0 {
		c.MaxDelay = defaultMaxDelay
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		config:    c,
		journal:   &journal.Journal{Now: c.Now},
		endpoints: &endpoint.Set{Now: c.Now},
		lives:     lives(),
		documents: &openapi.Library{Options: openapi.Options{Now: c.Now}},
		guide:     &guide.Guide{Prefix: guidePrefix, Inspector: ownPrefix + "token"},
		page:      newPage(),
		httpbin:   &httpbin.Handler{Strict: c.Strict, MaxDelay: c.MaxDelay, Now: c.Now},
		mix:       &mix.Handler{MaxDelay: c.MaxDelay},
		scenarios: &scenario.Player{Now: c.Now, PlainHost: c.PlainHost, SecureHost: c.SecureHost, Log: c.Log},
	}
	s.documents.Options.Tokens, s.documents.Options.Keys = []string{scenario.Token}, []string{world.DefaultKey}
	s.documents.Options.Login = s.login
	s.scenarios.Own = s.owns
	s.worlds = &world.Worlds{Now: c.Now, Scenario: s.life, Log: c.Log}
	if err := s.load(c.File, c.Documents); err != nil {
		return nil, err
	}
	s.history = s.journal.Handler()
	s.making = s.endpoints.API()
	s.sessions = s.worlds.Admin()
	s.wellKnown = s.worlds.WellKnown()
	s.describe = s.documents.API()
	s.described = s.documents.Handler(http.HandlerFunc(s.known))
	made := s.endpoints.Handler(http.HandlerFunc(s.reserved))
	s.handler = s.journal.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Whoever can make a browser open an address here can choose what comes
		// back. It must not become a page of the mock's own origin, which may use
		// the admin API and read what others sent.
		w.Header().Set("Content-Security-Policy", sandbox)
		if rest, ok := strings.CutPrefix(r.URL.Path, worldPrefix); ok {
			if id, _, _ := strings.Cut(rest, "/"); endpoint.IsSession(id) {
				journal.NoteOf(r.Context()).Session = id
			}
		}
		if !s.pace(r) {
			return
		}
		if !s.scenarios.Prefer(w, r) {
			made.ServeHTTP(w, r)
		}
	}))
	return s, nil
}

// owns tells whether a document answers r.
func (s *Server) owns(r *http.Request) bool {
	if rest, ok := strings.CutPrefix(r.URL.Path, worldPrefix); ok {
		id, path, _ := strings.Cut(rest, "/")
		return !ownOfWorld(path) && s.documents.HasBelow(worldPrefix+id, r)
	}
	return s.documents.Has(r)
}

// sandbox gives pages an origin of their own that is nobody else's.
const sandbox = "sandbox allow-forms allow-scripts"

// Close ends what the server started.
func (s *Server) Close() error {
	s.journal.Close()
	return nil
}

// ServeHTTP answers r. What is below /__mock/ and the guide are for people, and
// not in the journal.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, ownPrefix), path+"/" == ownPrefix:
		s.own(w, r)
	case strings.HasPrefix(path, guidePrefix):
		s.guide.ServeHTTP(w, r)
	default:
		s.handler.ServeHTTP(w, r)
	}
}

// reserved answers what nobody made an endpoint for: first the prefixes that are
// the mock's own, whatever an OpenAPI document says.
func (s *Server) reserved(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, worldPrefix):
		s.world(w, r)
	case strings.HasPrefix(path, "/.well-known/") && strings.Contains(path, worldPrefix):
		if s.preset(w, r, strings.SplitAfterN(path, worldPrefix, 2)[1]) {
			s.wellKnown.ServeHTTP(w, r)
		}
	case below(path, scenario.Prefix):
		s.scenarios.ServeHTTP(w, r)
	case below(path, mix.Prefix):
		s.mix.ServeHTTP(w, r)
	default:
		s.described.ServeHTTP(w, r)
	}
}

// known answers what no document describes.
func (s *Server) known(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.httpbin.Serves(r):
		s.httpbin.ServeHTTP(w, r)
	case r.URL.Path == gate401.MetadataPath || strings.HasPrefix(r.URL.Path, gate401.MetadataPath+"/"):
		scenario.Metadata(w, r)
	case r.URL.Path == "/":
		http.Redirect(w, r, ownPrefix, http.StatusSeeOther)
	default:
		s.nothing(w, r)
	}
}

func below(path, prefix string) bool { return strings.HasPrefix(path, prefix) || path+"/" == prefix }

// nothing answers for a path that nobody made, and names what came close.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	journal.NoteOf(r.Context()).Unmatched = true
	const detail = "Nobody made this path. Look at /__mock/ for what there is, or try /status/401, /basic-auth/user/passwd, /scenario/token-expired/."
	if near := s.endpoints.Nearest(r, 3); len(near) > 0 {
		wire.ProblemWith(w, http.StatusNotFound, detail, "nearest", near)
		return
	}
	wire.Problem(w, http.StatusNotFound, detail)
}

// pace waits as Config.Pace says. It is false if the client is gone.
func (s *Server) pace(r *http.Request) bool {
	if s.config.Pace <= 0 {
		return true
	}
	t := time.NewTimer(s.config.Pace)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
