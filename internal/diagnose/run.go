package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// found is a hit and the rule that made it.
type found struct {
	Rule
	*hit
}

func run(c capture.Capture, o Options) Report {
	r := Report{Outcome: OutcomeNothing, Findings: []Finding{}, Rows: []Row{}, RuledOut: []string{}}
	for _, n := range c.Notes {
		r.Notes = append(r.Notes, noteText(n))
	}
	if len(c.Exchanges) == 0 {
		return r
	}
	// The caller's values stay as they are.
	c.Exchanges = slices.Clone(c.Exchanges)
	for i := range c.Exchanges {
		withoutRedacted(&c.Exchanges[i])
	}
	past := newHistory(c)
	n := past.subject()
	if o.Exchange > 0 && o.Exchange <= len(c.Exchanges) {
		n = o.Exchange - 1
	}
	s := newScene(c, o, n)
	if text := past.others(n); text != "" {
		r.Notes = append(r.Notes, text)
	}
	for _, n := range s.x.Notes {
		r.Notes = append(r.Notes, noteText(n))
	}
	var all []found
	for _, rule := range rules() {
		if h := rule.check(s); h != nil {
			all = append(all, found{rule, h})
		}
	}
	r.Subject = &Subject{Exchange: n + 1, Of: len(c.Exchanges), Method: s.req.Method, URL: s.shownURL(s.req.URL), Status: s.status}
	r.Rows, r.Times = s.rows(), s.times()
	at := first(s, all)
	switch {
	case at >= 0:
		r.Outcome = OutcomeCause
		r.Cause = cause(all[at])
		if e := r.Cause.Reason; e != nil {
			r.Cause.Page = "/auth/problems/" + string(e.Code)
			if strings.HasSuffix(s.said.page, "/"+string(e.Code)) {
				r.Cause.Page = s.said.page
			}
		}
		if r.Cause.Code == string(s.named.Code) {
			r.Cause.Certainty = Certain // the gate says the same
		}
		fix := all[at].fix
		r.Fix = &fix
		if r.Cause.Rule == "command-misread" {
			r.Notes = slices.DeleteFunc(r.Notes, func(text string) bool {
				return slices.ContainsFunc(c.Notes, func(n capture.Note) bool {
					return misread[n.Text] != "" && text == noteText(n) && sentence(n.Text) == r.Cause.Note
				})
			})
		}
		for _, n := range s.x.Notes {
			// The cause says the same.
			if n.Kind == capture.NoteVariable && !strings.HasPrefix(n.About, "-") && r.Cause.Rule == "variable-unresolved" && shownName(n.About) == all[at].actual ||
				n.Text == capture.AsksPassword && r.Cause.Rule == "credentials-missing" ||
				n.Kind == capture.NoteError && r.Cause.Rule == "no-answer" ||
				n.Text == capture.NoColon && r.Cause.Rule == "field-without-colon" {
				r.Notes = slices.DeleteFunc(r.Notes, func(text string) bool { return text == noteText(n) })
			}
		}
	case s.unsent():
		r.Outcome = OutcomeUnsent
	case refusal(s.status):
		r.Outcome = OutcomeUnknown
	default:
		r.Outcome = OutcomeFine
		if m := c.Misprint; m != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("The command has a typographic character (U+%04X), which its shell does not take for what it looks like. The request was made as it was meant.", m.Rune))
		}
	}
	r.findings(s, all, at)
	r.RuledOut = s.ruledOut(all)
	if r.Outcome == OutcomeUnknown || r.Outcome == OutcomeUnsent || r.Cause != nil && (r.Cause.Certainty == Possible || r.Cause.Rule == "named-by-server" || r.Cause.Rule == "token-refused") {
		r.Unknown = s.unknown()
	}
	if r.Outcome == OutcomeUnsent {
		r.Fix = &Fix{Text: "Send it, and look at the answer too.", Command: s.curl(s.credentialArgument())}
		if !s.credentialed() {
			r.Fix.Command = s.curl()
		}
	}
	if slices.ContainsFunc(r.Unknown, func(t string) bool { return strings.Contains(t, leftOutByBrowser) }) {
		r.Notes = slices.DeleteFunc(r.Notes, func(t string) bool { return strings.Contains(t, "HAR with sensitive data") })
	}
	r.hush(s.hush)
	return r
}

// first is the index of the cause; -1 for none. The word of a gate counts: of
// what the request shows, only what gives that very reason.
func first(s *scene, all []found) int {
	if s.status >= 200 && s.status < 300 || s.status == http.StatusNotModified {
		return slices.IndexFunc(all, func(f found) bool { return f.ID == "success-with-error" || f.ID == "login-page-instead" })
	}
	if s.named.Code != "" {
		for i, f := range all {
			code := f.code()
			if f.ID == "said-by-server" {
				continue // its words say less than the code
			}
			if code == s.named.Code || code != "" && code.Info().ShownAs == s.named.Code {
				return i
			}
		}
		if i := slices.IndexFunc(all, func(f found) bool {
			return (f.ID == "authorization-lost-on-the-way" || f.ID == "api-key-wrong-place" && s.named.Code == reason.CredentialsMissing) && f.sure == Likely
		}); i >= 0 {
			return i
		}
		return slices.IndexFunc(all, func(f found) bool { return f.ID == "named-by-server" })
	}
	if i := slices.IndexFunc(all, func(f found) bool { return f.sure != Possible }); i >= 0 {
		return i
	}
	if len(all) > 0 {
		return 0
	}
	return -1
}

func (f found) code() reason.Code {
	if f.hit.reason != "" {
		return f.hit.reason
	}
	return f.Reason
}

func (f found) side() Fault {
	if f.hit.fault != "" {
		return f.hit.fault
	}
	return f.Fault
}

func cause(f found) *Cause {
	c := &Cause{
		Code: f.ID, Rule: f.ID, Title: f.Title, Note: f.note, Expected: explain.Visible(f.expected), Actual: explain.Visible(f.actual),
		Certainty: f.sure, Fault: f.side(), Explain: f.Explain, Spec: f.Spec, Evidence: f.at,
	}
	if f.hit.title != "" {
		c.Title = f.hit.title
	}
	if info, ok := reason.Lookup(f.code()); ok {
		e := explain.NewEntry(info)
		c.Code, c.Reason = string(info.Code), &e
		if f.ID == "named-by-server" {
			c.Title, c.Explain, c.Spec = info.Title, info.Explain, info.Spec
		}
	}
	if c.Evidence == nil {
		c.Evidence = []Evidence{}
	}
	return c
}

// findings lists the cause, what would come next, and what is worth knowing
// beside it.
func (r *Report) findings(s *scene, all []found, at int) {
	add := func(i int, role Role) {
		f := all[i]
		severity := httpauth.SeverityError
		switch {
		case f.sure == Possible && f.ID != "challenge-missing" && f.ID != "challenge-malformed":
			severity = httpauth.SeverityNote
		case role == RoleAlso:
			severity = httpauth.SeverityWarning
		}
		out := Finding{ID: f.ID, Role: role, Severity: severity, Certainty: f.sure, Message: f.note, Hint: f.fix.Text, Section: f.Spec}
		if len(f.at) > 0 {
			e := f.at[0]
			out.Evidence = &e
		}
		r.Findings = append(r.Findings, out)
	}
	if at >= 0 {
		add(at, RoleCause)
	}
	fine := r.Outcome == OutcomeFine
	for i, f := range all {
		switch {
		case i == at, fine && refusal(f.statusOf(s)), hidden(all, at, i):
		case f.ID == "challenge-malformed": // the finding itself is below, with its own id
		case fine, f.sure == Possible, f.side() == Server && (at < 0 || all[at].side() != Server):
			add(i, RoleAlso)
		default:
			add(i, RoleConsequence)
		}
	}
	r.syntax(s)
}

func (f found) statusOf(s *scene) int { return s.status }

// hidden drops what says the same again, or is only the last resort of a rule
// that found something better.
func hidden(all []found, at, i int) bool {
	f := all[i]
	if at < 0 {
		return false
	}
	won := all[at]
	switch f.ID {
	case "basic-refused", "digest-refused", "access-denied", "bad-request", "not-found-may-hide", "api-key-refused", "named-by-server", "said-by-server",
		"credentials-missing", "handshake-begun", "forbidden-without-credentials", "session-expired", "cookie-instead-of-token", "same-credential-accepted-elsewhere",
		"authorization-lost-on-the-way", "token-refused", "scheme-case", "token-in-other-field", "authorization-malformed":
		return true
	case "scheme-mismatch":
		return won.ID == "proxy-authentication-required" || slices.Contains([]string{"scheme-missing", "scheme-glued", "several-credentials", "authorization-empty", "variable-unresolved", "field-name-in-value"}, won.ID)
	case "token-audience-wrong":
		return won.ID == "token-audience-slash"
	case "token-issuer-unknown":
		return won.ID == "token-issuer-slash" || won.ID == "token-environment"
	case "digest-algorithm", "digest-qop":
		return won.ID == "digest-malformed"
	case "basic-not-base64":
		return won.ID == "basic-line-end"
	case "no-answer", "cors-error":
		return won.ID == "cors-error" || won.ID == "cors-preflight-refused"
	case "redirect-to-login":
		return strings.HasPrefix(won.ID, "cookie-") || won.ID == "fetch-without-credentials"
	case "token-expired":
		return won.ID == "forbidden-expired-token" || won.ID == "token-outdated" || won.ID == "clock-off"
	case "token-not-yet-valid":
		return won.ID == "clock-off"
	case "token-issued-in-future":
		return won.ID == "clock-off" || won.ID == "token-not-yet-valid"
	case "cookie-not-sent":
		return strings.HasPrefix(won.ID, "cookie-")
	}
	return false
}

// syntax adds what httpauth has to say about the challenge, and the warnings
// about the credential.
func (r *Report) syntax(s *scene) {
	add := func(f httpauth.Finding, in, field, value string) {
		length := 1
		if f.Offset >= len(value) {
			length = 0
		}
		e := s.inField(in, field, value, f.Offset, length)
		r.Findings = append(r.Findings, Finding{
			ID: string(f.ID), Role: RoleAlso, Severity: f.Severity, Certainty: Certain, Message: sentence(f.Message), Hint: f.Hint, Section: f.Section, Evidence: &e,
		})
	}
	name := "WWW-Authenticate"
	if s.status == http.StatusProxyAuthRequired {
		name = "Proxy-Authenticate"
	}
	r.Findings = append(r.Findings, s.asides()...)
	if s.resp != nil {
		values := s.resp.Header.Values(name)
		for _, f := range s.asked.Findings {
			if r.Cause != nil && r.Cause.Rule == "challenge-malformed" && sentence(f.Message) == r.Cause.Note {
				continue
			}
			if f.Field < len(values) && len(r.Findings) < 30 {
				add(f, "response", name, values[f.Field])
			}
		}
	}
	for _, f := range s.exam.Findings {
		if s.auth.ok && f.Severity != httpauth.SeverityError && len(r.Findings) < 40 {
			add(f, "request", s.auth.name, s.auth.value)
		}
	}
}

// withoutRedacted takes out what somebody masked before: it says nothing but that
// there was something.
func withoutRedacted(x *capture.Exchange) {
	if x.Request.URL == nil {
		x.Request.URL = &url.URL{}
	}
	masked := func(f capture.Field) bool {
		name := strings.ToLower(f.Name)
		if name != "authorization" && name != "proxy-authorization" && name != "cookie" && !isKeyField(name) {
			return false
		}
		v := strings.ToLower(f.Value)
		if scheme, rest, ok := strings.Cut(v, " "); ok && knownScheme(scheme) {
			v = rest
		}
		v = strings.TrimSpace(v)
		return strings.Contains(v, "redacted") || v == "[hidden]" || v == "<hidden>" || v == "..." || v == "…" || v != "" && strings.Trim(v, "*•") == ""
	}
	if !slices.ContainsFunc(x.Request.Header, masked) {
		return
	}
	x.Request.Header = slices.DeleteFunc(slices.Clone(x.Request.Header), masked)
	x.Request.Incomplete = true
	x.Notes = append(slices.Clone(x.Notes), capture.Note{Kind: capture.NoteMalformed, About: redactedNote})
}

// redactedNote marks an exchange whose credential was masked.
const redactedNote = "A credential was sent, and somebody masked it before it was handed over."

func noteText(n capture.Note) string {
	if n.Kind == capture.NoteVariable {
		short := shownName(n.About)
		n.Text, n.About = strings.ReplaceAll(n.Text, n.About, short), short
	}
	switch {
	case n.About == "":
		return n.Text
	case n.Text == "":
		return n.About
	case strings.HasPrefix(n.Text, n.About):
		return n.Text
	}
	return n.About + ": " + n.Text
}

// hush takes secrets out of everything that is said.
func (r *Report) hush(h *hush) {
	clean := func(texts ...*string) {
		for _, t := range texts {
			*t = h.text(*t)
		}
	}
	if c := r.Cause; c != nil {
		clean(&c.Note, &c.Expected, &c.Actual, &c.Page)
		for i := range c.Evidence {
			clean(&c.Evidence[i].Value, &c.Evidence[i].Field)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		clean(&f.Message, &f.Hint)
		if f.Evidence != nil {
			e := *f.Evidence
			clean(&e.Value, &e.Field)
			f.Evidence = &e
		}
	}
	for i := range r.Rows {
		clean(&r.Rows[i].What, &r.Rows[i].Sent, &r.Rows[i].Wants)
	}
	for i := range r.Times {
		clean(&r.Times[i].Words)
	}
	for _, list := range [][]string{r.RuledOut, r.Unknown, r.Notes} {
		for i := range list {
			clean(&list[i])
		}
	}
	if r.Fix != nil {
		clean(&r.Fix.Text, &r.Fix.Command)
	}
	if r.Subject != nil {
		clean(&r.Subject.URL, &r.Subject.Method)
	}
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
