package program_test

import (
	"fmt"
	"testing"

	"github.com/gate401/gate401/e2e/program"
)

func Example() {
	var binary string
	test := func(t *testing.T) {
		p := program.Start(t, binary, t.TempDir(), "demo", "--listen", "127.0.0.1:0")
		t.Log(p.Ready["gate"])
	}
	fmt.Println(test != nil)
	// Output: true
}
