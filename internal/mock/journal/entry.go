package journal

import (
	"net/http"
	"time"

	"github.com/gate401/gate401/reason"
)

// Entry is one request to the mock and its answer. It is not changed after it
// was recorded.
type Entry struct {
	ID      int64         `json:"id"` // increasing within one Journal
	Time    time.Time     `json:"time"`
	Took    time.Duration `json:"took"` // nanoseconds
	Session string        `json:"session,omitempty"`
	Client  string        `json:"client"` // address and port: equal for requests on one connection
	Proto   string        `json:"proto"`
	TLS     bool          `json:"tls,omitempty"`

	Method string      `json:"method"`
	Host   string      `json:"host"`
	Target string      `json:"target"` // as sent
	Header http.Header `json:"header"`
	Body   []byte      `json:"body,omitempty"` // the first MaxBody octets

	Status         int         `json:"status"` // 0: none was sent, the connection was cut
	ResponseHeader http.Header `json:"response_header"`
	ResponseBody   []byte      `json:"response_body,omitempty"` // the first MaxBody octets

	// Scenario, Endpoint and Reason say what answered and why; set by the
	// handler through Note.
	Scenario string      `json:"scenario,omitempty"`
	Endpoint string      `json:"endpoint,omitempty"`
	Reason   reason.Code `json:"reason,omitempty"`
	// Unmatched tells that nobody made what was asked for.
	Unmatched bool `json:"unmatched,omitempty"`
	// Fault names what was done to the connection or the answer on purpose.
	Fault string `json:"fault,omitempty"`
}

// MaxBody is how much of a body is kept.
const MaxBody = 64 << 10
