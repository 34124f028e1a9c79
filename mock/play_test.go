package mock_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/mock"
	"github.com/gate401/gate401/reason"
)

// Every command does in the world what its name says.
func TestWorldCommands(t *testing.T) {
	m := mock.New(t)
	for name, tt := range map[string]struct {
		settings mock.Settings
		do       func(w *mock.World)
		orders   int
		why      reason.Code
		refresh  int // status of the token endpoint
	}{
		"nothing":       {do: func(*mock.World) {}, orders: 200, refresh: 200},
		"expire":        {do: (*mock.World).Expire, orders: 401, why: reason.TokenExpired, refresh: 200},
		"revoke":        {do: (*mock.World).Revoke, orders: 401, why: reason.TokenRevoked, refresh: 200},
		"end logins":    {do: func(w *mock.World) { w.EndLogins() }, orders: 401, why: reason.TokenRevoked, refresh: 400},
		"end bob's":     {do: func(w *mock.World) { w.EndLogins("bob") }, orders: 200, refresh: 200},
		"suspend":       {do: func(w *mock.World) { w.Suspend("alice") }, orders: 403, why: reason.AccountSuspended, refresh: 400},
		"fail refresh":  {do: func(w *mock.World) { w.FailRefresh(mock.RefreshUnavailable, 2) }, orders: 200, refresh: 503},
		"refuse next":   {do: func(w *mock.World) { w.RefuseNext(reason.ScopeInsufficient, 1) }, orders: 403, why: reason.ScopeInsufficient, refresh: 200},
		"rotate keys":   {do: (*mock.World).RotateKeys, orders: 200, refresh: 200},
		"forget keys":   {do: (*mock.World).ForgetKeys, orders: 401, why: reason.TokenKeyUnknown, refresh: 200},
		"six minutes":   {do: func(w *mock.World) { w.Clock.Advance(6 * time.Minute) }, orders: 401, why: reason.TokenExpired, refresh: 200},
		"two days":      {do: func(w *mock.World) { w.Clock.Advance(48 * time.Hour) }, orders: 401, why: reason.TokenExpired, refresh: 400},
		"reset":         {do: (*mock.World).Reset, orders: 401, why: reason.TokenRevoked, refresh: 400},
		"wrong tokens":  {settings: mock.Settings{Access: mock.Access{Fault: mock.AccessWrongAudience}}, do: func(*mock.World) {}, orders: 401, why: reason.TokenAudienceWrong, refresh: 200},
		"a scenario":    {settings: mock.Settings{Scenario: "token-life-refused-once"}, do: func(*mock.World) {}, orders: 401, why: reason.TokenExpired, refresh: 200},
		"laid over":     {settings: mock.Settings{Scenario: "challenge-none"}, do: (*mock.World).Expire, orders: 401, why: reason.TokenExpired, refresh: 200},
		"other people":  {settings: mock.Settings{People: []mock.Person{{Name: "eve", Password: "x", Scopes: []string{"other"}}}}, do: func(*mock.World) {}, orders: 403, why: reason.ScopeInsufficient, refresh: 200},
		"made-up order": {do: func(w *mock.World) { w.Get("/api/orders").Answers(418) }, orders: 418, refresh: 200},
	} {
		t.Run(name, func(t *testing.T) {
			m := m.For(t)
			w := m.World(tt.settings)
			tokens := w.Login()
			tt.do(w)
			if got, body := call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil); got != tt.orders {
				t.Errorf("orders: %d, want %d: %s", got, tt.orders, body)
			}
			if got, body := call(t, m.Client(), "POST", w.TokenURL, "", redeem(w, tokens)); got != tt.refresh {
				t.Errorf("refresh: %d, want %d: %s", got, tt.refresh, body)
			}
			all := w.Requests()
			if len(all) != 2 || all[0].Path != "/api/orders" || all[0].Reason != tt.why {
				t.Errorf("%v, want %s", all, tt.why)
			}
			w.AssertRefreshedOnce(t)
			w.AssertCount(t, 1, mock.Filter{Method: "GET", Path: "/api/", Status: tt.orders, Reason: tt.why})
		})
	}
}

// What else a world gives.
func TestWorldPeople(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{})
	if people := w.People(); len(people) != 3 || people[0].Name != "alice" || people[0].Password != "wonderland" {
		t.Errorf("%+v", people)
	}
	if got, _ := call(t, m.Client(), "GET", w.URL+"/api/orders", "Bearer "+w.APIKey(), nil); got != 200 {
		t.Errorf("the API key: %d", got)
	}
	bob := w.LoginAs("bob")
	if bob.Scope != "orders:read" || bob.ExpiresIn != 5*time.Minute {
		t.Errorf("%+v", bob)
	}
	if got, _ := call(t, m.Client(), "POST", w.RevokeURL, "", url.Values{"token": {bob.Refresh}, "client_id": {"app"}}); got != 200 {
		t.Errorf("revoke: %d", got)
	}
	if got, _ := call(t, m.Client(), "POST", w.LoginURL, "", url.Values{"username": {"alice"}, "password": {"wonderland"}}); got != 200 {
		t.Errorf("login: %d", got)
	}
	empty := m.World(mock.Settings{Keys: []mock.Key{}})
	if key := empty.APIKey(); key != "" {
		t.Errorf("%q", key)
	}
	if skewed := m.World(mock.Settings{Clock: mock.Skew{Offset: time.Hour, Frozen: true}}); skewed.Clock.Now().Sub(m.Clock.Now()) < 59*time.Minute {
		t.Errorf("%s", skewed.Clock.Now())
	}
	before := w.Clock.Now()
	m.Clock.Advance(time.Hour)
	if d := w.Clock.Now().Sub(before); d < time.Hour {
		t.Errorf("%s", d)
	}
}

// Worlds end with their test.
func TestWorldEnds(t *testing.T) {
	m := mock.New(t)
	var path string
	if got := failing(func(ft mock.TB) {
		w := m.For(ft).World(mock.Settings{})
		w.Get("/api/mine").Answers(418)
		path = strings.TrimPrefix(w.URL, m.URL)
	}); got != "" {
		t.Error(got)
	}
	if got, _ := call(t, m.Client(), "GET", m.URL+path+"/api/mine", "", nil); got != 401 {
		t.Errorf("%d", got)
	}
}

func TestScenario(t *testing.T) {
	m := mock.New(t)
	none := m.Scenario("challenge-none")
	if status, _ := call(t, m.Client(), "GET", none.URL, "", nil); status != 401 || none.World != nil || none.Expect == "" {
		t.Errorf("%d %+v", status, none)
	}
	none.AssertRequests(t, "GET / 401")
	life := m.Scenario("token-life-refused-once")
	tokens := life.World.Login()
	if status, _ := call(t, m.Client(), "GET", life.URL, tokens.Authorization(), nil); status != 401 {
		t.Errorf("%d", status)
	}
	life.AssertRequests(t, "GET /api/orders 401")
	none.AssertCount(t, 1)
	// The counters of two plays are two.
	for range 2 {
		p := m.Scenario("401-once")
		var got []int
		for range 2 {
			status, _ := call(t, m.Client(), "GET", p.URL, "", nil)
			got = append(got, status)
		}
		if got[0] != 401 || got[1] != 200 {
			t.Errorf("%s: %v", p.URL, got)
		}
	}
}

// Requests that nobody answered are there as well.
func TestUnanswered(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{})
	tokens := w.Login()
	w.FailRefresh(mock.RefreshTimeout, 1)
	c := m.Client()
	giveUp(t, c, "POST", w.TokenURL, redeem(w, tokens), func() []mock.Exchange { return w.Requests() })
	w.AssertRequests(t, "POST /token -")
	if all, err := w.Wait(t.Context(), 1); err != nil || all[0].Status != 0 {
		t.Errorf("%v %v", all, err)
	}
	cut := m.Get("/cut").Fault(mock.FaultReset)
	call(t, c, "GET", cut.URL, "", nil)
	cut.AssertCount(t, 1)
}

func TestWait(t *testing.T) {
	m := mock.New(t)
	e := m.Post("/hook").Answers(204)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 3 {
			call(t, m.Client(), "POST", e.URL, "", url.Values{})
			call(t, m.Client(), "POST", m.URL+"/other", "", url.Values{})
		}
	})
	all, err := e.Wait(t.Context(), 3, mock.Filter{Status: 204})
	if err != nil || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if all, err := e.Wait(ctx, 4); err == nil || !strings.Contains(err.Error(), "waiting for 4 requests, 3 came: context canceled") || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
}

// Without a socket, time in a bubble passes: a client that waits an hour is
// tested at once.
func TestInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mock.Start(t, mock.Options{InMemory: true})
		w := m.World(mock.Settings{})
		tokens := w.Login()
		slow := m.Get("/slow").Delay(20 * time.Second)
		began := time.Now()
		if status, body := call(t, m.Client(), "GET", slow.URL, "", nil); status != 200 {
			t.Errorf("%d %s", status, body)
		}
		if d := time.Since(began); d != 20*time.Second {
			t.Errorf("it took %s", d)
		}
		if status, _ := call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil); status != 200 {
			t.Errorf("%d", status)
		}
		time.Sleep(time.Hour)
		if status, _ := call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil); status != 401 {
			t.Errorf("after an hour: %d", status)
		}
		for _, fault := range []string{mock.FaultReset, mock.FaultClose, mock.FaultGarbage, mock.FaultTruncate} {
			if status, body := call(t, m.Client(), "GET", m.Get("/"+fault).Fault(fault).URL, "", nil); status != 0 && fault != mock.FaultTruncate {
				t.Errorf("%s: %d %s", fault, status, body)
			}
		}
		w.AssertRequests(t, "GET /api/orders 200", "GET /api/orders 401")
		if status, _ := call(t, m.Client(), "GET", "http://elsewhere.example/status/418", "", nil); status != http.StatusTeapot {
			t.Errorf("another host: %d", status)
		}
	})
}
