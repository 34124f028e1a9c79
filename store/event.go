package store

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// EventKind is a step in the life of a credential.
type EventKind string

// The kinds.
const (
	EventIssued  EventKind = "issued"
	EventRenewed EventKind = "renewed"
	EventUsed    EventKind = "used"
	EventRefused EventKind = "refused"
	EventRevoked EventKind = "revoked"
)

// Event is one step in the life of a token, an API key or a session.
type Event struct {
	ID   int64 // set by the backend, growing
	Time time.Time
	Kind EventKind
	// Method is what kind of credential Object is: "bearer", "refresh", "api-key",
	// "session", "code", "client".
	Method string
	// Object is the public identifier of the credential: jti, id of a key or of a
	// session, beginning of the hash of a refresh token; never a secret.
	Object string
	// Family and Session are the login and the browser that it stems from, Client
	// and Subject whom it was issued to and for; empty where there is none.
	Family, Session, Client, Subject string
	// Reason is the code of a refusal, RequestID the request that it was about.
	Reason, RequestID string
	// Detail is for the operator: "POST /orders", why it was revoked, ...
	Detail string
	// Count is how many equal ones it stands for, the last one at Time.
	Count int
}

// Events keeps the lives of credentials, bounded by age.
type Events interface {
	// AppendEvents stores events in one transaction: all or none. What is too
	// long is cut, and a Count of 0 is 1.
	AppendEvents(ctx context.Context, events []Event) error
	// ListEvents returns the events whose Object, Family or Session is about, the
	// oldest first, starting behind the ID after; see Page for limit.
	ListEvents(ctx context.Context, about string, after int64, limit int) ([]Event, error)
	// SweepEvents forgets events from before before, and returns how many; it may
	// leave some for the next call.
	SweepEvents(ctx context.Context, before time.Time) (int, error)
}

// Normal does for an event what Account.Normal does for an account. Events come
// in bulk and partly from requests, so that a text which no backend can hold is
// cut or mended rather than refused with all the others.
func (e Event) Normal() (Event, error) {
	if e.Kind == "" || e.Time.IsZero() {
		return Event{}, fmt.Errorf("%w: event without kind or time", ErrInvalid)
	}
	kind := string(e.Kind)
	for _, field := range []*string{
		&kind, &e.Method, &e.Object, &e.Family, &e.Session, &e.Client, &e.Subject, &e.Reason, &e.RequestID, &e.Detail,
	} {
		*field = mended(*field)
	}
	e.Kind, e.Time, e.Count = EventKind(kind), Moment(e.Time), max(e.Count, 1)
	return e, nil
}

// mended is s as every backend can hold it.
func mended(s string) string {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
