package httpauth

import (
	"encoding/json"
	"log/slog"
)

// Credentials is the value of Authorization or Proxy-Authorization (RFC 9110
// section 11.4). Either Params or Token68 is set, or neither. It is a secret:
// String, the JSON form and log lines hold nothing but the name of a known
// scheme. Convert it to a [Challenge] to show it on purpose.
type Credentials struct {
	Scheme  string
	Params  []Param
	Token68 string
}

var (
	_ slog.LogValuer = Credentials{}
	_ json.Marshaler = Credentials{}
)

// ParseAuthorization reads one value of Authorization or Proxy-Authorization
// (RFC 9110 sections 11.4, 11.6.2, 11.7.2). An error is a *SyntaxError. Whether
// the scheme is known, and whether the credentials fit it, is not judged:
// [ExamineAuthorization] does that. The parts share memory with value.
func ParseAuthorization(value string) (Credentials, error) {
	var r report
	var buf [16]mark
	c, _, ok := parseCredentials(&r, buf[:0], value)
	if err := firstError(r.found); err != nil || !ok {
		return Credentials{}, err
	}
	return c, nil
}

// credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ] (RFC 9110 section 11.4)
func parseCredentials(r *report, buf []mark, value string) (Credentials, []mark, bool) {
	p := parser{report: r, where: inCredentials, marks: buf, limit: 1}
	got, ok := p.parse(value)
	if !ok {
		return Credentials{}, nil, false
	}
	if len(got) == 0 {
		r.add(IDAuthorizationEmpty, 0, "", "")
		return Credentials{}, nil, false
	}
	return Credentials(got[0]), p.marks, true
}

// Param returns the value of the first parameter of that name. Names compare
// case-insensitively (RFC 9110 section 11.2).
func (c Credentials) Param(name string) (string, bool) { return findParam(c.Params, name) }

// Is reports whether the scheme is the given one. Schemes compare
// case-insensitively (RFC 9110 section 11.1).
func (c Credentials) Is(scheme string) bool { return equalFold(c.Scheme, scheme) }

// Value returns the field value to send, secret included, as AppendTo writes it.
func (c Credentials) Value() string {
	var buf [512]byte
	return string(c.AppendTo(buf[:0]))
}

// AppendTo appends the field value to b, secret included, in valid syntax
// whatever the credentials hold; see [Challenge.AppendTo]. Digest parameters
// take the form of RFC 7616 section 3.4: algorithm, qop and nc without quotes.
func (c Credentials) AppendTo(b []byte) []byte {
	return appendScheme(b, c.Scheme, c.Params, c.Token68, inCredentials)
}

// Validate returns an error if AppendTo would have to change or leave out a part.
func (c Credentials) Validate() error { return validate(c.Scheme, c.Params, c.Token68) }

// String returns the scheme if it is a known one, and no secret: a token that
// was sent without its scheme stands where the scheme should be.
func (c Credentials) String() string {
	if k, known := findScheme(c.Scheme); known {
		return k.name + " [redacted]"
	}
	return "[redacted]"
}

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String, for log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes String.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }
