package proxy

import (
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
	"github.com/gate401/gate401/reason"
)

// Field is a property of the identity, or of the request, that the upstream can
// be told in a header field.
type Field = identity.Field

// The fields.
const (
	FieldSubject    = identity.FieldSubject
	FieldMethod     = identity.FieldMethod
	FieldName       = identity.FieldName
	FieldIssuer     = identity.FieldIssuer
	FieldCredential = identity.FieldCredential
	FieldGroups     = identity.FieldGroups
	FieldScopes     = identity.FieldScopes
	FieldRequestID  = identity.FieldRequestID
	FieldRule       = identity.FieldRule
)

// DefaultIdentity is what an upstream is told unless configured otherwise.
func DefaultIdentity() map[string]Field { return identity.Default() }

// assert makes the token that tells the upstream who is asking, before anything
// of the request is on its way.
func (x *passage) assert() (err error) {
	if x.proxy.assertion != nil {
		x.asserted, err = x.proxy.assertion.Value(x.came.Context(), &x.decision)
	}
	return err
}

// unasserted is for a request of which the upstream could not be told whose it
// is: without that it would be a request of nobody.
func (x *passage) unasserted(err error) trouble {
	x.proxy.log.Warn("no token for the upstream", "request_id", x.request.ID, "rule", x.decision.Rule, "error", err.Error())
	return trouble{status: http.StatusServiceUnavailable, code: string(reason.CheckFailed), title: "The service cannot be told who asks",
		detail: "The gate cannot tell the service behind it who is asking just now.", again: true, retry: 5}
}

// turnAway answers a request that does not go on, and whose body nobody reads.
func (x *passage) turnAway(w http.ResponseWriter, hr *http.Request, t trouble) {
	x.in = hr
	body := hr.ProtoMajor == 1 && hr.ContentLength != 0
	if body {
		w.Header()["Connection"] = closes
	}
	x.problem(w, t)
	if body {
		gate401.Linger(w, hr)
	}
}
