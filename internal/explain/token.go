package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// The kinds of tokens.
const (
	KindJWT    = "jwt"
	KindAPIKey = "api-key"
	KindOpaque = "opaque"
)

// TokenReport is a token taken apart. Its signature was not verified.
type TokenReport struct {
	// Cause is the reason that a gate would give even if the signature is
	// right; nil if there is none.
	Cause *Cause
	// Kind is KindJWT, KindAPIKey, or KindOpaque for anything else.
	Kind string
	// Header and Payload are the decoded parts of a JWT.
	Header, Payload string
	// Signature describes the third part.
	Signature string
	// Times are the dates of the payload.
	Times []TokenTime
	// Key is the recognisable beginning of an API key, Environment where it
	// says it belongs.
	Key, Environment string
	// Findings is what is wrong, in the order of the text.
	Findings []Finding
	// Verified is set by a caller that verified the signature itself.
	Verified bool

	places []place
}

// TokenTime is one date of a token.
type TokenTime struct {
	Claim    string    `json:"claim"`
	Time     time.Time `json:"time"`
	Relative string    `json:"relative"` // "expired 3 min 12 s ago"
}

// place is the text that a finding's offset counts in.
type place struct{ raw string }

// Token takes a JWT or an API key apart. The signature is left out unless open.
func Token(text string, now time.Time, open bool) TokenReport {
	if strings.HasPrefix(strings.ToLower(text), token.APIKeyPrefix+"_") {
		return apiKey(text, open)
	}
	d := token.Decode(text)
	r := TokenReport{Kind: KindJWT, Header: d.Header, Payload: d.Payload, Findings: []Finding{}}
	shown := text
	if !strings.HasPrefix(d.Header, "{") {
		// It is no JWT, so every part of it may be a secret.
		r.Kind = KindOpaque
		if !open {
			r.Header, r.Payload, shown = "", "", mask(text)
		}
	} else if !open && len(d.Parts) >= 3 {
		shown = text[:d.Parts[2].Offset] + strings.Repeat("*", len(text)-d.Parts[2].Offset)
	}
	if len(d.Parts) >= 3 {
		r.Signature = fmt.Sprintf("%d octets", len(d.Signature))
		if open {
			r.Signature += ", " + d.Parts[2].Text
		}
	}
	for _, p := range d.Problems {
		raw := shown
		if strings.HasPrefix(p.What, "bad JSON: ") {
			if r.Kind == KindOpaque {
				continue // it was never meant to be JSON
			}
			raw = map[string]string{"header": d.Header, "payload": d.Payload}[p.Part]
		}
		if len(raw) > token.MaxSize {
			raw = ""
		}
		r.add(Finding{
			ID: httpauth.FindingID("jwt-" + p.Part), Severity: httpauth.SeverityError, Offset: p.Offset,
			Message: p.Part + ": " + Visible(p.What), Section: partSection(p.Part),
		}, raw)
	}
	if _, err := token.Parse(text); err != nil {
		r.Cause = causeOf(err)
	}
	r.judge(d, now)
	return r
}

func partSection(part string) string {
	switch part {
	case "header":
		return "RFC 7515 section 4"
	case "payload":
		return "RFC 7519 section 4"
	}
	return "RFC 7515 section 3.1"
}

func (r *TokenReport) add(f Finding, raw string) {
	r.Findings = append(r.Findings, f)
	r.places = append(r.places, place{raw})
}

// causeOf turns a refusal into a Cause; nil for any other error.
func causeOf(err error) *Cause {
	var refused *token.Error
	if !errors.As(err, &refused) {
		return nil
	}
	c := &Cause{Entry: NewEntry(refused.Reason.Info())}
	if refused.Err != nil {
		c.Note = refused.Err.Error()
	}
	return c
}

// judge looks at what the token says of itself.
func (r *TokenReport) judge(d token.Decoded, now time.Time) {
	c := d.Claims
	if d.Alg == "none" || strings.EqualFold(d.Alg, "none") {
		r.add(Finding{
			ID: "jwt-unsigned", Severity: httpauth.SeverityError,
			Message: "the token is not signed (alg none)", Hint: "have it signed by the issuer; nobody accepts it like this", Section: "RFC 8725 section 3.2",
		}, "")
		if r.Cause == nil {
			r.Cause = &Cause{Entry: NewEntry(reason.TokenAlgorithmRefused.Info())}
		}
	}
	if c == nil {
		return
	}
	add := func(claim string, t time.Time, words string) {
		if !t.IsZero() {
			r.Times = append(r.Times, TokenTime{claim, t.UTC(), words})
		}
	}
	add("iat", c.IssuedAt, "issued "+relative(c.IssuedAt, now))
	add("auth_time", c.AuthTime, "logged in "+relative(c.AuthTime, now))
	if now.Before(c.NotBefore) {
		add("nbf", c.NotBefore, "becomes valid "+relative(c.NotBefore, now))
	} else {
		add("nbf", c.NotBefore, "valid since "+strings.TrimSuffix(relative(c.NotBefore, now), " ago"))
	}
	if over := now.Sub(c.Expires); over >= 0 && !c.Expires.IsZero() {
		add("exp", c.Expires, "expired "+relative(c.Expires, now))
	} else {
		add("exp", c.Expires, "expires "+relative(c.Expires, now))
	}
	r.judgeUse(c, now)
	if c.Issuer == "" {
		r.say("jwt-no-issuer", httpauth.SeverityWarning, "the token names no issuer: it has no iss claim", "", "RFC 9068 section 2.2", "")
	}
	if len(c.Audience) == 0 {
		r.say("jwt-no-audience", httpauth.SeverityWarning, "the token is for nobody in particular: it has no aud claim", "", "RFC 9068 section 2.2", "")
	}
}

// judgeUse asks what a [token.Verifier] asks of any token, in its order and with
// its leeway.
func (r *TokenReport) judgeUse(c *token.Claims, now time.Time) {
	const leeway = token.DefaultLeeway
	if what := c.NotAccess(); what != "" {
		r.say("jwt-type-wrong", httpauth.SeverityError, "the token is no access token: "+what, "send the access token", "RFC 8725 section 3.11", reason.TokenTypeWrong)
	}
	switch expired := "the token expired " + relative(c.Expires, now); {
	case c.Expires.IsZero():
		r.say("jwt-no-expiry", httpauth.SeverityError, "the token never expires: it has no exp claim", "let the issuer set exp", "RFC 7519 section 4.1.4", reason.TokenMalformed)
	case !now.Before(c.Expires.Add(leeway)):
		r.say("jwt-expired", httpauth.SeverityError, expired, "get a new one from the issuer", "RFC 7519 section 4.1.4", reason.TokenExpired)
	case !now.Before(c.Expires):
		r.say("jwt-expired", httpauth.SeverityWarning, expired+", which a gate still forgives", "get a new one from the issuer", "RFC 7519 section 4.1.4", "")
	}
	if now.Before(c.NotBefore.Add(-leeway)) {
		r.say("jwt-not-yet-valid", httpauth.SeverityError, "the token becomes valid "+relative(c.NotBefore, now), "wait, or compare the clocks", "RFC 7519 section 4.1.5", reason.TokenNotYetValid)
	}
	if now.Before(c.IssuedAt.Add(-leeway)) {
		r.say("jwt-issued-in-future", httpauth.SeverityError, "the token was issued "+relative(c.IssuedAt, now), "compare the clocks of issuer and receiver", "RFC 7519 section 4.1.6", reason.TokenNotYetValid)
	}
}

func (r *TokenReport) say(id httpauth.FindingID, severity httpauth.Severity, message, hint, section string, code reason.Code) {
	r.add(Finding{ID: id, Severity: severity, Message: message, Hint: hint, Section: section}, "")
	if code != "" && r.Cause == nil {
		r.Cause = &Cause{Entry: NewEntry(code.Info()), Note: message}
	}
}

func apiKey(text string, open bool) TokenReport {
	r := TokenReport{Kind: KindAPIKey, Findings: []Finding{}}
	key, err := token.ParseAPIKey(text)
	if err != nil {
		r.Cause = causeOf(err)
		r.add(Finding{ID: "api-key-malformed", Severity: httpauth.SeverityError, Message: r.Cause.Note, Hint: "copy the whole key again", Section: "gate401"}, "")
		return r
	}
	r.Key, r.Environment = key.Display(), key.Environment
	if open {
		r.Key = key.Reveal()
	}
	return r
}

// Valid is true if no finding is an error.
func (r TokenReport) Valid() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == httpauth.SeverityError })
}

// MarshalJSON writes {"cause":..., "kind":..., ..., "findings":[...], "valid":bool}.
func (r TokenReport) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cause       *Cause          `json:"cause"`
		Kind        string          `json:"kind"`
		Header      json.RawMessage `json:"header,omitempty"`
		Payload     json.RawMessage `json:"payload,omitempty"`
		Times       []TokenTime     `json:"times,omitempty"`
		Signature   string          `json:"signature,omitempty"`
		Key         string          `json:"key,omitempty"`
		Environment string          `json:"environment,omitempty"`
		Verified    bool            `json:"verified"`
		Findings    []Finding       `json:"findings"`
		Valid       bool            `json:"valid"`
	}{r.Cause, r.Kind, rawJSON(r.Header), rawJSON(r.Payload), r.Times, r.Signature, r.Key, r.Environment, r.Verified, r.Findings, r.Valid()})
}

// rawJSON is the text if it is JSON, else a JSON string of it.
func rawJSON(text string) json.RawMessage {
	switch {
	case text == "":
		return nil
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return quoted
}

// Text shows the parts, the dates, the findings and the reason.
func (r TokenReport) Text(s Style) string {
	text := r.body(s)
	if r.Cause != nil {
		text += "\nA gate refuses it: " + r.Cause.Text(s)
	}
	return text
}

func (r TokenReport) body(s Style) string {
	var b strings.Builder
	switch r.Kind {
	case KindAPIKey:
		b.WriteString(s.Bold("API key of gate401") + "\n")
		if r.Key != "" {
			b.WriteString(s.pairs("   ", [][2]string{{"key", r.Key}, {"environment", r.Environment}, {"checksum", "right: nothing was lost in copying"}}))
			b.WriteString(s.Wrap("   ", "Whether it is known, expired or revoked, only the store can tell: `gate401 key list`."))
		}
	case KindOpaque:
		b.WriteString(s.Bold("Opaque token") + "  " + s.Faint("or a JSON Web Token that is damaged at its beginning") + "\n")
	default:
		b.WriteString(r.jwtBody(s))
	}
	var said seen
	for i, f := range r.Findings {
		b.WriteString("\n" + s.finding(f, r.places[i].raw, &said))
	}
	return b.String()
}

func (r TokenReport) jwtBody(s Style) string {
	state := s.Yellow("the signature was not verified")
	if r.Verified {
		state = s.Faint("the signature is right")
	}
	text := s.Bold("JSON Web Token") + "  " + state + "\n" + jsonPart(s, "header", r.Header) + jsonPart(s, "payload", r.Payload)
	if len(r.Times) > 0 {
		rows := make([][2]string, len(r.Times))
		for i, t := range r.Times {
			rows[i] = [2]string{t.Claim, Moment(t.Time) + "  " + t.Relative}
		}
		text += "\n" + s.Bold("times") + "\n" + s.pairs("  ", rows)
	}
	if r.Signature != "" {
		text += "\n" + s.Bold("signature") + "  " + r.Signature + "\n"
	}
	return text
}

// jsonPart prints JSON over several lines, anything else as it is.
func jsonPart(s Style, name, text string) string {
	if text == "" {
		return ""
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(text), "  ", "  "); err != nil {
		return "\n" + s.Bold(name) + "\n  " + Visible(text) + "\n"
	}
	return "\n" + s.Bold(name) + "\n  " + visibleLines(pretty.String()) + "\n"
}

// Readable is true if every part of the token could be read.
func (r TokenReport) Readable() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.ID == "jwt-token" || f.ID == "jwt-header" || f.ID == "jwt-payload" || f.ID == "jwt-signature" || f.ID == "api-key-malformed"
	})
}

// Refusal is the cause behind a refused token.
func Refusal(err *token.Error) *Cause { return causeOf(err) }
