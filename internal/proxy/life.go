package proxy

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// End says which answers end when what allowed them does not hold any more.
type End string

// The ways.
const (
	// EndStreams ends those that would go on for ever: WebSocket, events, gRPC,
	// and other types that are made of many parts. A download finishes.
	EndStreams End = "streams"
	// EndAll ends every answer that is still running.
	EndAll End = "all"
	// EndNone ends none: once let in, for ever in.
	EndNone End = "none"
)

// Feed tells of credentials that are withdrawn while an answer is running;
// stream.Hub is one.
type Feed interface {
	// Watch calls end, at most once, when what id rests on is withdrawn, with the
	// reason, or with none when the gate goes away. id is nil where nobody was
	// identified; since is when the request was judged. stop ends the watch.
	Watch(id *gate401.Identity, since time.Time, end func(reason.Code)) (stop func())
}

// grace is how long an end may take that has to be made with both sides: the
// frame under way, the goodbyes.
const grace = 5 * time.Second

// life is how long an answer may run. Only streams have one.
type life struct {
	mu       sync.Mutex
	act      func(reason.Code) bool // ends it now, or says that it cannot
	over     bool
	cut      bool // act ended it
	released bool
	code     reason.Code // why, if over; empty when the gate goes away
	timer    *time.Timer
	stop     func()
	began    time.Time
}

// live begins the life of the answer to x; act ends it, in another goroutine or
// before live returns.
func (x *passage) live(act func(reason.Code) bool) {
	p := x.proxy
	if p.end == EndNone || x.life != nil {
		return
	}
	l := &life{act: act, began: time.Now()}
	x.life = l
	if until, then := p.gate.Lasts(x.request, &x.decision); !until.IsZero() {
		l.mu.Lock()
		l.timer = time.AfterFunc(until.Sub(p.now()), func() { l.finish(then) })
		l.mu.Unlock()
	}
	if p.revoked != nil {
		stop := p.revoked.Watch(x.decision.Identity, x.request.Time, l.finish)
		l.mu.Lock()
		l.stop = stop
		l.mu.Unlock()
	}
}

// finish ends the answer for code, once.
func (l *life) finish(code reason.Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || l.released {
		return
	}
	l.over, l.code = true, code
	l.cut = l.act(code)
}

// become changes how the answer is ended, which is known better now. One that
// was over and could not be ended is given late: what begins now may be a short
// answer to a complete request, and that finishes.
func (l *life) become(act func(reason.Code) bool, late time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.act = act
	if l.over {
		l.over = false
		code := l.code
		l.timer = time.AfterFunc(late, func() { l.finish(code) })
	}
}

// ended tells whether and why the answer was ended.
func (l *life) ended() (reason.Code, bool) {
	if l == nil {
		return "", false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.code, l.over
}

// brokenOff tells whether the gate itself ended the answer.
func (l *life) brokenOff() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// release says that the answer is over, by whichever end: nothing acts on it any
// more when it returns.
func (x *passage) release() {
	if x.cancel != nil {
		x.cancel(nil)
		x.cancel = nil
	}
	l := x.life
	if l == nil {
		return
	}
	x.life = nil
	l.mu.Lock()
	l.released = true
	if l.timer != nil {
		l.timer.Stop()
	}
	stop, cut, code := l.stop, l.cut, l.code
	l.mu.Unlock()
	if stop != nil {
		stop()
	}
	if cut {
		told := code
		if told == "" {
			told = "shutdown"
		}
		about := []any{"request_id", x.request.ID, "rule", x.decision.Rule}
		if who := x.decision.Subject(); who != "" {
			about = append(about, "subject", who)
		}
		x.proxy.log.Info("stream ended", append(about,
			"reason", string(told), "path", x.request.Path, "lasted", time.Since(l.began).Round(time.Millisecond).String())...)
	}
}

// call begins the life of a gRPC call before its answer: a client that goes on
// sending may get none for long. One whose request is complete finishes, if it
// has no answer yet: it is no stream.
func (x *passage) call(out *http.Request) *http.Request {
	ctx, cancel := context.WithCancelCause(out.Context())
	x.cancel = cancel
	body := x.body
	x.live(func(reason.Code) bool {
		if body == nil || body.done.Load() {
			return false
		}
		cancel(errEnded)
		return true
	})
	return out.WithContext(ctx)
}

// endless tells whether an answer of that media type is a stream by nature.
func endless(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); media {
	case "text/event-stream", "multipart/x-mixed-replace",
		"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq", "application/stream+json":
		return true
	}
	return strings.HasPrefix(media, "application/grpc") || strings.HasPrefix(media, "application/connect+")
}

// bodiless tells whether an answer has no content, whatever its fields say (RFC
// 9110 section 6.4.1).
func bodiless(res *http.Response) bool {
	return res.Body == nil || res.Body == http.NoBody || res.ContentLength == 0 ||
		res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified ||
		(res.Request != nil && res.Request.Method == http.MethodHead)
}
