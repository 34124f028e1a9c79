package secretname_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/secretname"
)

func Example() {
	fmt.Println(secretname.Is("X-Api-Key"), secretname.Is("token_type"))
	// Output: true false
}
