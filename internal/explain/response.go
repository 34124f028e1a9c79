package explain

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// ResponseReport is what a response says about why it is a refusal.
type ResponseReport struct {
	// Cause is the reason that the response names, if the catalogue has it; nil
	// if the response does not tell.
	Cause *Cause
	// Status of the response.
	Status int
	// RequestID is the X-Request-Id of the response, if it has the form of those
	// that a gate makes; it is known there.
	RequestID string
	// Challenges of the WWW-Authenticate fields, or of Proxy-Authenticate for a
	// 407.
	Challenges []httpauth.Challenge
	// Findings, in the order of the fields.
	Findings []Finding

	phrase  string
	asked   bool // there are fields with challenges
	answers ChallengeReport
}

// response is the text of one response, taken apart.
type response struct {
	status int
	phrase string
	header http.Header
	body   string
}

// statusLine reads HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112
// section 4), also as curl -v marks it and without the last space.
func statusLine(line string) (status int, phrase string, ok bool) {
	version, rest, ok := strings.Cut(unmarked(line), " ")
	number, ok2 := strings.CutPrefix(version, "HTTP/")
	if !ok || !ok2 || number == "" || strings.Trim(number, "0123456789.") != "" {
		return 0, "", false
	}
	code, phrase, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 {
		return 0, "", false
	}
	return status, strings.TrimSpace(phrase), true
}

// unmarked is a line without its end and without the mark of curl -v.
func unmarked(line string) string {
	return strings.TrimPrefix(strings.TrimSuffix(line, "\r"), "< ")
}

// readResponse reads the last response of a text that begins with one: before
// it there may be a 100 Continue, the answer of a proxy, or redirects.
func readResponse(text string) (response, bool) {
	line, rest, _ := strings.Cut(text, "\n")
	status, phrase, ok := statusLine(line)
	if !ok {
		return response{}, false
	}
	r := response{status: status, phrase: phrase, header: http.Header{}}
	last := ""
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\n")
		if line = unmarked(line); line == "" || line == "<" {
			break
		}
		if values := r.header[last]; len(values) > 0 && (line[0] == ' ' || line[0] == '\t') {
			// RFC 9112 section 5.2: a folded line goes on with the value before it.
			values[len(values)-1] += " " + strings.Trim(line, " \t")
			continue
		}
		last = ""
		if name, value, ok := strings.Cut(line, ":"); ok && isName(name) {
			last = http.CanonicalHeaderKey(name)
			r.header[last] = append(r.header[last], strings.Trim(value, " \t"))
		}
	}
	if next, ok := readResponse(strings.TrimLeft(rest, "\r\n")); ok {
		return next, true
	}
	r.body = rest
	return r, true
}

// Response examines the text of a response, as curl -i prints it. ok is false
// for a text that does not begin with a status line.
func Response(text string) (report ResponseReport, ok bool) {
	got, ok := readResponse(strings.TrimLeft(text, " \t\r\n"))
	if !ok {
		return ResponseReport{}, false
	}
	name := "Www-Authenticate"
	if got.status == http.StatusProxyAuthRequired {
		name = "Proxy-Authenticate"
	}
	r := ResponseReport{Status: got.status, phrase: got.phrase, Challenges: []httpauth.Challenge{}, Findings: []Finding{}}
	fields := got.header[name]
	r.asked = len(fields) > 0
	// Other statuses may ask too, and need not (RFC 9110 section 11.6.1).
	if r.asked || got.status == http.StatusUnauthorized || got.status == http.StatusProxyAuthRequired {
		r.answers = Challenge(fields, false)
		r.Challenges = append(r.Challenges, r.answers.Challenges...)
		r.Findings = append(r.Findings, r.answers.Findings...)
	}
	if info, ok := named(got); ok {
		r.Cause = &Cause{Entry: NewEntry(info)}
		if id := strings.TrimSpace(got.header.Get("X-Request-Id")); isRequestID(id) {
			r.RequestID = id
		}
	}
	return r, true
}

// named is the reason that a response of a gate names: in a field, or in its
// problem body (RFC 9457).
func named(got response) (reason.Info, bool) {
	if info, ok := reason.Lookup(reason.Code(got.header.Get("Gate401-Reason"))); ok {
		return info, true
	}
	var problem struct {
		Code any `json:"code"`
	}
	if json.Unmarshal([]byte(strings.TrimSpace(got.body)), &problem) != nil {
		return reason.Info{}, false
	}
	code, _ := problem.Code.(string)
	return reason.Lookup(reason.Code(code))
}

// Good tells that the response is no refusal and no error, and that nothing is
// wrong with it.
func (r ResponseReport) Good() bool {
	for _, f := range r.Findings {
		if f.Severity == httpauth.SeverityError {
			return false
		}
	}
	return r.Status < 400 && r.Cause == nil
}

// MarshalJSON writes {"cause":..., "status":401, "challenges":[...],
// "findings":[...]}, with "request_id" where a gate can be asked about it.
func (r ResponseReport) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cause      *Cause               `json:"cause"`
		Status     int                  `json:"status"`
		RequestID  string               `json:"request_id,omitempty"`
		Challenges []httpauth.Challenge `json:"challenges"`
		Findings   []Finding            `json:"findings"`
	}{r.Cause, r.Status, r.RequestID, r.Challenges, r.Findings})
}

// Text shows the status, the challenges with what is wrong with them, and the
// cause, as far as the response tells it.
func (r ResponseReport) Text(s Style) string {
	var b strings.Builder
	phrase := r.phrase
	if phrase == "" {
		phrase = http.StatusText(r.Status)
	}
	b.WriteString(strings.TrimRight(s.Bold(fmt.Sprintf("%d", r.Status))+" "+Visible(phrase), " ") + "\n\n")
	if r.asked || len(r.Findings) > 0 {
		b.WriteString(r.answers.Text(s) + "\n")
	}
	switch {
	case r.Cause != nil:
		b.WriteString(s.Bold("Why") + "\n" + s.Wrap("  ", fmt.Sprintf("%s (%s)", r.Cause.Title, r.Cause.Code)) + s.Wrap("  ", r.Cause.Explain))
		b.WriteString("\n" + s.Bold("What to do") + "\n" +
			s.Wrap("  ", "Caller: "+r.Cause.FixCaller) + s.Wrap("  ", "Operator: "+r.Cause.FixOperator))
		if r.RequestID != "" {
			b.WriteString("\n" + s.Wrap("", "hint: `gate401 explain "+r.RequestID+"` asks the gate what it was in this case"))
		}
	case r.Status < 400:
		b.WriteString(s.Wrap("", "This is no refusal."))
	default:
		b.WriteString(s.Wrap("", unknownCause(r.Status, len(r.Challenges) > 0)))
	}
	return b.String()
}

// unknownCause admits what nobody can know from the response alone.
func unknownCause(status int, asked bool) string {
	text := "The response does not say why, so the cause is unknown."
	switch {
	case status == http.StatusUnauthorized && asked:
		return text + " What the server asks for is above; to look at what the client sent: `gate401 explain --authorization`"
	case status == http.StatusForbidden:
		return text + " A 403 is about permission: sending other credentials of the same person changes nothing."
	case status == http.StatusTooManyRequests:
		return text + " Wait for the time in Retry-After, if there is one."
	}
	return text
}
