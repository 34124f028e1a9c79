package world_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/icholy/digest"

	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// Without a script every answer is the gate's own.
func TestGate(t *testing.T) {
	b := newBench(t, world.Settings{})
	access, refresh := b.login(t, "one")
	mallory, _ := b.login(t, "two")
	_ = mallory
	bob := b.do(t, "POST", "/s/one/login", `{"username":"Bob","password":"builder"}`).text("access_token")
	for _, test := range []struct {
		name, method, path, field, value string
		status                           int
		want                             reason.Code
		challenge                        string
	}{
		{"nothing", "GET", "/s/one/api/orders", "", "", 401, reason.CredentialsMissing, `Bearer realm="mock", scope="orders:read", resource_metadata="http://mock.test/.well-known/oauth-protected-resource/s/one/api"`},
		{"token", "GET", "/s/one/api/orders", "Authorization", "Bearer " + access, 200, "", ""},
		{"token, any path", "PATCH", "/s/one/api/some/where", "Authorization", "Bearer " + access, 200, "", ""},
		{"password", "GET", "/s/one/api/me", "Authorization", basic("alice", "wonderland"), 200, "", ""},
		{"password wrong", "GET", "/s/one/api/me", "Authorization", basic("alice", "x"), 401, reason.PasswordWrong, `Bearer realm="mock", resource`},
		{"nobody", "GET", "/s/one/api/me", "Authorization", basic("eve", "x"), 401, reason.AccountUnknown, "Bearer"},
		{"suspended", "GET", "/s/one/api/me", "Authorization", basic("mallory", "malice"), 403, reason.AccountSuspended, ""},
		{"key", "GET", "/s/one/api/orders", "X-API-Key", world.DefaultKey, 200, "", ""},
		{"key as Bearer", "GET", "/s/one/api/orders", "Authorization", "Bearer " + world.DefaultKey, 200, "", ""},
		{"key cut off", "GET", "/s/one/api/orders", "X-API-Key", world.DefaultKey[:20], 401, reason.APIKeyMalformed, "Bearer"},
		{"refresh token", "GET", "/s/one/api/orders", "Authorization", "Bearer " + refresh, 401, reason.TokenMalformed, `error="invalid_token"`},
		{"of another world", "GET", "/s/two/api/orders", "Authorization", "Bearer " + access, 401, reason.TokenIssuerUnknown, `error="invalid_token"`},
		{"no scope", "POST", "/s/one/api/orders", "Authorization", "Bearer " + bob, 403, reason.ScopeInsufficient, `scope="orders:write"`},
		{"no group", "GET", "/s/one/api/admin", "Authorization", "Bearer " + bob, 403, reason.GroupMissing, ""},
		{"group", "GET", "/s/one/api/admin", "Authorization", "Bearer " + access, 200, "", ""},
		{"payment", "POST", "/s/one/api/payments", "Authorization", "Bearer " + access, 201, "", ""},
		{"payment by password", "POST", "/s/one/api/payments", "Authorization", basic("alice", "wonderland"), 401, reason.AuthenticationTooOld, "max_age"},
		{"two slashes", "GET", "/s/one/api//orders", "Authorization", "Bearer " + access, 400, reason.RequestMalformed, ""},
		{"elsewhere", "GET", "/s/one/nowhere", "Authorization", "Bearer " + access, 404, "", ""},
		{"the world as it is spelt elsewhere", "GET", "/s/%6Fne/api/orders", "Authorization", "Bearer " + access, 200, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := b.do(t, test.method, test.path, "", test.field, test.value)
			want(t, a, test.status, test.want)
			if got := strings.Join(a.header["Www-Authenticate"], "\n"); !strings.Contains(got, test.challenge) || (got == "") != (test.challenge == "") {
				t.Errorf("challenges %q, want %q", got, test.challenge)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	b := newBench(t, world.Settings{})
	for _, test := range []struct {
		name, method, body string
		status             int
		want               reason.Code
	}{
		{"form", "POST", "username=alice&password=wonderland", 200, ""},
		{"JSON", "POST", `{"username":"alice","password":"wonderland"}`, 200, ""},
		{"name as typed", "POST", `{"username":" Alice","password":"wonderland"}`, 200, ""},
		{"wrong password", "POST", "username=alice&password=x", 401, reason.PasswordWrong},
		{"nobody", "POST", "username=eve&password=x", 401, reason.AccountUnknown},
		{"suspended", "POST", "username=mallory&password=malice", 403, reason.AccountSuspended},
		{"empty", "POST", "{}", 401, reason.CredentialsMissing},
		{"colon", "POST", "username=a:b&password=x", 400, ""},
		{"broken JSON", "POST", "{", 400, ""},
		{"no type", "POST", "", 400, ""},
		{"GET", "GET", "", 405, ""},
		{"large", "POST", "username=" + strings.Repeat("x", 100_000), 400, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := b.do(t, test.method, "/s/one/login", test.body)
			want(t, a, test.status, test.want)
			challenge := strings.Join(a.header["Www-Authenticate"], "")
			if wanted := `Session realm="mock", login="/s/one/login"`; (challenge == wanted) != (test.status == 401) {
				t.Errorf("challenge %q", challenge)
			}
			if test.status == 200 {
				delete(a.fields, "access_token")
				delete(a.fields, "refresh_token")
				wanted := map[string]any{"token_type": "Bearer", "expires_in": 300.0, "scope": "orders:read orders:write"}
				if diff := cmp.Diff(wanted, a.fields); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
	// The guard is the real one.
	for range 12 {
		b.do(t, "POST", "/s/two/login", "username=alice&password=x")
	}
	want(t, b.do(t, "POST", "/s/two/login", "username=alice&password=wonderland"), 429, reason.RateLimited)
	b.login(t, "three")
}

// Guesses that come together are not more than guesses one after the other. Each
// is another one: equal credentials in flight are one attempt.
func TestGuessesTogether(t *testing.T) {
	b := newBench(t, world.Settings{})
	var all sync.WaitGroup
	var judged atomic.Int64
	for i := range 60 {
		all.Go(func() {
			if b.do(t, "POST", "/s/one/login", fmt.Sprint("username=alice&password=", i)).status == 401 {
				judged.Add(1)
			}
		})
	}
	all.Wait()
	// Ten are admitted; one more may have been alone before the guard was there.
	if n := judged.Load(); n < 10 || n > 11 {
		t.Errorf("%d guesses were judged, want 10 or 11", n)
	}
}

func TestLife(t *testing.T) {
	b := newBench(t, world.Settings{Access: world.Access{TTL: world.Duration(5 * time.Second)}})
	access, refresh := b.login(t, "one")
	want(t, b.get(t, "one", access), 200, "")
	b.advance(5 * time.Second)
	want(t, b.get(t, "one", access), 401, reason.TokenExpired)
	renewed := b.renew(t, "one", refresh)
	want(t, renewed, 200, "")
	want(t, b.get(t, "one", renewed.text("access_token")), 200, "")
	b.advance(time.Second)
	want(t, b.renew(t, "one", refresh), 400, reason.RefreshTokenReused)
	want(t, b.get(t, "one", renewed.text("access_token")), 401, reason.TokenRevoked)
	want(t, b.renew(t, "one", renewed.text("refresh_token")), 400, reason.RefreshTokenRevoked)

	access, refresh = b.login(t, "one")
	want(t, b.do(t, "POST", "/s/one/revoke", "token="+refresh), 200, "")
	want(t, b.get(t, "one", access), 401, reason.TokenRevoked)
}

func TestResources(t *testing.T) {
	b := newBench(t, world.Settings{})
	access, _ := b.login(t, "one")
	send := func(method, path, body string) answer {
		return b.do(t, method, "/s/one/api/"+path, body, "Authorization", "Bearer "+access)
	}
	want(t, send("POST", "orders", `{"item":"a rabbit"}`), 201, "")
	read := send("GET", "orders/4", "")
	wanted := map[string]any{"id": 4.0, "item": "a rabbit", "by": "alice"}
	if diff := cmp.Diff(wanted, read.fields["order"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want(t, send("GET", "orders/5", ""), 404, "")
	want(t, send("DELETE", "orders", ""), 405, "")
	for range 49 {
		want(t, send("POST", "orders", ""), 201, "")
	}
	want(t, send("POST", "orders", ""), 409, "")
	me := send("GET", "me", "")
	id, _ := me.fields["identity"].(map[string]any)
	delete(id, "credential")
	wantedID := map[string]any{"subject": "alice", "method": "bearer", "groups": []any{"admin", "staff"}, "scopes": []any{"orders:read", "orders:write"}}
	if diff := cmp.Diff(wantedID, id); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b.advance(2 * time.Minute)
	stepUp := send("POST", "payments", "")
	want(t, stepUp, 401, reason.AuthenticationTooOld)
	if c := strings.Join(stepUp.header["Www-Authenticate"], ""); !strings.Contains(c, `error="insufficient_user_authentication"`) || !strings.Contains(c, "max_age=") {
		t.Errorf("challenge %s", c)
	}
}

func TestResourceScript(t *testing.T) {
	for _, test := range []struct {
		name     string
		resource world.Resource
		want     []int
		code     reason.Code
	}{
		{"once", world.Resource{First: 1}, []int{401, 200, 200, 200}, reason.TokenExpired},
		{"every third", world.Resource{Every: 3}, []int{200, 200, 401, 200, 200, 401}, reason.TokenExpired},
		{"revoked twice", world.Resource{First: 2, Reason: reason.TokenRevoked}, []int{401, 401, 200}, reason.TokenRevoked},
		{"no scope", world.Resource{First: 1, Reason: reason.ScopeInsufficient}, []int{403, 200}, reason.ScopeInsufficient},
		{"too many", world.Resource{First: 1, Reason: reason.RateLimited}, []int{429, 200}, reason.RateLimited},
		{"cannot tell", world.Resource{First: 1, Reason: reason.CheckFailed}, []int{503, 200}, reason.CheckFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, world.Settings{Resource: test.resource})
			access, _ := b.login(t, "one")
			for i, status := range test.want {
				// Refused requests do not count.
				want(t, b.get(t, "one", "nonsense"), 401, reason.TokenMalformed)
				a := b.get(t, "one", access)
				code := reason.Code("")
				if status != 200 {
					code = test.code
				}
				want(t, a, status, code)
				if challenged := len(a.header["Www-Authenticate"]) > 0; challenged != (status == 401 || status == 403) {
					t.Errorf("request %d: challenges %v", i, a.header["Www-Authenticate"])
				}
				if (status == 429 || status == 503) != (a.header.Get("Retry-After") != "") {
					t.Errorf("request %d: Retry-After %q", i, a.header.Get("Retry-After"))
				}
			}
		})
	}
}

func TestAccessFaults(t *testing.T) {
	codes := map[string]reason.Code{
		world.AccessWrongAudience: reason.TokenAudienceWrong, world.AccessWrongIssuer: reason.TokenIssuerUnknown,
		world.AccessWrongSignature: reason.TokenSignatureInvalid, world.AccessUnknownKey: reason.TokenKeyUnknown,
		world.AccessNotYetValid: reason.TokenNotYetValid, world.AccessWrongType: reason.TokenTypeWrong,
		world.AccessMalformed: reason.TokenMalformed,
	}
	for _, fault := range world.AccessFaults() {
		t.Run(fault, func(t *testing.T) {
			b := newBench(t, world.Settings{Access: world.Access{Fault: fault, Until: 2}})
			access, refresh := b.login(t, "one")
			want(t, b.get(t, "one", access), 401, codes[fault])
			second := b.renew(t, "one", refresh)
			// A client that compares them must not take the new token for the old one.
			if second.text("access_token") == access {
				t.Error("the refresh brings the refused token again")
			}
			want(t, b.get(t, "one", second.text("access_token")), 401, codes[fault])
			third := b.renew(t, "one", second.text("refresh_token"))
			want(t, b.get(t, "one", third.text("access_token")), 200, "")
		})
	}
	t.Run("expired", func(t *testing.T) {
		b := newBench(t, world.Settings{Access: world.Access{Expired: true}})
		a := b.do(t, "POST", "/s/one/login", "username=alice&password=wonderland")
		if a.fields["expires_in"] != 300.0 {
			t.Errorf("expires_in %v: the fault is announced", a.fields["expires_in"])
		}
		want(t, b.get(t, "one", a.text("access_token")), 401, reason.TokenExpired)
	})
	t.Run("uses", func(t *testing.T) {
		b := newBench(t, world.Settings{Access: world.Access{Uses: 2}})
		first, refresh := b.login(t, "one")
		second := b.renew(t, "one", refresh).text("access_token")
		for _, access := range []string{first, second} {
			want(t, b.get(t, "one", access), 200, "")
			want(t, b.get(t, "one", access), 200, "")
			want(t, b.get(t, "one", access), 401, reason.TokenExpired)
		}
	})
}

func TestDigest(t *testing.T) {
	b := newBench(t, world.Settings{Accept: []string{"digest", "bearer"}})
	a := b.do(t, "GET", "/s/one/api/me", "")
	want(t, a, 401, reason.CredentialsMissing)
	got := []string{}
	for _, c := range a.header["Www-Authenticate"] {
		scheme, _, _ := strings.Cut(c, " ")
		got = append(got, scheme)
	}
	if diff := cmp.Diff([]string{"Bearer", "Digest", "Digest"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A client that nobody here wrote.
	challenge, err := digest.FindChallenge(a.header)
	if err != nil {
		t.Fatal(err)
	}
	for password, code := range map[string]reason.Code{"wonderland": "", "x": reason.PasswordWrong} {
		answer, err := digest.Digest(challenge, digest.Options{Method: "GET", URI: "/s/one/api/me", Username: "alice", Password: password, Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.do(t, "GET", "/s/one/api/me", "", "Authorization", answer.String()); got.reason != code {
			t.Errorf("%q: %d %q, want %q", password, got.status, got.reason, code)
		}
	}
}

func TestCORS(t *testing.T) {
	b := newBench(t, world.Settings{})
	for _, path := range []string{"/s/one/api/orders", "/s/one/login", "/s/one/token"} {
		a := b.do(t, "OPTIONS", path, "", "Origin", "http://app.test", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	a := b.do(t, "GET", "/s/one/api/orders", "", "Origin", "http://app.test")
	if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("%v", a.header)
	}
}

// What a scenario lays over the resources sees their answers, and may change the
// request before.
func TestAnswer(t *testing.T) {
	b := newBench(t, world.Settings{Answer: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Authorization")
			api.ServeHTTP(w, r)
		})
	}})
	access, _ := b.login(t, "one")
	want(t, b.get(t, "one", access), 401, reason.CredentialsMissing)
}
