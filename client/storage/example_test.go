package storage_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/client/storage"
)

func Example() {
	ctx := context.Background()
	store := &storage.Memory{} // or storage.NewFile("")
	e := storage.Entry{Key: storage.Key{Issuer: "https://idp.example.com", Client: "cli"}, Access: "secret"}
	if err := store.Put(ctx, e); err != nil {
		fmt.Println(err)
	}
	list, _ := store.List(ctx)
	fmt.Println(list)
	// Output: [https://idp.example.com, client cli [redacted]]
}
