package oauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/oauth2"
)

const callbackPath = "/callback"

// Browser logs a person in by way of a browser on this machine: the code comes
// back to a loopback address (RFC 8252 section 7.3) and is good only together
// with our PKCE verifier (RFC 7636). show gets the address to open. Browser waits
// until the person is done or ctx ends.
func (c *Client) Browser(ctx context.Context, show func(address string)) (Tokens, error) {
	w, err := c.web()
	if err != nil {
		return Tokens{}, err
	}
	if c.Server.AuthorizationEndpoint == "" {
		return Tokens{}, errors.New("the server has no authorization_endpoint, so nobody can log in with a browser")
	}
	if m := c.Server.ChallengeMethods; len(m) > 0 && !slices.Contains(m, "S256") {
		return Tokens{}, errors.New("the server does not take S256, so anybody who sees the code could use it (RFC 7636 section 4.2)")
	}
	if _, err := w.parseURL("the authorization_endpoint", c.Server.AuthorizationEndpoint); err != nil {
		return Tokens{}, err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	if err != nil {
		return Tokens{}, fmt.Errorf("listening for the answer: %w", err)
	}
	var state [24]byte
	_, _ = rand.Read(state[:]) // does not fail
	l := &callbacks{state: base64.RawURLEncoding.EncodeToString(state[:]), host: ln.Addr().String(), codes: make(chan callback)}
	server := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 2 * webTimeout, MaxHeaderBytes: 64 << 10}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	defer func() {
		// The page that tells how it went is still on its way.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(late) != nil {
			_ = server.Close()
		}
		<-done
	}()
	verifier := oauth2.GenerateVerifier()
	redirect := "http://" + l.host + callbackPath
	show(c.authURL(redirect, l.state, verifier))
	select {
	case got := <-l.codes:
		t, err := c.redeem(ctx, got.query, redirect, verifier)
		got.told <- err
		return t, err
	case <-ctx.Done():
		return Tokens{}, fmt.Errorf("waiting for the browser: %w", context.Cause(ctx))
	}
}

func (c *Client) authURL(redirect, state, verifier string) string {
	config := oauth2.Config{ClientID: c.ID, Endpoint: oauth2.Endpoint{AuthURL: c.Server.AuthorizationEndpoint}, RedirectURL: redirect, Scopes: c.scopes()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if slices.Contains(c.scopes(), "offline_access") {
		// Without it the scope is to be ignored (OpenID Connect Core 1.0 section 11).
		options = append(options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	address := config.AuthCodeURL(state, options...)
	for _, r := range c.Resources {
		address += "&resource=" + url.QueryEscape(r)
	}
	return address
}

// redeem turns the answer of the browser into tokens.
func (c *Client) redeem(ctx context.Context, q url.Values, redirect, verifier string) (Tokens, error) {
	// A code that another server gave is not for this one (RFC 9207 section 2.4).
	switch iss := q.Get("iss"); {
	case iss != "" && iss != c.Server.Issuer:
		return Tokens{}, fmt.Errorf("the answer comes from another issuer: %q, expected %q (RFC 9207 section 2.4)", Printable(iss), c.Server.Issuer)
	case iss == "" && c.Server.SendsIssuer:
		return Tokens{}, errors.New("the answer does not say its issuer, although the server promises that (RFC 9207 section 2.4)")
	}
	if code := q.Get("error"); code != "" {
		return Tokens{}, &Error{Code: code, Description: q.Get("error_description"), URI: q.Get("error_uri"), Endpoint: "the authorization endpoint"}
	}
	code := q.Get("code")
	if code == "" {
		return Tokens{}, errors.New("the answer has neither a code nor an error")
	}
	t, err := c.token(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}})
	if err == nil && len(t.Scopes) == 0 {
		t.Scopes = c.scopes()
	}
	return t, err
}

// callback is an answer that came with our state.
type callback struct {
	query url.Values
	told  chan error
}

// callbacks takes the answer of the browser, once.
type callbacks struct {
	state, host string
	codes       chan callback
}

// ServeHTTP refuses everything but an answer with our state, and goes on waiting:
// any page that is open in the browser can send requests here.
func (l *callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	switch {
	case r.URL.Path != callbackPath:
		page(w, http.StatusNotFound, "There is nothing here", "")
		return
	case r.Method != http.MethodGet || r.Host != l.host || err != nil || repeats(q):
		page(w, http.StatusBadRequest, "This is not the answer to a login", "")
		return
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(l.state)) != 1:
		page(w, http.StatusBadRequest, "This is not the login that is being waited for", "Open the address that the program shows, once.")
		return
	}
	told := make(chan error, 1)
	select {
	case l.codes <- callback{q, told}:
	case <-r.Context().Done():
		return
	}
	select {
	case err := <-told:
		if err != nil {
			page(w, http.StatusBadRequest, "The login did not work", err.Error())
			return
		}
		page(w, http.StatusOK, "You are logged in", "You can close this window and go back to the program.")
	case <-r.Context().Done():
	}
}

// repeats tells whether a parameter is given twice (RFC 6749 section 3.1).
func repeats(q url.Values) bool {
	for name, values := range q {
		if len(values) > 1 && name != "resource" {
			return true
		}
	}
	return false
}

func page(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%[1]s</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>%[1]s</h1><p>%[2]s</p></html>
`, html.EscapeString(title), html.EscapeString(text))
}
