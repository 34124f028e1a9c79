package oauthtest_test

import (
	"fmt"
	"testing"

	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func Example() {
	test := func(t *testing.T) {
		s := oauthtest.New(t)
		fmt.Println("log in at", s.URL, "for", s.API())
	}
	_ = test
	fmt.Println("a server for each test")
	// Output: a server for each test
}
