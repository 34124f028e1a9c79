package capture_test

import (
	"fmt"

	"github.com/gate401/gate401/internal/capture"
)

func ExampleCurl() {
	c, err := capture.Curl(`curl -u alice:wonder -d a=1 https://api.example.com/orders`)
	if err != nil {
		fmt.Println(err)
		return
	}
	q := c.Exchanges[0].Request
	fmt.Println(q.Method, q.URL)
	for _, f := range q.Header {
		fmt.Println(f.Name + ": " + f.Value)
	}
	// Output:
	// POST https://api.example.com/orders
	// Host: api.example.com
	// Authorization: Basic YWxpY2U6d29uZGVy
	// User-Agent: curl
	// Accept: */*
	// Content-Length: 3
	// Content-Type: application/x-www-form-urlencoded
}
