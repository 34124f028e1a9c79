package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/client/storage"
)

// Source gives package client the access token of a stored login and renews it.
// Of all processes that share the store one renews at a time, and the others take
// what it got.
type Source struct {
	// Store has the login, under Key.
	Store storage.Store
	Key   storage.Key
	// HTTP is used to ask; nil means one of its own.
	HTTP *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex
	unsaved *unsaved
}

// unsaved is what a renewal gave and the store did not take, and what the store
// had then. If it has something else later, somebody logged in or out, and that
// counts.
type unsaved struct{ stored, renewed storage.Entry }

// saveTimeout is how long somebody who only reads waits to write what is unsaved.
const saveTimeout = time.Second

var _ client.Source = (*Source)(nil)

// Token reads the access token from the store.
func (s *Source) Token(ctx context.Context) (client.Token, error) {
	e, err := s.read(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		return client.Token{}, client.ErrNoToken
	}
	if err != nil {
		return client.Token{}, fmt.Errorf("reading the stored login: %w", err)
	}
	return token(e), nil
}

func (s *Source) read(ctx context.Context) (storage.Entry, error) {
	s.mu.Lock()
	waiting := s.unsaved
	s.mu.Unlock()
	if waiting == nil {
		return s.Store.Get(ctx, s.Key)
	}
	// Without the lock, a login between the look and the writing would be lost.
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	unlock, err := s.Store.Lock(ctx, s.Key)
	if err != nil {
		return waiting.renewed, nil // the store is stuck, which the login need not be
	}
	defer unlock()
	return s.entry(ctx)
}

func token(e storage.Entry) client.Token {
	return client.Token{Value: e.Access, Obtained: e.Obtained, Expiry: e.Expiry, Scopes: e.Scopes}
}

// entry is the login as it is: what could not be stored yet, else what is stored.
// The caller holds the lock of the login.
func (s *Source) entry(ctx context.Context) (storage.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved == nil {
		return s.Store.Get(ctx, s.Key)
	}
	return s.save(ctx)
}

// save writes what is unsaved, unless it is outdated, and returns what counts.
func (s *Source) save(ctx context.Context) (storage.Entry, error) {
	got, err := s.Store.Get(ctx, s.Key)
	was, e := s.unsaved.stored, s.unsaved.renewed
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && (got.Access != was.Access || got.Refresh != was.Refresh):
		s.unsaved = nil
		return got, err
	case err == nil && s.Store.Put(ctx, e) == nil:
		s.unsaved = nil
	}
	return e, nil
}

// Renew gets a new access token under the lock of the login. If the stored one is
// not the refused one, somebody else was faster and that one is the answer.
func (s *Source) Renew(ctx context.Context, refused client.Token) (client.Token, error) {
	unlock, err := s.Store.Lock(ctx, s.Key)
	if err != nil {
		return client.Token{}, fmt.Errorf("waiting for whoever else renews this login: %w", err)
	}
	defer unlock()
	e, err := s.entry(ctx)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return client.Token{}, client.ErrNoToken
	case err != nil:
		return client.Token{}, fmt.Errorf("reading the stored login: %w", err)
	case e.Access != refused.Value && (e.Expiry.IsZero() || s.now().Before(e.Expiry)):
		return token(e), nil
	}
	c := Stored(e)
	c.HTTP, c.Now = s.HTTP, s.Now
	var t Tokens
	switch {
	case e.Refresh != "":
		t, err = c.Renew(ctx, e.Refresh)
	case e.Renewal.Grant == grantCredentials:
		c.Scopes = e.Scopes
		t, err = c.Credentials(ctx)
	default:
		return client.Token{}, client.ErrNoRenewal
	}
	if err != nil {
		return client.Token{}, renewalError(err)
	}
	stored := e
	e.Access, e.Refresh, e.Obtained, e.Expiry = t.Access, t.Refresh, t.Obtained, t.Expiry
	if len(t.Scopes) > 0 {
		e.Scopes = t.Scopes
	}
	// The old refresh token may be used up: the new one is kept whatever happened
	// to whoever asked.
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved != nil {
		stored = s.unsaved.stored
	}
	s.unsaved = &unsaved{stored, e}
	if e, err = s.save(context.WithoutCancel(ctx)); err != nil {
		return client.Token{}, client.ErrNoToken // logged out meanwhile
	}
	return token(e), nil
}

// renewalError tells package client what a token endpoint said.
func renewalError(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &client.RenewalError{Code: e.Code, Description: e.Description, Status: e.Status, RetryAfter: e.RetryAfter}
	}
	return err
}

func (s *Source) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
