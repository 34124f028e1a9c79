package openid_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// pair is a gate with two providers of different habits: work says everything in ID
// tokens signed with RSA, club in userinfo alone, signs with ECDSA and wants the
// secret in the form.
type pair struct {
	*gate
	work, club *foreign.Server
}

func two(t *testing.T, more string) pair {
	t.Helper()
	at := foreign.FreeAddress(t)
	work := idp(t, "http://"+at, "work", nil)
	club := idp(t, "http://"+at, "club", map[string]any{"thin": true, "auth": "client_secret_post", "alg": "ES256"})
	return pair{serve(t, at, fmt.Sprintf(`
providers:
  - {name: work, label: Work, issuer: %q, client_id: gate, client_secret: "SECRET", scopes: [openid, profile, email, groups],
     groups_from: [groups, realm_access.roles], groups: {Their Admins: admin, approver: approver}, logout: provider}
  - {name: club, label: The club, issuer: %q, client_id: gate, client_secret: "SECRET", scopes: [openid, profile, groups], groups_from: [groups], only_groups: [staff]}
rules:
  - {path: "/admin/**", groups: [admin]}
  - {path: "/users/{user}/**", owner: "{user}"}
  - {path: "/fresh", max_age: 3s}
  - {path: "/minute", max_age: 10m}
%s`, work.URL, club.URL, more)), work, club}
}

// wants fails unless the page has that status and those texts.
func (p page) wants(t *testing.T, status int, texts ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d, want %d\n%s", p.status, status, p)
		return
	}
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			t.Errorf("there is no %q\n%s", text, p)
		}
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	g := two(t, "")
	t.Run("deep link, groups and rules", func(t *testing.T) {
		t.Parallel()
		alice := somebody(t, "alice")
		pg := alice.login(g.url+"/orders/42?tab=lines&x=%20", "work")
		pg.wants(t, 200, "/orders/42?tab=lines&x=%20 hello u-alice of "+g.work.URL+" in admin,approver, cookie ")
		if strings.Contains(pg.text, "g401") {
			t.Errorf("the API is shown a cookie of the gate\n%s", pg)
		}
		alice.open(g.url+"/admin/x", nil).wants(t, 200, "hello u-alice")
		// The alice of a provider is none of ours.
		alice.open(g.url+"/users/u-alice/x", nil).wants(t, 403)
		bob := somebody(t, "bob")
		bob.login(g.url+"/", "work").wants(t, 200, "hello u-bob of "+g.work.URL+" in ,")
		bob.open(g.url+"/admin/x", nil).wants(t, 403)
	})
	t.Run("two at once", func(t *testing.T) {
		t.Parallel()
		alice := somebody(t, "alice")
		pg := alice.open(g.url+"/a", nil)
		pg.wants(t, 401, "Log in with Work", "Log in with The club")
		// Two tabs, one with each, the later one comes back first.
		first, second := alice.follow(pg, "/auth/login/work"), alice.follow(alice.open(g.url+"/b", nil), "/auth/login/club")
		alice.atProvider(second).wants(t, 200, "/b hello u-alice of "+g.club.URL+" in staff,Their Admins")
		alice.open(g.url+"/admin/x", nil).wants(t, 403)
		alice.atProvider(first).wants(t, 200, "/a hello u-alice of "+g.work.URL+" in admin,approver")
		alice.open(g.url+"/admin/x", nil).wants(t, 200)
	})
	t.Run("who may not", func(t *testing.T) {
		t.Parallel()
		mallory := somebody(t, "mallory")
		pg := mallory.login(g.url+"/", "club")
		pg.wants(t, 403, "You may not log in here", pg.header.Get("X-Request-Id"))
		mallory.open(g.url+"/", nil).wants(t, 401)
		asked := mallory.follow(pg, "other=1")
		mallory.name = "alice"
		mallory.atProvider(asked).wants(t, 200, "/ hello u-alice")
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		alice := somebody(t, "alice")
		pg := alice.follow(alice.follow(alice.open(g.url+"/orders/7", nil), "/auth/login/work"), "/abort")
		pg.wants(t, 401, "You did not log in", "Other ways to log in")
		if strings.Contains(pg.text, "aborted") {
			t.Errorf("the provider's own words are shown\n%s", pg)
		}
		alice.atProvider(alice.follow(pg, "/auth/login/work")).wants(t, 200, "/orders/7 hello u-alice")
	})
	t.Run("nowhere else", func(t *testing.T) {
		t.Parallel()
		for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/%2f%2fevil.example", "javascript:alert(1)"} {
			alice := somebody(t, "alice")
			pg := alice.atProvider(alice.open(g.url+"/auth/login/work?return_to="+url.QueryEscape(to), nil))
			pg.wants(t, 200, "/ hello u-alice")
			for _, at := range alice.trail {
				if u, err := url.Parse(at); err != nil || u.Hostname() != "127.0.0.1" {
					t.Errorf("%s leads to %s", to, at)
				}
			}
		}
	})
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		alice := somebody(t, "alice")
		// The provider says when she proved it, which is now.
		pg := alice.login(g.url+"/minute", "work")
		pg.wants(t, 200, "/minute hello u-alice")
		for deadline := time.Now().Add(time.Minute); pg.status != 401; time.Sleep(100 * time.Millisecond) {
			if pg = alice.open(g.url+"/fresh", nil); time.Now().After(deadline) {
				t.Fatal(pg)
			}
		}
		if strings.Contains(pg.text, "u-alice") {
			t.Errorf("her subject at the provider is taken for a name here\n%s", pg)
		}
		// The provider knows her, and asks all the same.
		asked := alice.follow(pg, "/auth/login/work")
		if !strings.Contains(asked.at.Path, "/interaction/") || !strings.Contains(asked.text, `name="password"`) {
			t.Fatalf("nobody asks for a proof\n%s", asked)
		}
		if pg := alice.atProvider(asked); pg.at.String() != g.url+"/fresh" {
			t.Errorf("%s", pg)
		}
		// Otherwise it does not ask.
		if pg := alice.open(g.url+"/auth/login/work?return_to=/x", nil); pg.status != 200 || pg.at.String() != g.url+"/x" {
			t.Errorf("%s", pg)
		}
	})
	t.Run("log out at both", func(t *testing.T) {
		t.Parallel()
		alice := somebody(t, "alice")
		alice.login(g.url+"/", "work")
		pg := alice.open(g.url+"/auth/logout", url.Values{"x": {"y"}})
		pg.wants(t, 200, "You are logged out here", "Log out at Work")
		_, to, _ := strings.Cut(pg.header.Get("Refresh"), "url=")
		if !strings.HasPrefix(to, g.work.URL+"/session/end?") {
			t.Fatal(pg)
		}
		alice.open(g.url+"/", nil).wants(t, 401)
		f := form.FindStringSubmatch(alice.open(to, nil).text)
		fields := url.Values{"logout": {"yes"}}
		for _, in := range input.FindAllString(f[2], -1) {
			fields.Set(attribute(in, "name"), attribute(in, "value"))
		}
		done := alice.open(f[1], fields)
		done.wants(t, 200, "Nobody is logged in here")
		if at := done.at.Path; at != "/auth/logout" {
			t.Error(at)
		}
		if pg := alice.follow(alice.open(g.url+"/", nil), "/auth/login/work"); !strings.Contains(pg.text, `name="password"`) {
			t.Errorf("the provider still knows who it is\n%s", pg)
		}
	})
}

// What is sent back is good once, in that browser, at that provider.
func TestStolenAnswers(t *testing.T) {
	t.Parallel()
	g := two(t, "")
	alice, eve := somebody(t, "alice"), somebody(t, "eve")
	back := func(p *person, name string) string {
		return p.to(g.url+"/auth/login/"+name+"/callback", func() {
			p.atProvider(p.open(g.url+"/auth/login/"+name+"?return_to=/orders/1", nil))
		})
	}
	answer := back(alice, "work")
	eve.open(answer, nil).wants(t, 401, "This login was begun in another browser")
	back(eve, "club") // now she has a cookie of her own
	eve.open(answer, nil).wants(t, 401, "This login was begun in another browser")
	// At another provider, by which the code would come into the wrong hands.
	alice.open(strings.Replace(answer, "/login/work/", "/login/club/", 1), nil).wants(t, 401, "Please begin again")
	u, err := url.Parse(answer)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("iss") != g.work.URL {
		t.Fatalf("the provider does not say who it is: %s", answer)
	}
	q.Set("state", strings.Repeat("x", 43))
	alice.open(g.url+u.Path+"?"+q.Encode(), nil).wants(t, 401, "Please begin again")
	alice.open(answer, nil).wants(t, 200, "/orders/1 hello u-alice")
	alice.open(answer, nil).wants(t, 401, "This login was completed already")
	// A code of hers in a login of eve's: the verifier and the nonce do not fit.
	other := back(eve, "work")
	theirs, _ := url.Parse(other)
	mixed := theirs.Query()
	hers, _ := url.Parse(back(somebody(t, "alice"), "work"))
	mixed.Set("code", hers.Query().Get("code"))
	eve.open(g.url+theirs.Path+"?"+mixed.Encode(), nil).wants(t, 401, "Please begin again")
	eve.open(g.url+"/", nil).wants(t, 401)
	// And one that says to be of somebody else.
	third, _ := url.Parse(back(eve, "work"))
	lying := third.Query()
	lying.Set("iss", g.club.URL)
	eve.open(g.url+third.Path+"?"+lying.Encode(), nil).wants(t, 401, "The answer came from somebody else")
	for _, secret := range []string{q.Get("code"), q.Get("state")} {
		if strings.Contains(g.Stderr.String(), secret) {
			t.Error("a code or a state is in the log")
		}
	}
}

// The provider replaces its keys, and the old ones are gone.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	g := two(t, "")
	for i, name := range []string{"alice", "bob", "carol"} {
		somebody(t, name).login(g.url+"/", "work").wants(t, 200, "hello u-"+name)
		if i < 2 {
			control(t, g.work, "rotate")
		}
	}
}

func control(t *testing.T, s *foreign.Server, what string) {
	t.Helper()
	resp, err := http.Post(s.URL+"/control/"+what, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// Where people log in with others alone, no password is asked for, or taken.
func TestProvidersAlone(t *testing.T) {
	t.Parallel()
	g := two(t, "login: {providers_only: true}\n")
	alice := somebody(t, "alice")
	pg := alice.open(g.url+"/orders/1", nil)
	pg.wants(t, 401, "Log in with Work")
	if strings.Contains(pg.text, `type="password"`) {
		t.Errorf("a password is asked for\n%s", pg)
	}
	alice.open(g.url+"/auth/login", url.Values{"username": {"alice"}, "password": {"alice"}}).wants(t, 401)
	alice.atProvider(alice.follow(pg, "/auth/login/work")).wants(t, 200, "/orders/1 hello u-alice")
}

// One that is away, or set up wrongly, keeps nobody from logging in with another.
func TestTrouble(t *testing.T) {
	t.Parallel()
	at, later := foreign.FreeAddress(t), foreign.FreeAddress(t)
	work := idp(t, "http://"+at, "work", nil)
	wrong := idp(t, "http://"+at, "wrong", map[string]any{"secret": "another one, that is long enough as well"})
	g := serve(t, at, fmt.Sprintf(`
providers:
  - {name: work, issuer: %q, client_id: gate, client_secret: "SECRET"}
  - {name: wrong, issuer: %q, client_id: gate, client_secret: "SECRET"}
  - {name: away, label: Far away, issuer: "http://%s", client_id: gate, client_secret: "SECRET"}
`, work.URL, wrong.URL, later))
	alice := somebody(t, "alice")
	pg := alice.login(g.url+"/", "away")
	pg.wants(t, 503, "Far away does not answer just now", pg.header.Get("X-Request-Id"))
	pg = alice.login(g.url+"/", "wrong")
	pg.wants(t, 503, "Logging in with wrong does not work just now", pg.header.Get("X-Request-Id"))
	if log := g.logs(t, "invalid_client"); !strings.Contains(log, "compare client_id and client_secret") || strings.Contains(log, secret) {
		t.Errorf("the operator reads\n%s", log)
	}
	control(t, work, "fail")
	pg = alice.login(g.url+"/", "work")
	pg.wants(t, 503, "does not work just now")
	if strings.Contains(pg.text, "stack trace") || strings.Contains(g.Stderr.String(), "stack trace") {
		t.Error("the body of the provider is shown")
	}
	control(t, work, "mend")
	alice.login(g.url+"/", "work").wants(t, 200, "hello u-alice of "+work.URL)
}

// logs waits until text is in the log, and returns it.
func (g *gate) logs(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(program.Patience); ; time.Sleep(20 * time.Millisecond) {
		if log := g.Stderr.String(); strings.Contains(log, text) || time.Now().After(deadline) {
			return log
		}
	}
}
