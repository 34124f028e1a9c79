package explain

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// ChallengeReport is what the fields of one response say, and what is wrong
// with them.
type ChallengeReport struct {
	httpauth.Result
	fields []string
}

// Challenge reads the values of the WWW-Authenticate (or Proxy-Authenticate)
// field lines of one response. strict hands out no challenge unless all are
// right.
func Challenge(fields []string, strict bool) ChallengeReport {
	mode := httpauth.Lenient
	if strict {
		mode = httpauth.Strict
	}
	r := ChallengeReport{httpauth.ParseChallenges(fields, mode), fields}
	r.wantOne()
	return r
}

// wantOne makes the absence of any challenge an error: the grammar allows an
// empty list, a 401 does not (RFC 9110 section 15.5.2).
func (r *ChallengeReport) wantOne() {
	if len(r.Challenges) > 0 || !r.Valid {
		return
	}
	r.Valid = false
	for i := range r.Findings {
		if r.Findings[i].ID == httpauth.IDNoChallenge {
			r.Findings[i].Severity = httpauth.SeverityError
			return
		}
	}
	info, _ := httpauth.LookupFinding(httpauth.IDNoChallenge)
	r.Findings = append(r.Findings, Finding{
		ID: httpauth.IDNoChallenge, Severity: httpauth.SeverityError, Message: info.Title, Section: info.Section,
	})
}

// MarshalJSON writes {"challenges":[...], "findings":[...], "valid":bool}.
func (r ChallengeReport) MarshalJSON() ([]byte, error) { return r.Result.MarshalJSON() }

// Text shows each challenge, then each finding.
func (r ChallengeReport) Text(s Style) string {
	var b strings.Builder
	for _, c := range r.Challenges {
		b.WriteString(s.challenge(c) + "\n")
	}
	var said seen
	for _, f := range r.Findings {
		raw := ""
		if f.Field < len(r.fields) {
			raw = r.fields[f.Field]
		}
		if len(r.fields) > 1 {
			f.Message += fmt.Sprintf(" (field %d)", f.Field+1)
		}
		b.WriteString(s.finding(f, raw, &said) + "\n")
	}
	b.WriteString(verdict(s, r.Valid, r.Findings))
	return b.String()
}

func (s Style) challenge(c httpauth.Challenge) string {
	head := s.Bold(Visible(c.Scheme))
	if means := schemeMeans(c.Is); means != "" {
		head += "  " + s.Faint(means)
	}
	rows := make([][2]string, 0, len(c.Params)+1)
	if c.Token68 != "" {
		rows = append(rows, [2]string{"token68", Visible(c.Token68)})
	}
	for _, p := range c.Params {
		value := Visible(p.Value)
		if value == "" {
			value = s.Faint("(empty)")
		}
		rows = append(rows, [2]string{Visible(p.Name), value})
	}
	return head + "\n" + s.pairs("   ", rows)
}

// schemeMeans says what a scheme asks for.
func schemeMeans(is func(string) bool) string {
	for _, known := range [...][2]string{
		{"Basic", "user name and password (RFC 7617)"},
		{"Bearer", "access token (RFC 6750)"},
		{"Digest", "user name and hashed password (RFC 7616)"},
		{"DPoP", "access token bound to a key (RFC 9449)"},
		{"Negotiate", "Kerberos or NTLM ticket (RFC 4559)"},
		{"Mutual", "user name and password, proved both ways (RFC 8120)"},
		{"HOBA", "signature of a key of the site (RFC 7486)"},
		{"SCRAM-SHA-256", "user name and password, salted (RFC 7804)"},
		{"SCRAM-SHA-1", "user name and password, salted (RFC 7804)"},
		{"vapid", "key of a push service's client (RFC 8292)"},
		{"PrivateToken", "privacy pass token (RFC 9577)"},
		{"GNAP", "access token of GNAP (RFC 9635)"},
		{"Session", "session cookie of this gate: log in at the address below"},
	} {
		if is(known[0]) {
			return known[1]
		}
	}
	return ""
}
