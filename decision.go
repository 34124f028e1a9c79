package gate401

import (
	"net/http"
	"slices"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Decision is the whole answer to "may this request pass?", and the one value
// that status, challenges, body, log line and trace are made of. The zero value
// refuses.
type Decision struct {
	// Allow is true only when the request may pass.
	Allow bool
	// Preflight is true for a CORS preflight that the gate answers itself with
	// 204; Allow is false then.
	Preflight bool
	// Rule names the rule that decided, empty when there was none.
	Rule string
	// Identity is who was verified, nil when anyone may pass or nobody was.
	// A refusal keeps it when the proof was right and the access was not.
	Identity *Identity
	// Denial says why not; nil when allowed.
	Denial *Denial
	// Challenges are the ways to ask again, strongest first. Where the metadata of
	// the resource is (RFC 9728 section 5.1) differs from URL to URL, and is added
	// when they are printed, see [Decision.ChallengeFields].
	Challenges []httpauth.Challenge
	// Header holds fields for the response in either case, such as CORS fields
	// and Retry-After.
	Header http.Header
	// Steps tell how the decision came about; filled only on a refusal.
	Steps []Step

	// fields are the Challenges as printed at load; nil to print them.
	fields []string
	// prepared tells that Denial and Steps are those of the rule.
	prepared bool
	// resource says where metadata about the resource is; nil for nowhere.
	resource *Resource
}

// Reason is the true reason of a refusal, empty when allowed. A Decision that
// neither allows nor says why is refused as check-failed.
func (d *Decision) Reason() reason.Code {
	switch {
	case d.Allow || d.Preflight:
		return ""
	case d.Denial == nil:
		return reason.CheckFailed
	}
	return d.Denial.Reason
}

// Prepared tells that Denial and Steps were made by [Requirement.Prepare]: every
// request of the rule that has no credential shares them, and nothing of the
// request is in them.
func (d *Decision) Prepared() bool { return d.prepared }

// Resource says where the metadata about the resource is that the challenges lead
// to; nil for nowhere. [Resource.Metadata] is what is printed into them.
func (d *Decision) Resource() *Resource { return d.resource }

// Shown is the entry of the catalogue that the caller is shown.
func (d *Decision) Shown() reason.Info {
	info := d.Reason().Shown()
	if d.Denial != nil && d.Denial.Detail != "" {
		info.Detail = d.Denial.Detail
	}
	return info
}

// Status is the status code that a refusal is answered with; 0 when allowed,
// because then the upstream answers.
func (d *Decision) Status() int {
	switch {
	case d.Allow:
		return 0
	case d.Preflight:
		return http.StatusNoContent
	}
	return d.Shown().Status
}

// writeHeader adds the fields of the decision to a response. Vary adds up with
// what others vary by; everything else is ours to say.
func (d *Decision) writeHeader(h http.Header) {
	for name, values := range d.Header {
		if name == "Vary" {
			values = append(slices.Clone(h[name]), values...)
		}
		h[name] = values
	}
}

// Method names the kind of method that was verified or refused, empty for none.
func (d *Decision) Method() string {
	switch {
	case d.Identity != nil:
		return d.Identity.Method
	case d.Denial != nil:
		return d.Denial.Method
	}
	return ""
}

// Subject is who was verified, or who the refused credential spoke for.
func (d *Decision) Subject() string {
	switch {
	case d.Identity != nil:
		return d.Identity.Subject
	case d.Denial != nil:
		return d.Denial.Subject
	}
	return ""
}

// Stage is a station of the walk.
type Stage string

// The stages, in the order of the walk.
const (
	StageRequest Stage = "request" // the request was read into one view
	StageRule    Stage = "rule"    // the policy found the rule
	StageFind    Stage = "find"    // methods looked for their credential
	StageChoose  Stage = "choose"  // one credential was chosen
	StageGuard   Stage = "guard"   // the guard counted it
	StageVerify  Stage = "verify"  // the method verified it
	StageCheck   Stage = "check"   // scopes, groups, owner, address, age
)

// Step is one line of the trace of a refusal.
type Step struct {
	Stage  Stage       `json:"stage"`
	Method string      `json:"method,omitempty"` // kind of method, where one acted
	Reason reason.Code `json:"reason,omitempty"` // set where the step refused
	Note   string      `json:"note"`             // for the operator; holds no secret
}
