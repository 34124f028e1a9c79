package diagnose

import (
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// Options say what is known beside the capture, and how it is shown.
type Options struct {
	// Now is the local clock; nil means time.Now. Where a capture says when its
	// request was made, that counts.
	Now func() time.Time
	// Keys verifies signatures. Nil means: the key set in the capture, if the
	// client fetched one; else signatures are not verified.
	Keys token.KeySource
	// Algorithms that the server accepts; empty means every asymmetric one.
	Algorithms []string
	// Issuer and Audience are what the server expects of a token, Scope what it
	// asks for, where the caller knows; empty is unknown.
	Issuer   string
	Audience []string
	Scope    []string
	// Metadata is what the server publishes about itself, see [ParseMetadata].
	Metadata Metadata
	// Exchange picks the request to explain, counted from 1; 0 means the first
	// that failed.
	Exchange int
	// Open shows secrets.
	Open bool
}

// Certainty says how sure a statement is.
type Certainty string

// The certainties.
const (
	Certain  Certainty = "certain"  // it can be read off what was captured
	Likely   Certainty = "likely"   // everything speaks for it, something could still explain it otherwise
	Possible Certainty = "possible" // worth looking at; nothing else was found
)

// Fault says on which side something has to change.
type Fault string

// The sides.
const (
	Client  Fault = "client"
	Server  Fault = "server"
	Between Fault = "between" // a proxy, a cache, a redirect, a browser's policy
)

// Outcome is the result in one word.
type Outcome string

// The outcomes.
const (
	OutcomeCause   Outcome = "cause"   // there is a Cause
	OutcomeFine    Outcome = "fine"    // the request was answered as it should be
	OutcomeUnknown Outcome = "unknown" // it failed, and what was captured does not say why
	OutcomeUnsent  Outcome = "unsent"  // no answer is known, and nothing stands against the request
	OutcomeNothing Outcome = "nothing" // there is no request in the capture
)

// Report is what Run found.
type Report struct {
	Outcome Outcome `json:"outcome"`
	// Cause is the first cause; nil unless Outcome is OutcomeCause.
	Cause *Cause `json:"cause"`
	// Findings is everything that was found, the cause first.
	Findings []Finding `json:"findings"`
	// Subject is the request that the report is about; nil if there is none.
	Subject *Subject `json:"subject,omitempty"`
	// Rows compare what was sent with what the server wants.
	Rows []Row `json:"rows"`
	// RuledOut is what was looked at and is right.
	RuledOut []string `json:"ruled_out"`
	// Unknown is what cannot be told from the capture, and what would tell it.
	Unknown []string `json:"unknown,omitempty"`
	// Times are the dates that matter.
	Times []Time `json:"times,omitempty"`
	// Fix is the one thing to do; nil without a cause.
	Fix *Fix `json:"fix,omitempty"`
	// Notes are about the capture itself.
	Notes []string `json:"notes,omitempty"`
}

// Cause is the first cause of the failure.
type Cause struct {
	// Code is the reason of the catalogue, and where none fits that of the rule.
	Code string `json:"code"`
	// Rule is the id of the rule that recognised it.
	Rule  string `json:"rule"`
	Title string `json:"title"`
	// Note says in one to three sentences what it is in this case.
	Note string `json:"note"`
	// Expected and Actual stand against each other; both may be empty.
	Expected  string    `json:"expected,omitempty"`
	Actual    string    `json:"actual,omitempty"`
	Certainty Certainty `json:"certainty"`
	Fault     Fault     `json:"fault"`
	// Explain is the general explanation of the rule.
	Explain string `json:"explain"`
	Spec    string `json:"spec"`
	// Reason is the entry of the catalogue, if one fits.
	Reason *explain.Entry `json:"reason,omitempty"`
	// Page is where the reason is explained: the address that the answer names,
	// else the path of a gate's own guide.
	Page string `json:"page,omitempty"`
	// Evidence is where it can be seen, the most telling place first.
	Evidence []Evidence `json:"evidence"`
}

// Evidence is a place in a message.
type Evidence struct {
	// Exchange is the number of the request in the capture, counted from 1.
	Exchange int `json:"exchange"`
	// In is "request" or "response".
	In string `json:"in"`
	// Field is the name of a header field as it was sent, or "url", "status",
	// "body", "token".
	Field string `json:"field"`
	// Value is what stands there, without secrets unless they were asked for.
	Value string `json:"value"`
	// Offset and Length mark the guilty octets of Value; Length 0 means that
	// something is missing at Offset, -1 that no place is meant.
	Offset int `json:"offset"`
	Length int `json:"length"`
}

// Role says how a finding stands to the cause.
type Role string

// The roles.
const (
	RoleCause       Role = "cause"
	RoleConsequence Role = "consequence" // would be next, or follows from the cause
	RoleAlso        Role = "also"        // worth knowing, and not why the request failed
)

// Finding is one thing that was found.
type Finding struct {
	// ID is that of a rule, or of a finding of package httpauth.
	ID        string            `json:"id"`
	Role      Role              `json:"role"`
	Severity  httpauth.Severity `json:"severity"`
	Certainty Certainty         `json:"certainty"`
	Message   string            `json:"message"`
	Hint      string            `json:"hint,omitempty"`
	Section   string            `json:"section,omitempty"`
	Evidence  *Evidence         `json:"evidence,omitempty"`
}

// Subject is the request that a report is about.
type Subject struct {
	Exchange int    `json:"exchange"` // counted from 1
	Of       int    `json:"of"`       // how many the capture has
	Method   string `json:"method"`
	URL      string `json:"url"`
	Status   int    `json:"status"` // 0: no answer is known
}

// State is the last column of a Row.
type State string

// The states.
const (
	StateOK      State = "ok"
	StateWrong   State = "no"
	StateUnknown State = "?"
)

// Row is one line of the table.
type Row struct {
	What  string `json:"what"`
	Sent  string `json:"sent"`
	Wants string `json:"wants"`
	State State  `json:"ok"`
}

// Time is a date, and what it means in words.
type Time struct {
	What  string    `json:"what"`
	Time  time.Time `json:"time"`
	Words string    `json:"words"`
}

// Fix is the one thing to do.
type Fix struct {
	Text string `json:"text"`
	// Command mends it, with $TOKEN and the like where the secrets belong; empty
	// where no command can.
	Command string `json:"command,omitempty"`
}

// Rule is one thing that can be recognised.
type Rule struct {
	ID      string // stable
	Title   string
	Explain string
	Example string // how it looks on the wire
	Fault   Fault
	Reason  reason.Code // the entry of the catalogue, "" where none fits
	Spec    string

	check func(*scene) *hit
}

// Good tells that nothing is wrong with the request.
func (r Report) Good() bool { return r.Outcome == OutcomeFine || r.Outcome == OutcomeUnsent }

// Consequences are the findings below the cause.
func (r Report) Consequences() []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Role == RoleConsequence {
			out = append(out, f)
		}
	}
	return out
}

// Run explains a capture. It never fails: what cannot be read is said in the
// report.
func Run(c capture.Capture, o Options) Report { return run(c, o) }

// Rules is everything that Run recognises, in the order in which it looks.
func Rules() []Rule { return rules() }
