package authn_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func TestAPIKey(t *testing.T) {
	f := newStore()
	f.person(t, "alice", "", nil)
	f.person(t, "mallory", "", func(a *store.Account) { a.Suspended = true })
	f.person(t, "dora", "", nil)
	good := f.key(t, "good", "live", func(k *store.APIKey) {
		k.Owner, k.Groups, k.Scopes, k.Expires = "alice", []string{"staff"}, []string{"orders:read"}, noon.Add(time.Hour)
	})
	other := f.key(t, "other", "live", nil)
	expired := f.key(t, "expired", "live", func(k *store.APIKey) { k.Expires = noon })
	revoked := f.key(t, "revoked", "live", func(k *store.APIKey) { k.Revoked, k.Expires = noon, noon })
	suspended := f.key(t, "suspended", "live", func(k *store.APIKey) { k.Owner = "mallory" })
	deleted := f.key(t, "deleted", "live", func(k *store.APIKey) { k.Owner = "dora" })
	test := f.key(t, "test", "test", nil)
	relabelled := f.key(t, "relabelled", "live", func(k *store.APIKey) { k.Environment = "test" })
	if err := f.Accounts.DeleteAccount(t.Context(), "dora"); err != nil {
		t.Fatal(err)
	}
	unknown := newStore().key(t, "x", "live", nil)

	only := func(fill func(*authn.APIKey)) func(*authn.APIKey) { return fill }
	for _, c := range []struct {
		name   string
		method func(*authn.APIKey)
		r      *gate401.Request
		want   reason.Code
	}{
		{"default header", nil, request("/", "X-API-Key", good), ""},
		{"as bearer credentials", nil, request("/", "Authorization", "Bearer "+good), ""},
		{"in both, the same", nil, request("/", "X-API-Key", good, "Authorization", "Bearer "+good), ""},
		{"in both, different", nil, request("/", "X-API-Key", good, "Authorization", "Bearer "+other), reason.CredentialsAmbiguous},
		{"header twice, the same", nil, request("/", "X-API-Key", good, "X-API-Key", good), ""},
		{"header twice, different", nil, request("/", "X-API-Key", good, "X-API-Key", other), reason.CredentialsAmbiguous},
		{"header twice, one empty", nil, request("/", "X-API-Key", good, "X-API-Key", ""), reason.CredentialsAmbiguous},
		{"a list in one field", nil, request("/", "X-API-Key", good+", "+other), reason.APIKeyMalformed},
		{"own header", only(func(a *authn.APIKey) { a.Header = "api_key" }), request("/", "Api_key", good), ""},
		{"not the own header", only(func(a *authn.APIKey) { a.Header = "Api-Key" }), request("/", "X-API-Key", good), reason.APIKeyWrongPlace},
		{"query", only(func(a *authn.APIKey) { a.Query = "key" }), request("/?a=1&key="+good+"&b=2", "Accept", "*/*"), ""},
		{"query, escaped", only(func(a *authn.APIKey) { a.Query = "key" }), request("/?k%65y=g401%5Flive_" + good[10:]), ""},
		{"query twice, different", only(func(a *authn.APIKey) { a.Query = "key" }), request("/?key=" + good + "&key=" + other), reason.CredentialsAmbiguous},
		{"header and query, different", only(func(a *authn.APIKey) { a.Header, a.Query = "X-API-Key", "key" }),
			request("/?key="+good, "X-API-Key", other), reason.CredentialsAmbiguous},
		{"header and cookie, different", only(func(a *authn.APIKey) { a.Header, a.Cookie = "X-API-Key", "key" }),
			request("/", "Cookie", "key="+good, "X-API-Key", other), reason.CredentialsAmbiguous},
		{"another query parameter", only(func(a *authn.APIKey) { a.Query = "key" }), request("/?token=" + good), reason.APIKeyWrongPlace},
		{"cookie", only(func(a *authn.APIKey) { a.Cookie = "key" }), request("/", "Cookie", "a=b; key="+good), ""},
		{"cookie of another name", only(func(a *authn.APIKey) { a.Cookie = "key" }), request("/", "Cookie", "a="+good), reason.APIKeyWrongPlace},
		{"cookie that was cleared", only(func(a *authn.APIKey) { a.Cookie = "key" }), request("/", "Cookie", "key="), reason.APIKeyMissing},
		{"cookie that is no key", only(func(a *authn.APIKey) { a.Cookie = "key" }), request("/", "Cookie", "key=dark"), reason.APIKeyMalformed},
		{"no default header where there is another place", only(func(a *authn.APIKey) { a.Cookie = "key" }), request("/", "X-API-Key", good), reason.APIKeyWrongPlace},
		{"query not allowed", nil, request("/?key=" + good), reason.APIKeyWrongPlace},
		{"cookie not allowed", nil, request("/", "Cookie", "a=b; key="+good), reason.APIKeyWrongPlace},
		{"another header", nil, request("/", "X-Auth-Token", good), reason.APIKeyWrongPlace},
		{"another header, with a scheme", nil, request("/", "X-Authorization", "Bearer "+good), reason.APIKeyWrongPlace},
		{"authorization without a scheme", nil, request("/", "Authorization", good), reason.APIKeyWrongPlace},
		{"authorization with another scheme", nil, request("/", "Authorization", "ApiKey "+good), reason.APIKeyWrongPlace},
		{"basic, raw", nil, request("/", "Authorization", "Basic "+good), reason.APIKeyWrongPlace},
		{"basic, as the name", nil, request("/", "Authorization", basic(good, "")), reason.APIKeyWrongPlace},
		{"basic, as the password", nil, request("/", "Authorization", basic("api", good)), reason.APIKeyWrongPlace},
		{"nothing", nil, request("/"), reason.APIKeyMissing},
		{"a token of another kind", nil, request("/", "Authorization", "Bearer a.b.c"), reason.SchemeUnsupported},
		{"empty field", nil, request("/", "X-API-Key", ""), reason.APIKeyMalformed},
		{"a key of another vendor", nil, request("/", "X-API-Key", "sk_live_0123456789"), reason.APIKeyMalformed},
		{"prefix in another case", nil, request("/", "X-API-Key", strings.ToUpper(good[:5])+good[5:]), reason.APIKeyMalformed},
		{"prefix in another case, as bearer", nil, request("/", "Authorization", "Bearer "+strings.ToUpper(good[:5])+good[5:]), reason.APIKeyMalformed},
		{"in another case", nil, request("/", "X-API-Key", good[:10]+swapCase(good[10:])), reason.APIKeyMalformed},
		{"cut off", nil, request("/", "X-API-Key", good[:30]), reason.APIKeyMalformed},
		{"very long", nil, request("/", "X-API-Key", strings.Repeat("g401_", 10_000)), reason.APIKeyMalformed},
		{"unknown", nil, request("/", "X-API-Key", unknown), reason.APIKeyUnknown},
		{"expired", nil, request("/", "X-API-Key", expired), reason.APIKeyExpired},
		{"revoked", nil, request("/", "X-API-Key", revoked), reason.APIKeyRevoked},
		{"owner suspended", nil, request("/", "X-API-Key", suspended), reason.AccountSuspended},
		{"owner deleted", nil, request("/", "X-API-Key", deleted), reason.APIKeyRevoked},
		{"of another environment", nil, request("/", "X-API-Key", test), reason.APIKeyWrongEnvironment},
		{"of another environment, unknown", nil, request("/", "X-API-Key", newStore().key(t, "x", "test", nil)), reason.APIKeyWrongEnvironment},
		{"recorded for another environment", nil, request("/", "X-API-Key", relabelled), reason.APIKeyWrongEnvironment},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &authn.APIKey{Realm: "orders", Keys: newKeys(t, f)}
			if c.method != nil {
				c.method(a)
			}
			d := decide(t, c.r, a)
			wantReason(t, d, c.want)
			if d.Status() == 401 && (len(d.Challenges) != 1 || d.Challenges[0].String() != `Bearer realm="orders"`) {
				t.Errorf("challenges are %v", d.Challenges)
			}
			if d.Denial != nil && d.Denial.Err != nil && strings.Contains(d.Denial.Err.Error(), good[14:]) {
				t.Errorf("the error contains the key: %v", d.Denial.Err)
			}
			want := &gate401.Identity{Subject: "alice", Method: "api-key", Name: "key", Credential: "good",
				Groups: []string{"staff"}, Scopes: []string{"orders:read"}, Expires: noon.Add(time.Hour)}
			if d.Allow {
				if diff := cmp.Diff(want, d.Identity); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

func TestAPIKeyOfNobody(t *testing.T) {
	f := newStore()
	d := decide(t, request("/", "X-API-Key", f.key(t, "robot", "live", nil)), &authn.APIKey{Keys: newKeys(t, f)})
	if d.Subject() != "api-key:robot" {
		t.Errorf("subject is %q", d.Subject())
	}
}

func TestAPIKeyWithoutVerifier(t *testing.T) {
	f := newStore()
	key := f.key(t, "robot", "live", nil)
	wantReason(t, decide(t, request("/", "X-API-Key", key), &authn.APIKey{}), reason.CheckFailed)
	wantReason(t, decide(t, request("/", "X-API-Key", key), &authn.APIKey{Keys: &authn.Keys{}}), reason.CheckFailed)
}

// A cookie is sent by itself: it never outranks what was sent on purpose.
func TestAPIKeyInCookieIsAmbient(t *testing.T) {
	f := newStore()
	key := f.key(t, "robot", "live", nil)
	a := &authn.APIKey{Keys: newKeys(t, f), Header: "X-API-Key", Cookie: "key"}
	for _, test := range []struct {
		r    *gate401.Request
		want bool
	}{
		{request("/", "Cookie", "key="+key), true}, {request("/", "X-API-Key", key), false},
		{request("/", "X-API-Key", key, "Cookie", "key="+key), false},
	} {
		c, _, err := a.Find(test.r)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.(gate401.Ambient).Ambient(); got != test.want {
			t.Errorf("%v: ambient is %t", test.r.Header, got)
		}
	}
}

func TestAPIKeyBrokenCookieStandsInNobodysWay(t *testing.T) {
	f := newStore()
	f.person(t, "alice", "correct horse", nil)
	a := &authn.APIKey{Keys: newKeys(t, f), Cookie: "key"}
	r := request("/", "Cookie", "key=broken", "Authorization", basic("alice", "correct horse"))
	wantReason(t, decide(t, r, a, newBasic(f, cheap())), "")
}

// The same key is one credential, and two keys are two, whichever methods take
// them.
func TestAPIKeyAndBearerAgree(t *testing.T) {
	f := newStore()
	one, two := f.key(t, "one", "live", nil), f.key(t, "two", "live", nil)
	keys := newKeys(t, f)
	bearer, header := &authn.Bearer{Keys: keys}, &authn.APIKey{Keys: keys}
	wantReason(t, decide(t, request("/", "Authorization", "Bearer "+one, "X-API-Key", two), header, bearer), reason.CredentialsAmbiguous)
	for _, order := range [][]gate401.Authenticator{{bearer, header}, {header, bearer}} {
		wantReason(t, decide(t, request("/", "Authorization", "Bearer "+one, "X-API-Key", one), order...), "")
		d := decide(t, request("/", "Authorization", "Bearer "+one), order...)
		if wantReason(t, d, ""); d.Method() != "api-key" {
			t.Errorf("method is %q", d.Method())
		}
	}
}

func TestAPIKeyRemembers(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(t *testing.T, f *fakeStore)
		after   time.Duration
		want    reason.Code
		lookups int64
	}{
		{"nothing happened", func(*testing.T, *fakeStore) {}, time.Minute, "", 0},
		{"time is up", func(*testing.T, *fakeStore) {}, authn.DefaultRemember, "", 2},
		{"the key has expired", func(t *testing.T, f *fakeStore) {}, 20 * time.Minute, reason.APIKeyExpired, 1},
		{"another key was made", func(t *testing.T, f *fakeStore) { f.key(t, "other", "live", nil) }, 0, "", 2},
		{"revoked", func(t *testing.T, f *fakeStore) { f.editKey(t, "one", func(k *store.APIKey) { k.Revoked = noon }) }, 0, reason.APIKeyRevoked, 2},
		{"expires now", func(t *testing.T, f *fakeStore) { f.editKey(t, "one", func(k *store.APIKey) { k.Expires = noon }) }, 0, reason.APIKeyExpired, 2},
		{"owner suspended", func(t *testing.T, f *fakeStore) { f.edit(t, "alice", func(a *store.Account) { a.Suspended = true }) }, 0, reason.AccountSuspended, 4},
		{"owner deleted", func(t *testing.T, f *fakeStore) {
			if err := f.Accounts.DeleteAccount(t.Context(), "alice"); err != nil {
				t.Fatal(err)
			}
		}, 0, reason.APIKeyRevoked, 2},
		{"store away", func(_ *testing.T, f *fakeStore) { f.away.Store(true) }, 0, "", 0},
		{"store away after a change", func(t *testing.T, f *fakeStore) {
			f.key(t, "other", "live", nil)
			f.away.Store(true)
		}, 0, reason.CheckFailed, 3}, // recalled twice, then verified
	} {
		both(t, test.name, func(t *testing.T, ready bool) {
			f := newStore()
			f.person(t, "alice", "", nil)
			key := f.key(t, "one", "live", func(k *store.APIKey) { k.Owner, k.Expires = "alice", noon.Add(20*time.Minute) })
			keys := newKeys(t, f)
			g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
			wantReason(t, g.Decide(t.Context(), request("/", "X-API-Key", key)), "")
			if !ready {
				keys.Unready()
			}
			test.change(t, f)
			f.lookups.Store(0)
			r := request("/", "X-API-Key", key)
			r.Time = noon.Add(test.after)
			wantReason(t, g.Decide(t.Context(), r), test.want)
			if n := f.lookups.Load(); n != test.lookups {
				t.Errorf("%d look-ups, want %d", n, test.lookups)
			}
		})
	}
}

func TestAPIKeyWithoutChangeFeedIsNotRemembered(t *testing.T) {
	f := newStore()
	key := f.key(t, "one", "live", nil)
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: &authn.Keys{Store: reader{f}}})
	for range 3 {
		wantReason(t, g.Decide(t.Context(), request("/", "X-API-Key", key)), "")
	}
	if n := f.lookups.Load(); n != 3 {
		t.Errorf("%d look-ups, want 3", n)
	}
}

// Rotation overlaps: both keys are good until the old one ends.
func TestAPIKeyRotation(t *testing.T) {
	f := newStore()
	old := f.key(t, "old", "live", nil)
	next, err := token.NewAPIKey(nil, "live")
	if err != nil {
		t.Fatal(err)
	}
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: newKeys(t, f)})
	ask := func(key string, at time.Time, want reason.Code) {
		t.Helper()
		r := request("/", "X-API-Key", key)
		r.Time = at
		wantReason(t, g.Decide(t.Context(), r), want)
	}
	ask(old, noon, "")
	ask(next.Reveal(), noon, reason.APIKeyUnknown)
	k, err := f.APIKeys.APIKey(t.Context(), "old")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.APIKeys.RotateAPIKey(t.Context(), "old", k.Version, noon.Add(time.Minute),
		store.APIKey{ID: "new", Hash: next.Hash(), Environment: "live"}); err != nil {
		t.Fatal(err)
	}
	ask(old, noon, "")
	ask(next.Reveal(), noon, "")
	ask(old, noon.Add(59*time.Second), "")
	ask(old, noon.Add(time.Minute), reason.APIKeyExpired)
	ask(next.Reveal(), noon.Add(time.Minute), "")
}

// useRecorder is told of uses, or fails.
type useRecorder struct {
	mu    sync.Mutex
	fail  bool
	calls int
	used  map[string]time.Time
}

func (u *useRecorder) MarkAPIKeysUsed(_ context.Context, used map[string]time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	if u.fail {
		return errAway
	}
	maps.Copy(u.used, used)
	return nil
}

func TestAPIKeyUse(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	f, u := newStore(), &useRecorder{used: make(map[string]time.Time)}
	one, two := f.key(t, "one", "live", nil), f.key(t, "two", "live", nil)
	revoked := f.key(t, "revoked", "live", func(k *store.APIKey) { k.Revoked = noon })
	keys := newKeys(t, f)
	keys.Used = u
	g := gate(gate401.DangerouslyUnguarded{}, &authn.APIKey{Keys: keys})
	use := func(key string, at time.Time) {
		r := request("/", "X-API-Key", key)
		r.Time = at
		g.Decide(t.Context(), r)
	}
	use(one, noon)
	use(one, noon.Add(time.Second))
	use(two, noon)
	use(revoked, noon)

	u.fail = true
	if err := keys.Flush(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("Flush returns %v", err)
	}
	u.fail = false
	if err := keys.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	want := map[string]time.Time{"one": noon.Add(time.Second), "two": noon}
	if diff := cmp.Diff(want, u.used); diff != "" {
		t.Error(diff)
	}
	if err := keys.Flush(t.Context()); err != nil || u.calls != 2 {
		t.Errorf("without news: %v, %d calls, want 2", err, u.calls)
	}
	use(two, noon.Add(time.Minute))
	if err := keys.Close(); err != nil {
		t.Error(err)
	}
	if want["two"] = noon.Add(time.Minute); !u.used["two"].Equal(want["two"]) {
		t.Errorf("Close stored %v", u.used)
	}
	use(one, noon.Add(time.Minute)) // still verified, no longer noted
	if err := keys.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzQueryValues(f *testing.F) {
	f.Add("a=b&key=c&key=d%20e&k%65y=f+g&key", "key")
	f.Fuzz(func(t *testing.T, raw, name string) {
		values, err := url.ParseQuery(raw)
		if err != nil || strings.Contains(raw, ";") || slices.Contains(strings.Split(raw, "&"), "") {
			return // net/url leaves these out; here they are read, and then refused
		}
		if got, want := authn.QueryValues(raw, name), values[name]; !slices.Equal(got, want) {
			t.Errorf("%q: %q, net/url reads %q", raw, got, want)
		}
	})
}

// What net/http takes for a cookie must not be overlooked here.
func FuzzCookieValues(f *testing.F) {
	f.Add("a=b; key=c;key=\"d\";  key = e")
	f.Fuzz(func(t *testing.T, field string) {
		r := http.Request{Header: http.Header{"Cookie": {field}}}
		var want []string
		for _, c := range r.CookiesNamed("key") {
			want = append(want, c.Value)
		}
		got := authn.CookieValues([]string{field}, "key")
		for _, v := range want {
			if !slices.Contains(got, v) {
				t.Errorf("%q: %q, net/http reads %q", field, got, want)
			}
		}
	})
}
