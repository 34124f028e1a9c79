package watch

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Trace is one refusal as an operator may see it: everything that explains it,
// and no secret.
type Trace struct {
	RequestID  string         `json:"request_id"`
	InboundID  string         `json:"inbound_id,omitempty"` // what the client called the request
	Time       time.Time      `json:"time"`
	Verb       string         `json:"verb"`
	Host       string         `json:"host"`
	Path       string         `json:"path"` // without the query, which may hold a key
	Client     netip.Addr     `json:"client"`
	UserAgent  string         `json:"user_agent,omitempty"`
	Rule       string         `json:"rule,omitempty"`
	Allowed    bool           `json:"allowed,omitempty"` // true only if the trace was forced
	Method     string         `json:"method,omitempty"`  // kind of method that was tried
	Subject    string         `json:"subject,omitempty"`
	Issuer     string         `json:"issuer,omitempty"`
	Credential string         `json:"credential,omitempty"` // public identifier
	Reason     reason.Code    `json:"reason,omitempty"`     // the true one
	Shown      reason.Code    `json:"shown,omitempty"`      // what the caller was told
	Status     int            `json:"status,omitempty"`
	Retry      reason.Retry   `json:"retry,omitempty"` // what the caller was told to do
	Cause      string         `json:"cause,omitempty"` // details for the operator
	Challenges []string       `json:"challenges,omitempty"`
	Presented  []Presented    `json:"presented,omitempty"` // which credentials were sent
	Steps      []gate401.Step `json:"steps,omitempty"`
}

// Limits of what strangers wrote, in octets. Together with Traces.Max they bound
// the memory that traces take.
const (
	maxPath  = 512
	maxText  = 128 // host, subject, user agent, verb
	maxCause = 300
)

// record is what is kept of a decision when it is made, as it is read back.
// Working out the rest can wait until somebody asks.
type record struct {
	id, inbound, verb, host, port, path, agent string
	rule, method, subject, issuer, cred        string
	cause                                      string
	time                                       time.Time
	client                                     netip.Addr
	allowed, secure                            bool
	reason                                     reason.Code
	challenges                                 []httpauth.Challenge // shared, read only
	resource                                   *gate401.Resource
	steps                                      []gate401.Step
	seen                                       seen
}

func (rec *record) trace(p *places) Trace {
	t := Trace{
		RequestID: rec.id, InboundID: rec.inbound, Time: rec.time, Verb: clean(rec.verb), Host: clean(rec.host),
		Path: clean(rec.path), Client: rec.client, UserAgent: clean(rec.agent), Rule: rec.rule,
		Allowed: rec.allowed, Method: rec.method, Subject: clean(rec.subject), Issuer: rec.issuer,
		Credential: clean(rec.cred), Reason: rec.reason, Cause: clean(rec.cause),
		Presented: p.names(rec.seen),
	}
	if rec.reason != "" {
		shown := rec.reason.Shown()
		t.Shown, t.Status, t.Retry = shown.Code, shown.Status, shown.Retry
	}
	for i := range rec.challenges {
		t.Challenges = append(t.Challenges, clean(rec.challenge(i)))
	}
	for _, s := range rec.steps {
		s.Note = clean(s.Note)
		t.Steps = append(t.Steps, s)
	}
	return t
}

// challenge is one as it was sent, but for the query in the address of metadata,
// which was not kept.
func (rec *record) challenge(i int) string {
	c := rec.challenges[i]
	_, has := c.Param("resource_metadata")
	if rec.resource == nil || has || !c.Is("Bearer") && !c.Is("DPoP") {
		return c.String()
	}
	u := url.URL{Scheme: "http", Host: rec.host, Path: rec.path}
	if rec.secure {
		u.Scheme = "https"
	}
	if strings.Contains(u.Host, ":") && u.Host[0] != '[' {
		u.Host = "[" + u.Host + "]"
	}
	if rec.port != "" {
		u.Host += ":" + rec.port
	}
	at := rec.resource.Metadata(&gate401.Request{URL: &u, Target: rec.path, Path: rec.path})
	if at == "" || len(rec.path) == maxPath { // which is cut
		return c.String()
	}
	c.Params = append(c.Params[:len(c.Params):len(c.Params)], httpauth.Param{Name: "resource_metadata", Value: string(mask([]byte(at)))})
	return c.String()
}

// causeOf is the operator's sentence of a refusal. The last step has it in print
// already.
func causeOf(d *gate401.Decision) string {
	if d.Denial == nil || d.Denial.Err == nil || d.Allow {
		return ""
	}
	if n := len(d.Steps); n > 0 && d.Steps[n-1].Reason == d.Denial.Reason && d.Steps[n-1].Note != "" {
		return cut(d.Steps[n-1].Note, maxCause)
	}
	return cut(d.Denial.Err.Error(), maxCause)
}

// refusedObject is an error that knows which credential of ours was refused.
type refusedObject interface {
	error
	Refused() (object, family, client string)
}

// refusedCredential is the public identifier of a credential of ours that was
// proved and refused all the same, which its error knows.
func refusedCredential(d *gate401.Decision) string {
	if d.Denial == nil || d.Denial.Err == nil {
		return ""
	}
	known, ok := errors.AsType[refusedObject](d.Denial.Err)
	if !ok {
		return ""
	}
	object, _, _ := known.Refused()
	return object
}

// cut shortens s.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n-3] + "..."
}
