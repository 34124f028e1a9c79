package authn_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// A rule that takes passwords and API keys, over a store in memory.
func Example() {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	hash, err := new(password.Hasher).Hash(ctx, "correct horse battery")
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = set.Accounts.CreateAccount(ctx, store.Account{Name: "alice", Password: hash})
	_, _ = set.APIKeys.CreateAPIKey(ctx, store.APIKey{ID: "k1", Hash: key.Hash(), Environment: "live", Owner: "alice"})

	keys := &authn.Keys{Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision, Used: set.APIKeys}
	defer func() { _ = keys.Close() }()
	rule := gate401.Requirement{Rule: "orders", Accept: []gate401.Authenticator{
		&authn.Bearer{Realm: "orders", Keys: keys},
		&authn.APIKey{Realm: "orders", Keys: keys},
		&authn.Basic{Realm: "orders", Sources: []authn.Passwords{
			&authn.StorePasswords{Accounts: set.Accounts, Changes: set.Revision}}},
	}}
	rule.Prepare()
	gate := &gate401.Gate{
		Policy: func(*gate401.Request) gate401.Requirement { return rule },
		Guard:  gate401.DangerouslyUnguarded{}, // package defend has a real one
	}
	api := gate.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := gate401.IdentityFrom(r.Context())
		fmt.Println(id.Subject, "by", id.Method)
	}))

	ask := func(prove func(*http.Request)) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/orders", nil)
		prove(r)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			fmt.Println(w.Code, w.Header()["Www-Authenticate"])
		}
	}
	ask(func(r *http.Request) { r.SetBasicAuth("Alice", "correct horse battery") })
	ask(func(r *http.Request) { r.Header.Set("X-API-Key", key.Reveal()) })
	ask(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key.Reveal()) })
	ask(func(r *http.Request) { r.SetBasicAuth("alice", "guess") })
	// Output:
	// alice by basic
	// alice by api-key
	// alice by api-key
	// 401 [Bearer realm="orders" Basic realm="orders", charset="UTF-8"]
}

// Tokens of an issuer whose keys are in a file.
func ExampleBearer() {
	verifier, err := token.New(token.Profile{
		Keys:     &token.FileKeys{Path: "jwks.json"},
		Issuer:   "https://idp.example.com",
		Audience: []string{"orders"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bearer := &authn.Bearer{Realm: "orders", Tokens: []authn.TokenVerifier{{
		Name:       "partner",
		Verifier:   verifier,
		Issuer:     "https://idp.example.com",
		GroupsFrom: []string{"groups", "realm_access.roles"},
	}}}
	fmt.Println(bearer.Validate())
	fmt.Println(bearer.Challenges(nil, nil, nil)[0])
	// Output:
	// <nil>
	// Bearer realm="orders"
}
