package token_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// An issuer signs, an API verifies. The API has the public keys alone.
func Example() {
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		panic(err)
	}
	issued, err := key.Issue(token.Grant{
		Issuer:   "https://idp.example.com",
		Subject:  "alice",
		Audience: []string{"orders"},
		Scopes:   []string{"orders:read"},
	})
	if err != nil {
		panic(err)
	}

	published, err := token.PublicKeySet(key)
	if err != nil {
		panic(err)
	}
	keys, err := token.ParseKeySet(published)
	if err != nil {
		panic(err)
	}
	verifier, err := token.New(token.Profile{
		Keys:     keys, // or &token.RemoteKeys{Issuer: "https://idp.example.com"}
		Issuer:   "https://idp.example.com",
		Audience: []string{"orders"},
	})
	if err != nil {
		panic(err)
	}
	claims, err := verifier.Verify(context.Background(), issued.Token)
	fmt.Println(claims.Subject, claims.Scopes, err)
	// Output: alice [orders:read] <nil>
}

// A refusal names its reason; any other error means that nobody could say.
func ExampleVerifier_Verify() {
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		panic(err)
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	issued, err := key.Issue(token.Grant{
		Issuer: "https://idp.example.com", Subject: "alice", Audience: []string{"orders"},
		At: noon.Add(-time.Hour),
	})
	if err != nil {
		panic(err)
	}
	verifier, err := token.New(token.Profile{
		Keys:     token.NewKeySet(key.Public()),
		Issuer:   "https://idp.example.com",
		Audience: []string{"orders"},
		Now:      func() time.Time { return noon },
	})
	if err != nil {
		panic(err)
	}
	_, err = verifier.Verify(context.Background(), issued.Token)
	var refused *token.Error
	switch {
	case errors.As(err, &refused):
		fmt.Println("401", refused.Reason)
		fmt.Println("for the log:", refused.Err)
	case err != nil:
		fmt.Println("503", reason.CheckFailed)
	}
	// Output:
	// 401 token-expired
	// for the log: expired 2026-03-01T11:05:00Z (55m0s ago), now 2026-03-01T12:00:00Z, leeway 30s
}

// Decode believes nothing and verifies nothing: it is for looking, never for
// letting somebody in.
func ExampleDecode() {
	d := token.Decode("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9==.c2ln")
	fmt.Println(d.Header, d.Payload)
	for _, p := range d.Problems {
		fmt.Println(p)
	}
	// Output:
	// {"alg":"EdDSA"} {"sub":"alice"}
	// payload, offset 41: "=" is not base64url (padding, which tokens do not have)
}

// A key shows itself once, to its owner. Logs and stores get the rest.
func ExampleNewAPIKey() {
	key, err := token.NewAPIKey(nil, "live")
	if err != nil {
		panic(err)
	}
	again, err := token.ParseAPIKey(key.Reveal())
	fmt.Println(again.Environment, again.Hash() == key.Hash(), err)
	_, err = token.ParseAPIKey(key.Reveal()[:30])
	fmt.Println(err)
	// Output:
	// live true <nil>
	// api-key-malformed: cut off: 20 characters after the environment, expected 49
}

// Decode reads tokens that nobody has verified: whoever lets people in by what it
// says lets in whoever can type. Use a Verifier.
func Example_incorrect() {
	d := token.Decode("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")
	if d.Claims != nil && d.Claims.Subject == "admin" {
		fmt.Println("welcome, whoever you are")
	}
	// Output: welcome, whoever you are
}
