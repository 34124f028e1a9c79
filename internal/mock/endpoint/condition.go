package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// Condition is something that a request must have. Its text is
//
//	condition = part SP name SP [ "not" SP ] ( "present" / "missing" / test SP value )
//	part      = "header" / "query" / "cookie"
//	test      = "equals" / "prefix" / "contains" / "scheme"
//
// such as "header authorization missing" or "query page equals 2". Of several
// values one must pass the test, and with "not" none may. "scheme" is for fields
// with credentials and compares without case (RFC 9110 section 11.1).
type Condition struct {
	Part, Name string
	Not        bool
	Test       string
	Value      string
}

var (
	conditionParts = []string{"header", "query", "cookie"}
	conditionTests = []string{"present", "missing", "equals", "prefix", "contains", "scheme"}
)

// maxCondition bounds the text of a condition.
const maxCondition = 4096

// ParseCondition reads the text of a condition. An error is a *Error.
func ParseCondition(s string) (Condition, error) {
	const example = `such as "header authorization missing" or "query page equals 2"`
	if len(s) > maxCondition {
		return Condition{}, fail("", "the condition is longer than %d octets", maxCondition)
	}
	part, rest := word(s)
	name, rest := word(rest)
	test, value := word(rest)
	c := Condition{Part: strings.ToLower(part), Name: name}
	if strings.EqualFold(test, "not") {
		c.Not = true
		test, value = word(value)
	}
	c.Test, c.Value = strings.ToLower(test), value
	switch {
	case !slices.Contains(conditionParts, c.Part):
		return Condition{}, fail(suggest(c.Part, conditionParts, example), "the condition begins with %s, not with header, query or cookie", quote(part))
	case c.Name == "":
		return Condition{}, fail(example, "the condition does not name the %s", c.Part)
	case c.Part != "query" && !isToken(c.Name):
		return Condition{}, fail("", "%s is no name of a %s", quote(c.Name), c.Part)
	case c.Test == "":
		return Condition{}, fail(example, "the condition does not say what must be true of %s %s", c.Part, c.Name)
	case !slices.Contains(conditionTests, c.Test):
		return Condition{}, fail(suggest(c.Test, conditionTests, "known: "+strings.Join(conditionTests, ", ")), "unknown test %s", quote(test))
	case c.Test == "present" || c.Test == "missing":
		if c.Value != "" {
			return Condition{}, fail(`to compare, write "equals"`, "nothing may stand behind %q", c.Test)
		}
		// One spelling for each meaning.
		if c.Not {
			c.Not, c.Test = false, map[string]string{"present": "missing", "missing": "present"}[c.Test]
		}
	case c.Value == "":
		return Condition{}, fail(`for an empty value there is "missing"`, "nothing stands behind %q", c.Test)
	case c.Test == "scheme" && c.Part != "header":
		return Condition{}, fail("", "only headers have a scheme")
	}
	return c, nil
}

// word cuts the first word off.
func word(s string) (first, rest string) {
	s = strings.Trim(s, " \t")
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// String is the text of the condition.
func (c Condition) String() string {
	var b strings.Builder
	b.WriteString(c.Part + " " + c.Name)
	if c.Not {
		b.WriteString(" not")
	}
	b.WriteString(" " + c.Test)
	if c.Value != "" {
		b.WriteString(" " + c.Value)
	}
	return b.String()
}

// MarshalText is String.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCondition.
func (c *Condition) UnmarshalText(text []byte) error {
	parsed, err := ParseCondition(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// facts are what conditions look at, read once for each request.
type facts struct {
	request *http.Request
	query   url.Values
}

func (f *facts) values(c *Condition) []string {
	switch c.Part {
	case "header":
		if strings.EqualFold(c.Name, "host") { // net/http keeps it apart
			return []string{f.request.Host}
		}
		return f.request.Header.Values(c.Name)
	case "query":
		if f.query == nil {
			// What cannot be decoded is left out, the rest counts.
			f.query, _ = url.ParseQuery(f.request.URL.RawQuery)
		}
		return f.query[c.Name]
	default:
		var out []string
		for _, cookie := range f.request.CookiesNamed(c.Name) {
			out = append(out, cookie.Value)
		}
		return out
	}
}

// holds tells whether the request fulfils the condition.
func (c *Condition) holds(f *facts) bool {
	values := f.values(c)
	switch c.Test {
	case "present":
		return len(values) > 0
	case "missing":
		return len(values) == 0
	}
	return slices.ContainsFunc(values, c.passes) != c.Not
}

func (c *Condition) passes(v string) bool {
	switch c.Test {
	case "equals":
		return v == c.Value
	case "prefix":
		return strings.HasPrefix(v, c.Value)
	case "contains":
		return strings.Contains(v, c.Value)
	default:
		scheme, _, ok := httpauth.CutScheme(v)
		return ok && strings.EqualFold(scheme, c.Value)
	}
}

// failed says why the condition does not hold, without the value that was sent
// where it may be a credential.
func (c *Condition) failed(f *facts) string {
	values := f.values(c)
	what := c.Part + " " + c.Name
	switch {
	case c.Test == "missing":
		return what + " was sent, and must be missing"
	case len(values) == 0:
		return fmt.Sprintf("%s is missing (wanted: %s)", what, strings.TrimPrefix(c.String(), what+" "))
	case c.Part == "query":
		return fmt.Sprintf("%s is %s (wanted: %s)", what, quote(values[0]), strings.TrimPrefix(c.String(), what+" "))
	}
	return fmt.Sprintf("%s has another value (wanted: %s)", what, strings.TrimPrefix(c.String(), what+" "))
}

// isToken tells whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
