package issuer

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/httpauth"
)

// MaxForm is the largest form that an endpoint reads.
const MaxForm = 64 << 10

// formTimeout is how long a client may take to send one.
const formTimeout = 10 * time.Second

// FormError is a request that an endpoint cannot read, or does not know how to
// answer: error codes of RFC 6749 section 5.2 that are no reason for a 401.
type FormError struct {
	// Code is the error code: "invalid_request", "unsupported_grant_type", ...
	Code string
	// Description says what to do. It is sent, so it repeats nothing secret.
	Description string
	// Status is 400 where it is 0.
	Status int
	// Challenge is how to ask again after a 401; none means Basic.
	Challenge httpauth.Challenge
}

// Error says both.
func (e *FormError) Error() string { return e.Code + ": " + e.Description }

func invalid(description string) error {
	return &FormError{Code: "invalid_request", Description: description}
}

// secretParams must not be in a URL, where logs and histories keep them
// (RFC 6749 sections 2.3.1 and 3.2).
var secretParams = []string{"refresh_token", "token", "client_secret", "client_assertion", "grant_type", "password", "code", "code_verifier", "device_code"}

// readForm reads a form as the endpoints want it: POST, in the body, no
// parameter twice but resource (RFC 8707 section 2); one without a value counts as
// omitted (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, hr *http.Request) (url.Values, error) {
	if hr.Method != http.MethodPost {
		return nil, &FormError{Code: "invalid_request", Description: "Send a POST request.", Status: http.StatusMethodNotAllowed}
	}
	for _, name := range secretParams {
		if hr.URL.Query().Has(name) {
			return nil, invalid("Send the parameters in the body, not in the URL: what was in the URL is now in logs.")
		}
	}
	if media, _, err := mime.ParseMediaType(hr.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalid("Send the parameters as application/x-www-form-urlencoded.")
	}
	body, err := readBody(w, hr, MaxForm)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("The body is not a form: check how the values are percent-encoded.")
	}
	for name, values := range form {
		if len(values) > 1 && name != "resource" {
			return nil, invalid("A parameter was sent twice: " + printable(name) + ".")
		}
		if values[0] == "" {
			delete(form, name)
		}
	}
	return form, nil
}

// printable keeps a name to what error_description may hold (RFC 6749 section
// 5.2: %x20-21 / %x23-5B / %x5D-7E).
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, clip(name))
}
