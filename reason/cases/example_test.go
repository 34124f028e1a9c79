package cases_test

import (
	"fmt"
	"os"

	"github.com/gate401/gate401/reason/cases"
)

func Example() {
	all, err := cases.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for _, c := range all {
		if c.Code == "password-outdated" {
			fmt.Println(c.Title)
			fmt.Println("inside: ", c.Log["reason"])
			fmt.Println("outside:", c.Response.Status, c.Response.Body["code"])
		}
	}
	// Output:
	// The password was right until yesterday: only the operator sees that.
	// inside:  password-outdated
	// outside: 401 credentials-invalid
}
