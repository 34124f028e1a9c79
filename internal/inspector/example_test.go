package inspector_test

import (
	"bytes"
	"fmt"

	"github.com/gate401/gate401/internal/inspector"
)

func Example() {
	page := inspector.Page()
	fmt.Println(bytes.HasPrefix(page, []byte("<!DOCTYPE html>")))
	fmt.Println(bytes.Contains(page, []byte("default-src 'none'")))
	// Output:
	// true
	// true
}
