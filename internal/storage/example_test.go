package storage_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
)

func ExampleOpen() {
	cfg, err := config.Load("gate401.yaml", []byte("storage: {records: memory}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := storage.Open(context.Background(), cfg, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	fmt.Println("a file:", s.Path != "")
	// Output: a file: false
}
