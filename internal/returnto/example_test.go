package returnto_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/returnto"
)

func Example() {
	for _, s := range []string{"/orders/42?tab=lines", "//evil.example/", `/\evil.example`, "https://evil.example/"} {
		to, ok := returnto.Parse(s)
		fmt.Printf("%-22s %v %q\n", s, ok, to)
	}
	// Output:
	// /orders/42?tab=lines   true "/orders/42?tab=lines"
	// //evil.example/        false ""
	// /\evil.example         false ""
	// https://evil.example/  false ""
}
