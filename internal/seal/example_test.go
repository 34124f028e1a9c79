package seal_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gate401/gate401/internal/seal"
)

func Example() {
	dir, err := os.MkdirTemp("", "seal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	master, created, err := seal.LoadOrCreate(filepath.Join(dir, "master.key"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ring, err := seal.New(master)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := ring.Seal("signing-key", "2026-01", []byte("private"))
	if err != nil {
		fmt.Println(err)
		return
	}
	secret, err := ring.Open("signing-key", "2026-01", sealed)
	fmt.Println(created, string(secret), err)
	_, err = ring.Open("signing-key", "2026-02", sealed)
	fmt.Println(err)
	// Output:
	// true private <nil>
	// opening signing-key "2026-02": sealed secret is damaged or belongs to another record
}
