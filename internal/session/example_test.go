package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

func Example() {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	ctx := context.Background()
	_, _ = set.Accounts.CreateAccount(ctx, store.Account{Name: "alice"})

	m := &session.Manager{Store: set.Sessions, Accounts: set.Accounts, Changes: set.Revision}
	defer func() { _ = m.Close() }()
	door := &session.Door{Manager: m, Intake: &gate401.Intake{}}

	hr := httptest.NewRequest(http.MethodPost, "https://gate.example/auth/login", nil)
	_, cookie, _ := door.Begin(ctx, session.Proved{Subject: "alice"}, hr)

	next := httptest.NewRequest(http.MethodGet, "https://gate.example/", nil)
	_, err := door.Find(ctx, next)
	fmt.Println(errors.Is(err, session.ErrNone))
	next.AddCookie(cookie)
	person, _ := door.Find(ctx, next)
	fmt.Println(person.Subject, cookie.Name)
	// Output:
	// true
	// alice __Host-g401
}
