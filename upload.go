package gate401

import (
	"io"
	"net/http"
	"time"
)

// Limits of bodies that nobody wants any more.
const (
	// bodyGrace is how long a client whose request was refused may take to send
	// the rest of a short body, so that the connection can be used again.
	bodyGrace = 2 * time.Second
	// shortBody is what is read before the answer: most of it came with the
	// fields.
	shortBody = 64 << 10
	// lingerTotal and lingerPause bound how long the rest of a long one is read
	// behind the answer, in all and from one piece to the next.
	lingerTotal = 30 * time.Second
	lingerPause = 5 * time.Second
)

// Hurry bounds how long an answer that does not need the body of the request
// waits for it: net/http reads up to 256 KiB of it before it answers, and would
// wait for ever if the client so wishes. It is for surfaces that answer by
// themselves, with little.
func Hurry(w http.ResponseWriter) {
	// Writers that cannot do it answer as they can.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyGrace))
}

// uploading tells whether a long body is on its way that a refusal will not
// read. HTTP/2 can end one stream without the others.
func uploading(hr *http.Request) bool {
	return hr.ProtoMajor == 1 && hr.Body != nil && (hr.ContentLength < 0 || hr.ContentLength > shortBody) &&
		hr.Header["Expect"] == nil // else the client was not asked for it
}

// await reads and forgets a short body of an HTTP/2 request, of which net/http
// reads nothing: it resets the stream behind an answer that came first, and some
// clients, when they have not sent everything yet, then know of no answer at all
// (seen in curl 7.88). A body without a length may be that of a call which goes on
// for hours.
func await(w http.ResponseWriter, hr *http.Request) {
	if hr.ProtoMajor < 2 || hr.Body == nil || hr.ContentLength <= 0 || hr.ContentLength > shortBody || hr.Header["Expect"] != nil {
		return
	}
	Hurry(w)
	// One that broke or is late is refused all the same.
	_, _ = io.CopyN(io.Discard, hr.Body, shortBody)
}

// Linger sends what was answered and then reads and forgets what the client is
// still sending, for a bounded time: a connection that is closed while more comes
// in is reset, and the reset can overtake the answer; and there are clients that
// read no answer before they have sent everything (RFC 9112 section 9.6). Call it
// last, when an HTTP/1 request was answered and its body not read to the end;
// the response must be in full duplex (http.ResponseController).
func Linger(w http.ResponseWriter, hr *http.Request) {
	rc := http.NewResponseController(w)
	if hr.Body == nil || rc.Flush() != nil {
		return
	}
	end := time.Now().Add(lingerTotal)
	// Anybody can have this memory for lingerTotal, without any proof.
	buf := make([]byte, 4<<10)
	for now := time.Now(); now.Before(end); now = time.Now() {
		until := now.Add(lingerPause)
		if until.After(end) {
			until = end
		}
		if rc.SetReadDeadline(until) != nil {
			return
		}
		if _, err := hr.Body.Read(buf); err != nil {
			return
		}
	}
}
