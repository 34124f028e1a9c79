package endpoint

import (
	"encoding/json"
	"time"

	"github.com/gate401/gate401/reason"
)

// Endpoint is one made-up endpoint. Its JSON form is that of the API and of
// files.
type Endpoint struct {
	// ID names it in the API and in the journal: lower-case letters, digits and
	// hyphens. Empty means one that is made up.
	ID string `json:"id,omitempty"`
	// Session, if not empty, is the only session that has it. Else every session
	// has it, with counters of its own, and so have requests without a session.
	Session string `json:"session,omitempty"`
	// Method is the only one that matches, GET including HEAD; empty for all. The
	// preflight of a page of another origin is let through and uses up no answer,
	// unless an endpoint has the method OPTIONS.
	Method string `json:"method,omitempty"`
	// Path is a pattern: /orders, /users/{id}, /files/*, /files/**.
	Path string `json:"path"`
	// Match are conditions, all of which must hold, such as "header authorization
	// missing", "query page equals 2", "cookie sid not present".
	Match []Condition `json:"match,omitempty"`
	// Answer is the order of answers in short: statuses, reasons, faults and
	// names of Answers, such as "401*2,200", "token-expired,200@1s" (after a
	// second), "reset". A status takes the form of the one of Answers that has
	// it. Empty means Answers one after the other.
	Answer string `json:"answer,omitempty"`
	// Answers are answers in full.
	Answers []Answer `json:"answers,omitempty"`
	// Then says what follows the last answer: "last", which empty means, is that
	// answer again, "repeat" all of them from the first.
	Then Then `json:"then,omitempty"`
	// Every, if not 0, gives the first of two answers to each nth request and
	// the second one, 200 where there is none, to the others.
	Every int `json:"every,omitempty"`
	// Rate, if not 0, gives the first of two answers with this probability.
	Rate float64 `json:"rate,omitempty"`
	// Seed chooses the series of a rate: the same seed, the same answers.
	Seed uint64 `json:"seed,omitempty"`
	// Count says whose requests are counted together within a session: "session"
	// (all of them, the default), "client" (those of one address), "connection" or
	// "credential" (those with the same Authorization field).
	Count Count `json:"count,omitempty"`
}

// Then says what follows the last answer.
type Then string

// What can follow.
const (
	ThenLast   Then = "last"   // the last answer again
	ThenRepeat Then = "repeat" // all from the first
)

// Count says whose requests are counted together within a session.
type Count string

// Who can be counted.
const (
	CountSession    Count = "session"    // all of a session
	CountClient     Count = "client"     // those of one address
	CountConnection Count = "connection" // those of one connection
	CountCredential Count = "credential" // those with the same Authorization field
)

// Answer is one answer in full. The zero value is an empty success.
type Answer struct {
	// Name is what it is called in the short order of answers.
	Name string `json:"name,omitempty"`
	// Status is from 200 to 599; 0 means that of the reason, else 200.
	Status int `json:"status,omitempty"`
	// Reason makes it the answer that the gate gives for a reason of the
	// catalogue.
	Reason reason.Code `json:"reason,omitempty"`
	// Headers are fields, which replace those that would be there.
	Headers map[string]Values `json:"headers,omitempty"`
	// Challenges of a 401 or 407, each as it is sent; "basic" and "bearer" stand
	// for right ones, and "none" alone for none. Empty means a right one.
	Challenges Values `json:"challenge,omitempty"`
	// Body is the text of the answer.
	Body string `json:"body,omitempty"`
	// JSON is the body instead, any value.
	JSON json.RawMessage `json:"json,omitempty"`
	// Delay is how long the answer waits, at most a minute ([MaxDelay]).
	Delay Duration `json:"delay,omitempty"`
	// Over is how long the body takes, at most a minute ([MaxDelay]).
	Over Duration `json:"over,omitempty"`
	// Fault is what goes wrong with it: "close", "reset", "truncate", "slow",
	// "garbage" or "early".
	Fault Fault `json:"fault,omitempty"`
}

// MaxDelay is the longest Delay or Over.
const MaxDelay = time.Minute

// Fault is something that goes wrong with an answer below HTTP.
type Fault string

// The faults.
const (
	FaultClose    Fault = "close"    // the connection ends without an answer
	FaultReset    Fault = "reset"    // the connection is reset without an answer
	FaultTruncate Fault = "truncate" // half of the body is sent, then the connection ends
	FaultSlow     Fault = "slow"     // the body takes 5 s, if Over does not say how long
	FaultGarbage  Fault = "garbage"  // what is sent is no HTTP
	FaultEarly    Fault = "early"    // answered before the body was read, then the connection ends
)

// Faults are all faults.
func Faults() []Fault {
	return []Fault{FaultClose, FaultReset, FaultTruncate, FaultSlow, FaultGarbage, FaultEarly}
}

// Text says for people what goes wrong, going on from "The answer ...".
func (f Fault) Text() string {
	switch f {
	case FaultClose:
		return "does not come, the connection ends"
	case FaultReset:
		return "does not come, the connection is reset"
	case FaultTruncate:
		return "ends in the middle of the body"
	case FaultSlow:
		return "comes slowly, over five seconds"
	case FaultGarbage:
		return "is no HTTP"
	case FaultEarly:
		return "comes before the body of the request was read"
	}
	return ""
}

// Values are the values of one field: in JSON a text or a list of texts.
type Values []string

// MarshalJSON writes a single value as a text.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// Duration is a time.Duration that is written as "1.5s".
type Duration time.Duration

// MarshalText writes "1.5s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// String is that of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }
