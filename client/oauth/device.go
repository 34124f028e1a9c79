package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

const (
	grantDevice     = "urn:ietf:params:oauth:grant-type:device_code"
	defaultInterval = 5 * time.Second // RFC 8628 section 3.2
	maxInterval     = 2 * time.Minute
	maxDeviceWait   = time.Hour
)

// DeviceCode is what a person needs to log in on another device (RFC 8628 section
// 3.3).
type DeviceCode struct {
	// UserCode is what the person types at VerificationURI.
	UserCode, VerificationURI string
	// Complete has the code in it; empty if the server has no such address.
	Complete string
	// Expires is until when.
	Expires time.Time
}

// deviceAnswer is the answer of RFC 8628 section 3.2.
type deviceAnswer struct {
	DeviceCode string          `json:"device_code"`
	UserCode   string          `json:"user_code"`
	URI        string          `json:"verification_uri"`
	URL        string          `json:"verification_url"` // older servers
	Complete   string          `json:"verification_uri_complete"`
	ExpiresIn  json.RawMessage `json:"expires_in"`
	Interval   json.RawMessage `json:"interval"`
}

// Device logs a person in with a browser anywhere (RFC 8628). show gets what the
// person has to do. Device waits until the person is done, the code has ended, or
// ctx ends.
func (c *Client) Device(ctx context.Context, show func(DeviceCode)) (Tokens, error) {
	const what = "the device authorization endpoint"
	if c.Server == nil || c.Server.DeviceEndpoint == "" {
		return Tokens{}, errors.New("the server has no device_authorization_endpoint")
	}
	form := c.scoped(url.Values{})
	for _, r := range c.Resources {
		form.Add("resource", r)
	}
	// The client id is a parameter here, also beside Basic (RFC 8628 section 3.1).
	form.Set("client_id", c.ID)
	body, err := c.post(ctx, what, c.Server.DeviceEndpoint, form)
	if err != nil {
		return Tokens{}, err
	}
	var a deviceAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return Tokens{}, fmt.Errorf("%s: the answer is no JSON", what)
	}
	if a.URI == "" {
		a.URI = a.URL
	}
	w, err := c.web()
	if err != nil {
		return Tokens{}, err
	}
	if a.DeviceCode == "" || a.UserCode == "" {
		return Tokens{}, fmt.Errorf("%s: the answer lacks a code", what)
	}
	if _, err := w.parseURL("the verification_uri", a.URI); err != nil {
		return Tokens{}, err
	}
	if _, err := w.parseURL("the verification_uri_complete", a.Complete); err != nil {
		a.Complete = ""
	}
	life := min(seconds(a.ExpiresIn), maxDeviceWait)
	if life <= 0 {
		life = maxDeviceWait
	}
	ends := c.now().Add(life)
	show(DeviceCode{Printable(a.UserCode), Printable(a.URI), Printable(a.Complete), ends})
	interval := seconds(a.Interval)
	if interval <= 0 {
		interval = defaultInterval
	}
	return c.poll(ctx, a.DeviceCode, min(interval, maxInterval), ends)
}

// poll asks until the person is done (RFC 8628 sections 3.4 and 3.5).
func (c *Client) poll(ctx context.Context, code string, interval time.Duration, ends time.Time) (Tokens, error) {
	expired := &Error{Code: "expired_token", Description: "nobody confirmed the code in time", Endpoint: "the token endpoint"}
	for {
		if !c.now().Add(interval).Before(ends) {
			return Tokens{}, expired
		}
		if err := c.sleep(ctx, interval); err != nil {
			return Tokens{}, fmt.Errorf("waiting for the person: %w", err)
		}
		t, err := c.token(ctx, url.Values{"grant_type": {grantDevice}, "device_code": {code}})
		var e *Error
		switch {
		case err == nil:
			if len(t.Scopes) == 0 {
				t.Scopes = c.scopes()
			}
			return t, nil
		case ctx.Err() != nil:
			return Tokens{}, fmt.Errorf("waiting for the person: %w", context.Cause(ctx))
		case errors.As(err, &e) && e.Code == "authorization_pending":
		case errors.As(err, &e) && e.Code == "slow_down":
			interval += 5 * time.Second
		case errors.As(err, &e) && e.Code == "" && e.Status >= 500, errors.Is(err, errNoAnswer):
			interval *= 2
		default:
			return Tokens{}, err
		}
		if e != nil {
			interval = max(interval, e.RetryAfter)
		}
		interval = min(interval, maxInterval)
	}
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
