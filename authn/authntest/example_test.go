package authntest_test

import (
	"fmt"

	"github.com/gate401/gate401/authn/authntest"
)

// The requests of a sample. Run itself needs a *testing.T: see the package
// comment.
func ExampleRequest() {
	r := authntest.Request("/orders?page=2", "Authorization", "Token right")
	fmt.Println(r.Method, r.Path, r.URL.RawQuery, r.Header.Get("Authorization"))
	// Output: GET /orders page=2 Token right
}
