package gate401

import (
	"errors"
	"net/http"

	"github.com/gate401/gate401/reason"
)

// Denial says why a credential or a request is refused. It is an error so that
// it travels as one; functions return it as error, never as *Denial.
type Denial struct {
	// Reason is the entry of the catalogue that is true. What the caller is
	// shown may be another one, see [reason.Info.ShownAs].
	Reason reason.Code
	// Err has the details for the operator. It is logged and traced, and never
	// sent.
	Err error
	// Detail is what the caller is told to do, in place of the sentence that the
	// catalogue has for the reason; empty for that. It is sent, so that it must
	// repeat nothing of the request and tell nothing of an account.
	Detail string
	// Scope lists the scopes that would have been enough (RFC 6750 section 3).
	Scope []string
	// Header holds fields for the response, such as Retry-After.
	Header http.Header
	// Method names the kind of method whose credential was refused; empty when
	// there was none. The gate fills it.
	Method string
	// Subject is who the refused credential spoke for or claimed to, for the
	// operator; empty when unknown.
	Subject string
}

// deny makes a *Denial as an error.
func deny(code reason.Code, err error) error { return &Denial{Reason: code, Err: err} }

// Error gives the reason and the operator's details; do not send it to clients.
func (d *Denial) Error() string {
	if d.Err == nil {
		return string(d.Reason)
	}
	return string(d.Reason) + ": " + d.Err.Error()
}

// Unwrap returns the operator's details.
func (d *Denial) Unwrap() error { return d.Err }

// denialOf turns any error into a Denial. An error that is not one means that
// something could not be checked: 503, never 401.
func denialOf(err error) *Denial {
	if d, ok := errors.AsType[*Denial](err); ok && d != nil {
		return d
	}
	if err == nil {
		err = errors.New("neither an identity nor an error was returned")
	}
	return &Denial{Reason: reason.CheckFailed, Err: err}
}
