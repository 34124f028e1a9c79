package mock_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/mock"
)

// fake is a test that is told what fails, and goes on.
type fake struct {
	name     string
	mu       sync.Mutex
	cleanups []func()
	failures []string
}

var errFatal = errors.New("the test has ended")

func (f *fake) Helper()      {}
func (f *fake) Name() string { return f.name }
func (f *fake) Cleanup(do func()) {
	f.cleanups = append(f.cleanups, do)
}

func (f *fake) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(errFatal)
}

// run is the whole life of a test; it returns what failed.
func (f *fake) run(test func(t mock.TB)) string {
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(errFatal) {
				panic(p)
			}
		}()
		test(f)
	}()
	for len(f.cleanups) > 0 {
		last := len(f.cleanups) - 1
		do := f.cleanups[last]
		f.cleanups = f.cleanups[:last]
		do()
	}
	return strings.Join(f.failures, "\n")
}

func failing(test func(t mock.TB)) string { return (&fake{name: "TestFake/a case"}).run(test) }

// call sends a request and reads the whole answer.
func call(t testing.TB, c *http.Client, method, target, authorization string, form url.Values) (status int, body string) {
	t.Helper()
	var in io.Reader
	if form != nil {
		in = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.Background(), method, target, in)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, err.Error()
	}
	return res.StatusCode, string(text)
}

// giveUp sends a request and goes away as soon as the server has it.
func giveUp(t testing.TB, c *http.Client, method, target string, form url.Values, has func() []mock.Exchange) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	go func() {
		for len(has()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if res, err := c.Do(r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", res, err)
	}
}

func redeem(w *mock.World, tokens mock.Tokens) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "client_id": {"app"}}
}

// The server is there, and gone after the test.
func TestNew(t *testing.T) {
	var address string
	if got := failing(func(ft mock.TB) {
		m := mock.New(ft)
		address = m.URL
		if status, _ := call(t, m.Client(), "GET", m.URL+"/status/401", "", nil); status != 401 {
			t.Errorf("%d", status)
		}
		// A client of its own is welcome, too.
		own := &http.Client{Transport: &http.Transport{}}
		if status, _ := call(t, own, "GET", m.URL+"/status/200", "", nil); status != 200 {
			t.Errorf("%d", status)
		}
		m.AssertRequests(ft, "GET /status/401 401", "GET /status/200 200")
	}); got != "" {
		t.Error(got)
	}
	if status, err := call(t, &http.Client{Transport: &http.Transport{}}, "GET", address+"/status/401", "", nil); status != 0 {
		t.Errorf("there is still a server: %d %s", status, err)
	}
}

// A test that leaves something behind fails, and is told what.
func TestLeftBehind(t *testing.T) {
	for _, tt := range []struct {
		name string
		test func(t mock.TB, m *mock.Mock)
		want []string
	}{
		{"a request", func(_ mock.TB, m *mock.Mock) {
			slow := m.Get("/slow").Delay(time.Minute)
			go func() {
				res, err := m.Client().Get(slow.URL)
				if err == nil {
					res.Body.Close()
				}
			}()
			for len(slow.Requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
		}, []string{"the client left 1 request hanging: end it,", "GET /slow, asked "}},
		{"a body", func(ft mock.TB, m *mock.Mock) {
			res, err := m.Client().Get(m.Get("/orders").Answers(401).URL)
			if err != nil {
				t.Error(err)
				return
			}
			// For the goroutines of this very test.
			ft.(*fake).cleanups = append([]func(){func() { res.Body.Close() }}, ft.(*fake).cleanups...)
		}, []string{"the client left the body of 1 answer open: read and close it", "GET /orders -> 401"}},
		{"a request that was given up", func(_ mock.TB, m *mock.Mock) {
			slow := m.Get("/slow").Delay(time.Minute)
			giveUp(t, m.Client(), "GET", slow.URL, nil, func() []mock.Exchange { return slow.Requests() })
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			patience := 20 * time.Second
			if len(tt.want) > 0 {
				patience = 100 * time.Millisecond
			}
			got := failing(func(ft mock.TB) { tt.test(ft, mock.Start(ft, mock.Options{Patience: patience})) })
			if len(tt.want) == 0 && got != "" {
				t.Error(got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q\nwant %q", got, want)
				}
			}
		})
	}
}

// What the test does wrong ends it with a word on what to write.
func TestMisuse(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(m *mock.Mock)
		want string
	}{
		"settings":          {func(m *mock.Mock) { m.World(mock.Settings{Access: mock.Access{Fault: "wrong-audiense"}}) }, `did you mean "wrong-audience"?`},
		"scenario":          {func(m *mock.Mock) { m.Scenario("chalenge-none") }, "did you mean challenge-none?"},
		"scenario of world": {func(m *mock.Mock) { m.World(mock.Settings{Scenario: "refresh-rotate"}) }, "did you mean refresh-rotates?"},
		"both":              {func(m *mock.Mock) { m.World(mock.Settings{Scenario: "refresh-rotates", JWKS: mock.JWKSEmpty}) }, "leave the others out"},
		"fault":             {func(m *mock.Mock) { m.World(mock.Settings{}).FailRefresh("eror", 1) }, `did you mean "error"?`},
		"times":             {func(m *mock.Mock) { m.World(mock.Settings{}).FailRefresh(mock.RefreshError, 0) }, "cannot fail 0 times"},
		"person":            {func(m *mock.Mock) { m.World(mock.Settings{}).LoginAs("nobody") }, `no person "nobody"`},
		"suspended":         {func(m *mock.Mock) { m.World(mock.Settings{}).LoginAs("mallory") }, "mallory cannot log in: 403"},
		"nobody":            {func(m *mock.Mock) { m.World(mock.Settings{People: []mock.Person{}}).Login() }, "nobody lives in this world"},
		"clock":             {func(m *mock.Mock) { m.Clock.Advance(-time.Second) }, "not between 0"},
		"status":            {func(m *mock.Mock) { m.Get("/x").Answers(42) }, "GET /x:"},
		"path":              {func(m *mock.Mock) { m.Get("x") }, "path"},
		"condition":         {func(m *mock.Mock) { m.Get("/x").When("header authorization mising") }, `unknown test`},
		"in full":           {func(m *mock.Mock) { m.Handle("/x", mock.Answer{}).JSON(1) }, "say json there"},
		"no JSON":           {func(m *mock.Mock) { m.Get("/x").JSON(func() {}) }, "unsupported type"},
	} {
		t.Run(name, func(t *testing.T) {
			got := failing(func(ft mock.TB) {
				tt.do(mock.New(ft))
			})
			if !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if got := failing(func(ft mock.TB) { mock.New(ft).AssertNever(ft, "x") }); !strings.Contains(got, `no rule "x"`) {
		t.Error(got)
	}
	if got := failing(func(ft mock.TB) { mock.New(ft).AssertRequests(ft, "GET /x") }); !strings.Contains(got, "is not method, path and status") {
		t.Error(got)
	}
}
