package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

func TestSessions(t *testing.T) {
	s := newSite(t)
	alice, phone, bob := s.alice(t), s.alice(t), s.login(t, session.Proved{Subject: "bob"})
	a := alice.get(t, "/auth/account")
	if n := strings.Count(a.text(), "sessions/end"); n != 1 {
		t.Errorf("%d sessions can be ended, want the other one alone", n)
	}
	for _, id := range []string{bob.id, "s_none", ""} {
		want(t, alice.post(t, "/auth/account/sessions/end", "id", id), http.StatusNotFound, "")
	}
	want(t, bob.get(t, "/auth/account"), http.StatusOK, "")
	want(t, alice.post(t, "/auth/account/sessions/end", "id", phone.id), http.StatusSeeOther, "/auth/account?done=session")
	want(t, phone.get(t, "/auth/account"), http.StatusUnauthorized, "")
	if a := alice.get(t, "/auth/account?done=session"); !strings.Contains(a.text(), "That browser is logged out.") {
		t.Error("nothing says what was done")
	}

	phone, tablet := s.alice(t), s.alice(t)
	want(t, alice.post(t, "/auth/account/sessions/others"), http.StatusSeeOther, "/auth/account?done=others")
	for _, b := range []*browser{phone, tablet} {
		want(t, b.get(t, "/auth/account"), http.StatusUnauthorized, "")
	}
	want(t, alice.get(t, "/auth/account"), http.StatusOK, "")

	phone = s.alice(t)
	a = alice.post(t, "/auth/account/everywhere")
	want(t, a, http.StatusOK, "")
	if alice.cookie.MaxAge >= 0 || a.Header().Get("Clear-Site-Data") == "" {
		t.Errorf("the cookie stays: %v", alice.cookie)
	}
	want(t, phone.get(t, "/auth/account"), http.StatusUnauthorized, "")
	want(t, bob.get(t, "/auth/account"), http.StatusOK, "")
}

func TestKeys(t *testing.T) {
	s := newSite(t)
	alice, bob := s.alice(t), s.login(t, session.Proved{Subject: "bob"})
	id := find(t, hiddenID, alice.get(t, "/auth/account/keys/new"))
	fields := []string{"id", id, "name", "ci", "expires", "30", "scope", "orders:read", "group", "staff"}
	made := alice.post(t, "/auth/account/keys/new", fields...)
	want(t, made, http.StatusOK, "")
	find(t, keyShown, made)
	key, err := s.set.APIKeys.APIKey(t.Context(), id)
	if err != nil || key.Owner != "alice" || strings.Join(key.Scopes, "")+strings.Join(key.Groups, "") != "orders:readstaff" || !key.Expires.Equal(s.clock().Add(30*24*time.Hour)) {
		t.Fatalf("%+v, %v", key, err)
	}
	// The form once more, by reloading the page: no second key.
	again := alice.post(t, "/auth/account/keys/new", fields...)
	want(t, again, http.StatusConflict, "")
	if keyShown.MatchString(again.text()) {
		t.Error("a key is shown again")
	}
	for _, tt := range []struct {
		name   string
		fields []string
		says   string
	}{
		{"more than she has", []string{"id", "k-0123456789", "name", "x", "expires", "30", "scope", "admin"}, "only what you are allowed yourself"},
		{"no such time", []string{"id", "k-0123456789", "name", "x", "expires", "31"}, "how long"},
		{"a long name", []string{"id", "k-0123456789", "name", strings.Repeat("x", 65), "expires", "30"}, "shorter name"},
		{"an id of her own", []string{"id", "admin", "name", "x", "expires", "30"}, "shorter name"},
	} {
		a := alice.post(t, "/auth/account/keys/new", tt.fields...)
		if a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.text(), tt.says) {
			t.Errorf("%s: %d %.2000s", tt.name, a.Code, a.text())
		}
	}

	// Somebody else's key is no key.
	want(t, bob.get(t, "/auth/account/keys/replace?id="+id), http.StatusNotFound, "")
	want(t, bob.post(t, "/auth/account/keys/replace", "id", id, "next", "k-0123456789", "overlap", "0"), http.StatusNotFound, "")
	want(t, bob.post(t, "/auth/account/keys/revoke", "id", id), http.StatusNotFound, "")

	page := alice.get(t, "/auth/account/keys/replace?id="+id)
	next := find(t, hiddenID, answer{page.ResponseRecorder})
	if all := hiddenID.FindAllStringSubmatch(page.text(), -1); len(all) == 2 {
		next = all[1][1]
	}
	a := alice.post(t, "/auth/account/keys/replace", "id", id, "next", next, "overlap", "7")
	want(t, a, http.StatusOK, "")
	find(t, keyShown, a)
	want(t, alice.post(t, "/auth/account/keys/replace", "id", id, "next", next, "overlap", "7"), http.StatusConflict, "")
	want(t, alice.post(t, "/auth/account/keys/revoke", "id", next), http.StatusSeeOther, "/auth/account?done=key")
	if key, err := s.set.APIKeys.APIKey(t.Context(), next); err != nil || key.Revoked.IsZero() {
		t.Errorf("revoked: %v, %v", key.Revoked, err)
	}

	s.KeyEnvironment = ""
	want(t, alice.get(t, "/auth/account/keys/new"), http.StatusNotFound, "")
	want(t, alice.post(t, "/auth/account/keys/new", "id", "k-0123456789", "expires", "30"), http.StatusNotFound, "")
}

func TestApps(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	ctx := t.Context()
	if _, err := s.set.Clients.CreateClient(ctx, store.Client{ID: "c1", Name: "Calendar <b>", Method: "none"}); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"alice", "bob"} {
		if _, err := s.set.Consents.PutConsent(ctx, store.Consent{Subject: subject, Client: "c1", Scopes: []string{"orders:read"}}); err != nil {
			t.Fatal(err)
		}
	}
	if a := alice.get(t, "/auth/account"); !strings.Contains(a.Body.String(), "Calendar &lt;b&gt;") {
		t.Error("the app is not listed, or its name is no text")
	}
	want(t, alice.post(t, "/auth/account/apps/revoke", "client", "c2"), http.StatusNotFound, "")
	want(t, alice.post(t, "/auth/account/apps/revoke", "client", "c1"), http.StatusSeeOther, "/auth/account?done=app")
	if a := alice.get(t, "/auth/account"); strings.Contains(a.text(), "Calendar") {
		t.Error("the app is listed still")
	}
	if _, err := s.set.Consents.Consent(ctx, "bob", "", "c1"); err != nil {
		t.Errorf("bob's: %v", err)
	}
}

func TestPassword(t *testing.T) {
	s := newSite(t)
	alice, phone := s.alice(t), s.alice(t)
	for _, tt := range []struct{ name, present, next, says string }{
		{"wrong", "a guess of mine", newPassword, "not your present password"},
		{"weak", oldPassword, "short", "Choose another one: it has 5 characters"},
		{"the same", oldPassword, oldPassword, "That is your present password"},
	} {
		a := alice.post(t, "/auth/account/password", "present", tt.present, "next", tt.next)
		if a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.text(), tt.says) || strings.Contains(a.text(), tt.present) {
			t.Errorf("%s: %d %.2000s", tt.name, a.Code, a.text())
		}
	}
	before := alice.id
	want(t, alice.post(t, "/auth/account/password", "present", oldPassword, "next", newPassword), http.StatusSeeOther, "/auth/account?done=password")
	want(t, phone.get(t, "/auth/account"), http.StatusUnauthorized, "")
	want(t, alice.get(t, "/auth/account"), http.StatusOK, "")
	// It is another session, which is no younger as a login.
	sessions, err := s.People.Sessions(t.Context(), people.Who{Subject: "alice"})
	if err != nil || len(sessions) != 1 || sessions[0].ID == before || !sessions[0].AuthTime.Equal(start.Add(time.Second)) {
		t.Errorf("%v, %v", sessions, err)
	}
}

// A session that was stolen is no place to guess the password.
func TestGuesses(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	var last answer
	for range 40 {
		last = alice.post(t, "/auth/account/password", "present", "a guess of mine", "next", newPassword)
		if last.Code == http.StatusTooManyRequests {
			break
		}
	}
	want(t, last, http.StatusTooManyRequests, "")
	if last.Header().Get("Retry-After") == "" {
		t.Error("nothing says how long to wait")
	}
	// Not even with the right one.
	want(t, alice.post(t, "/auth/account/password", "present", oldPassword, "next", newPassword), http.StatusTooManyRequests, "")
	if d := s.saw[len(s.saw)-1].Denial; d.Reason != reason.RateLimited && d.Reason != reason.LockedOut {
		t.Errorf("observed %s", d.Reason)
	}
}

// Nor for codes, which count apart, together with those of the login.
func TestGuessesOfCodes(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	secret, _ := alice.twoSteps(t)
	for range 10 {
		want(t, alice.post(t, "/auth/account/two-step/off", "code", "000000"), http.StatusUnprocessableEntity, "")
	}
	want(t, alice.post(t, "/auth/account/two-step/off", "code", s.code(t, secret, 1)), http.StatusTooManyRequests, "")
	if d := s.saw[len(s.saw)-1].Denial; d.Subject != "alice" {
		t.Errorf("observed of %q", d.Subject)
	}
	want(t, alice.post(t, "/auth/account/password", "present", oldPassword, "next", newPassword), http.StatusSeeOther, "/auth/account?done=password")
}

// What becomes of programs that send the password is said before it happens.
func TestTwoStepTellsOfPrograms(t *testing.T) {
	for _, x := range []struct {
		name         string
		basic, alone bool
		want, not    string
	}{
		{"no program can", false, false, "cannot log in without it", "Programs"},
		{"they are refused", true, false, "are refused from then on", "can go on"},
		{"they are not", true, true, "can go on sending", "are refused"},
	} {
		s := newSite(t)
		s.Handler.Basic, s.Handler.PasswordAlone = x.basic, x.alone
		if text := s.alice(t).get(t, "/auth/account/two-step").text(); !strings.Contains(text, x.want) || strings.Contains(text, x.not) {
			t.Errorf("%s:\n%s", x.name, text)
		}
	}
}

func TestTwoStep(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	if a := alice.get(t, "/auth/account/two-step"); strings.Contains(a.text(), "<svg") {
		t.Error("GET begins something")
	}
	want(t, alice.post(t, "/auth/account/two-step/confirm", "code", "000000"), http.StatusSeeOther, "/auth/account/two-step")
	want(t, alice.post(t, "/auth/account/two-step/begin"), http.StatusSeeOther, "/auth/account/two-step")
	a := alice.get(t, "/auth/account/two-step")
	first := find(t, typed, a)
	if b := alice.get(t, "/auth/account/two-step"); find(t, typed, b) != first || !strings.Contains(a.text(), "<svg") {
		t.Error("another secret when the page is loaded again, or no picture")
	}
	want(t, alice.post(t, "/auth/account/two-step/cancel"), http.StatusSeeOther, "/auth/account/two-step")
	secret, codes := alice.twoSteps(t)
	if secret == first || len(codes) != 10 {
		t.Fatalf("%d recovery codes, the secret of before: %v", len(codes), secret == first)
	}
	if a := alice.get(t, "/auth/account/two-step"); strings.Contains(a.text(), codes[0]) || strings.Contains(a.text(), secret) {
		t.Error("secrets are shown again")
	}

	// Each change asks for a code, and each code is good once.
	for _, form := range []string{"begin", "recovery", "off"} {
		a := alice.post(t, "/auth/account/two-step/"+form, "code", s.code(t, secret, 5))
		want(t, a, http.StatusUnprocessableEntity, "")
		if !strings.Contains(a.text(), "That code is not right") {
			t.Errorf("%s: %.2000s", form, a.text())
		}
	}
	now := s.code(t, secret, 0)
	a = alice.post(t, "/auth/account/two-step/recovery", "code", now)
	want(t, a, http.StatusOK, "")
	if strings.Contains(a.text(), "password alone") {
		t.Error("other browsers, of which there are none")
	}
	renewed := codesShown.FindAllString(a.text(), -1)
	want(t, alice.post(t, "/auth/account/two-step/recovery", "code", now), http.StatusUnprocessableEntity, "")
	want(t, alice.post(t, "/auth/account/two-step/off", "code", codes[0]), http.StatusUnprocessableEntity, "")

	// Another app: the old one lets in until the new one is confirmed.
	want(t, alice.post(t, "/auth/account/two-step/begin", "code", s.code(t, secret, 1)), http.StatusSeeOther, "/auth/account/two-step")
	next := find(t, typed, alice.get(t, "/auth/account/two-step"))
	a = alice.post(t, "/auth/account/two-step/confirm", "code", s.code(t, next, 0))
	want(t, a, http.StatusOK, "")
	want(t, alice.post(t, "/auth/account/two-step/off", "code", renewed[0]), http.StatusUnprocessableEntity, "")

	s.MustHaveFactor = func(groups []string) bool { return strings.Join(groups, "") == "staff" }
	newest := codesShown.FindAllString(a.text(), -1)
	want(t, alice.post(t, "/auth/account/two-step/off", "code", newest[0]), http.StatusSeeOther, "/auth/account/two-step")
	s.MustHaveFactor = nil
	want(t, alice.post(t, "/auth/account/two-step/off", "code", newest[0]), http.StatusSeeOther, "/auth/account?done=two-step-off")
	if needed, err := s.Factors.Needed(t.Context(), "alice"); err != nil || needed {
		t.Errorf("still needed: %v, %v", needed, err)
	}
}

// Browsers that were let in by the password alone stay, and the page says so until
// they are gone.
func TestTwoStepTellsOfOtherBrowsers(t *testing.T) {
	s := newSite(t)
	alice, other, strong := s.alice(t), s.alice(t), s.login(t, session.Proved{Subject: "alice", AMR: []string{"pwd", "otp", "mfa"}})
	s.login(t, session.Proved{Subject: "bob", AMR: []string{"pwd"}})
	const told = "by your password alone in 1 other browser"
	says := func(a answer, want bool) {
		t.Helper()
		if got := strings.Contains(a.text(), told); got != want {
			t.Errorf("says so: %v, want %v\n%s", got, want, a.text())
		}
	}
	says(alice.get(t, "/auth/account/two-step"), false)
	want(t, alice.post(t, "/auth/account/two-step/begin"), http.StatusSeeOther, "/auth/account/two-step")
	secret := find(t, typed, alice.get(t, "/auth/account/two-step"))
	a := alice.post(t, "/auth/account/two-step/confirm", "code", s.code(t, secret, 0))
	want(t, a, http.StatusOK, "")
	says(a, true)
	a = alice.get(t, "/auth/account/two-step")
	says(a, true)
	if !strings.Contains(a.text(), `action="/auth/account/sessions/others"`) {
		t.Error("no way to end them")
	}
	want(t, other.get(t, "/auth/account"), http.StatusOK, "")
	want(t, alice.post(t, "/auth/account/sessions/end", "id", other.id), http.StatusSeeOther, "/auth/account?done=session")
	says(alice.get(t, "/auth/account/two-step"), false)
	want(t, strong.get(t, "/auth/account"), http.StatusOK, "")
}

// A second factor is set up by the session that began it: another one of the same
// account, which may be stolen, is not shown the secret and confirms nothing.
func TestTwoStepOfAnotherSession(t *testing.T) {
	s := newSite(t)
	alice, thief := s.alice(t), s.alice(t)
	want(t, alice.post(t, "/auth/account/two-step/begin"), http.StatusSeeOther, "/auth/account/two-step")
	secret := find(t, typed, alice.get(t, "/auth/account/two-step"))
	if a := thief.get(t, "/auth/account/two-step"); a.Code != http.StatusOK || typed.MatchString(a.text()) || strings.Contains(a.text(), "otpauth:") {
		t.Errorf("%d %.2000s", a.Code, a.text())
	}
	want(t, thief.post(t, "/auth/account/two-step/confirm", "code", s.code(t, secret, 0)), http.StatusSeeOther, "/auth/account/two-step")
	want(t, thief.post(t, "/auth/account/two-step/cancel"), http.StatusSeeOther, "/auth/account/two-step")
	if got := find(t, typed, alice.get(t, "/auth/account/two-step")); got != secret {
		t.Error("another session gave the secret up")
	}
	want(t, alice.post(t, "/auth/account/two-step/confirm", "code", s.code(t, secret, 0)), http.StatusOK, "")

	// Beside one that is on, what the owner has begun is no way around the code.
	s.pass(time.Minute)
	want(t, alice.post(t, "/auth/account/two-step/begin", "code", s.code(t, secret, 0)), http.StatusSeeOther, "/auth/account/two-step")
	next := find(t, typed, alice.get(t, "/auth/account/two-step"))
	want(t, thief.post(t, "/auth/account/two-step/begin"), http.StatusUnprocessableEntity, "")
	if got := find(t, typed, alice.get(t, "/auth/account/two-step")); got != next {
		t.Error("another session began anew without a code")
	}
}

func TestLink(t *testing.T) {
	s := newSite(t)
	nobody, inside := &browser{site: s}, s.alice(t)
	link, err := s.People.MakeLink(t.Context(), people.By{Actor: "test"}, "alice", 0)
	if err != nil {
		t.Fatal(err)
	}
	// The page tells nothing, and an address with a secret opens nothing.
	a := nobody.get(t, "/auth/link?code="+link.Reveal())
	want(t, a, http.StatusOK, "")
	if strings.Contains(a.text(), "alice") || strings.Contains(a.text(), link.Reveal()) {
		t.Error("the page takes a secret from its address")
	}
	want(t, nobody.send(t, http.MethodPost, "/auth/link?code="+link.Reveal(), map[string][]string{"x": {"y"}}), http.StatusUnprocessableEntity, "")
	a = nobody.post(t, "/auth/link", "code", link.URL(origin+"/auth/link"))
	want(t, a, http.StatusOK, "")
	if !strings.Contains(a.text(), "For the account <strong>alice</strong>") {
		t.Errorf("%.2000s", a.text())
	}
	want(t, nobody.post(t, "/auth/link", "code", link.Reveal(), "next", "short"), http.StatusUnprocessableEntity, "")
	want(t, nobody.post(t, "/auth/link", "code", link.Reveal(), "next", newPassword), http.StatusOK, "")
	want(t, nobody.post(t, "/auth/link", "code", link.Reveal(), "next", newPassword), http.StatusGone, "")
	want(t, inside.get(t, "/auth/account"), http.StatusUnauthorized, "")
	if nobody.cookie != nil {
		t.Error("the link logs in")
	}
	late, err := s.People.MakeLink(t.Context(), people.By{Actor: "test"}, "alice", 0)
	if err != nil {
		t.Fatal(err)
	}
	s.pass(time.Hour)
	want(t, nobody.post(t, "/auth/link", "code", late.Reveal()), http.StatusGone, "")
}

// Where everybody must have a second factor, the link sets it up as well: there is
// no other way in.
func TestLinkWithSecondFactor(t *testing.T) {
	s := newSite(t)
	nobody := &browser{site: s}
	s.MustHaveFactor = func([]string) bool { return true }
	link := func() string {
		t.Helper()
		link, err := s.People.MakeLink(t.Context(), people.By{Actor: "test"}, "alice", 0)
		if err != nil {
			t.Fatal(err)
		}
		return link.Reveal()
	}
	first := link()
	// What a session has begun is not what the link shows.
	inside := s.alice(t)
	want(t, inside.post(t, "/auth/account/two-step/begin"), http.StatusSeeOther, "/auth/account/two-step")
	seen := find(t, typed, inside.get(t, "/auth/account/two-step"))
	a := nobody.post(t, "/auth/link", "code", first)
	want(t, a, http.StatusOK, "")
	secret := find(t, typed, a)
	if secret == seen {
		t.Error("a session knows the secret that the link sets up")
	}
	for _, tt := range []struct{ name, next, factor, says string }{
		{"no code", newPassword, "", "That code is not right"},
		{"a wrong code", newPassword, "000000", "That code is not right"},
		{"a weak password", "short", s.code(t, secret, 0), "Choose another one"},
	} {
		a := nobody.post(t, "/auth/link", "code", first, "next", tt.next, "factor", tt.factor)
		if a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.text(), tt.says) || find(t, typed, a) != secret {
			t.Errorf("%s: %d %.3000s", tt.name, a.Code, a.text())
		}
	}
	a = nobody.post(t, "/auth/link", "code", first, "next", newPassword, "factor", s.code(t, secret, 0))
	want(t, a, http.StatusOK, "")
	if codes := codesShown.FindAllString(a.text(), -1); len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	if needed, err := s.Factors.Needed(t.Context(), "alice"); err != nil || !needed {
		t.Errorf("it is not on: %v", err)
	}
	// Who has one keeps it: a link is no way around it.
	s.pass(time.Minute)
	a = nobody.post(t, "/auth/link", "code", link())
	want(t, a, http.StatusOK, "")
	if typed.MatchString(a.text()) {
		t.Error("a link replaces the second factor")
	}
}

// However many there are, the page is short, and says so; whoever is there by a
// provider reads its name, and of a key that may nothing that it may nothing.
func TestWhatTheOverviewSays(t *testing.T) {
	s := newSite(t)
	s.Provider = func(name string) string { return "Example Works (" + name + ")" }
	carol := s.login(t, session.Proved{Subject: "carol", Issuer: "https://idp.example", Provider: "work"})
	if text := carol.get(t, "/auth/account").text(); !strings.Contains(text, "by Example Works (work)") {
		t.Errorf("the provider is not called by its label:\n%s", text)
	}
	alice := s.alice(t)
	for i, scopes := range [][]string{nil, {"orders:read"}} {
		if _, err := s.set.APIKeys.CreateAPIKey(t.Context(), store.APIKey{ID: string(rune('a' + i)), Hash: [32]byte{byte(i + 1)}, Environment: "live", Owner: "alice", Scopes: scopes}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(alice.get(t, "/auth/account").text(), "May: nothing that is asked for by name"); n != 1 {
		t.Errorf("%d keys are called powerless, want one", n)
	}
	if strings.Contains(alice.get(t, "/auth/account").text(), "There are more") {
		t.Error("one browser is too many")
	}
	for range 70 {
		s.alice(t)
	}
	text := alice.get(t, "/auth/account").text()
	if n := strings.Count(text, "sessions/end"); n != 49 || !strings.Contains(text, "this browser") || !strings.Contains(text, "There are more. Listed are the 50 that were used last.") {
		t.Errorf("%d sessions are listed beside this one", n)
	}
}
