package build_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/samples"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason/cases"
)

// factors are those of the world, as its login wants to hear of them.
type factors struct{ *secondfactor.Factors }

func (f factors) Check(ctx context.Context, account, code string) (string, error) {
	amr, err := f.Factors.Check(ctx, account, code)
	if errors.Is(err, secondfactor.ErrWrong) {
		err = errors.Join(login.ErrWrongCode, err)
	}
	return amr, err
}

func (w *world) factors() factors {
	s := w.system.Stores
	return factors{&secondfactor.Factors{Records: s.Set.Factors, Sealer: s.Sealer, Issuer: cases.Realm, Audit: s.Set.Audit, Now: cases.Clock}}
}

// logins is where people of the world log in; nil where no session is a method.
func (w *world) logins() *login.Login {
	s := w.system
	if s.Sessions == nil {
		return nil
	}
	return &login.Login{
		Realm: cases.Realm, Gate: s.Gate, Sessions: s.Sessions, Tickets: s.Stores.Set.Tickets, SecondFactor: w.factors(),
		Passwords: &authn.Basic{Realm: cases.Realm, Sources: []authn.Passwords{s.People}, Hasher: s.Stores.Hasher, Remember: -1},
	}
}

// half logs alice in as far as the code of her second factor, which she has set up
// before, and returns what the cookie of the login holds.
func (w *world) half(t *testing.T) string {
	t.Helper()
	people := cases.People()
	alice := people[slices.IndexFunc(people, func(p cases.Person) bool { return p.Name == w.maker.Subject })]
	if err := w.maker.Person(t.Context(), samples.Person(alice)); err != nil {
		t.Fatal(err)
	}
	f := w.factors()
	if err := f.Begin(t.Context(), alice.Name, "test"); err != nil {
		t.Fatal(err)
	}
	setup, err := f.Setup(t.Context(), alice.Name, "test")
	if err != nil {
		t.Fatal(err)
	}
	// That of the next half minute: with it all earlier ones are used up, and 000000
	// is not right by chance.
	code, err := totp.GenerateCode(strings.ReplaceAll(setup.Secret(), " ", ""), cases.Clock().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Confirm(t.Context(), alice.Name, "test", code); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"username": {alice.Name}, "password": {alice.Password}}
	hr := httptest.NewRequest(http.MethodPost, cases.PublicURL+"/auth/login", strings.NewReader(form.Encode()))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hr.RemoteAddr = cases.Client + ":40000"
	rec := httptest.NewRecorder()
	w.logins().ServeHTTP(rec, hr)
	for _, c := range rec.Result().Cookies() {
		if strings.HasSuffix(c.Name, session.LoginCookie) {
			return c.Value
		}
	}
	t.Fatalf("no code is asked for: %d %v", rec.Code, rec.Header())
	return ""
}
