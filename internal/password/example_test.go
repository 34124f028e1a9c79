package password_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/internal/password"
)

func ExampleHasher() {
	var hasher password.Hasher
	ctx := context.Background()
	hash, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		fmt.Println(err)
		return
	}
	ok, _, err := hasher.Verify(ctx, hash, "correct horse battery staple")
	fmt.Println(hash[:30], ok, err)
	ok, _, err = hasher.Verify(ctx, hash, "guess")
	fmt.Println(ok, err)
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1 true <nil>
	// false <nil>
}
