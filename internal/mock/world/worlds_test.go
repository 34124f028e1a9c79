package world_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

func TestWorldsAreBounded(t *testing.T) {
	b := newBench(t, world.Settings{})
	b.Max, b.Idle = 3, time.Minute
	for i := range 3 {
		b.login(t, fmt.Sprint(i))
		b.advance(time.Second)
	}
	want(t, b.do(t, "GET", "/s/more/", ""), 503, "")
	if _, err := b.New(world.Spec{ID: "more"}); !errors.Is(err, world.ErrFull) {
		t.Errorf("%v", err)
	}
	// 0 is used, so 1 has been idle for longest.
	b.advance(50 * time.Second)
	want(t, b.do(t, "GET", "/s/0/", ""), 200, "")
	b.advance(10 * time.Second)
	want(t, b.do(t, "GET", "/s/more/", ""), 200, "")
	var got []string
	worlds, all := b.List(10)
	for _, w := range worlds {
		got = append(got, w.ID())
	}
	if diff := cmp.Diff([]string{"more", "0"}, got); diff != "" || all != 2 {
		t.Errorf("%d (-want +got)\n%s", all, diff)
	}
}

func TestSessionIDs(t *testing.T) {
	b := newBench(t, world.Settings{})
	for path, status := range map[string]int{
		"/s/A-z_09/": 200, "/s/" + strings.Repeat("x", 64) + "/": 200, "/s/x": 200,
		"/s/": 404, "/s//api": 404, "/s/" + strings.Repeat("x", 65) + "/": 400, "/s/a.b/": 400, "/s/%2e%2e/api": 400, "/s/a%20b/": 400, "/s/%C3%BC/": 400, "/t/x": 404,
	} {
		if a := b.do(t, "GET", path, ""); a.status != status {
			t.Errorf("%s: %d, want %d", path, a.status, status)
		}
	}
}

// The first requests of a session may come together: they meet in one world.
func TestFirstRequestsTogether(t *testing.T) {
	b := newBench(t, world.Settings{Resource: world.Resource{First: 10}})
	var all sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for range 40 {
		all.Go(func() {
			if b.do(t, "GET", "/s/one/api/orders", "", "X-API-Key", world.DefaultKey).status == 401 {
				mu.Lock()
				refused++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if refused != 10 {
		t.Errorf("%d refused, want 10", refused)
	}
}

func TestAdmin(t *testing.T) {
	b := newBench(t, world.Settings{})
	b.Scenario = func(name string) (world.Settings, bool) {
		return world.Settings{Resource: world.Resource{First: 1}}, name == "refused-once"
	}
	const root = "/__mock/api/sessions"
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"make", "POST", root, `{"id":"one","access":{"ttl":"10s"}}`, 201, `"url": "http://mock.test/s/one"`},
		{"make again", "POST", root, `{"id":"one"}`, 409, "already"},
		{"make one of a scenario", "POST", root, `{"id":"two","scenario":"refused-once"}`, 201, `"first": 1`},
		{"make one of no scenario", "POST", root, `{"scenario":"x"}`, 400, "no scenario"},
		{"make any", "POST", root, "", 201, `"api": "http://mock.test/s/`},
		{"make a faulty one", "POST", root, `{"access":{"fault":"x"},"jwks":"y"}`, 400, `"jwks: there is no`},
		{"bad id", "POST", root, `{"id":"a b"}`, 400, "session id"},
		{"unknown field", "POST", root, `{"acess":{}}`, 400, "acess"},
		{"two documents", "POST", root, `{}{}`, 400, "follows"},
		{"list", "GET", root, "", 200, `"count": 3`},
		{"read", "GET", root + "/one", "", 200, `"ttl": "10s"`},
		{"read none", "GET", root + "/none", "", 404, "no session"},
		{"do", "POST", root + "/one/do", `{"do":"advance-clock","by":"1h"}`, 200, `"time": "2026-03-01T13:00:00Z"`},
		{"do nonsense", "POST", root + "/one/do", `{"do":"advance-clok"}`, 400, `did you mean`},
		{"do to none", "POST", root + "/none/do", `{"do":"reset"}`, 404, "no session"},
		{"do by GET", "GET", root + "/one/do", "", 405, "POST"},
		{"deeper", "GET", root + "/one/x", "", 404, ""},
		{"delete", "DELETE", root + "/one", "", 204, ""},
		{"delete again", "DELETE", root + "/one", "", 404, ""},
		{"PUT", "PUT", root, "", 405, "GET, POST"},
	} {
		a := b.do(t, step.method, step.path, step.body)
		if a.status != step.status || !strings.Contains(a.body, step.says) {
			t.Errorf("%s: %d %s, want %d %s", step.name, a.status, a.body, step.status, step.says)
		}
	}
	want(t, b.do(t, "GET", "/s/two/api/orders", "", "X-API-Key", world.DefaultKey), 401, reason.TokenExpired)
	want(t, b.do(t, "GET", "/s/two/api/orders", "", "X-API-Key", world.DefaultKey), 200, "")
}

func TestMetadata(t *testing.T) {
	b := newBench(t, world.Settings{})
	for _, path := range []string{"/s/one/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/s/one"} {
		a := b.do(t, "GET", path, "")
		if a.text("issuer") != "http://mock.test/s/one" || a.text("token_endpoint") != "http://mock.test/s/one/token" || a.text("jwks_uri") != "http://mock.test/s/one/jwks.json" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if a := b.do(t, "GET", "/.well-known/oauth-protected-resource/s/one/api", ""); a.text("resource") != "http://mock.test/s/one/api" {
		t.Errorf("%s", a.body)
	}
	want(t, b.do(t, "GET", "/.well-known/x", ""), 404, "")
}

// Tokens can be verified by whoever has the metadata alone, unless the script
// says otherwise.
func TestKeys(t *testing.T) {
	for fault, want := range map[string]reason.Code{
		"": "", world.JWKSDuplicate: "", world.JWKSRotated: reason.TokenKeyUnknown, world.JWKSEmpty: reason.TokenKeyUnknown,
		world.JWKSMissing: reason.CheckFailed, world.JWKSBroken: reason.CheckFailed, world.JWKSHuge: reason.CheckFailed,
	} {
		t.Run("fault "+fault, func(t *testing.T) {
			worlds := &world.Worlds{Default: world.Settings{JWKS: fault}}
			server := httptest.NewServer(worlds)
			defer server.Close()
			r, err := http.Post(server.URL+"/s/one/login", "application/json", strings.NewReader(`{"username":"alice","password":"wonderland"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(body), `"access_token":"`)
			access, _, _ := strings.Cut(rest, `"`)
			code, err := verify(t, server.URL+"/s/one", access)
			if code != want {
				t.Errorf("%q (%v), want %q", code, err, want)
			}
		})
	}
}

// verify fetches the keys as a stranger would.
func verify(t *testing.T, issuer, access string) (reason.Code, error) {
	t.Helper()
	r, err := http.Get(issuer + "/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.ParseKeySet(data)
	if err != nil || r.StatusCode != 200 {
		return reason.CheckFailed, err
	}
	v, err := token.New(token.Profile{Keys: set, Issuer: issuer, Audience: []string{world.Audience}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(t.Context(), access)
	var refused *token.Error
	if errors.As(err, &refused) {
		return refused.Reason, err
	}
	return "", err
}

func TestBaseOfTheRequest(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:8403": "http://127.0.0.1:8403/s/x", "[::1]:8403": "http://[::1]:8403/s/x", "mock.local": "http://mock.local/s/x",
		"": "http://localhost/s/x", `a"b`: "http://localhost/s/x", "a/b": "http://localhost/s/x", "user@host": "http://localhost/s/x",
	} {
		worlds := &world.Worlds{}
		hr := httptest.NewRequest("GET", "/s/x/", nil)
		hr.Host = host
		worlds.ServeHTTP(httptest.NewRecorder(), hr)
		w, err := worlds.Get("x")
		if err != nil {
			t.Fatal(err)
		}
		if w.URL() != want {
			t.Errorf("Host %q: %s, want %s", host, w.URL(), want)
		}
	}
}

func TestClients(t *testing.T) {
	b := newBench(t, world.Settings{Clients: []world.Client{{ID: "web", Secret: "s3cret"}, {ID: "spa"}}})
	web, spa := b.do(t, "POST", "/s/one/login", "username=alice&password=wonderland"), b.do(t, "POST", "/s/one/login", "username=alice&password=wonderland&client_id=spa")
	for _, test := range []struct {
		name, form, authorization string
		status                    int
		want                      reason.Code
	}{
		{"nobody", "refresh_token=" + web.text("refresh_token"), "", 401, reason.ClientUnknown},
		{"by body", "client_id=web&client_secret=s3cret&refresh_token=" + web.text("refresh_token"), "", 200, ""},
		{"by Basic, wrong", "refresh_token=" + web.text("refresh_token"), basic("web", "x"), 401, reason.ClientSecretWrong},
		{"public", "client_id=spa&refresh_token=" + spa.text("refresh_token"), "", 200, ""},
		{"of the other", "client_id=spa&refresh_token=" + web.text("refresh_token"), "", 400, reason.RefreshTokenUnknown},
	} {
		var fields []string
		if test.authorization != "" {
			fields = []string{"Authorization", test.authorization}
		}
		want(t, b.do(t, "POST", "/s/one/token", "grant_type=refresh_token&"+test.form, fields...), test.status, test.want)
	}
	want(t, b.do(t, "POST", "/s/one/login", "username=alice&password=wonderland&client_id=eve"), 400, "")
}
