package client

import (
	"net/http"
	"time"
)

// EventKind says what an Event is about.
type EventKind string

// Kinds of events.
const (
	// EventExchange is a request and its answer.
	EventExchange EventKind = "exchange"
	// EventRenewal is a token that was renewed, or was to be.
	EventRenewal EventKind = "renewal"
)

// Event is one thing that a Transport did for a request, and why. Its Request
// holds the credential as it was sent: it is for looking at, not for logs.
type Event struct {
	Kind EventKind
	// Attempt counts the exchanges of one request, from 1.
	Attempt int
	// Request as it was sent, and its answer, whose body must not be touched;
	// nil in a renewal.
	Request  *http.Request
	Response *http.Response
	// Err is why there is no answer or no new token.
	Err     error
	Started time.Time
	Took    time.Duration
	// Sent is the proof that the request carried: "Bearer", "Basic", "Digest",
	// the name of a field with a key; empty for none.
	Sent string
	// Why this was sent, and what comes Next: a sentence each.
	Why, Next string
	// Denied is set if this ends in a refusal.
	Denied *Denied
}
