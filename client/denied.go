package client

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Denied says that a request was refused, why, and what to do. It is found with
// errors.As in what Check returns and, with Transport.Errors, in what the
// client returns.
type Denied struct {
	// Reason is the code of the problem body or of the field Gate401-Reason if
	// the server sent one that the catalogue has; otherwise it is inferred from
	// the status, the challenge and what was sent.
	Reason reason.Code
	// Inferred tells that the server named no reason.
	Inferred bool
	// Retry is what to do.
	Retry reason.Retry
	// Status of the answer; 0 if nothing was sent because there was no usable
	// credential.
	Status int
	// Method and URL of the request; the URL without user, password, query and
	// fragment.
	Method, URL string
	// Sent is what proof the refused request carried: "Bearer", "Basic",
	// "Digest", the name of a field with a key; empty for none.
	Sent string
	// Challenges that could be read, in their order.
	Challenges []httpauth.Challenge
	// Findings are what is wrong with the challenges.
	Findings []httpauth.Finding
	// Realm of the challenge that the rest is about.
	Realm string
	// Error code and its description, of the challenge or the problem body (RFC
	// 6750 section 3.1).
	Code, Description string
	// Scope that the server asks for (RFC 6750 section 3).
	Scope string
	// ACR and MaxAge are the authentication that the server asks for (RFC 9470
	// section 3). MaxAge is -1 if it asks for none.
	ACR    string
	MaxAge time.Duration
	// ResourceMetadata is where the server describes itself (RFC 9728 section
	// 5.1).
	ResourceMetadata string
	// RetryAfter is how long to wait; 0 if the server said nothing.
	RetryAfter time.Duration
	// RequestID is what the server calls the request.
	RequestID string
	// Title, Detail and Page are those of the problem body (RFC 9457).
	Title, Detail, Page string
	// Note says what the transport did or did not do about it, in a sentence;
	// empty if there is nothing to say.
	Note string
	// Err is the cause on this side, such as a *RenewalError.
	Err error
}

// Error says what happened and what to do, on one line and without a secret.
func (d *Denied) Error() string {
	var b strings.Builder
	b.WriteString(d.Method)
	b.WriteByte(' ')
	b.WriteString(d.URL)
	b.WriteString(": ")
	if d.Status != 0 {
		b.WriteString(strconv.Itoa(d.Status))
		if text := http.StatusText(d.Status); text != "" {
			b.WriteByte(' ')
			b.WriteString(text)
		}
	} else {
		b.WriteString("not sent")
	}
	b.WriteString(": ")
	b.WriteString(string(d.Reason))
	if d.Note != "" {
		b.WriteString(": ")
		b.WriteString(d.Note)
	}
	if d.Err != nil {
		b.WriteString(": ")
		b.WriteString(printable(d.Err.Error()))
	}
	return b.String()
}

// Unwrap returns the cause on this side.
func (d *Denied) Unwrap() error { return d.Err }
