package identity

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Field is a property of the identity, or of the request, that the upstream can
// be told in a header field.
type Field string

// The fields.
const (
	FieldSubject    Field = "subject"
	FieldMethod     Field = "method" // kind of method: basic, bearer, ...
	FieldName       Field = "name"   // what the configuration calls the method
	FieldIssuer     Field = "issuer"
	FieldCredential Field = "credential" // public identifier
	FieldGroups     Field = "groups"
	FieldScopes     Field = "scopes"
	FieldRequestID  Field = "request_id" // sent even if nobody was identified
	FieldRule       Field = "rule"       // the same
)

var fields = []Field{FieldSubject, FieldMethod, FieldName, FieldIssuer, FieldCredential,
	FieldGroups, FieldScopes, FieldRequestID, FieldRule}

// Default is what an upstream is told unless configured otherwise.
func Default() map[string]Field {
	return map[string]Field{
		"Gate401-Subject": FieldSubject, "Gate401-Method": FieldMethod, "Gate401-Groups": FieldGroups, "Gate401-Issuer": FieldIssuer,
		"Gate401-Scopes": FieldScopes, "Gate401-Request-Id": FieldRequestID,
	}
}

// Told is a field made ready: what the upstream is told, and under which name.
type Told struct {
	Name  string // canonical
	Field Field
}

// Ready checks the fields and puts them in the order of their names.
func Ready(in map[string]Field) ([]Told, error) {
	var out []Told
	for name, field := range in {
		if !isToken(name) {
			return nil, fmt.Errorf("identity header %q: not a field name", name)
		}
		if !slices.Contains(fields, field) {
			return nil, fmt.Errorf("identity header %q: unknown field %q, want one of %q", name, field, fields)
		}
		out = append(out, Told{http.CanonicalHeaderKey(name), field})
	}
	slices.SortFunc(out, func(a, b Told) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// Value of the field; empty for none. Values are printable ASCII: control
// characters, non-ASCII octets, "%" and, in a list, what separates its elements
// are percent-encoded, so that no subject can end a field and decoding gives
// back the original.
func (t Told) Value(r *gate401.Request, d *gate401.Decision) string {
	switch t.Field {
	case FieldRequestID:
		return r.ID
	case FieldRule:
		return encode(d.Rule, "")
	}
	id := d.Identity
	if id == nil {
		return ""
	}
	switch t.Field {
	case FieldSubject:
		return encode(id.Subject, "")
	case FieldMethod:
		return encode(id.Method, "")
	case FieldName:
		return encode(id.Name, "")
	case FieldIssuer:
		return encode(id.Issuer, "")
	case FieldCredential:
		return encode(id.Credential, "")
	case FieldGroups:
		return join(id.Groups, ",")
	case FieldScopes:
		return join(id.Scopes, " ")
	}
	return ""
}

func join(items []string, sep string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return encode(items[0], sep)
	}
	var b strings.Builder
	for i, s := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(encode(s, sep))
	}
	return b.String()
}

// encode percent-encodes what cannot stand in a field value (RFC 9110 section
// 5.5), the separator, "%" itself, and spaces at the ends, which would be
// trimmed.
func encode(s, sep string) string {
	for i := range len(s) {
		if mustEncode(s, i, sep) {
			return encodeSlowly(s, sep)
		}
	}
	return s
}

func mustEncode(s string, i int, sep string) bool {
	c := s[i]
	return c < ' ' || c >= 0x7f || c == '%' || (sep != "" && c == sep[0]) || (c == ' ' && (i == 0 || i == len(s)-1))
}

func encodeSlowly(s, sep string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if mustEncode(s, i, sep) {
			b = append(b, '%', hex[s[i]>>4], hex[s[i]&15])
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
