package journal

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// Faults that a Journal names by itself, where the handler named none.
const (
	// FaultHijacked is an answer that the handler wrote to the connection by
	// itself and that is no HTTP.
	FaultHijacked = "hijacked"
	// FaultAborted is a connection that the handler cut with
	// [http.ErrAbortHandler].
	FaultAborted = "aborted"
	// FaultPanic is a handler that broke.
	FaultPanic = "panic"
)

// Wrap returns a handler that serves as next does and records each request when
// next is done with it. It reads no more of a request than next does. Fields
// that the server adds by itself, such as Date, are not in the record.
//
// The ResponseWriter that next gets can flush, be hijacked and be unwrapped by
// [http.ResponseController]. A hijacked connection records what is written to it
// until next returns: where that is an HTTP answer, it is recorded as one.
func (j *Journal) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note := &Note{}
		rec := &recorder{ResponseWriter: w, bodiless: r.Method == http.MethodHead}
		e := Entry{
			Time: j.now(), Client: r.RemoteAddr, Proto: r.Proto, TLS: r.TLS != nil,
			Method: r.Method, Host: r.Host, Target: target(r), Header: r.Header.Clone(),
			ResponseHeader: http.Header{},
		}
		r = r.WithContext(withNote(r.Context(), note))
		var body *tee
		if r.Body != nil && r.Body != http.NoBody {
			body = &tee{ReadCloser: r.Body}
			r.Body = body
		}
		fault := FaultPanic
		defer func() {
			if fault == FaultPanic {
				// A panic goes on as it was: the server ends the connection by it.
				if p := recover(); p != nil {
					if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
						fault = FaultAborted
					}
					defer panic(p)
				}
			}
			e.Took = j.now().Sub(e.Time)
			e.Session, e.Scenario, e.Endpoint, e.Reason = note.Session, note.Scenario, note.Endpoint, note.Reason
			e.Unmatched = note.Unmatched
			e.Body = body.bytes()
			hijacked := rec.fill(&e, r, fault == "")
			switch {
			case note.Fault != "":
				e.Fault = note.Fault
			case fault != "":
				e.Fault = fault
			case hijacked && e.Status == 0:
				e.Fault = FaultHijacked
			}
			j.Record(e)
		}()
		next.ServeHTTP(rec, r)
		fault = ""
	})
}

// target is the request target as sent; requests that were made for tests have
// none.
func target(r *http.Request) string {
	if r.RequestURI != "" {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// tee keeps the beginning of a body as it is read.
type tee struct {
	io.ReadCloser
	mu   sync.Mutex
	kept []byte
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.mu.Lock()
	t.kept = keep(t.kept, p[:n])
	t.mu.Unlock()
	return n, err
}

func (t *tee) bytes() []byte {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Somebody may read on after the handler; an Entry does not change.
	return t.kept[:len(t.kept):len(t.kept)]
}

// keep appends as much of p as is kept of a body.
func keep(kept, p []byte) []byte {
	if room := MaxBody - len(kept); len(p) > room {
		p = p[:room]
	}
	return append(kept, p...)
}

// recorder passes an answer on and remembers it.
type recorder struct {
	http.ResponseWriter
	bodiless bool

	mu     sync.Mutex // a handler may flush from another goroutine than it writes from
	status int
	header http.Header
	body   []byte
	conn   *conn // set once the connection was taken over
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader passes informational answers without taking them for the answer
// (RFC 9110 section 15.2); a switch of protocols is the last one.
func (w *recorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) begin(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 && w.conn == nil {
		w.status, w.header = status, w.Header().Clone()
	}
}

// Write records what the server took.
func (w *recorder) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(p)
	w.wrote(p[:n])
	return n, err
}

func (w *recorder) wrote(p []byte) {
	if w.bodiless {
		return
	}
	w.mu.Lock()
	w.body = keep(w.body, p)
	w.mu.Unlock()
}

// ReadFrom keeps the short way from a file to a connection, behind what is
// recorded.
func (w *recorder) ReadFrom(src io.Reader) (int64, error) {
	w.mu.Lock()
	room := MaxBody - len(w.body)
	w.mu.Unlock()
	n := int64(0)
	if room > 0 && !w.bodiless {
		var err error
		if n, err = io.Copy(onlyWriter{w}, io.LimitReader(src, int64(room))); err != nil || n < int64(room) {
			return n, err
		}
	}
	w.begin(http.StatusOK)
	m, err := io.Copy(w.ResponseWriter, src)
	return n + m, err
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// Flush is FlushError for handlers that know only http.Flusher.
func (w *recorder) Flush() { _ = w.FlushError() }

// FlushError sends what was written, the head with status 200 if nothing was.
func (w *recorder) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// fill writes the answer into e and tells whether the connection was taken over.
func (w *recorder) fill(e *Entry, r *http.Request, returned bool) (hijacked bool) {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	if conn != nil {
		conn.fill(e, r)
		return true
	}
	if returned {
		// A handler that says nothing says 200.
		w.begin(http.StatusOK)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Status = w.status
	if w.header != nil {
		e.ResponseHeader = w.header
	}
	e.ResponseBody = w.body[:len(w.body):len(w.body)]
	return false
}
