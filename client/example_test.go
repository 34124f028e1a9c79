package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/gate401/gate401/client"
)

// protected answers 401 until it is sent the newest token.
func protected(newest string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+newest {
			w.Header().Set("WWW-Authenticate", `Bearer realm="orders", error="invalid_token", error_description="The access token expired"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "two orders")
	}))
}

func ExampleTransport() {
	srv := protected("fresh")
	defer srv.Close()
	ctx := context.Background()

	c := &http.Client{Transport: &client.Transport{Logins: []client.Login{{
		Origins: []string{srv.URL},
		Source:  &vault{token: "old"},
	}}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/orders", http.NoBody)
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 200 two orders
}

func ExampleCheck() {
	srv := protected("another")
	defer srv.Close()
	ctx := context.Background()

	c := &http.Client{Transport: &client.Transport{Logins: []client.Login{{
		Origins: []string{srv.URL},
		Source:  client.Static("old"),
	}}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/orders", http.NoBody)
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		defer resp.Body.Close()
		err = client.Check(resp)
	}
	var denied *client.Denied
	if errors.As(err, &denied) {
		fmt.Println(denied.Reason, denied.Retry, denied.Realm)
		fmt.Println(denied.WhatToDo())
	}
	// Output:
	// token-invalid reauthenticate orders
	// Log in again: only new proof helps.
}

// vault is a Source of one's own: it knows one token and where to get another.
type vault struct {
	mu    sync.Mutex
	token string
}

func (v *vault) Token(context.Context) (client.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return client.Token{Value: v.token}, nil
}

func (v *vault) Renew(_ context.Context, refused client.Token) (client.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token == refused.Value {
		v.token = "fresh" // here one asks for it; a *RenewalError tells what was said
	}
	return client.Token{Value: v.token, Expiry: time.Now().Add(time.Hour)}, nil
}

func ExampleSource() {
	var source client.Source = &vault{token: "old"}
	token, _ := source.Token(context.Background())
	fmt.Println(token)
	// Output: [redacted]
}
