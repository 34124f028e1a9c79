// Command library is a whole gate in front of a handler of one's own: people with
// passwords, API keys, and tokens of an issuer, all in memory. docs/library.md
// explains it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

const (
	realm  = "orders"
	issuer = "https://idp.example.com"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	ctx := context.Background()
	set := memory.Open(memory.Options{})

	// A person. The bcrypt hash is replaced by argon2id at the first login.
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse battery"), 12)
	if err != nil {
		log.Fatal(err)
	}
	alice := store.Account{Name: "alice", Password: string(hash), Scopes: []string{"orders:read"}}
	if _, err := set.Accounts.CreateAccount(ctx, alice); err != nil {
		log.Fatal(err)
	}

	// An API key. The store keeps its SHA-256; the key itself is shown once.
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		log.Fatal(err)
	}
	record := store.APIKey{ID: "k-1", Hash: key.Hash(), Environment: "live", Owner: "alice", Scopes: []string{"orders:read"}}
	if _, err := set.APIKeys.CreateAPIKey(ctx, record); err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Reveal())

	// The tokens of an issuer. Its keys are fetched at the first use.
	remote := &token.RemoteKeys{Issuer: issuer}
	defer func() { _ = remote.Close() }()
	verifier, err := token.New(token.Profile{Keys: remote, Issuer: issuer, Audience: []string{"orders"}})
	if err != nil {
		log.Fatal(err)
	}

	// One authenticator for each scheme on the wire.
	keys := &authn.Keys{Store: set.APIKeys, Accounts: set.Accounts, Changes: set.Revision, Used: set.APIKeys}
	defer func() { _ = keys.Close() }()
	bearer := &authn.Bearer{Realm: realm, Keys: keys, Tokens: []authn.TokenVerifier{
		{Name: "partner", Verifier: verifier, Issuer: issuer, Epoch: remote.Epoch},
	}}
	if err := bearer.Validate(); err != nil {
		log.Fatal(err)
	}
	accepted := []gate401.Authenticator{
		bearer,
		&authn.APIKey{Realm: realm, Keys: keys},
		&authn.Basic{Realm: realm, Sources: []authn.Passwords{
			&authn.StorePasswords{Accounts: set.Accounts, Changes: set.Revision},
		}},
	}

	policy, err := access.Compile(
		[]access.Rule{
			{Path: "/health", Anyone: true},
			{Path: "/orders/**", Scopes: []string{"orders:read"}},
		},
		access.Rule{}, // everything else: some proof, by any method
		func([]string) ([]gate401.Authenticator, error) { return accepted, nil },
	)
	if err != nil {
		log.Fatal(err)
	}

	gate := &gate401.Gate{
		Policy: policy.Requirement,
		Guard:  &defend.Guard{}, // the default limits
		Observe: func(r *gate401.Request, d *gate401.Decision) {
			slog.Info("decision", "request_id", r.ID, "rule", d.Rule, "subject", d.Subject(), "reason", d.Reason())
		},
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "fine") })
	mux.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		id, _ := gate401.IdentityFrom(r.Context())
		fmt.Fprintln(w, "orders of", id.Subject)
	})
	server := &http.Server{Addr: *listen, Handler: gate.Protect(mux), ReadHeaderTimeout: 10 * time.Second}
	log.Print(server.ListenAndServe())
}
