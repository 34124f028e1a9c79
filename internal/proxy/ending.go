package proxy

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// errEnded ends an answer that can only be broken off, and a call to the upstream
// whose time is up.
var errEnded = errors.New("what allowed the request does not hold any more")

// endingBody is the body of a stream. Its end can come from two sides: the
// upstream's, and that of what allowed it.
type endingBody struct {
	io.ReadCloser // as the transport made it
	x             *passage
	kind          streamKind
	coded         bool // compressed, so that nothing can be added

	mu      sync.Mutex
	frames  framing
	ending  bool // no more than the unit under way
	code    reason.Code
	last    []byte // behind what the upstream sent
	err     error  // behind last; nil until it is settled
	cut     *time.Timer
	stopped bool // ReadCloser was closed by us
	closed  bool
}

type streamKind int

const (
	kindOther streamKind = iota // broken off, so that nobody takes it for complete
	kindEvents
	kindRPC     // ended by trailers
	kindRPCWeb  // ended by a frame of trailers
	kindRPCText // the same in base64, which is broken off inside of a message
)

// ends makes the body of res one that ends with what allowed it, if it is a
// stream.
func (x *passage) ends(res *http.Response) {
	media := res.Header.Get("Content-Type")
	p := x.proxy
	if x.life == nil && (p.end == EndNone || (x.decision.Identity == nil && p.revoked == nil) || (p.end == EndStreams && !endless(media))) {
		return
	}
	b := &endingBody{ReadCloser: res.Body, x: x, coded: res.Header["Content-Encoding"] != nil}
	switch media = strings.ToLower(media); {
	case strings.HasPrefix(media, "text/event-stream"):
		b.kind, b.frames = kindEvents, &events{}
	case strings.HasPrefix(media, "application/grpc-web-text"):
		b.kind = kindRPCText
	case strings.HasPrefix(media, "application/grpc-web"):
		b.kind, b.frames = kindRPCWeb, &rpcMessages{}
	case strings.HasPrefix(media, "application/grpc") && res.ProtoMajor > 1:
		b.kind, b.frames = kindRPC, &rpcMessages{}
	}
	res.Body = b
	if x.life != nil {
		x.life.become(b.finish, grace)
		return
	}
	x.live(b.finish)
}

// finish ends the stream for code: at once where the upstream is between two
// units or in none, else behind the one under way, for which it has a moment.
func (b *endingBody) finish(code reason.Code) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil || b.closed {
		return false
	}
	// A client that does not read must not hold it open.
	_ = http.NewResponseController(b.x.writer.ResponseWriter).SetWriteDeadline(time.Now().Add(grace))
	b.ending, b.code = true, code
	if b.frames == nil || b.frames.whole() {
		b.stop()
		return true
	}
	b.cut = time.AfterFunc(grace, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.stop()
	})
	return true
}

// stop wakes a Read that waits for the upstream; b.mu is held.
func (b *endingBody) stop() {
	if !b.stopped {
		b.stopped = true
		_ = b.ReadCloser.Close()
	}
}

// Read reads from the upstream until the end, whichever it is.
func (b *endingBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.err == nil && b.ending && (b.stopped || b.frames == nil || b.frames.whole()) {
		b.settle()
	}
	if b.err != nil {
		defer b.mu.Unlock()
		n := copy(p, b.last)
		if b.last = b.last[n:]; n > 0 {
			return n, nil
		}
		return 0, b.err
	}
	b.mu.Unlock()

	n, err := b.ReadCloser.Read(p)

	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.ending:
		if b.frames != nil {
			walk(b.frames, p[:n])
		}
		if err != nil {
			b.err = err
		}
		return n, err
	case b.frames == nil || b.frames.whole():
		// Read when it was not allowed any more.
		b.settle()
		return 0, nil
	}
	n = b.frames.next(p[:n])
	if err != nil || b.frames.whole() {
		b.settle()
	}
	return n, nil
}

// settle says how the stream ends; b.mu is held.
func (b *endingBody) settle() {
	whole := b.frames == nil || b.frames.whole()
	b.stop()
	switch b.err = errEnded; {
	case b.kind == kindEvents:
		b.err = io.EOF
		if between, ok := b.frames.(*events); ok && between.between() && b.code != "" && !b.coded {
			b.last = b.x.farewell(b.code)
		}
	case b.kind == kindRPC && whole:
		b.err = io.EOF
	case b.kind == kindRPCWeb && whole:
		b.err = io.EOF
		b.last = webTrailers(b.x.rpcEnd(b.code))
	case b.kind == kindRPCText:
		// Each piece of the text is encoded for itself, so that one can be added;
		// where inside of a message, nobody can tell.
		b.err = io.EOF
		b.last = []byte(base64.StdEncoding.EncodeToString(webTrailers(b.x.rpcEnd(b.code))))
	}
}

// Close closes the upstream's body. The end of a gRPC stream is in the trailers.
func (b *endingBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cut != nil {
		b.cut.Stop()
	}
	if b.ending && !b.closed {
		// Everything was written; the connection may be used again.
		_ = http.NewResponseController(b.x.writer.ResponseWriter).SetWriteDeadline(time.Time{})
	}
	b.closed = true
	err := b.ReadCloser.Close()
	if b.ending && b.kind == kindRPC && b.err == io.EOF { //nolint:errorlint // our own
		h := b.x.writer.Header()
		for name, value := range b.x.rpcEnd(b.code) {
			h[http.TrailerPrefix+name] = []string{value}
		}
	}
	return err
}

// cutShort tells whether what the upstream would say behind the body must not
// follow ours.
func (b *endingBody) cutShort() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ending
}

// farewell is the last event of a stream: pages that know it need not wait for
// the refusal of the next connection.
func (x *passage) farewell(code reason.Code) []byte {
	body := strings.TrimSpace(string(x.proxy.responder.Document(x.request, code)))
	return []byte("event: gate401\ndata: " + strings.ReplaceAll(body, "\n", "\ndata: ") + "\n\n")
}

// rpcEnd is how a gRPC call ends for code, or because the gate goes away.
func (x *passage) rpcEnd(code reason.Code) map[string]string {
	if code == "" {
		return map[string]string{
			"Grpc-Status":  strconv.Itoa(gate401.RPCStatus(http.StatusServiceUnavailable)),
			"Grpc-Message": "The gate restarts. Call again.",
		}
	}
	info := code.Shown()
	return map[string]string{
		"Grpc-Status":    strconv.Itoa(gate401.RPCStatus(info.Status)),
		"Grpc-Message":   gate401.RPCMessage(info.Title + ". " + info.Detail),
		"Gate401-Reason": string(info.Code),
		"Gate401-Status": strconv.Itoa(info.Status),
	}
}

// webTrailers is the last frame of a gRPC-Web stream (PROTOCOL-WEB, "Message
// framing").
func webTrailers(fields map[string]string) []byte {
	var b strings.Builder
	for _, name := range []string{"Grpc-Status", "Grpc-Message", "Gate401-Reason", "Gate401-Status"} {
		if value, ok := fields[name]; ok {
			b.WriteString(strings.ToLower(name) + ": " + value + "\r\n")
		}
	}
	text := b.String()
	return append(binary.BigEndian.AppendUint32([]byte{0x80}, uint32(len(text))), text...)
}
