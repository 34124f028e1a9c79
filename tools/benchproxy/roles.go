package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/internal/watch"
)

// play is this program as one of the servers: "proxy ADDR UPSTREAM", "handler
// ADDR ANSWERS" or "middleware ADDR CONFIG LOG".
func play(role string, args []string, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := errors.New("wrong arguments")
	switch {
	case role == "proxy" && len(args) == 2:
		err = bareProxy(ctx, args[0], args[1])
	case role == "handler" && len(args) == 2:
		err = bareHandler(ctx, args[0], args[1])
	case role == "middleware" && len(args) == 3:
		err = middleware(ctx, args[0], args[1], args[2])
	}
	if err != nil {
		fmt.Fprintf(errs, "gate401: error: %s: %v\n", role, err)
		return exitFailed
	}
	return 0
}

// serve answers at addr until ctx ends.
func serve(ctx context.Context, addr string, h http.Handler) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bareProxy is httputil.ReverseProxy, tuned: buffers are lent, connections kept.
func bareProxy(ctx context.Context, addr, upstream string) error {
	u, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	return serve(ctx, addr, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.SetXForwarded()
		},
		BufferPool: &buffers{},
		Transport: &http.Transport{
			DialContext:        (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			DisableCompression: true, MaxIdleConnsPerHost: 1024, IdleConnTimeout: 90 * time.Second,
		},
	})
}

type buffers struct{ sync.Pool }

func (p *buffers) Get() []byte {
	if b, ok := p.Pool.Get().(*[32 << 10]byte); ok {
		return b[:]
	}
	return make([]byte, 32<<10)
}

func (p *buffers) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }

// answer is what a bare handler writes.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// bareHandler writes answers by path, as they were recorded.
func bareHandler(ctx context.Context, addr, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var answers map[string]answer
	if err := json.Unmarshal(data, &answers); err != nil {
		return err
	}
	return serve(ctx, addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		h := w.Header()
		for name, values := range a.Header {
			h[name] = values
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	}))
}

// recordedBody is what the handler behind the middleware writes.
const recordedBody = `{"orders":[{"id":7,"total":1200,"currency":"EUR"}]}` + "\n"

// middleware is a gate around a handler in one process, from the same file as a
// gate of its own.
func middleware(ctx context.Context, addr, file, log string) (err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	cfg, err := config.Load(file, data)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := watch.New(out, watch.Options{})
	defer func() { err = errors.Join(err, w.Close(), out.Close()) }()
	stores, err := storage.Open(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.Close()) }()
	system, err := build.New(cfg, stores, build.Options{PublicURL: &url.URL{Scheme: "http", Host: addr}, Watch: w})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	return serve(ctx, addr, system.Gate.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := gate401.IdentityFrom(r.Context()); !ok {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header()["Content-Type"] = jsonType
		_, _ = io.WriteString(w, recordedBody)
	})))
}

var jsonType = []string{"application/json"}
