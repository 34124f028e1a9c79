package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// api is what stands behind the gate. It can be taken away and brought back.
type api struct {
	addr string

	mu     sync.Mutex
	server *http.Server
	ended  chan error

	// away is when it was last taken away, and back when it was there again, in
	// Unix nanoseconds: what happens around that is expected.
	away, back atomic.Int64
}

func (a *api) start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.addr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", swallow)
	mux.HandleFunc("GET /", answer)
	mux.HandleFunc("GET /rs256/events", events)
	mux.HandleFunc("GET /rs256/socket", echo)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addr, a.server, a.ended = l.Addr().String(), s, ended
	return nil
}

// stop ends it at once, with all its connections.
func (a *api) stop() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.server.Close()
	if e := <-a.ended; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// restart takes it away for a moment.
func (a *api) restart(ctx context.Context, pause time.Duration) error {
	a.back.Store(0)
	a.away.Store(time.Now().UnixNano())
	if err := a.stop(); err != nil {
		return err
	}
	sleep(ctx, pause)
	// Even if ctx ended: whoever is still under way wants an answer.
	err := a.start(context.WithoutCancel(ctx))
	a.back.Store(time.Now().UnixNano())
	return err
}

// grace is how long after the API is back answers may still say that it was away:
// health checks and connections need a moment.
const grace = 5 * time.Second

// missed tells whether the API was away at some time between from and now.
func (a *api) missed(from time.Time) bool {
	away, back := a.away.Load(), a.back.Load()
	return away != 0 && (back == 0 || from.Before(time.Unix(0, back).Add(grace)))
}

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"path":%q,"subject":%q}`+"\n", r.URL.Path, r.Header.Get("Gate401-Subject"))
}

// swallow reads an upload and says how long it was.
func swallow(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
}

// events is a stream without end (text/event-stream).
func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(w, "id: %d\ndata: tick\n\n", i); err != nil {
			return
		}
		if rc.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// echo is a WebSocket that says what it hears.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }()
	for {
		kind, data, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, data) != nil {
			return
		}
	}
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
