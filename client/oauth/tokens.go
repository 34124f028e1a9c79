package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Tokens are the answer of a token endpoint. They print without their values.
type Tokens struct {
	Access, Refresh string
	// Obtained and Expiry are by the clock of this machine; Expiry is zero if
	// the server did not say.
	Obtained, Expiry time.Time
	// Scopes that were granted.
	Scopes []string

	grant string // by which they are had again, if not by refresh
}

// String holds no secret.
func (t Tokens) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (t Tokens) GoString() string { return t.String() }

// LogValue is String, for log/slog.
func (t Tokens) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes String.
func (t Tokens) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// Error is what a server said instead of giving tokens (RFC 6749 sections 4.1.2.1
// and 5.2).
type Error struct {
	// Code is the "error", such as "invalid_grant"; empty if there was none.
	Code string
	// Description is the "error_description", and URI the "error_uri".
	Description, URI string
	// Status of the answer; 0 if it came by way of the browser.
	Status int
	// RetryAfter is how long to wait; 0 if the server did not say.
	RetryAfter time.Duration
	// Endpoint names who said it.
	Endpoint string
}

// Error says what the server said.
func (e *Error) Error() string {
	text := e.Endpoint + " refused"
	switch {
	case e.Code != "":
		text += ": " + Printable(e.Code)
	case e.Status != 0:
		text += fmt.Sprintf(" with status %d and no error code", e.Status)
	}
	if e.Description != "" {
		text += " (" + Printable(e.Description) + ")"
	}
	if e.URI != "" {
		text += ", see " + Printable(e.URI)
	}
	return text
}

// answer is the JSON of a token endpoint, good or bad.
type answer struct {
	AccessToken  string          `json:"access_token"`
	TokenType    string          `json:"token_type"`
	RefreshToken string          `json:"refresh_token"`
	ExpiresIn    json.RawMessage `json:"expires_in"`
	Scope        string          `json:"scope"`

	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
}

// post sends a form with the client's authentication and returns the body of a
// good answer.
func (c *Client) post(ctx context.Context, what, endpoint string, form url.Values) ([]byte, error) {
	w, err := c.web()
	if err != nil {
		return nil, err
	}
	u, err := w.parseURL(what, endpoint)
	if err != nil {
		return nil, err
	}
	if c.Secret == "" || c.inBody() {
		form.Set("client_id", c.ID)
		if c.Secret != "" {
			form.Set("client_secret", c.Secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if c.Secret != "" && !c.inBody() {
		// Both are form-encoded first (RFC 6749 section 2.3.1).
		req.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	client := *w.client
	// A redirect would take the secret along, or lose it.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return nil, offline(what, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readAll(what, resp.Body)
	if err != nil {
		return nil, err
	}
	var a answer
	if isJSON(resp.Header) {
		if err := json.Unmarshal(body, &a); err != nil && resp.StatusCode < 300 && len(body) > 0 {
			return nil, fmt.Errorf("%s: the answer is no JSON", what)
		}
	}
	// Some servers refuse with 200.
	if resp.StatusCode >= 300 || resp.StatusCode < 200 || a.Error != "" {
		return nil, &Error{Code: a.Error, Description: a.Description, URI: a.URI, Status: resp.StatusCode, Endpoint: what,
			RetryAfter: retryAfter(resp.Header.Get("Retry-After"), c.now())}
	}
	return body, nil
}

func retryAfter(field string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.Atoi(field); err == nil && n >= 0 {
		return min(time.Duration(min(n, 1<<20))*time.Second, most)
	}
	if at, err := http.ParseTime(field); err == nil && at.After(now) {
		return min(at.Sub(now), most)
	}
	return 0
}

// token asks the token endpoint.
func (c *Client) token(ctx context.Context, form url.Values) (Tokens, error) {
	const what = "the token endpoint"
	for _, r := range c.Resources {
		form.Add("resource", r)
	}
	asked := c.now()
	body, err := c.post(ctx, what, c.Server.TokenEndpoint, form)
	if err != nil {
		return Tokens{}, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return Tokens{}, fmt.Errorf("%s: the answer is no JSON", what)
	}
	switch {
	case a.AccessToken == "":
		return Tokens{}, fmt.Errorf("%s: the answer has no access_token", what)
	case a.TokenType != "" && !strings.EqualFold(a.TokenType, "Bearer"):
		return Tokens{}, fmt.Errorf("%s: it gave a token of the type %q, and only Bearer is known", what, Printable(a.TokenType))
	case strings.ContainsAny(a.AccessToken, " \t\r\n\x00"):
		return Tokens{}, errors.New("the token endpoint: the access token holds what cannot be sent")
	}
	t := Tokens{Access: a.AccessToken, Refresh: a.RefreshToken, Obtained: asked, Scopes: strings.Fields(a.Scope)}
	if a.Scope == "" {
		// RFC 6749 section 5.1: the same as asked for.
		t.Scopes = strings.Fields(form.Get("scope"))
		if len(t.Scopes) == 0 {
			t.Scopes = c.Scopes
		}
	}
	if life := seconds(a.ExpiresIn); life > 0 {
		// Counted from before we asked: rather too early than too late.
		t.Expiry = asked.Add(life)
	}
	return t, nil
}

// seconds reads expires_in: a number, which some servers quote.
func seconds(raw json.RawMessage) time.Duration {
	const most = 100 * 365 * 24 * time.Hour
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return time.Duration(min(n, most.Seconds()) * float64(time.Second))
}
