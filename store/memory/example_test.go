package memory_test

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

func ExampleOpen() {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	defer set.Close()
	hash := sha256.Sum256([]byte("g401_test_..."))
	if _, err := set.APIKeys.CreateAPIKey(ctx, store.APIKey{ID: "ci", Hash: hash, Environment: "test"}); err != nil {
		fmt.Println(err)
		return
	}
	key, err := set.APIKeys.APIKeyByHash(ctx, hash)
	fmt.Println(key, key.Environment, err)
	// Output: ci test <nil>
}
