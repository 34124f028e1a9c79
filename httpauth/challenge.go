package httpauth

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Param is one auth-param (RFC 9110 section 11.2), its value without quotes
// and escapes.
type Param struct {
	Name, Value string
}

// MarshalJSON writes the pair [name, value].
func (p Param) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]string{text(p.Name), text(p.Value)})
}

// text makes octets fit for JSON: UTF-8 stays, anything else is read as
// ISO-8859-1, so that no octet is lost.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		b = utf8.AppendRune(b, rune(s[i]))
	}
	return string(b)
}

// Challenge is one challenge of WWW-Authenticate or Proxy-Authenticate (RFC
// 9110 section 11.3). Either Params or Token68 is set, or neither.
type Challenge struct {
	Scheme  string
	Params  []Param
	Token68 string
}

// Param returns the value of the first parameter of that name. Names compare
// case-insensitively (RFC 9110 section 11.2).
func (c Challenge) Param(name string) (string, bool) { return findParam(c.Params, name) }

func findParam(params []Param, name string) (string, bool) {
	for i := range params {
		if equalFold(params[i].Name, name) {
			return params[i].Value, true
		}
	}
	return "", false
}

// Is reports whether the scheme is the given one. Schemes compare
// case-insensitively (RFC 9110 section 11.1).
func (c Challenge) Is(scheme string) bool { return equalFold(c.Scheme, scheme) }

// String returns the field value of this one challenge, as AppendTo writes it.
func (c Challenge) String() string {
	var buf [512]byte
	return string(c.AppendTo(buf[:0]))
}

// AppendTo appends the challenge to b in valid syntax, whatever it holds: an
// attacker may have chosen the realm or the description. Quotes and backslashes
// are escaped, control characters become spaces, and what no syntax can express
// is left out: a parameter whose name is no token, the second of two equal
// names, a malformed Token68, the whole challenge if its scheme is no token.
// Validate says beforehand whether that would happen.
func (c Challenge) AppendTo(b []byte) []byte {
	return appendScheme(b, c.Scheme, c.Params, c.Token68, inChallenge)
}

// Validate returns an error if AppendTo would have to change or leave out a part.
func (c Challenge) Validate() error { return validate(c.Scheme, c.Params, c.Token68) }

func validate(scheme string, params []Param, token68 string) error {
	if !isToken(scheme) {
		return fmt.Errorf("httpauth: the scheme is no token (RFC 9110 section 11.1)")
	}
	if token68 != "" && !isToken68(token68) {
		return fmt.Errorf("httpauth: malformed token68 (RFC 9110 section 11.2)")
	}
	if token68 != "" && len(params) > 0 {
		return fmt.Errorf("httpauth: both token68 and parameters (RFC 9110 section 11.2)")
	}
	return validateParams(params)
}

func validateParams(params []Param) error {
	for i, p := range params {
		if !isToken(p.Name) {
			return fmt.Errorf("httpauth: the name of parameter %d is no token (RFC 9110 section 11.2)", i)
		}
		if _, twice := findParam(params[:i], p.Name); twice {
			return fmt.Errorf("httpauth: parameter %q occurs twice (RFC 9110 section 11.2)", p.Name)
		}
		for j := range len(p.Value) {
			if is(p.Value[j], classControl) {
				return fmt.Errorf("httpauth: control character in parameter %q (RFC 9110 section 5.5)", p.Name)
			}
		}
	}
	return nil
}

// MarshalJSON writes {"scheme":..., "params":[[name, value], ...]} or
// {"scheme":..., "token68":...}. Octets that are not UTF-8 are written as if
// they were ISO-8859-1.
func (c Challenge) MarshalJSON() ([]byte, error) {
	if c.Token68 != "" {
		return json.Marshal(struct {
			Scheme  string `json:"scheme"`
			Token68 string `json:"token68"`
		}{text(c.Scheme), text(c.Token68)})
	}
	params := c.Params
	if params == nil {
		params = []Param{}
	}
	return json.Marshal(struct {
		Scheme string  `json:"scheme"`
		Params []Param `json:"params"`
	}{text(c.Scheme), params})
}
