// Package orders is a small client of an API with access tokens that expire, as
// an example of something to be tested with package mock: see client_test.go.
package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Client reads orders. Its fields are set before the first use.
type Client struct {
	// HTTP sends the requests; nil means http.DefaultClient.
	HTTP *http.Client
	// API is where the orders are, TokenURL where a refresh token is redeemed.
	API, TokenURL string
	// User and Password, if set, are used instead of tokens.
	User, Password string
	// Access and Refresh are the tokens.
	Access, Refresh string

	mu      sync.Mutex
	refused bool // the password was
}

// ErrLogIn says that a person has to log in again.
var ErrLogIn = errors.New("log in again")

// Orders counts the orders.
func (c *Client) Orders(ctx context.Context) (int, error) {
	// One at a time: two that refresh at once would redeem one token twice.
	c.mu.Lock()
	defer c.mu.Unlock()
	for try := range 2 {
		if c.refused {
			return 0, ErrLogIn
		}
		n, status, err := c.ask(ctx)
		switch {
		case err != nil || status == http.StatusOK:
			return n, err
		case status != http.StatusUnauthorized:
			return 0, fmt.Errorf("orders: %s", http.StatusText(status))
		case c.User != "":
			c.refused = true // it stays wrong
			return 0, ErrLogIn
		case try > 0:
			return 0, ErrLogIn // a new token is refused as well: more of them will not help
		}
		if err := c.renew(ctx); err != nil {
			return 0, err
		}
	}
	return 0, ErrLogIn
}

func (c *Client) ask(ctx context.Context) (n, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.API+"/orders", nil)
	if err != nil {
		return 0, 0, err
	}
	if c.User != "" {
		r.SetBasicAuth(c.User, c.Password)
	} else {
		r.Header.Set("Authorization", "Bearer "+c.Access)
	}
	var got struct {
		Orders []any `json:"orders"`
	}
	status, err = c.send(r, &got)
	return len(got.Orders), status, err
}

func (c *Client) renew(ctx context.Context) error {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.Refresh}, "client_id": {"orders"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	switch status, err := c.send(r, &got); {
	case err != nil:
		return err
	case status == http.StatusBadRequest:
		return ErrLogIn
	case status != http.StatusOK:
		// Nothing was said against the refresh token: it stays.
		return fmt.Errorf("refreshing: %s", http.StatusText(status))
	}
	c.Access = got.Access
	if got.Refresh != "" {
		c.Refresh = got.Refresh
	}
	return nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

func (c *Client) send(r *http.Request, into any) (status int, err error) {
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	resp, err := h.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, json.Unmarshal(body, into)
}
