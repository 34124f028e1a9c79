package trial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/certificate"
	"github.com/gate401/gate401/mock"
)

// pace is longer than a client takes to send several requests at once, and
// shorter than anybody notices.
const pace = 30 * time.Millisecond

// stage is a mock on a port of its own.
type stage struct {
	mock    *mock.Server
	server  *http.Server
	own     *http.Transport // for what is done for the client
	base    string
	plain   string // host and port of http beside https; empty without https
	ca      string // file with the certificate to trust; empty without https
	serving sync.WaitGroup
	under   underWay
	once    sync.Once
}

// underWay counts requests until it is ended; none begins after.
type underWay struct {
	mu    sync.Mutex
	ended bool
	busy  sync.WaitGroup // Add is under mu and before ended, so never beside Wait
}

func (u *underWay) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return false
	}
	u.busy.Add(1)
	return true
}

func (u *underWay) end() {
	u.mu.Lock()
	u.ended = true
	u.mu.Unlock()
	u.busy.Wait()
}

// newStage makes a stage that speaks http, or https and http beside it.
func newStage(secure bool) (*stage, error) {
	s := &stage{own: &http.Transport{}}
	var err error
	if s.mock, err = mock.NewServer(mock.Config{Pace: pace, PlainHost: func() string { return s.plain }}); err != nil {
		return nil, err
	}
	// A client that trusts nobody's certificate is no news for the log.
	s.server = &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.under.begin() {
			return // the connection is cut, so nobody gets an answer
		}
		defer s.under.busy.Done()
		s.mock.ServeHTTP(w, r)
	})}
	l, err := listen()
	if err != nil {
		return nil, errors.Join(err, s.mock.Close())
	}
	s.base = "http://" + l.Addr().String()
	if !secure {
		s.serving.Go(func() { _ = s.server.Serve(l) })
		return s, nil
	}
	beside, err := s.secure()
	if err != nil {
		return nil, errors.Join(err, l.Close(), s.mock.Close())
	}
	s.base, s.plain = "https://"+l.Addr().String(), beside.Addr().String()
	s.serving.Go(func() { _ = s.server.ServeTLS(l, "", "") })
	s.serving.Go(func() { _ = s.server.Serve(beside) })
	return s, nil
}

func listen() (net.Listener, error) {
	return net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // binding to loopback does not wait
}

// secure makes a certificate, the file of it, and the listener for http.
func (s *stage) secure() (net.Listener, error) {
	own, pem, err := certificate.Throwaway(time.Now())
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.own.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	// "h2" has to be named: the server speaks http beside https, and where it begins
	// with http it would agree to HTTP/2 and not know how.
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	f, err := os.CreateTemp("", "gate401-judge-*.pem")
	if err != nil {
		return nil, err
	}
	s.ca = f.Name()
	_, err = f.Write(pem)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(s.ca))
	}
	l, err := listen()
	if err != nil {
		return nil, errors.Join(err, os.Remove(s.ca))
	}
	return l, nil
}

// close cuts what is under way and waits for it; the journal can be read after.
func (s *stage) close() {
	s.once.Do(func() {
		s.own.CloseIdleConnections()
		_ = s.server.Close()
		s.serving.Wait()
		// A connection that was accepted while the others were cut is known by now.
		_ = s.server.Close()
		s.under.end()
		_ = s.mock.Close()
		if s.ca != "" {
			_ = os.Remove(s.ca)
		}
	})
}
