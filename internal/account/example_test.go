package account_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/account"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store/memory"
)

func Example() {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	pages := &account.Handler{
		Prefix: "/auth/", Gate: &gate401.Gate{}, Sessions: &session.Manager{Store: set.Sessions, Accounts: set.Accounts},
		// The login page of the gate answers here.
		AskLogin: func(w http.ResponseWriter, _ *http.Request, _ *session.Person) {
			w.WriteHeader(http.StatusUnauthorized)
		},
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://gate.example/auth/account", nil))
	fmt.Println(w.Code, pages.Owns("/auth/account/keys/new"), pages.Owns("/orders"))
	// Output: 401 true false
}
