package mock_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/mock"
	"github.com/gate401/gate401/reason"
)

// basic is the value for a name and a password.
func basic(t *testing.T, name, password string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}

// A client that does what it must not is found out, with the proof.
func TestAssertGood(t *testing.T) {
	wrong := basic(t, "alice", "looking-glass")
	for name, tt := range map[string]struct {
		settings mock.Settings
		client   func(m *mock.Mock, w *mock.World, tokens mock.Tokens)
		rule     string // "" for a good client
		proof    string
	}{
		"good": {client: func(m *mock.Mock, w *mock.World, tokens mock.Tokens) {
			call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil)
		}},
		"hammer": {client: func(m *mock.Mock, w *mock.World, _ mock.Tokens) {
			for range 3 {
				call(t, m.Client(), "GET", w.URL+"/api/orders", wrong, nil)
			}
		}, rule: mock.RulePasswordRepeated, proof: "GET /api/orders with Basic -> 401 password-wrong"},
		"never refreshes": {client: func(m *mock.Mock, w *mock.World, tokens mock.Tokens) {
			w.Expire()
			for range 2 {
				call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil)
			}
		}, rule: mock.RuleTokenRepeated, proof: "GET /api/orders with Bearer -> 401 token-expired"},
		"refreshes for a 403": {client: func(m *mock.Mock, w *mock.World, tokens mock.Tokens) {
			w.RefuseNext(reason.ScopeInsufficient, 1)
			call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil)
			call(t, m.Client(), "POST", w.TokenURL, "", redeem(w, tokens))
		}, rule: mock.RuleRefreshForForbidden, proof: "POST /token -> 200"},
		"several that never give up": {client: func(m *mock.Mock, w *mock.World, tokens mock.Tokens) {
			w.Expire()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for range 5 {
						call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil)
					}
				})
			}
			wg.Wait()
		}, rule: mock.RuleTokenRepeated, proof: "GET /api/orders with Bearer -> 401 token-expired"},
		"stampede": {settings: mock.Settings{Refresh: mock.Refresh{Delay: mockDelay}}, client: func(m *mock.Mock, w *mock.World, tokens mock.Tokens) {
			w.Expire()
			call(t, m.Client(), "GET", w.URL+"/api/orders", tokens.Authorization(), nil)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { call(t, m.Client(), "POST", w.TokenURL, "", redeem(w, tokens)) })
			}
			wg.Wait()
		}, rule: mock.RuleRefreshStampede, proof: "POST /token -> "},
	} {
		t.Run(name, func(t *testing.T) {
			var tokens mock.Tokens
			got := failing(func(ft mock.TB) {
				m := mock.New(ft)
				w := m.World(tt.settings)
				tokens = w.Login()
				tt.client(m, w, tokens)
				w.AssertGood(ft)
				m.AssertGood(ft)
				if v := w.Verdict(); v.Good() != (tt.rule == "") || tt.rule != "" && len(v.Of(tt.rule)) == 0 {
					t.Errorf("%s", v)
				}
			})
			if tt.rule == "" {
				if got != "" {
					t.Error(got)
				}
				return
			}
			if !strings.Contains(got, "\n  "+tt.rule+": ") || !strings.Contains(got, tt.proof) || !strings.Contains(got, "\n    fix: ") {
				t.Error(got)
			}
			for _, secret := range []string{tokens.Access, tokens.Refresh, wrong, "looking-glass"} {
				if strings.Contains(got, secret) {
					t.Errorf("a credential is shown: %s", got)
				}
			}
		})
	}
}

const mockDelay = 50 * time.Millisecond

func TestAssertRequests(t *testing.T) {
	got := failing(func(ft mock.TB) {
		m := mock.New(ft)
		m.Any("/orders").Answers(401, 200)
		call(t, m.Client(), "GET", m.URL+"/orders?page=2", "", nil)
		call(t, m.Client(), "POST", m.URL+"/orders", "", nil)
		m.AssertRequests(ft, "GET  /orders 401", "POST /orders 200")
		m.AssertRequests(ft, "GET /orders?page=2 401", "POST /orders 200")
		m.AssertRequests(ft, "GET /orders 401", "GET /orders 200")
		m.AssertRefreshedOnce(ft)
		m.AssertCount(ft, 1, mock.Filter{Path: "/orders"})
	})
	want := `the requests differ (-want +got):
    GET /orders 401
  - GET /orders 200
  + POST /orders 200
the client refreshed 0 times, want 1
all requests:
  #1 GET /orders -> 401 credentials-missing
  #2 POST /orders -> 200
2 requests, want 1
all requests:
  #1 GET /orders -> 401 credentials-missing
  #2 POST /orders -> 200`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := failing(func(ft mock.TB) { mock.New(ft).AssertRefreshedOnce(ft) }); got != "the client refreshed 0 times, want 1\nno request came" {
		t.Error(got)
	}
}

// What may be a credential is not shown, whatever it is.
func TestExchangeString(t *testing.T) {
	for authorization, want := range map[string]string{
		"": "", "Bearer x": " with Bearer", "x.y.z": " with something", "Bearer": " with something", "averylongwordthatisnoscheme x": " with something",
	} {
		x := mock.Exchange{ID: 7, Method: "GET", Target: "/a?access_token=x", Path: "/a?access_token=x", Header: http.Header{}, Status: 401, Reason: reason.TokenExpired, Fault: "slow"}
		if authorization != "" {
			x.Header.Set("Authorization", authorization)
		}
		if got := x.String(); got != "#7 GET /a"+want+" -> 401 token-expired (slow)" {
			t.Errorf("%q: %s", authorization, got)
		}
	}
}

// Our own client passes what the mock looks at, a hundred requests at once.
func TestOwnClient(t *testing.T) {
	m := mock.New(t)
	w := m.World(mock.Settings{Refresh: mock.Refresh{Delay: mockDelay}})
	tokens := w.Login()
	store, key := &storage.Memory{}, storage.Key{Issuer: w.URL, Client: "app"}
	err := store.Put(t.Context(), storage.Entry{Key: key, Access: tokens.Access, Refresh: tokens.Refresh, Renewal: storage.Renewal{TokenEndpoint: w.TokenURL}})
	if err != nil {
		t.Fatal(err)
	}
	tr := &client.Transport{Base: m.Client().Transport, Logins: []client.Login{
		{Origins: []string{m.URL}, Source: &oauth.Source{Store: store, Key: key, HTTP: m.Client()}},
	}}
	defer tr.Close()
	w.Expire()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if status, body := call(t, &http.Client{Transport: tr}, "GET", w.URL+"/api/orders", "", nil); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	wg.Wait()
	w.AssertRefreshedOnce(t)
	w.AssertGood(t)
}

// An endpoint answers what its methods say.
func TestEndpoint(t *testing.T) {
	m := mock.New(t)
	type answer struct {
		status    int
		challenge string
		body      string
	}
	ask := func(t *testing.T, target string) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true // net/http asks again where a connection that was kept is cut
		res, err := m.Client().Do(r)
		if err != nil {
			return answer{body: "cut"}
		}
		defer res.Body.Close()
		body := make([]byte, 100)
		n, _ := res.Body.Read(body)
		return answer{res.StatusCode, res.Header.Get("WWW-Authenticate"), string(body[:n])}
	}
	const right = `Basic realm="mock", charset="UTF-8"`
	for name, tt := range map[string]struct {
		make func(path string) *mock.Endpoint
		want []answer
	}{
		"plain":   {func(p string) *mock.Endpoint { return m.Get(p).Body("x") }, []answer{{200, "", "x"}}},
		"answers": {func(p string) *mock.Endpoint { return m.Get(p).Answers(403, 404).JSON(1) }, []answer{{403, "", "1"}}},
		"none":    {func(p string) *mock.Endpoint { return m.Get(p).Challenge("none").Answers(401, 200).JSON(7) }, []answer{{401, "", ""}, {200, "", "7"}, {200, "", "7"}}},
		"custom":  {func(p string) *mock.Endpoint { return m.Get(p).Challenge(`Custom a="b"`) }, []answer{{401, `Custom a="b"`, ""}}},
		"repeat":  {func(p string) *mock.Endpoint { return m.Get(p).Answers(201, 202).Body("x").Repeat() }, []answer{{201, "", "x"}, {202, "", "x"}, {201, "", "x"}}},
		"every":   {func(p string) *mock.Endpoint { return m.Get(p).Every(2).Answers(503, 200).Body("x") }, []answer{{200, "", "x"}, {503, "", ""}, {200, "", "x"}}},
		"script":  {func(p string) *mock.Endpoint { return m.Any(p).Script("close*2,200").Body("x") }, []answer{{body: "cut"}, {body: "cut"}, {200, "", "x"}}},
		"rate":    {func(p string) *mock.Endpoint { return m.Any(p).Answers(404, 200).Rate(1, 3).Body("x") }, []answer{{404, "", ""}}},
		"condition": {func(p string) *mock.Endpoint {
			return m.Get(p).When("header authorization present").When("query a equals b")
		}, []answer{{404, "", ""}}},
		"removed":   {func(p string) *mock.Endpoint { e := m.Get(p); e.Remove(); return e }, []answer{{404, "", ""}}},
		"by client": {func(p string) *mock.Endpoint { return m.Get(p).Answers(201, 202).Body("x").CountBy("credential") }, []answer{{201, "", "x"}, {202, "", "x"}}},
		"in full": {func(p string) *mock.Endpoint {
			return m.Handle("GET "+p,
				mock.Answer{Times: 2, Status: 401, Challenges: []string{`Basic realm="x"`}, Body: "a", Header: http.Header{"X-A": {"b"}}},
				mock.Answer{Reason: reason.RateLimited},
				mock.Answer{Fault: mock.FaultReset},
				mock.Answer{JSON: []int{1}})
		}, []answer{{401, `Basic realm="x"`, "a"}, {401, `Basic realm="x"`, "a"}, {429, "", ""}, {body: "cut"}, {200, "", "[1]"}, {200, "", "[1]"}}},
		"nothing said": {func(p string) *mock.Endpoint { return m.Handle(p) }, []answer{{200, "", ""}}},
		"right":        {func(p string) *mock.Endpoint { return m.Get(p).Answers(401).Challenge("basic") }, []answer{{401, right, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			e := tt.make("/" + url.PathEscape(strings.ReplaceAll(name, " ", "-")))
			for i, want := range tt.want {
				got := ask(t, e.URL)
				if want.body == "" {
					got.body = ""
				}
				if got != want {
					t.Errorf("%d: %+v, want %+v", i+1, got, want)
				}
			}
			if name != "removed" && name != "condition" {
				e.AssertCount(t, len(tt.want))
			}
		})
	}
	m.Get("/slow/{id}").Delay(30*time.Millisecond).Header("X-A", "1").Header("X-A", "2")
	began := time.Now()
	res, err := m.Client().Get(m.URL + "/slow/7")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if d := time.Since(began); d < 30*time.Millisecond || len(res.Header.Values("X-A")) != 2 {
		t.Errorf("%s %v", d, res.Header)
	}
	for _, make := range []func(string) *mock.Endpoint{m.Post, m.Put, m.Patch, m.Delete} {
		e := make("/methods").Answers(202)
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			call(t, m.Client(), method, e.URL, "", nil)
		}
		e.AssertCount(t, 1)
		e.Remove()
	}
}
