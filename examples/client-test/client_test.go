package orders_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	orders "github.com/gate401/gate401/examples/client-test"
	"github.com/gate401/gate401/mock"
	"github.com/gate401/gate401/reason"
)

// client is one that alice is logged in with.
func client(m *mock.Mock, w *mock.World) *orders.Client {
	tokens := w.Login()
	return &orders.Client{HTTP: m.Client(), API: w.URL + "/api", TokenURL: w.TokenURL, Access: tokens.Access, Refresh: tokens.Refresh}
}

// The token has expired: the client refreshes once, and nobody notices.
func TestRefresh(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{})
	c := client(m, w)
	w.Expire()

	if n, err := c.Orders(t.Context()); n != 3 || err != nil {
		t.Errorf("%d orders, %v", n, err)
	}
	w.AssertRequests(t, "GET /api/orders 401", "POST /token 200", "GET /api/orders 200")
	w.AssertGood(t)
}

// Twenty at once refresh once, although the token endpoint is slow.
func TestRefreshTogether(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{Refresh: mock.Refresh{Delay: 50 * time.Millisecond}})
	c := client(m, w)
	w.Expire()

	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Orders(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.AssertRefreshedOnce(t)
	w.AssertGood(t)
}

// What can go wrong when a token is refreshed, and what the person is told.
func TestRefreshFails(t *testing.T) {
	m := mock.New(t)
	for name, tt := range map[string]struct {
		settings  mock.Settings
		logIn     bool
		refreshes int
	}{
		"the login has ended":      {mock.Settings{Refresh: mock.Refresh{Fault: mock.RefreshInvalidGrant}}, true, 1},
		"the new token is refused": {mock.Settings{Refresh: mock.Refresh{Fault: mock.RefreshStillRefused}}, true, 1},
		"the issuer is down":       {mock.Settings{Refresh: mock.Refresh{Fault: mock.RefreshError}}, false, 1},
		"the answer gets lost":     {mock.Settings{Refresh: mock.Refresh{Fault: mock.RefreshLost}}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := m.For(t)
			w := m.World(tt.settings)
			c := client(m, w)
			w.Expire()
			if _, err := c.Orders(t.Context()); err == nil || errors.Is(err, orders.ErrLogIn) != tt.logIn {
				t.Errorf("%v", err)
			}
			w.AssertRefreshes(t, tt.refreshes)
			w.AssertGood(t)
		})
	}
}

// A wrong password is sent once.
func TestWrongPassword(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{})
	c := &orders.Client{HTTP: m.Client(), API: w.URL + "/api", User: "alice", Password: "looking-glass"}
	for range 3 {
		if _, err := c.Orders(t.Context()); !errors.Is(err, orders.ErrLogIn) {
			t.Errorf("%v", err)
		}
	}
	w.AssertRequests(t, "GET /api/orders 401")
	w.AssertNoPasswordRepeated(t)
}

// 403 is no reason to refresh.
func TestForbidden(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{})
	c := client(m, w)
	w.RefuseNext(reason.ScopeInsufficient, 1)
	if _, err := c.Orders(t.Context()); err == nil {
		t.Error("no error")
	}
	w.AssertRefreshes(t, 0)
	w.AssertGood(t)
}

// A token that lasts five minutes is refreshed after an hour that takes no time.
func TestHourLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mock.Start(t, mock.Options{InMemory: true})
		w := m.World(mock.Settings{})
		c := client(m, w)
		for range 2 {
			if _, err := c.Orders(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}
		w.AssertRequests(t, "GET /api/orders 200", "GET /api/orders 401", "POST /token 200", "GET /api/orders 200")
	})
}
