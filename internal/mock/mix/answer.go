package mix

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

// Answer is an answer to any request.
type Answer struct {
	// Status is 200 to 599; 0 means 200.
	Status int
	// Header holds the fields in their order.
	Header []Field
	// Body as it is sent.
	Body []byte
	// Delay is waited before anything is sent.
	Delay time.Duration
	// Fault is what is done to the connection: one of Faults, or empty.
	Fault endpoint.Fault
	// Early answers before the body of the request is read, and closes the
	// connection then.
	Early bool
}

// Field is one field of an Answer.
type Field struct{ Name, Value string }

// Faults lists what can be done to the connection.
func Faults() []endpoint.Fault {
	return []endpoint.Fault{endpoint.FaultClose, endpoint.FaultReset, endpoint.FaultTruncate, endpoint.FaultGarbage}
}

// Serve gives the answer. With a Fault it may end with http.ErrAbortHandler, as
// net/http wants it.
func (a Answer) Serve(w http.ResponseWriter, r *http.Request) {
	if !wire.Pause(w, r, a.Delay) {
		panic(http.ErrAbortHandler)
	}
	if a.Fault != "" {
		journal.NoteOf(r.Context()).Fault = string(a.Fault)
	}
	switch a.Fault {
	case endpoint.FaultClose, endpoint.FaultReset, endpoint.FaultGarbage:
		endpoint.Cut(w, a.Fault)
		return
	default:
	}
	f := w.Header()
	for _, field := range a.Header {
		name := http.CanonicalHeaderKey(field.Name)
		if replaces(name) {
			f[name] = []string{field.Value}
			continue
		}
		f[name] = append(f[name], field.Value)
	}
	if a.Early {
		// Without it net/http would read the body before it answers.
		_ = http.NewResponseController(w).EnableFullDuplex()
		f.Set("Connection", "close")
	} else if r.ContentLength != 0 {
		gate401.Hurry(w)
	}
	if f["Content-Type"] == nil && len(a.Body) > 0 {
		f["Content-Type"] = []string{"text/plain; charset=utf-8"}
	}
	length := len(a.Body)
	if a.Fault == endpoint.FaultTruncate {
		length += 64
	}
	if a.bodied() {
		f["Content-Length"] = []string{strconv.Itoa(length)}
	}
	w.WriteHeader(a.status())
	if a.bodied() && r.Method != http.MethodHead {
		_, _ = w.Write(a.Body)
	}
	if a.Fault == endpoint.FaultTruncate {
		// What was written has to leave before the connection ends.
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (a Answer) status() int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}

// bodied tells whether the status may have a body (RFC 9110 section 6.4.1).
func (a Answer) bodied() bool {
	return a.status() != http.StatusNoContent && a.status() != http.StatusNotModified
}

// replaces tells whether a field is one that stands once and that a server sets
// by itself.
func replaces(name string) bool {
	return name == "Content-Type" || name == "Date" || name == "Connection" || name == "Cache-Control"
}
