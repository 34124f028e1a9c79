package mock

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/guide"
	"github.com/gate401/gate401/internal/mock/httpbin"
	"github.com/gate401/gate401/internal/mock/journal"
)

// Server is a mock: an http.Handler. Make it with NewServer. Safe for concurrent
// use.
type Server struct {
	config  Config
	journal *journal.Journal
	guide   *guide.Guide
	httpbin *httpbin.Handler
	handler http.Handler
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
		config:  c,
		journal: &journal.Journal{Now: c.Now},
		guide:   &guide.Guide{Prefix: guidePrefix},
		httpbin: &httpbin.Handler{Strict: c.Strict, MaxDelay: c.MaxDelay, Now: c.Now},
	}
	s.handler = s.journal.Wrap(http.HandlerFunc(s.play))
	return s, nil
}

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
	case strings.HasPrefix(path, ownPrefix), path == strings.TrimSuffix(ownPrefix, "/"):
		s.own(w, r)
	case strings.HasPrefix(path, guidePrefix):
		s.guide.ServeHTTP(w, r)
	default:
		s.handler.ServeHTTP(w, r)
	}
}

// play answers the client under test.
func (s *Server) play(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.httpbin.Serves(r):
		s.httpbin.ServeHTTP(w, r)
	case r.URL.Path == "/":
		http.Redirect(w, r, ownPrefix, http.StatusSeeOther)
	default:
		nothing(w, r)
	}
}
