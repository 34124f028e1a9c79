package loopback_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/loopback"
)

func Example() {
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "api.localhost", "example.com"} {
		fmt.Println(host, loopback.Stays(host), loopback.Leads(host), loopback.Only(host))
	}
	// Output:
	// 127.0.0.1 true true true
	// 0.0.0.0 true true false
	// api.localhost false true false
	// example.com false false false
}
