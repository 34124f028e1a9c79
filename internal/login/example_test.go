package login_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store/memory"
)

// A page that is opened without a session is answered by the login page itself.
func Example() {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	sessions := &session.Manager{Store: set.Sessions, Accounts: set.Accounts, Changes: set.Revision}
	defer func() { _ = sessions.Close() }()

	gate := &gate401.Gate{Responder: &gate401.Responder{}, Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{&authn.Session{Realm: "orders", Sessions: sessions}}}
	}}
	people := &authn.Basic{Sources: []authn.Passwords{&authn.StorePasswords{Accounts: set.Accounts, Changes: set.Revision}}}
	logins := &login.Login{Realm: "orders", Gate: gate, Sessions: sessions, Passwords: people}
	gate.Responder.Login = logins.Page

	hr := httptest.NewRequest(http.MethodGet, "https://gate.example/orders/42", nil)
	hr.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	gate.Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	fmt.Println(logins.Owns("/auth/login"))
	// Output:
	// 401 Session realm="orders", login="/auth/login"
	// true
}
