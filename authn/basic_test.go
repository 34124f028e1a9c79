package authn_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

func bcryptHash(t testing.TB, pass string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(pass), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

// people are the accounts of the tests of Basic.
func people(t testing.TB) *fakeStore {
	f := newStore()
	f.person(t, "alice", "correct horse", func(a *store.Account) { a.Groups, a.Scopes = []string{"staff"}, []string{"orders:read"} })
	f.person(t, "olga", "old", func(a *store.Account) { a.SetPassword(hash(t, "new"), noon) })
	f.person(t, "oscar", "old", func(a *store.Account) { a.SetPassword(hash(t, "new"), noon.Add(-store.PreviousPasswordKept)) })
	f.person(t, "mallory", "secret", func(a *store.Account) { a.Suspended = true })
	f.person(t, "robot", "", nil)
	f.person(t, "gone", "was", func(a *store.Account) { a.SetPassword("", noon) })
	f.person(t, "jürgen", "grüße", nil)
	return f
}

func TestBasic(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        reason.Code
	}{
		{"right", basic("alice", "correct horse"), ""},
		{"scheme in another case", "bAsIc " + strings.TrimPrefix(basic("alice", "correct horse"), "Basic "), ""},
		{"several spaces", "Basic   " + strings.TrimPrefix(basic("alice", "correct horse"), "Basic "), ""},
		{"another spelling of the name", basic("  ALICE ", "correct horse"), ""},
		{"full-width name", basic("ａｌｉｃｅ", "correct horse"), ""},
		{"name with umlaut", basic("Jürgen", "grüße"), ""},
		{"wrong password", basic("alice", "wrong"), reason.PasswordWrong},
		{"empty password", basic("alice", ""), reason.PasswordWrong},
		{"password of another case", basic("alice", "Correct horse"), reason.PasswordWrong},
		{"unknown account", basic("eve", "x"), reason.AccountUnknown},
		{"no name", basic("", "x"), reason.AccountUnknown},
		{"a name that is none", basic("a\u200bb", "x"), reason.AccountUnknown},
		{"a very long name", basic(strings.Repeat("a", 5000), "x"), reason.AccountUnknown},
		{"the password before", basic("olga", "old"), reason.PasswordOutdated},
		{"the password before, long ago", basic("oscar", "old"), reason.PasswordWrong},
		{"the password before, since removed", basic("gone", "was"), reason.PasswordOutdated},
		{"no password set", basic("robot", ""), reason.PasswordWrong},
		{"suspended, right password", basic("mallory", "secret"), reason.AccountSuspended},
		{"suspended, wrong password", basic("mallory", "wrong"), reason.PasswordWrong},
		{"not base64", "Basic alice:correct", reason.BasicMalformed},
		{"line break in base64", "Basic YWxp\tY2U6eA==", reason.BasicMalformed},
		{"no colon", "Basic YWxpY2U=", reason.BasicMalformed},
		{"control character", basic("alice", "a\x00b"), reason.BasicMalformed},
		{"latin-1", "Basic " + "anVyZ2VuOmdy/N9l", reason.BasicMalformed},
		{"nothing behind the scheme", "Basic", reason.AuthorizationMalformed},
		{"nothing but a space", "Basic ", reason.AuthorizationMalformed},
		{"glued", "Basic:YWxpY2U6eA==", reason.AuthorizationMisspelt},
		{"a tab", "Basic\tYWxpY2U6eA==", reason.AuthorizationMalformed},
		{"another scheme", "Basics YWxpY2U6eA==", reason.SchemeUnsupported},
		{"an API key for a name", basic("g401_live_0000000000", ""), reason.APIKeyWrongPlace},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decide(t, request("/", "Authorization", test.value), newBasic(people(t), cheap()))
			wantReason(t, d, test.want)
			if d.Allow && (d.Identity.Method != "basic" || d.Identity.Name != "password" || !d.Identity.AuthTime.IsZero()) {
				t.Errorf("identity is %+v", d.Identity)
			}
			if d.Status() == 401 && (len(d.Challenges) != 1 || d.Challenges[0].String() != `Basic realm="orders", charset="UTF-8"`) {
				t.Errorf("challenges are %v", d.Challenges)
			}
		})
	}
}

func TestBasicIdentity(t *testing.T) {
	d := decide(t, request("/", "Authorization", basic("Alice", "correct horse")), newBasic(people(t), cheap()))
	if id := d.Identity; id == nil || id.Subject != "alice" || !id.InGroup("staff") || !id.HasScope("orders:read") || id.Issuer != "" {
		t.Errorf("identity is %+v", d.Identity)
	}
}

func TestBasicCountsUnderOneName(t *testing.T) {
	b := newBasic(people(t), cheap())
	for value, want := range map[string]string{
		basic("john", "1"): "john", basic("John", "2"): "john", basic(" john", "3"): "john", basic("ｊｏｈｎ", "4"): "john",
		basic("a\u200bb", "5"): "INVALID", basic("", "6"): "INVALID",
	} {
		c, ok, err := b.Find(request("/", "Authorization", value))
		if !ok {
			t.Fatal(err)
		}
		if name, guessable := c.Account(); name != want || !guessable {
			t.Errorf("Account is %q, %t, want %q, true", name, guessable, want)
		}
	}
	if _, err := store.Canonical("INVALID"); err != nil {
		t.Fatal(err)
	} else if c, _ := store.Canonical("INVALID"); c == "INVALID" {
		t.Error("the name for names that are none can be an account's")
	}
}

// The number and the cost of the hashes that a refusal computes must not depend
// on its reason.
func TestBasicRefusalsCostTheSame(t *testing.T) {
	h := &counting{Hasher: cheap()}
	b := newBasic(people(t), h)
	g := gate(gate401.DangerouslyUnguarded{}, b)
	g.Decide(t.Context(), request("/", "Authorization", basic("eve", "warm up"))) // makes the sample hash
	h.take()
	for _, test := range []struct{ name, user, pass string }{
		{"unknown", "eve", "x"}, {"no name", "", "x"}, {"wrong, no previous", "alice", "x"}, {"wrong, previous", "olga", "x"},
		{"outdated", "olga", "old"}, {"previous out of date", "oscar", "old"}, {"no password", "robot", "x"},
		{"no password, previous", "gone", "x"}, {"suspended", "mallory", "x"}, {"too long", "alice", strings.Repeat("x", 2000)},
	} {
		d := g.Decide(t.Context(), request("/", "Authorization", basic(test.user, test.pass)))
		if d.Shown().Code != reason.CredentialsInvalid {
			t.Errorf("%s: shown as %s", test.name, d.Shown().Code)
		}
		if runs, argon2, bcrypt := h.take(); runs != 2 || argon2 != 2*64 || bcrypt != 0 {
			t.Errorf("%s: %d hashes of %d KiB in all and %d rounds of bcrypt, want 2 of 128", test.name, runs, argon2, bcrypt)
		}
	}
	if h.hashes != 1 {
		t.Errorf("%d hashes were made, want 1", h.hashes)
	}
}

func TestBasicRefusalsCostTheSameAcrossSources(t *testing.T) {
	h := &counting{Hasher: cheap()}
	file := htpasswd(t, "cheap:"+bcryptHash(t, "p", 4)+"\ndear:"+bcryptHash(t, "p", 7)+"\nargon:"+hash(t, "p")+"\n")
	b := newBasic(people(t), h)
	b.Sources = append([]authn.Passwords{file}, b.Sources...)
	g := gate(gate401.DangerouslyUnguarded{}, b)
	for _, user := range []string{"eve", "cheap", "dear", "argon", "alice", "olga", "robot", "", "cheap", "eve"} {
		d := g.Decide(t.Context(), request("/", "Authorization", basic(user, "x")))
		if d.Shown().Code != reason.CredentialsInvalid {
			t.Errorf("%s: shown as %s", user, d.Shown().Code)
		}
		if _, argon2, bcrypt := h.take(); argon2 != 128 || bcrypt != 128 {
			t.Errorf("%s: %d KiB and %d rounds, want 128 and 128", user, argon2, bcrypt)
		}
	}
}

// A source may have an account that is dearer than it says: once met, all
// refusals cost as much.
func TestBasicLearnsTheDearestAccount(t *testing.T) {
	h := &counting{Hasher: cheap()}
	f := people(t)
	f.person(t, "import", "", func(a *store.Account) { a.Password = bcryptHash(t, "p", 5) })
	g := gate(gate401.DangerouslyUnguarded{}, newBasic(f, h))
	for i, user := range []string{"eve", "import", "eve", "import"} {
		g.Decide(t.Context(), request("/", "Authorization", basic(user, "x")))
		if _, argon2, bcrypt := h.take(); argon2 != 128 || (i > 0 && bcrypt != 32) {
			t.Errorf("%s: %d KiB and %d rounds, want 128 and 32", user, argon2, bcrypt)
		}
	}
}

func TestBasicRemembers(t *testing.T) {
	right := basic("alice", "correct horse")
	at := func(d time.Duration) *gate401.Request {
		r := request("/", "Authorization", right)
		r.Time = noon.Add(d)
		return r
	}
	for _, test := range []struct {
		name   string
		change func(t *testing.T, f *fakeStore)
		after  time.Duration
		want   reason.Code
		hashes int // of the second request
	}{
		{"nothing happened", func(*testing.T, *fakeStore) {}, time.Minute, "", 0},
		{"another account changed", func(t *testing.T, f *fakeStore) { f.edit(t, "olga", func(a *store.Account) { a.Suspended = true }) }, 0, "", 0},
		{"time is up", func(*testing.T, *fakeStore) {}, authn.DefaultRemember, "", 1},
		{"new groups", func(t *testing.T, f *fakeStore) { f.edit(t, "alice", func(a *store.Account) { a.Groups = nil }) }, 0, "", 1},
		{"new password", func(t *testing.T, f *fakeStore) {
			f.edit(t, "alice", func(a *store.Account) { a.SetPassword(hash(t, "other"), noon) })
		}, 0, reason.PasswordOutdated, 2},
		{"suspended", func(t *testing.T, f *fakeStore) { f.edit(t, "alice", func(a *store.Account) { a.Suspended = true }) }, 0, reason.AccountSuspended, 1},
		{"deleted", func(t *testing.T, f *fakeStore) {
			if err := f.Accounts.DeleteAccount(t.Context(), "alice"); err != nil {
				t.Fatal(err)
			}
		}, 0, reason.AccountUnknown, 2},
		{"deleted and made anew", func(t *testing.T, f *fakeStore) {
			if err := f.Accounts.DeleteAccount(t.Context(), "alice"); err != nil {
				t.Fatal(err)
			}
			f.person(t, "alice", "other", nil)
		}, 0, reason.PasswordWrong, 2},
		{"store away, nothing changed", func(_ *testing.T, f *fakeStore) { f.away.Store(true) }, 0, "", 0},
		{"store away after a change", func(t *testing.T, f *fakeStore) {
			f.edit(t, "olga", func(a *store.Account) { a.Suspended = true })
			f.away.Store(true)
		}, 0, reason.CheckFailed, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, f := &counting{Hasher: cheap()}, people(t)
			g := gate(gate401.DangerouslyUnguarded{}, newBasic(f, h))
			wantReason(t, g.Decide(t.Context(), at(0)), "")
			h.take()
			test.change(t, f)
			wantReason(t, g.Decide(t.Context(), at(test.after)), test.want)
			if runs, _, _ := h.take(); runs != test.hashes {
				t.Errorf("%d hashes, want %d", runs, test.hashes)
			}
		})
	}
}

// A password that was right at a moment must not let a wrong one in.
func TestBasicRemembersThatPasswordOnly(t *testing.T) {
	g := gate(gate401.DangerouslyUnguarded{}, newBasic(people(t), cheap()))
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), "")
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct hors"))), reason.PasswordWrong)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("olga", "correct horse"))), reason.PasswordWrong)
}

func TestBasicNeverRemembersWrongPasswords(t *testing.T) {
	h := &counting{Hasher: cheap()}
	g := gate(gate401.DangerouslyUnguarded{}, newBasic(people(t), h))
	for range 3 {
		h.take()
		wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "x"))), reason.PasswordWrong)
		if runs, _, _ := h.take(); runs != 2 {
			t.Errorf("%d hashes, want 2", runs)
		}
	}
}

func TestBasicCanBeToldNotToRemember(t *testing.T) {
	h := &counting{Hasher: cheap()}
	b := newBasic(people(t), h)
	b.Remember = -1
	g := gate(gate401.DangerouslyUnguarded{}, b)
	for range 2 {
		wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), "")
	}
	if runs, _, _ := h.take(); runs != 2 {
		t.Errorf("%d hashes, want 2", runs)
	}
}

// The first source that knows a name decides; the others are not a second try.
func TestBasicSourcesInOrder(t *testing.T) {
	f := people(t)
	file := htpasswd(t, "alice:"+bcryptHash(t, "from the file", 4)+"\nfred:"+bcryptHash(t, "fred", 4)+"\n")
	b := newBasic(f, cheap())
	b.Sources = append([]authn.Passwords{file}, b.Sources...)
	g := gate(gate401.DangerouslyUnguarded{}, b)
	for _, test := range []struct {
		user, pass string
		want       reason.Code
	}{
		{"alice", "from the file", ""}, {"alice", "correct horse", reason.PasswordWrong}, {"fred", "fred", ""},
		{"olga", "new", ""}, {"olga", "old", reason.PasswordOutdated},
	} {
		wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic(test.user, test.pass))), test.want)
	}
	// A source that is away leaves it open who would decide.
	f.away.Store(true)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("eve", "x"))), reason.CheckFailed)
}

// When an earlier source comes to know the name, it decides from then on.
func TestBasicForgetsWhenAnotherSourceDecides(t *testing.T) {
	now := noon
	file := htpasswd(t, "fred:"+bcryptHash(t, "fred", 4)+"\n")
	file.Now = func() time.Time { return now }
	b := newBasic(people(t), cheap())
	b.Sources = append([]authn.Passwords{file}, b.Sources...)
	g := gate(gate401.DangerouslyUnguarded{}, b)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), "")
	write(t, file.Path, "fred:"+bcryptHash(t, "fred", 4)+"\nalice:"+bcryptHash(t, "from the file", 4)+"\n")
	now = now.Add(time.Second)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), reason.PasswordWrong)
}

func TestBasicForgetsWhenAnotherStoreDecides(t *testing.T) {
	first, second := newStore(), newStore()
	b := newBasic(first, cheap())
	b.Sources = append(b.Sources, newBasic(second, nil).Sources...)
	a := second.person(t, "alice", "correct horse", nil)
	g := gate(gate401.DangerouslyUnguarded{}, b)
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), "")
	if other := first.person(t, "alice", "other", nil); other.Version != a.Version {
		t.Fatalf("versions are %d and %d: the test needs equal ones", a.Version, other.Version)
	}
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", "correct horse"))), reason.PasswordWrong)
}

func TestBasicRehashes(t *testing.T) {
	f := people(t)
	f.person(t, "import", "", func(a *store.Account) { a.Password = bcryptHash(t, "p", 4) })
	before, err := f.Accounts.Account(t.Context(), "import")
	if err != nil {
		t.Fatal(err)
	}
	h := &counting{Hasher: cheap()}
	g := gate(gate401.DangerouslyUnguarded{}, newBasic(f, h))
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("import", "p"))), "")
	after, err := f.Accounts.Account(t.Context(), "import")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(after.Password, "$argon2id$") || after.Previous != "" || !after.PasswordChanged.Equal(before.PasswordChanged) {
		t.Errorf("the stored account has the password %.12s..., the previous %q, changed %s", after.Password, after.Previous, after.PasswordChanged)
	}
	h.take()
	wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("import", "p"))), "")
	if runs, _, _ := h.take(); runs != 0 {
		t.Errorf("the new hash made the password be forgotten: %d hashes", runs)
	}
}

func TestBasicUnusableHashIsNotARefusal(t *testing.T) {
	f := people(t)
	f.person(t, "broken", "", func(a *store.Account) { a.Password = "$argon2id$v=19$broken" })
	d := decide(t, request("/", "Authorization", basic("broken", "p")), newBasic(f, cheap()))
	wantReason(t, d, reason.CheckFailed)
}

func TestBasicWithoutSources(t *testing.T) {
	wantReason(t, decide(t, request("/", "Authorization", basic("alice", "p")), &authn.Basic{}), reason.CheckFailed)
}

// 100 requests at once with the right password all pass, for one hash; 100
// guesses are worth no more than the limit.
func TestBasicAtOnce(t *testing.T) {
	h := &counting{Hasher: cheap()}
	guard := &defend.Guard{Now: func() time.Time { return noon }}
	g := gate(guard, newBasic(people(t), h))
	each := func(pass func(int) string) map[reason.Code]int {
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := make(map[reason.Code]int)
		for i := range 100 {
			wg.Go(func() {
				d := g.Decide(t.Context(), request("/", "Authorization", basic("alice", pass(i))))
				mu.Lock()
				defer mu.Unlock()
				got[d.Reason()]++
			})
		}
		wg.Wait()
		return got
	}
	if got := each(func(int) string { return "correct horse" }); got[""] != 100 {
		t.Errorf("right passwords: %v", got)
	}
	if runs, _, _ := h.take(); runs > 2 {
		t.Errorf("%d hashes for equal requests, want one", runs)
	}
	got := each(func(i int) string { return fmt.Sprint("guess ", i) })
	runs, _, _ := h.take()
	if got[reason.PasswordWrong] == 0 || got[reason.PasswordWrong] > 20 || runs != 2*got[reason.PasswordWrong] {
		t.Errorf("guesses: %v, %d hashes", got, runs)
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	f := people(t)
	key := f.key(t, "k", "live", nil)
	idp := newIssuer(t, "https://idp.example.com", "EdDSA")
	jwt := idp.token(t, nil)
	keys := newKeys(t, f)
	bearer := &authn.Bearer{Keys: keys, Tokens: []authn.TokenVerifier{idp.verifier(t, nil)}}
	for _, test := range []struct {
		method gate401.Authenticator
		r      *gate401.Request
		secret string
	}{
		{newBasic(f, cheap()), request("/", "Authorization", basic("alice", "correct horse")), "YWxpY2U6"},
		{&authn.APIKey{Keys: keys}, request("/", "X-Api-Key", key), key},
		{bearer, request("/", "Authorization", "Bearer "+jwt), jwt},
	} {
		c, ok, err := test.method.Find(test.r)
		if !ok {
			t.Fatal(err)
		}
		if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(s, test.secret) {
			t.Errorf("the credential prints its secret: %s", s)
		}
	}
}
