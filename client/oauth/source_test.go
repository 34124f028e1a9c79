package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/oauth/oauthtest"
	"github.com/gate401/gate401/client/storage"
)

// loggedIn stores a login at the server's API.
func loggedIn(t *testing.T, s *oauthtest.Server, store storage.Store) storage.Entry {
	t.Helper()
	place, err := oauth.Find(t.Context(), nil, s.API())
	if err != nil {
		t.Fatal(err)
	}
	c := &oauth.Client{Server: place.Server, ID: "public", Resources: place.Resources()}
	tokens, _, err := login(t, c)
	if err != nil {
		t.Fatal(err)
	}
	e := c.Entry(tokens, place)
	if err := store.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSource(t *testing.T) {
	s, store := oauthtest.New(t), &storage.Memory{}
	e := loggedIn(t, s, store)
	if e.Audience != s.URL+"/api" || len(e.Origins) != 1 || e.Origins[0] != s.URL || "http://"+e.Host != s.URL {
		t.Errorf("entry %+v", e.Key)
	}
	source := &oauth.Source{Store: store, Key: e.Key}
	tok, err := source.Token(t.Context())
	if err != nil || tok.Value != e.Access || !tok.Expiry.Equal(e.Expiry) {
		t.Fatalf("%v, %v", tok, err)
	}
	next, err := source.Renew(t.Context(), tok)
	if err != nil || next.Value == tok.Value {
		t.Fatalf("renewed: %v", err)
	}
	// Who comes late gets what is there.
	if late, err := source.Renew(t.Context(), tok); err != nil || late.Value != next.Value {
		t.Errorf("late: %v", err)
	}
	if got, _ := store.Get(t.Context(), e.Key); got.Refresh == e.Refresh || got.Access != next.Value {
		t.Error("the rotated refresh token is not stored")
	}
	if n := len(s.Forms()); n != 2 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	// Somebody used our refresh token: the login is over, and why is told.
	stolen := e
	stolen.Access = next.Value
	if err := store.Put(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	var over *client.RenewalError
	if _, err := source.Renew(t.Context(), next); !errors.As(err, &over) || !over.Over() || over.Description != "the refresh token was used before" {
		t.Errorf("over: %v", err)
	}
	none := e
	none.Refresh, none.Access = "", "a"
	if err := store.Put(t.Context(), none); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Renew(t.Context(), client.Token{Value: "a"}); !errors.Is(err, client.ErrNoRenewal) {
		t.Errorf("without a refresh token: %v", err)
	}
	if err := store.Delete(t.Context(), e.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Token(t.Context()); !errors.Is(err, client.ErrNoToken) {
		t.Errorf("without a login: %v", err)
	}
	if _, err := source.Renew(t.Context(), tok); !errors.Is(err, client.ErrNoToken) {
		t.Errorf("without a login: %v", err)
	}
}

// One renewal for all processes that share a file.
func TestSourceIsShared(t *testing.T) {
	s := oauthtest.New(t)
	path := filepath.Join(t.TempDir(), "tokens.json")
	open := func() *storage.File {
		f, err := storage.NewFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	e := loggedIn(t, s, open())
	var wg sync.WaitGroup
	values := make([]string, 8)
	for i := range values {
		wg.Go(func() {
			tok, err := (&oauth.Source{Store: open(), Key: e.Key}).Renew(t.Context(), client.Token{Value: e.Access})
			if err != nil {
				t.Error(err)
			}
			values[i] = tok.Value
		})
	}
	wg.Wait()
	for _, v := range values {
		if v != values[0] || v == e.Access {
			t.Error("they got different tokens")
		}
	}
	if n := len(s.Forms()); n != 2 {
		t.Errorf("the token endpoint was asked %d times, for one login and one renewal", n)
	}
}

// stuck is a store that takes nothing.
type stuck struct {
	*storage.Memory
	bad bool
}

func (s *stuck) Put(ctx context.Context, e storage.Entry) error {
	if s.bad {
		return errors.New("the disk is full")
	}
	return s.Memory.Put(ctx, e)
}

// A renewed token is not lost because it could not be stored at once.
func TestSourceKeepsWhatTheStoreDoesNotTake(t *testing.T) {
	s, store := oauthtest.New(t), &stuck{Memory: &storage.Memory{}}
	e := loggedIn(t, s, store)
	store.bad = true
	source := &oauth.Source{Store: store, Key: e.Key}
	next, err := source.Renew(t.Context(), client.Token{Value: e.Access})
	if err != nil {
		t.Fatal(err)
	}
	if tok, err := source.Token(t.Context()); tok.Value != next.Value || err != nil {
		t.Errorf("%v", err)
	}
	store.bad = false
	third, err := source.Renew(t.Context(), next)
	if err != nil || third.Value == next.Value {
		t.Errorf("%v", err)
	}
	if got, _ := store.Get(t.Context(), e.Key); got.Access != third.Value {
		t.Error("not stored later either")
	}
}

// What could not be stored is not written over what somebody did meanwhile.
func TestSourceMakesWay(t *testing.T) {
	newer := func(e storage.Entry) storage.Entry {
		e.Access, e.Refresh = "newer", "newer-refresh"
		return e
	}
	for _, test := range []struct {
		name string
		do   func(*storage.Memory, storage.Entry) error
		want string
	}{
		{"a newer login", func(m *storage.Memory, e storage.Entry) error { return m.Put(t.Context(), newer(e)) }, "newer"},
		{"a logout", func(m *storage.Memory, e storage.Entry) error { return m.Delete(t.Context(), e.Key) }, ""},
	} {
		for _, by := range []string{"Token", "Renew"} {
			t.Run(test.name+", "+by, func(t *testing.T) {
				s, store := oauthtest.New(t), &stuck{Memory: &storage.Memory{}}
				e := loggedIn(t, s, store)
				store.bad = true
				source := &oauth.Source{Store: store, Key: e.Key}
				next, err := source.Renew(t.Context(), client.Token{Value: e.Access})
				if err != nil {
					t.Fatal(err)
				}
				if err := test.do(store.Memory, e); err != nil {
					t.Fatal(err)
				}
				store.bad = false
				var got client.Token
				if by == "Token" {
					got, err = source.Token(t.Context())
				} else {
					got, err = source.Renew(t.Context(), next)
				}
				if test.want == "" && !errors.Is(err, client.ErrNoToken) || test.want != "" && err != nil || got.Value != test.want {
					t.Errorf("got %v, %v", got, err)
				}
				if kept, _ := store.Get(t.Context(), e.Key); kept.Access != test.want {
					t.Error("it was overwritten")
				}
			})
		}
	}
}

// A login that is written while the server is asked, without the lock, stays too.
func TestSourceMakesWayAtOnce(t *testing.T) {
	s, store := oauthtest.New(t), &storage.Memory{}
	e := loggedIn(t, s, store)
	newer := e
	newer.Access = "newer"
	source := &oauth.Source{Store: store, Key: e.Key, HTTP: &http.Client{Transport: meanwhile(func() error { return store.Put(t.Context(), newer) })}}
	if got, err := source.Renew(t.Context(), client.Token{Value: e.Access}); err != nil || got.Value != "newer" {
		t.Errorf("got %v, %v", got, err)
	}
	if kept, _ := store.Get(t.Context(), e.Key); kept.Access != "newer" {
		t.Error("it was overwritten")
	}
}

// meanwhile does something after each answer.
type meanwhile func() error

func (m meanwhile) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	return resp, errors.Join(err, m())
}

// A store that hangs does not keep anybody from a token that was renewed.
func TestSourceOfALockedStore(t *testing.T) {
	s, store := oauthtest.New(t), &stuck{Memory: &storage.Memory{}}
	e := loggedIn(t, s, store)
	store.bad = true
	source := &oauth.Source{Store: store, Key: e.Key}
	next, err := source.Renew(t.Context(), client.Token{Value: e.Access})
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := store.Lock(t.Context(), e.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if got, err := source.Token(t.Context()); err != nil || got.Value != next.Value {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSourceOfAProgram(t *testing.T) {
	s, store := oauthtest.New(t), &storage.Memory{}
	c := newClient(t, s)
	c.ID, c.Secret, c.Scopes = "robot", s.Secret, []string{"orders:read"}
	tokens, err := c.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := c.Entry(tokens, oauth.Place{Server: c.Server})
	if err := store.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	next, err := (&oauth.Source{Store: store, Key: e.Key}).Renew(t.Context(), client.Token{Value: e.Access})
	if err != nil || next.Value == e.Access || strings.Join(next.Scopes, " ") != "orders:read" {
		t.Errorf("%v, %v", next.Scopes, err)
	}
}

func TestRevoke(t *testing.T) {
	s, store := oauthtest.New(t), &storage.Memory{}
	e := loggedIn(t, s, store)
	if err := oauth.Stored(e).Revoke(t.Context(), oauth.Tokens{Access: e.Access, Refresh: e.Refresh}); err != nil {
		t.Fatal(err)
	}
	if got := s.Revoked(); len(got) != 2 || got[0] != e.Refresh || got[1] != e.Access {
		t.Errorf("%d revoked", len(got))
	}
	e.Renewal.RevocationEndpoint = ""
	if err := oauth.Stored(e).Revoke(t.Context(), oauth.Tokens{Access: "x"}); !errors.Is(err, oauth.ErrNoRevocation) {
		t.Error(err)
	}
}

// Through the transport of package client, against the API.
func TestSourceInATransport(t *testing.T) {
	s, store := oauthtest.New(t), &storage.Memory{}
	e := loggedIn(t, s, store)
	hc := &http.Client{Transport: &client.Transport{Logins: []client.Login{{Origins: e.Origins, Source: &oauth.Source{Store: store, Key: e.Key}}}}}
	for _, step := range []string{"first", "after the end"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", step, resp.Status)
		}
		s.Expire()
	}
}

func TestTokensAreNotPrinted(t *testing.T) {
	tokens := oauth.Tokens{Access: "a-secret", Refresh: "r-secret"}
	if s := fmt.Sprintf("%v %+v %#v", tokens, tokens, tokens); strings.Contains(s, "-secret") {
		t.Error(s)
	}
}

// An answer that got lost on its way is asked for once more, and no more often.
func TestRenewAfterABrokenConnection(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cuts  int32
		asked int32
		good  bool
	}{{"once", 1, 2, true}, {"for ever", 9, 2, false}} {
		t.Run(tt.name, func(t *testing.T) {
			s, store := oauthtest.New(t), &storage.Memory{}
			e := loggedIn(t, s, store)
			var asked atomic.Int32 // a connection that is cut orders nothing
			s.Set(func(e *oauthtest.Errs) {
				e.Fault = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasSuffix(r.URL.Path, "/token") {
						return false
					}
					if asked.Add(1) > tt.cuts {
						return false
					}
					c, _, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
						return false
					}
					_ = c.Close()
					return true
				}
			})
			_, err := (&oauth.Source{Store: store, Key: e.Key}).Renew(t.Context(), client.Token{Value: e.Access})
			if (err == nil) != tt.good || asked.Load() != tt.asked {
				t.Errorf("asked %d times, error %v", asked.Load(), err)
			}
		})
	}
}
