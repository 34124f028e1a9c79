package trial

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gate401/gate401/mock"
)

// stage is a mock on a port of its own.
type stage struct {
	mock   *mock.Server
	server *http.Server
	base   string
	ended  chan struct{}
	busy   sync.WaitGroup // requests under way
	once   sync.Once
}

func newStage() (*stage, error) {
	m, err := mock.NewServer(mock.Config{})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // binding to loopback does not wait
	if err != nil {
		_ = m.Close()
		return nil, err
	}
	s := &stage{mock: m, base: "http://" + l.Addr().String(), ended: make(chan struct{})}
	s.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.busy.Add(1)
		defer s.busy.Done()
		m.ServeHTTP(w, r)
	})}
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(l)
	}()
	return s, nil
}

// close cuts what is under way and waits for it; the journal can be read after.
func (s *stage) close() {
	s.once.Do(func() {
		_ = s.server.Close()
		<-s.ended
		s.busy.Wait()
		_ = s.mock.Close()
	})
}
