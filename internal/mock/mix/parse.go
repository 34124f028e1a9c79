package mix

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/nearest"
)

// Limits of a path.
const (
	// MaxPath is how long a path may be, in octets.
	MaxPath = 32 << 10
	// MaxParts is how many parts it may have.
	MaxParts = 64
	// MaxDelay bounds delays where nobody set another bound.
	MaxDelay = 10 * time.Second
)

// maker is an answer in the making.
type maker struct {
	answer       Answer
	maxDelay     time.Duration
	challenges   []string
	stated       bool // the status was given
	redirected   bool
	fallbackType string
}

func (m *maker) add(name, value string) {
	m.answer.Header = append(m.answer.Header, Field{name, value})
}

// Parse reads what stands behind /mix/, still percent-encoded. maxDelay bounds
// the delay; 0 means MaxDelay. The error is an *Error.
//
//	path = *( part "/" )
//	part = key "=" value
func Parse(path string, maxDelay time.Duration) (Answer, error) {
	if maxDelay == 0 {
		maxDelay = MaxDelay
	}
	if len(path) > MaxPath {
		return Answer{}, &Error{Offset: MaxPath, Message: "the path is too long"}
	}
	m := &maker{maxDelay: maxDelay}
	parts := strings.Split(path, "/")
	if len(parts) > MaxParts {
		return Answer{}, &Error{Message: "the path has too many parts"}
	}
	offset := 0
	for _, part := range parts {
		if part != "" {
			if err := m.part(part, offset); err != nil {
				return Answer{}, err
			}
		}
		offset += len(part) + 1
	}
	return m.finish(), nil
}

// part reads KEY=VALUE. The equals sign may be percent-encoded as well.
func (m *maker) part(part string, offset int) error {
	text, err := url.PathUnescape(part)
	if err != nil {
		return &Error{Offset: offset + badEscape(part), Message: "a percent sign is not followed by two hexadecimal digits", Hint: "%25 for a percent sign"}
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return &Error{Offset: offset, Message: "a part of the path is KEY=VALUE", Hint: "s=401, with %2F for a slash in the value"}
	}
	for _, k := range Keys() {
		if name != k.Name && name != k.Long {
			continue
		}
		if message, hint := k.set(m, value); message != "" {
			// The value begins behind the sign, in one spelling or the other.
			at := len(name) + 1
			if !strings.HasPrefix(part, name+"=") {
				at = 0
			}
			return &Error{Offset: offset + at, Message: message, Hint: hint}
		}
		return nil
	}
	return &Error{Offset: offset, Message: "there is no such key", Hint: meant(name)}
}

func meant(name string) string {
	var all []string
	for _, k := range Keys() {
		if len(name) <= 16 && len(name) > 2 && nearest.Slips(name, k.Long) <= 2 {
			return "did you mean " + k.Long + "?"
		}
		all = append(all, k.Name)
	}
	return "one of " + strings.Join(all, ", ")
}

func badEscape(part string) int {
	for i := range len(part) {
		if part[i] == '%' && (i+2 >= len(part) || !isHex(part[i+1]) || !isHex(part[i+2])) {
			return i
		}
	}
	return 0
}

// finish fills in what follows from the rest.
func (m *maker) finish() Answer {
	a := m.answer
	if !m.stated {
		switch {
		case len(m.challenges) > 0:
			a.Status = http.StatusUnauthorized
		case m.redirected:
			a.Status = http.StatusFound
		}
	}
	field := "WWW-Authenticate"
	if a.Status == http.StatusProxyAuthRequired {
		field = "Proxy-Authenticate"
	}
	for _, v := range m.challenges {
		a.Header = append(a.Header, Field{field, v})
	}
	if m.fallbackType != "" {
		a.Header = append([]Field{{"Content-Type", m.fallbackType}}, a.Header...)
	}
	return a
}
